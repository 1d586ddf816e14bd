// The list: every invocation is a row, newest first, live, filtered by typing.

import * as api from "/page/api.js";
import { count, dateAndTime, duration, elapsed, fill, h, icon, origin, timeOfDay } from "/page/dom.js";
import { go } from "/page/router.js";
import { listen, newestFirst, summaries } from "/page/store.js";

/** What an invocation can be filtered by beside plain words: `is:` and these, each with its button. */
const KINDS = {
  error: ["Errors", (one) => one.error],
  waf: ["WAF", (one) => one.rules?.length > 0],
  broken: ["Broken", (one) => news(one).length > 0],
  known: ["Known findings", (one) => known(one).length > 0],
  cold: ["Cold", (one) => one.cold_start],
  incomplete: ["No trace", (one) => !one.complete && !one.running],
  running: ["Running", (one) => one.running],
};

const FIELDS = {
  is: (one, value) => KINDS[value]?.[1](one) ?? false,
  status: (one, value) => String(one.status ?? "").startsWith(value),
  source: (one, value) => [origin(one), one.source, one.front_door].some((text) => contains(text, value)),
  rule: (one, value) => (one.rules ?? []).some((rule) => contains(rule, value)),
  check: (one, value) =>
    (one.checks ?? []).some((check) => contains(check.id, value) || contains(check.finding, value)),
};

const MOST_SELECTED = 5;

const contains = (text, part) => (text ?? "").toLowerCase().includes(part);
export const news = (invocation) => (invocation.checks ?? []).filter((check) => !check.finding);
export const known = (invocation) => (invocation.checks ?? []).filter((check) => check.finding);

/** A test of summaries: all words of the text must fit. A word may be `field:value`; `-` before it negates. */
function filterOf(text) {
  const tests = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word && word !== "-")
    .map((word) => {
      const negated = word.startsWith("-");
      const positive = negated ? word.slice(1) : word;
      const [, field, value] = /^(\w+):(.*)$/.exec(positive) ?? [];
      const test = Object.hasOwn(FIELDS, field ?? "")
        ? (one) => FIELDS[field](one, value)
        : (one) => haystack(one).includes(positive);
      return negated ? (one) => !test(one) : test;
    });
  return (summary) => tests.every((test) => test(summary));
}

function haystack(one) {
  const checks = (one.checks ?? []).map((check) => `${check.id} ${check.finding ?? ""}`);
  const words = [
    one.name,
    origin(one),
    one.source,
    one.front_door,
    one.status,
    one.function_error,
    one.request_id,
  ];
  return [...words, ...(one.rules ?? []), ...checks].join(" ").toLowerCase();
}

