// Side by side: two to five invocations in columns, their differences marked.

import * as api from "/page/api.js";
import { responseParts } from "/page/bodies.js";
import { throughAll } from "/page/compose.js";
import { count, doorTitle, duration, fill, h, origin } from "/page/dom.js";
import { isContainer, pathText, stringify } from "/page/json.js";
import { JsonView } from "/page/jsonview.js";
import { comparison, status } from "/page/list.js";
import { back } from "/page/router.js";
import { newestFirst, summaries } from "/page/store.js";
import { arranged } from "/page/trace.js";

const COLUMNS = ["a", "b", "c", "d", "e"];

export class Compare {
  constructor() {
    this.element = h("section.compare", { "aria-label": "Side by side" });
  }

  async show(url) {
    document.title = "Side by side · Trace view";
    this.address = url.href;
    const ids = COLUMNS.map((name) => url.searchParams.get(name)).filter(Boolean);
    const doors = url.searchParams.get("doors");
    try {
      if (doors) await this.#throughAll(doors, url);
      else if (ids.length > 1) await this.#columns(ids, url);
      else this.#choose(ids[0]);
    } catch (error) {
      fill(
        this.element,
        h("div.empty", { role: "alert" }, h("h2", {}, "That did not work"), h("p", {}, error.message)),
      );
    }
  }

  hide() {
    this.address = null;
  }

  find() {
    this.filter?.focus();
  }

  key(event) {
    if (event.key === "Escape") back();
  }

