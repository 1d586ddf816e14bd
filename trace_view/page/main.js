// Starts the page: the view of each address, the live stream, the keys that work everywhere.

import { h, toast } from "/page/dom.js";
import { List } from "/page/list.js";
import { start as route } from "/page/router.js";
import { start as live } from "/page/store.js";

const main = document.getElementById("main");
const views = { list: new List() };
/** The other views are loaded when they are needed, or when there is nothing else to do. */
const LOADERS = {
  invocation: async () => new (await import("/page/invocation.js")).Invocation(),
  compose: async () => new (await import("/page/compose.js")).Compose(),
  compare: async () => new (await import("/page/compare.js")).Compare(),
};
const loading = {};
let current = null;

async function load(name) {
  if (views[name]) return views[name];
  loading[name] ??= LOADERS[name]();
  try {
    return (views[name] ??= await loading[name]);
  } catch (error) {
    // The server was gone: the next one who needs it tries again.
    delete loading[name];
    throw error;
  }
}

async function visit(url) {
  const [, first] = url.pathname.split("/");
  const name = { invocations: "invocation", compose: "compose", compare: "compare" }[first] ?? "list";
  let view = views[name];
  try {
    view ??= await load(name);
  } catch {
    // The server is gone, or a container that starts has changed the browser's network in this moment.
    const again = h("button", { type: "button", click: () => location.reload() }, "Load it again");
    main.replaceChildren(
      h("div.empty", { role: "alert" }, h("p", {}, "A part of this page did not load."), again),
    );
    return;
  }
  if (location.href !== url.href) return;
  if (view !== current) {
    current?.hide();
    current = view;
    main.replaceChildren(current.element);
    for (const link of document.querySelectorAll("[data-nav]")) {
      link.toggleAttribute(
        "data-current",
        link.dataset.nav === name || (name === "invocation" && link.dataset.nav === "list"),
      );
      if (link.dataset.nav === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  current.show(url);
}

const KEYS = [
  ["/", "filter the list, or find in an invocation"],
  ["↑ ↓", "the row, span, tag or field before and after"],
  ["Enter", "open the row; copy the field"],
  ["Escape", "back"],
  ["← →", "fold and unfold"],
  ["c", "copy the field or tag"],
  ["x", "select the row, to compare"],
  ["r", "replay"],
  ["e", "edit and send"],
  ["[ ]", "the newer, the older invocation"],
  ["Ctrl Enter", "send, in the composer"],
  ["?", "these keys"],
];

const FILTERS = [
  ["two words", "both occur: in name, source, rules, checks, ids, spans"],
  ["-sqs", "does not occur"],
  ["status:5", "the status begins so"],
  ["source:alb", "front door or event source"],
  ["rule:crs check:url", "a WAF rule, a broken check"],
  ["is:error", "also waf, broken, known, cold, incomplete, running"],
];

function showKeys() {
  const dialog = h(
    "dialog.keys",
    { "aria-label": "Help" },
    h("h2", {}, "Filter"),
    h(
      "dl",
      {},
      FILTERS.map(([filter, text]) => h("div", {}, h("dt", {}, h("code", {}, filter)), h("dd", {}, text))),
    ),
    h("h2", {}, "Keyboard"),
    h(
      "dl",
      {},
      KEYS.map(([key, text]) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            key.split(" ").map((one) => h("kbd", {}, one)),
          ),
          h("dd", {}, text),
        ),
      ),
    ),
    h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.getElementById("help").addEventListener("click", showKeys);
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (typing && event.key !== "Escape") return;
  if (event.key === "/") {
    current?.find?.();
    event.preventDefault();
  } else if (event.key === "?") showKeys();
  else if (typing) typing.blur();
  else current?.key?.(event);
});

const indicator = document.getElementById("live");
function state(name) {
  indicator.dataset.state = name;
  indicator.textContent = { live: "live", offline: "reconnecting" }[name];
}

route(visit);
live(state)
  .catch((error) => toast(error.message, { error: true }))
  .finally(() => {
    views.list.ready();
    const others = () => Object.keys(LOADERS).forEach((name) => load(name).catch(() => {}));
    if (window.requestIdleCallback) requestIdleCallback(others, { timeout: 1000 });
    else setTimeout(others, 300);
  });
window.addEventListener("unhandledrejection", (event) =>
  toast(String(event.reason?.message ?? event.reason), { error: true }),
);