export class List {
  constructor() {
    this.rows = new Map();
    this.selected = new Set();
    this.current = null;
    this.filterText = "";
    this.accepts = () => true;
    this.element = h("section.list", { "aria-label": "Invocations" });
    this.#build();
    listen((batch) => this.#update(batch));
  }

  #build() {
    this.filter = h("input.filter", {
      type: "search",
      placeholder: "Filter: words, status:5, rule:crs, -sqs",
      "aria-label": "Filter invocations",
      "aria-keyshortcuts": "/",
      spellcheck: "false",
      autocomplete: "off",
      input: () => this.#setFilter(this.filter.value),
      keydown: (event) => this.#filterKey(event),
    });
    this.kinds = Object.entries(KINDS).map(([kind, [title]]) =>
      h(
        "button.chip",
        { type: "button", "data-kind": kind, "aria-pressed": "false", click: () => this.#toggle(kind) },
        title,
      ),
    );
    this.counted = h("span.dim.counted", { role: "status" });
    this.body = h("div.rows", {
      role: "rowgroup",
      keydown: (event) => this.#rowKey(event),
      focusin: (event) => this.#focused(event),
    });
    this.body.addEventListener("change", (event) => this.#pick(event.target));
    this.empty = h("div.empty", { hidden: true });
    this.selection = h("div.selection", {
      hidden: true,
      role: "region",
      "aria-label": "Selected invocations",
    });
    const heads = [
      "Select",
      "Time",
      "Source",
      "Request or event",
      "Status",
      "Duration",
      "Spans",
      "WAF rules",
      "Checks",
    ];
    const head = h(
      "div.row.head",
      { role: "row" },
      heads.map((text, index) =>
        h(`span.c${index}`, { role: "columnheader" }, index ? text : h("span.offscreen", {}, text)),
      ),
    );
    fill(
      this.element,
      h(
        "div.bar",
        {},
        h("div.search", {}, this.filter, h("kbd", { "aria-hidden": "true" }, "/")),
        this.kinds,
        h("span.grow"),
        this.counted,
      ),
      h(
        "div.table",
        { role: "table", "aria-label": "Invocations, newest first" },
        h("div", { role: "rowgroup" }, head),
        this.body,
      ),
      this.empty,
      this.selection,
    );
  }

  /** Shown at `url`: its filter and its selection are taken over. */
  show(url) {
    document.title = "Trace view";
    const text = url.searchParams.get("filter") ?? "";
    if (text !== this.filterText) {
      this.filter.value = text;
      this.#setFilter(text, false);
    }
    const picked = url.searchParams.get("select");
    if (picked && !this.selected.has(picked)) {
      this.selected.add(picked);
      this.#refresh(picked);
      this.#showSelection();
    }
    window.scrollTo(0, this.scroll ?? 0);
    if (this.current && this.#link(this.current)) this.#link(this.current).focus({ preventScroll: true });
  }

  hide() {
    this.scroll = window.scrollY;
  }

  find() {
    this.filter.focus();
    this.filter.select();
  }

  /** A key that no control took. */
  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      (this.#link(this.current) ?? this.#visible()[0])?.focus();
      event.preventDefault();
    }
    if (event.key === "Escape") {
      this.selected.clear();
      for (const row of this.rows.keys()) this.#refresh(row);
      this.#showSelection();
    }
  }

  #update(batch) {
    for (const [id, summary] of batch) {
      const row = this.#row(summary);
      const old = this.rows.get(id);
      const focused = old?.contains(document.activeElement);
      if (old) old.replaceWith(row);
      this.rows.set(id, row);
      if (focused) this.#link(id).focus({ preventScroll: true });
    }
    this.#arrange();
    if (!this.rows.size || this.painted) return;
    this.painted = true;
    performance.mark("first-rows");
  }

  /** Put the rows into the order of their invocations, and drop those that are no longer kept. */
  #arrange() {
    let cursor = this.body.firstElementChild;
    for (const { request_id: id } of newestFirst()) {
      const row = this.rows.get(id);
      if (row === cursor) cursor = cursor.nextElementSibling;
      else this.body.insertBefore(row, cursor);
    }
    while (cursor) {
      const next = cursor.nextElementSibling;
      this.rows.delete(cursor.dataset.id);
      cursor.remove();
      cursor = next;
    }
    this.#count();
  }