  async #throughAll(id, url) {
    fill(
      this.element,
      h("div.empty.loading", { role: "status" }, "Sending the request through all five front doors…"),
    );
    const record = await api.record(id);
    if (!record.request)
      throw new api.ApiError(
        "Only an HTTP request can go through the front doors; this invocation had none.",
        400,
      );
    const ids = await throughAll(record.request);
    if (this.address !== url.href) return;
    // Going back shall not send it again.
    history.replaceState(history.state, "", comparison(ids));
    this.address = location.href;
    await this.#columns(ids, new URL(location.href));
  }

  #choose(first) {
    const options = newestFirst()
      .slice(0, 200)
      .map((one) =>
        h(
          "option",
          { value: one.request_id, selected: one.request_id === first },
          `${one.name.slice(0, 80)}  ·  ${origin(one)}  ·  ${one.request_id.slice(0, 8)}`,
        ),
      );
    const pick = (label) =>
      h(
        "select",
        { "aria-label": label },
        options.map((option) => option.cloneNode(true)),
      );
    const [one, other] = [pick("First invocation"), pick("Second invocation")];
    other.selectedIndex = Math.min(1, options.length - 1);
    fill(
      this.element,
      h("h1", {}, "Side by side"),
      options.length < 2
        ? h(
            "div.empty",
            {},
            h(
              "p",
              {},
              "There have to be two invocations. Send one from the ",
              h("a", { href: "/compose" }, "composer"),
              ".",
            ),
          )
        : h(
            "div.card.chooser",
            {},
            h(
              "p",
              {},
              "Choose two invocations, or select them in the list with ",
              h("kbd", {}, "x"),
              ". The composer sends one request through all five front doors.",
            ),
            h(
              "div.field-row",
              {},
              one,
              other,
              h(
                "button.primary",
                { type: "button", click: () => this.#open([one.value, other.value]) },
                "Compare",
              ),
            ),
          ),
    );
  }

  #open(ids) {
    history.pushState({ within: true }, "", comparison(ids));
    this.show(new URL(location.href));
  }

  async #columns(ids, url) {
    fill(this.element, h("div.empty.loading", {}, "Loading…"));
    const [records, ...lists] = await Promise.all([
      Promise.all(ids.map((id) => api.record(id))),
      ...ids.slice(1).map((id) => api.compare(ids[0], id)),
    ]);
    if (this.address !== url.href) return;
    const rows = merged(lists);
    this.filter = h("input", {
      type: "search",
      placeholder: "Filter differences",
      "aria-label": "Filter differences",
      spellcheck: "false",
      input: () => this.#filter(),
    });
    const grid = `minmax(210px, 1.2fr) repeat(${records.length}, minmax(150px, 1fr))`;
    const events = new Set(records.map((record) => record.front_door)).size > 1;
    this.table = h(
      "div.difference-table",
      {},
      this.#row(grid, "head", ["", ...records.map((record) => columnTitle(record))]),
      groups(rows).map(([section, members]) =>
        h(
          "details.group",
          { open: !(section === "event" && events) },
          h(
            "summary",
            {},
            h("h3", {}, section),
            h("span.dim", {}, ` ${count(members.length, "difference")}`),
          ),
          members.map((row) =>
            this.#row(grid, "difference", [
              rowTitle(row),
              ...row.values.map((value, index) => cell(value, row, index)),
            ]),
          ),
        ),
      ),
    );
    this.table.style.minWidth = `${240 + records.length * 165}px`;
    const parts = (title, make) =>
      h("section.side-part", { "aria-label": title }, h("h2", {}, title), this.#strip(records, make));
    fill(
      this.element,
      h("h1", {}, "Side by side"),
      h(
        "div.card",
        {},
        h(
          "div.card-head",
          {},
          h("h2", {}, rows.length ? count(rows.length, "difference") : "No difference"),
          h("span.dim", {}, "ids, times and other values that always change are left out"),
          h("span.grow"),
          rows.length > 8 && this.filter,
        ),
        rows.length > 0 &&
          h("div.scroll-x", { tabindex: 0, role: "group", "aria-label": "Differences" }, this.table),
      ),
      parts("Trace", (record) => spanList(record, rows)),
      parts("Event", (record, index) => tree(record.event, `Event ${index + 1}`, named(rows, "event"))),
      parts("Result", (record, index) => tree(record.result, `Result ${index + 1}`, named(rows, "result"))),
      records.some((record) => record.response) &&
        parts("Response", (record) => response(record, named(rows, "response"))),
    );
  }

  #row(grid, kind, cells) {
    const row = h(
      `div.${kind}`,
      {},
      cells.map((content) => h("div", {}, content)),
    );
    row.style.gridTemplateColumns = grid;
    return row;
  }

  #strip(records, make) {
    const strip = h(
      "div.strip",
      {},
      records.map((record, index) =>
        h(
          "div.card.side",
          {},
          h(
            "div.card-head",
            {},
            h("b", {}, record.front_door ? doorTitle(record.front_door) : origin(record)),
          ),
          h("div.card-body", {}, make(record, index)),
        ),
      ),
    );
    strip.style.gridTemplateColumns = `repeat(${records.length}, minmax(190px, 1fr))`;
    return h("div.scroll-x", {}, strip);
  }

  #filter() {
    const part = this.filter.value.toLowerCase();
    for (const row of this.table.querySelectorAll(".difference"))
      row.hidden = !row.textContent.toLowerCase().includes(part);
    for (const group of this.table.querySelectorAll(".group")) {
      group.hidden = !group.querySelector(".difference:not([hidden])");
      if (part) group.open = true;
    }
  }
}

/** In this order; what has another place is a span. */
const SECTIONS = ["trace", "result", "response", "event", "log", "metrics", "telemetry"];
const MISSING = Symbol("missing");
const LONG = 120;
const AROUND = 30;

/** The differences of each column to the first, as rows with a value a column. */
function merged(lists) {
  const rows = new Map();
  lists.forEach((list, index) => {
    for (const { kind, place, name, a, b } of list) {
      const section = SECTIONS.includes(place) ? place : "trace";
      // The outermost span has another name behind each front door.
      const spans = place.split(" > ");
      const within = section !== place ? spans.slice(spans.length > 1 ? 1 : 0).join(" > ") : "";
      const key = JSON.stringify([section, within, name]);
      const first = kind.endsWith("-new") ? MISSING : a;
      if (!rows.has(key))
        rows.set(key, {
          section,
          within,
          name,
          span: spans.at(-1),
          values: [first, ...lists.map(() => first)],
        });
      rows.get(key).values[index + 1] = kind.endsWith("-missing") ? MISSING : b;
    }
  });
  return [...rows.values()];
}

