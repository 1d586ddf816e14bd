// Shows JSON as a tree: folded, searchable, copied with a click; texts that hold JSON or base64 can be unfolded, too.

import { add, bytes, copy, h, icon } from "/page/dom.js";
import {
  asText,
  at,
  embedded,
  ExactNumber,
  fromBase64,
  hexDump,
  isContainer,
  pathKey,
  pathText,
  stringify,
} from "/page/json.js";
import { navigate } from "/page/tree.js";

/** So many lines are shown at first; what is deeper starts folded. */
const FIRST_LINES = 42;
const MOST_MEMBERS = 500;
/** Of a text so much is shown, and of one that holds JSON, which can be unfolded. */
const LONG = 400;
const SHORT = 100;

export class JsonView {
  /**
   * `label` names the tree. `decorate(path, line)` may add to a line, and `onPoint(path | null)` is told where
   * mouse or focus is.
   */
  constructor(value, { label, decorate = () => {}, onPoint = () => {} }) {
    this.value = value;
    this.decorate = decorate;
    this.nodes = new Map();
    this.element = h("ul.json.mono", { role: "tree", "aria-label": label });
    this.element.append(this.#node(null, value, [], 1));
    this.#openFirst();
    navigate(this.element, "[role=treeitem]", {
      c: (item) => this.#copy(item),
      Enter: (item) => this.#copy(item),
    });
    this.element.addEventListener("pointerover", (event) => onPoint(this.#pathOf(event.target)));
    this.element.addEventListener("pointerleave", () => onPoint(null));
    this.element.addEventListener("focusin", (event) => onPoint(this.#pathOf(event.target)));
    this.element.addEventListener("focusout", () => onPoint(null));
  }

  /** Unfold all that hides the field; its line, or null where there is no such field. */
  reveal(path) {
    for (let length = 0; length < path.length; length++)
      this.nodes.get(pathKey(path.slice(0, length)))?.open?.(true);
    return this.nodes.get(pathKey(path))?.line ?? null;
  }

  /** The line of a field, if it is unfolded. */
  line(path) {
    return this.nodes.get(pathKey(path))?.line ?? null;
  }

  /** The places where the text stands, in names or values: functions that unfold and return the line. */
  search(text) {
    const found = [];
    const walk = (value, path) => {
      const name = path.at(-1);
      const inName = typeof name === "string" && name.toLowerCase().includes(text);
      const inValue = !isContainer(value) && String(value).toLowerCase().includes(text);
      if (inName || inValue) found.push(() => this.reveal(path));
      if (isContainer(value))
        for (const key of Object.keys(value)) walk(value[key], [...path, stepOf(value, key)]);
    };
    walk(this.value, []);
    return found;
  }

  #pathOf(target) {
    let item = target.closest?.("[role=treeitem]");
    // A tree inside a text stands for the field that holds the text.
    while (item && item.closest("[role=tree]") !== this.element)
      item = item.closest("[role=tree]").closest("[role=treeitem]");
    return item?.path ?? null;
  }

  #copy(item) {
    const node = this.nodes.get(pathKey(item.path));
    if (node) copyValue(node.value, item.path);
  }

  #node(parent, value, path, level) {
    const line = h("div.line");
    const item = h("li", { role: "treeitem", "aria-level": level, tabindex: -1 }, line);
    item.path = path;
    if (path.length) {
      const name = path.at(-1);
      line.append(
        h(typeof name === "number" ? "span.index" : "span.key", {}, name),
        h("span.colon", {}, ": "),
      );
    }
    const node = { line, value };
    this.nodes.set(pathKey(path), node);
    if (isContainer(value)) this.#container(item, node, path, level);
    else this.#leaf(item, node, parent, path, level);
    this.decorate(path, line);
    return item;
  }

  #container(item, node, path, level) {
    const { value, line } = node;
    const keys = Object.keys(value);
    const [left, right] = Array.isArray(value) ? "[]" : "{}";
    if (!keys.length) {
      line.append(h("span.punctuation", {}, left + right));
      return;
    }
    if (this.#inOneLine(node, value, path)) return;
    const inside = keys.slice(0, 6).join(", ") + (keys.length > 6 ? ", …" : "");
    line.append(
      h("span.punctuation", {}, left),
      h(
        "span.summary",
        {},
        Array.isArray(value) ? `${keys.length} ${keys.length === 1 ? "item" : "items"}` : inside,
      ),
      h("span.punctuation.close", {}, right),
    );
    this.#foldable(item, node, level, (group) => this.#members(group, node, path, level, keys));
  }

  /** Add the members with these names; of very many the first ones, with a button for more. */
  #members(group, { value }, path, level, keys) {
    for (const key of keys.slice(0, MOST_MEMBERS))
      group.append(this.#node(value, value[key], [...path, stepOf(value, key)], level + 1));
    const rest = keys.slice(MOST_MEMBERS);
    if (!rest.length) return;
    const more = h("li", { role: "none" }, h("button.more-text", { type: "button" }, `${rest.length} more`));
    more.addEventListener("click", () => {
      more.remove();
      this.#members(group, { value }, path, level, rest);
    });
    group.append(more);
  }

  /** Unfold from the outside to the inside, as far as there is room. */
  #openFirst() {
    let lines = 1;
    const queue = [[]];
    while (queue.length) {
      const path = queue.shift();
      const node = this.nodes.get(pathKey(path));
      if (!node?.open || !isContainer(node.value) || this.#standsTwice(path)) continue;
      const keys = Object.keys(node.value);
      if (path.length && lines + keys.length > FIRST_LINES) continue;
      lines += keys.length;
      node.open(true);
      for (const key of keys) queue.push([...path, stepOf(node.value, key)]);
    }
  }

  /** A list of one text or number stands in its own line, such as the header in multiValueHeaders. */
  #inOneLine(node, value, path) {
    if (!Array.isArray(value) || value.length !== 1 || isContainer(value[0]) || String(value[0]).length > 80)
      return false;
    const inner = [...path, 0];
    const [shown] = this.#value(value[0]);
    shown.addEventListener("click", () => copyUnlessSelecting(value[0], inner));
    node.line.append(h("span.punctuation", {}, "["), shown, h("span.punctuation", {}, "]"));
    this.nodes.set(pathKey(inner), { line: node.line, value: value[0] });
    this.decorate(inner, node.line);
    return true;
  }

  /** Whether it repeats its single-valued sibling, as multiValueHeaders repeat headers. */
  #standsTwice(path) {
    const single = { multiValueHeaders: "headers", multiValueQueryStringParameters: "queryStringParameters" }[
      path.at(-1)
    ];
    return single !== undefined && isContainer(at(this.value, [...path.slice(0, -1), single]));
  }