  #row(summary) {
    const { request_id: id, name = "" } = summary;
    const [verb, rest] = nameParts(name);
    const current = id === this.current || (this.current === null && this.rows.size === 0);
    return h(
      `div.row${summary.error ? ".failed" : ""}`,
      { role: "row", "data-id": id, "data-current": current, hidden: !this.accepts(summary) },
      h(
        "span.c0",
        { role: "cell" },
        h("input", {
          type: "checkbox",
          tabindex: -1,
          checked: this.selected.has(id),
          "aria-label": `Select ${name} for comparison`,
        }),
      ),
      h("time.c1.mono", { role: "cell", title: dateAndTime(summary.started) }, timeOfDay(summary.started)),
      h("span.c2", { role: "cell" }, origin(summary)),
      h(
        "span.c3",
        { role: "cell" },
        h(
          "a.name.mono",
          { href: `/invocations/${encodeURIComponent(id)}`, tabindex: current ? 0 : -1, title: name },
          h(`b.verb${/^[A-Z]+$/.test(verb) ? "" : ".source"}`, {}, verb),
          " ",
          h("span", {}, rest),
        ),
      ),
      h("span.c4", { role: "cell" }, status(summary)),
      h(
        "span.c5.mono",
        { role: "cell" },
        summary.cold_start &&
          h("span.cold", { title: "Cold start: the first invocation of this runtime" }, "cold"),
        summary.running && elapsed(summary.started),
        summary.ended && duration(summary.ended - summary.started),
      ),
      h("span.c6.mono", { role: "cell" }, spans(summary)),
      h("span.c7.mono", { role: "cell" }, rules(summary.rules ?? [])),
      h("span.c8", { role: "cell" }, marks(summary)),
    );
  }

  #refresh(id) {
    const row = this.rows.get(id);
    if (row) row.querySelector("input").checked = this.selected.has(id);
  }

  #link(id) {
    return this.rows.get(id)?.querySelector("a.name") ?? null;
  }

  #visible() {
    return [...this.body.querySelectorAll(".row:not([hidden]) a.name")];
  }

  #setFilter(text, remember = true) {
    this.filterText = text;
    this.found = new Set();
    const test = filterOf(text);
    this.accepts = (summary) => test(summary) || this.found.has(summary.request_id);
    this.#filterRows();
    const words = text.toLowerCase().split(/\s+/);
    for (const button of this.kinds)
      button.setAttribute("aria-pressed", words.includes(`is:${button.dataset.kind}`));
    if (remember)
      history.replaceState(history.state, "", text ? `/?filter=${encodeURIComponent(text)}` : "/");
    clearTimeout(this.asking);
    // The server also looks at what is not in the rows: trace ids, the names of spans, types of errors.
    if (text.trim().length > 2 && !words.some((word) => /^-|:/.test(word)))
      this.asking = setTimeout(() => this.#ask(text), 150);
  }

  async #ask(text) {
    const ids = await api.found(text).catch(() => new Set());
    if (text !== this.filterText) return;
    this.found = ids;
    this.#filterRows();
  }

  #filterRows() {
    for (const [id, row] of this.rows) row.hidden = !this.accepts(summaries.get(id));
    this.#count();
  }

  #toggle(kind) {
    const words = this.filter.value.split(/\s+/).filter(Boolean);
    const word = `is:${kind}`;
    const left = words.includes(word) ? words.filter((one) => one !== word) : [...words, word];
    this.filter.value = left.join(" ");
    this.#setFilter(this.filter.value);
  }

  #count() {
    const all = this.rows.size;
    const shown = this.filterText ? [...summaries.values()].filter(this.accepts).length : all;
    this.counted.textContent =
      shown === all ? count(all, "invocation") : `${shown} of ${count(all, "invocation")}`;
    this.empty.hidden = shown > 0;
    if (shown > 0 || !this.loaded) return;
    if (all) fill(this.empty, h("p", {}, "No invocation fits this filter."));
    else {
      fill(
        this.empty,
        h("h2", {}, "Nothing has come in yet"),
        h("p", {}, "Every invocation appears here, whichever way it comes. Try"),
        h("pre.mono", {}, "curl -A Arachni/v1 localhost:7777/waf"),
        h("p", {}, "or ", h("a", { href: "/compose" }, "compose a request or an event"), "."),
      );
    }
  }

  /** The first page has come: an empty list is really empty. */
  ready() {
    this.loaded = true;
    this.#count();
  }

  #filterKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") this.#visible()[0]?.focus();
    else if (event.key === "Escape" && this.filter.value) {
      this.filter.value = "";
      this.#setFilter("");
    } else if (event.key === "Escape") this.filter.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #rowKey(event) {
    const links = this.#visible();
    const index = links.findIndex((link) => link === document.activeElement);
    const steps = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 15,
      PageUp: -15,
      Home: -links.length,
      End: links.length,
    };
    if (event.key === "ArrowUp" && index === 0) this.filter.focus();
    else if (event.key in steps)
      links[Math.max(0, Math.min(links.length - 1, index + steps[event.key]))]?.focus();
    else if (event.key === "x" || event.key === " ") {
      const box = document.activeElement.closest(".row").querySelector("input");
      box.checked = !box.checked;
      this.#pick(box);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #focused(event) {
    const row = event.target.closest(".row");
    for (const old of this.body.querySelectorAll(".row[data-current]")) {
      old.removeAttribute("data-current");
      old.querySelector("a.name").tabIndex = -1;
    }
    this.current = row.dataset.id;
    row.setAttribute("data-current", "");
    row.querySelector("a.name").tabIndex = 0;
  }

  #pick(box) {
    const { id } = box.closest(".row").dataset;
    if (!box.checked) this.selected.delete(id);
    else if (this.selected.size < MOST_SELECTED) this.selected.add(id);
    else box.checked = false;
    this.#showSelection();
  }

  #showSelection() {
    const ids = [...this.selected];
    this.selection.hidden = ids.length === 0;
    this.element.classList.toggle("picking", ids.length > 0);
    fill(
      this.selection,
      h(
        "span",
        {},
        ids.length === 1 ? "1 selected; select another one to compare (x)" : `${ids.length} selected`,
      ),
      h(
        "button.primary",
        { type: "button", disabled: ids.length < 2, click: () => go(comparison(ids)) },
        icon("columns"),
        "Compare",
      ),
      h("button.quiet", { type: "button", click: () => this.key({ key: "Escape" }) }, "Clear"),
    );
  }
}

