// Keyboard for trees and lists of rows: one stop of the Tab key, then arrows.

/**
 * Let the arrow keys move among the elements `items` (a selector) of `root`. Where an item has aria-expanded,
 * Right unfolds and Left folds it or goes to its parent. `keys` are further keys: name -> called with the item.
 */
export function navigate(root, items, keys = {}) {
  const shown = () => [...root.querySelectorAll(items)].filter((item) => !item.closest("[hidden]"));
  root.addEventListener("focusin", (event) => {
    const item = event.target.closest(items);
    if (!item || item !== event.target) return;
    root.querySelector(`${items}[tabindex="0"]`)?.setAttribute("tabindex", "-1");
    item.tabIndex = 0;
  });
  root.addEventListener("keydown", (event) => {
    const item = event.target.closest(items);
    if (!item || event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
    const expanded = item.getAttribute("aria-expanded");
    const move = (target) => {
      target?.focus();
      // At the end of a tree inside a tree, the outer one moves on.
      return target ? undefined : "not here";
    };
    const all = shown();
    const index = all.indexOf(item);
    const actions = {
      ArrowDown: () => move(all[index + 1]),
      ArrowUp: () => move(all[index - 1]),
      Home: () => move(all[0]),
      End: () => move(all.at(-1)),
      ArrowRight: () => (expanded === "false" ? fold(item, true) : move(expanded && all[index + 1])),
      ArrowLeft: () => (expanded === "true" ? fold(item, false) : move(parentOf(all, index))),
      ...keys,
    };
    if (!(event.key in actions)) return;
    if (actions[event.key](item) === "not here") return;
    event.preventDefault();
    event.stopPropagation();
  });
  shown()[0]?.setAttribute("tabindex", "0");
}

function fold(item, open) {
  item.dispatchEvent(new CustomEvent("fold", { detail: open }));
}

function parentOf(items, index) {
  const level = Number(items[index].getAttribute("aria-level") ?? 1);
  return items.slice(0, index).findLast((item) => Number(item.getAttribute("aria-level")) < level);
}