  #leaf(item, node, parent, path, level) {
    const { value, line } = node;
    const inner = embedded(value);
    const [shown, more] = this.#value(value, inner === undefined ? LONG : SHORT);
    shown.addEventListener("click", () => copyUnlessSelecting(value, path));
    add(line, [shown, more]);
    if (typeof value !== "string") return;
    if (inner !== undefined) {
      line.append(h("span.hint", {}, "JSON in a text"));
      // What is inside a text has no path of its own in the event, so it is a tree of its own.
      this.#foldable(item, node, level, (group) => group.append(...this.#parsed(inner, level + 1)));
      return;
    }
    const data = holdsBase64(parent, path, value) ? fromBase64(value) : null;
    if (data?.length) {
      line.append(h("span.hint", {}, `base64, ${bytes(data.length)}`));
      this.#foldable(item, node, level, (group) =>
        group.append(h("li.decoded", { role: "none" }, decoded(data))),
      );
    }
  }

  /** A text, number, true, false or null; of a long one the beginning, with a button that shows all. */
  #value(value, most = LONG) {
    const kind = value === null ? "null" : value instanceof ExactNumber ? "number" : typeof value;
    const text = typeof value === "string" ? JSON.stringify(value) : String(value);
    if (text.length <= most * 1.2) return [h(`span.value.${kind}`, { title: "Click to copy" }, text), null];
    const shown = h(`span.value.${kind}`, { title: "Click to copy" }, text.slice(0, most));
    const more = h("button.more-text", { type: "button", tabindex: -1 }, `… all ${text.length} characters`);
    more.addEventListener("click", () => {
      shown.textContent = text;
      more.remove();
    });
    return [shown, more];
  }

  #parsed(value, level) {
    const view = new JsonView(value, { label: "JSON in a text" });
    return [h("li.parsed", { role: "none", "data-level": level }, view.element)];
  }

  /** Give the item a part that can be folded, made when it is first unfolded. */
  #foldable(item, node, level, make) {
    let group = null;
    node.line.prepend(h("span.toggle", { "aria-hidden": "true" }, icon("fold")));
    node.line.addEventListener("click", (event) => {
      if (!event.target.closest(".value, button")) node.open(item.getAttribute("aria-expanded") === "false");
    });
    item.setAttribute("aria-expanded", "false");
    node.open = (open) => {
      if (open && !group) {
        group = h("ul", { role: "group" });
        make(group);
        item.append(group);
      }
      if (group) group.hidden = !open;
      item.setAttribute("aria-expanded", String(open));
    };
    item.addEventListener("fold", (event) => {
      event.stopPropagation();
      node.open(event.detail);
    });
  }
}

/** Bytes for people: as JSON, as text, or as a hex dump. */
function decoded(data) {
  const text = asText(data);
  if (text === null) return h("pre.hex.mono", {}, hexDump(data));
  const value = embedded(text);
  return value === undefined ? h("pre.mono", {}, text) : new JsonView(value, { label: "Decoded" }).element;
}

function copyValue(value, path) {
  copy(typeof value === "string" ? value : stringify(value, 2), path.length ? pathText(path) : "the JSON");
}

function copyUnlessSelecting(value, path) {
  if (getSelection().isCollapsed) copyValue(value, path);
}

function stepOf(value, key) {
  return Array.isArray(value) ? Number(key) : key;
}

/** Whether the field is one that AWS fills with base64. */
function holdsBase64(parent, path, value) {
  const name = path.at(-1);
  if (name === "body") return parent?.isBase64Encoded === true;
  const known =
    name === "binaryValue" ||
    (name === "data" && (Object.hasOwn(parent, "kinesisSchemaVersion") || path.at(-2) === "awslogs")) ||
    ((name === "value" || name === "key") && Object.hasOwn(parent, "offset"));
  return known && /^[A-Za-z0-9+/]+=*$/.test(value);
}