function groups(rows) {
  return SECTIONS.map((section) => [section, rows.filter((row) => row.section === section)]).filter(
    ([, members]) => members.length,
  );
}

function rowTitle({ within, name }) {
  return [within && h("div.dim.within", {}, within), h("b.mono.wrap", {}, name)];
}

function columnTitle(record) {
  const summary = summaries.get(record.request_id);
  const name =
    summary?.name ?? (record.request ? `${record.request.method} ${record.request.target}` : "event");
  return h(
    "a.column-title",
    { href: `/invocations/${encodeURIComponent(record.request_id)}`, title: record.request_id },
    h(
      "span",
      {},
      h("b", {}, record.front_door ? doorTitle(record.front_door) : origin(record)),
      " ",
      summary && status(summary),
    ),
    h("span.mono.dim", {}, name),
  );
}

function cell(value, row, index) {
  const same = index > 0 && text(value) === text(row.values[0]);
  const kind = same ? ".dim" : index > 0 ? ".differs" : "";
  if (value === MISSING) return h(`span.missing${kind}`, {}, "missing");
  const whole = text(value);
  const others = row.values.map(text).filter((other) => other !== whole && other);
  return h(`span.mono.wrap${kind}`, { title: whole.slice(0, 2000) }, excerpt(whole, others[0]));
}

/** Of a long text the part that is not in the other one, with a little of what is around it. */
function excerpt(whole, other) {
  if (whole.length <= LONG) return whole;
  if (other === undefined) return `${whole.slice(0, LONG)}…`;
  let start = 0;
  while (start < Math.min(whole.length, other.length) && whole[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(whole.length, other.length) - start && whole.at(-1 - end) === other.at(-1 - end))
    end++;
  const from = Math.max(0, start - AROUND);
  const to = Math.min(whole.length - end + AROUND, from + 2 * LONG);
  return `${from > 0 ? "…" : ""}${whole.slice(from, to)}${to < whole.length ? "…" : ""}`;
}

function text(value) {
  if (value === MISSING) return "";
  if (typeof value === "string") return value;
  // A span that is only on one side.
  if (isContainer(value) && value.name && value.resource) return `${value.resource} (${value.service})`;
  return stringify(value);
}

function named(rows, section) {
  return new Set(rows.filter((row) => row.section === section).map((row) => row.name.toLowerCase()));
}

function tree(value, label, names) {
  return new JsonView(value ?? null, {
    label,
    decorate: (path, line) => {
      const [outer, inner] = path;
      // Headers of a result differ by their name alone.
      const isHeader = /headers$/i.test(outer) && names.has(String(inner).toLowerCase());
      if (path.length && (isHeader || names.has(pathText(path).toLowerCase()))) line.classList.add("differs");
    },
  }).element;
}

function response(record, names) {
  if (!record.response) return h("p.dim", {}, "none");
  const parts = h("div", {}, responseParts(record.response));
  if (names.has("status")) parts.querySelector(".first-line").classList.add("differs");
  if (names.has("body")) parts.querySelector(".body, .no-body")?.classList.add("differs");
  for (const line of parts.querySelectorAll(".headers div"))
    line.classList.toggle("differs", names.has(line.firstElementChild.textContent.toLowerCase()));
  return parts;
}

function spanList(record, rows) {
  const differing = new Set(rows.filter((row) => row.section === "trace").map((row) => row.span));
  const list = arranged(record.traces);
  if (!list.length) return h("p.dim", {}, record.incomplete ?? "no span");
  return h(
    "ol.span-list.mono",
    {},
    list.map(({ span, depth }) => {
      const item = h(
        `li${span.error ? ".bad" : ""}${differing.has(span.name) ? ".differs" : ""}`,
        { title: span.resource },
        h("b", {}, span.name),
        " ",
        h("span.dim", {}, span.resource === span.name ? "" : span.resource),
        h("span.dim", {}, ` ${duration(span.duration)}`),
      );
      item.style.paddingLeft = `${6 + depth * 10}px`;
      return item;
    }),
  );
}