/** The name of an invocation in two: method and target, or the event's source and what it came from. */
export function nameParts(name) {
  const [verb, ...rest] = name.startsWith("an event") ? [name] : name.split(" ");
  return [verb, rest.join(" ")];
}

/** The address at which these invocations stand side by side. */
export function comparison(ids) {
  return `/compare?${ids.map((id, index) => `${"abcde"[index]}=${encodeURIComponent(id)}`).join("&")}`;
}

/** The status of an invocation, as a badge. */
export function status(summary) {
  if (summary.status != null) {
    const kind = summary.error || summary.status >= 500 ? "bad" : summary.status >= 400 ? "warn" : "good";
    const title = summary.function_error ? `The function failed: ${summary.function_error}` : null;
    return h(`span.badge.${kind}`, { title }, summary.status);
  }
  if (summary.function_error || summary.error)
    return h("span.badge.bad", { title: summary.function_error }, "error");
  if (summary.running) return h("span.badge.warn", {}, "running");
  if (summary.ended) return h("span.badge.good", {}, "ok");
  return h("span.badge", { title: "The Invoke API has not told of its end" }, "no end");
}

function spans(summary) {
  if (summary.spans) return summary.spans;
  return summary.complete
    ? "0"
    : h("span.waiting", { title: summary.incomplete ?? "Its trace has not come" }, "…");
}

function rules(ids) {
  if (!ids.length) return null;
  const [first, ...others] = ids;
  return h(
    "span.rules",
    { title: ids.join("\n") },
    h("span.rule", {}, first),
    others.length > 0 && h("span.more", {}, `+${others.length}`),
  );
}

/** Broken checks: a red mark for new ones, a quiet one for known findings. */
export function marks(summary) {
  const findings = [...new Set(known(summary).map((check) => check.finding))];
  const sentences = (checks) => checks.map((check) => check.sentence).join("\n");
  return [
    news(summary).length > 0 &&
      h("span.mark.new", { title: sentences(news(summary)) }, `${news(summary).length} broken`),
    findings.length > 0 &&
      h(
        "span.mark.known",
        { title: `Known:\n${sentences(known(summary))}` },
        findings.slice(0, 2).join(" "),
        findings.length > 2 && ` +${findings.length - 2}`,
      ),
  ];
}
