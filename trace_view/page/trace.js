// The spans of an invocation as a waterfall.

import { count, duration, fill, h, icon } from "/page/dom.js";
import { checksOf, shown, SpanView, tagsOf } from "/page/span.js";
import { navigate } from "/page/tree.js";

/** An inferred span that began this many times the invocation's length earlier is cut off at the left. */
const FAR = 8;
const HUES = 6;

/** The spans in the order of the tree: [{span, depth, children}], roots by their start. */
export function arranged(traces) {
  const all = (traces ?? []).flat();
  const ids = new Set(all.map((span) => String(span.span_id)));
  const children = new Map();
  for (const span of all) {
    const parent = String(span.parent_id ?? "0");
    const key = ids.has(parent) && parent !== String(span.span_id) ? parent : "root";
    if (!children.has(key)) children.set(key, []);
    children.get(key).push(span);
  }
  const rows = [];
  const seen = new Set();
  const walk = (key, depth) => {
    const found = (children.get(key) ?? []).sort((one, other) => one.start - other.start);
    for (const span of found) {
      // Broken traces have circles and ids that stand twice.
      if (seen.has(span)) continue;
      seen.add(span);
      const own = String(span.span_id);
      rows.push({ span, depth, children: children.get(own)?.length ?? 0 });
      walk(own, depth + 1);
    }
  };
  walk("root", 0);
  for (const span of all.filter((one) => !seen.has(one))) rows.push({ span, depth: 0, children: 0 });
  return rows;
}

/** The time that the waterfall shows: {start, end, cut}, cut where earlier spans do not fit. */
function windowOf(rows) {
  const own = rows.filter(({ span }) => !isInferred(span));
  const shown = own.length ? own : rows;
  let start = Math.min(...shown.map(({ span }) => Number(span.start)));
  const end = Math.max(...shown.map(({ span }) => endOf(span)));
  const first = Math.min(...rows.map(({ span }) => Number(span.start)));
  const last = Math.max(...rows.map(({ span }) => endOf(span)));
  const length = Math.max(end - start, 1);
  const cut = start - first > FAR * length;
  if (!cut) start = first;
  else start -= length * 0.06;
  const whole = last - end > FAR * length ? end : Math.max(last, end);
  return { start, end: Math.max(whole, start + 1), cut };
}

const endOf = (span) => Number(span.start) + Number(span.duration);
const isInferred = (span) => Number(span.metrics?.["_dd._inferred_span"] ?? 0) === 1;

export class Trace {
  /**
   * `record` is the whole record, `fields` its Fields. `onPoint(places)` is told which fields a tag that is
   * pointed at comes from, and `onGo(place)` which one to go to.
   */
  constructor(record, fields, { onPoint, onGo }) {
    this.record = record;
    this.fields = fields;
    this.onPoint = onPoint;
    this.onGo = onGo;
    this.rows = arranged(record.traces);
    this.checks = record.checks ?? [];
    this.element = h("div.trace");
    this.waterfall = h("div.waterfall", { role: "tree", "aria-label": "Spans" });
    this.detail = new SpanView(this);
    this.items = new Map();
    if (this.rows.length) this.#build();
    else this.#none();
  }

  get spans() {
    return this.rows.map(({ span }) => span);
  }

  /** Show this span's tags. */
  select(span) {
    if (!this.items.has(span)) return;
    this.items.get(this.selected)?.setAttribute("aria-selected", "false");
    this.selected = span;
    const item = this.items.get(span);
    item.setAttribute("aria-selected", "true");
    this.detail.show(span);
  }

  /** The span with this id, as a decimal text. */
  byId(id) {
    return this.spans.find((span) => String(span.span_id) === String(id));
  }

  /** Mark the spans and tags that come from a field; none for an empty list. */
  mark(tags) {
    for (const [span, item] of this.items) {
      const linked = tags.some((one) => one.span === span);
      item.classList.toggle("linked", linked);
    }
    this.detail.mark(tags);
  }

  /** The tags in which the text stands: functions that show the tag and return its row. */
  search(text) {
    const found = [];
    for (const span of this.spans) {
      for (const { tag, value } of tagsOf(span)) {
        if (!tag.toLowerCase().includes(text) && !shown(value).toLowerCase().includes(text)) continue;
        found.push(() => {
          this.select(span);
          this.detail.filterTags("");
          return this.detail.row(tag);
        });
      }
    }
    return found;
  }

  #none() {
    const reason =
      this.record.incomplete ??
      (this.record.complete ? "No span came of this invocation." : "Its trace has not come yet.");
    this.element.append(h("div.empty.small", {}, h("p", {}, reason)));
  }

  #build() {
    const { start, end, cut } = windowOf(this.rows);
    const services = [...new Set(this.spans.map((span) => span.service))];
    const scale = (time) => Math.max(0, Math.min(100, ((time - start) / (end - start)) * 100));
    for (const row of this.rows) {
      const hue = services.indexOf(row.span.service) % HUES;
      this.waterfall.append(this.#row(row, { start, scale, hue, cut }));
    }
    navigate(this.waterfall, "[role=treeitem]", {
      Enter: () => this.detail.element.querySelector(".tag")?.focus(),
      c: () => {},
    });
    this.waterfall.addEventListener("focusin", (event) => {
      const span = event.target.closest("[role=treeitem]")?.span;
      if (span && span !== this.selected) this.select(span);
    });
    const total =
      Math.max(...this.spans.map(endOf)) - Math.min(...this.spans.map((span) => Number(span.start)));
    const legend = services.map((service, index) =>
      h("span.service", {}, h(`i.dot.hue${index % HUES}`), service),
    );
    const ids = [...new Set(this.spans.map((span) => String(span.trace_id)))];
    fill(
      this.element,
      h(
        "div.trace-head",
        {},
        h(
          "span",
          {},
          h("b", {}, count(this.spans.length, "span")),
          ids.length > 1 && ` in ${ids.length} traces`,
          h("span.dim", {}, ` · ${duration(total)}`),
        ),
        h("span.grow"),
        h("span.legend", {}, legend),
      ),
      this.waterfall,
    );
    this.select(this.spans.find((span) => span.name === "aws.lambda") ?? this.spans[0]);
    this.items.get(this.selected).tabIndex = 0;
    for (const [span, item] of this.items) if (span !== this.selected) item.tabIndex = -1;
  }

  #row({ span, depth, children }, { start, scale, hue, cut }) {
    const from = scale(Number(span.start));
    const to = scale(endOf(span));
    const early = cut && Number(span.start) < start;
    const bar = h(`span.span-bar.hue${hue}${span.error ? ".bad" : ""}${early ? ".early" : ""}`);
    bar.style.left = `${from}%`;
    bar.style.width = `max(2px, ${to - from}%)`;
    const length = h(
      "span.length.mono",
      {},
      early ? `began ${duration(start - span.start)} earlier` : duration(span.duration),
    );
    if (from > 60) {
      length.style.right = `calc(${100 - from}% + 6px)`;
    } else if (to > 78) {
      length.classList.add("inside");
      length.style.right = `calc(${100 - to}% + 6px)`;
    } else length.style.left = `calc(${to}% + 6px)`;
    const name = h(
      "span.span-name",
      {},
      children > 0 && h("span.toggle", { "aria-hidden": "true" }, icon("fold")),
      h("b", {}, span.name),
      " ",
      span.resource !== span.name && h("span.dim", {}, span.resource),
    );
    name.style.paddingLeft = `${8 + depth * 14 + (children > 0 ? 0 : 14)}px`;
    const item = h(
      `div.span-row${span.error ? ".failed" : ""}`,
      {
        role: "treeitem",
        "aria-level": depth + 1,
        "aria-selected": "false",
        "aria-expanded": children > 0 ? "true" : null,
        tabindex: -1,
        "aria-label": [span.name, span.resource, duration(span.duration), span.error ? "error" : ""].join(
          ", ",
        ),
        title: `${span.service}: ${span.name} ${span.resource}`,
      },
      h("span.span-left", {}, name, this.#spanMarks(span)),
      h("span.timeline", {}, bar, length),
    );
    item.span = span;
    item.addEventListener("click", (event) => {
      if (event.target.closest(".toggle")) this.#fold(item, item.getAttribute("aria-expanded") === "false");
      else {
        this.select(span);
        item.focus({ preventScroll: true });
      }
    });
    item.addEventListener("fold", (event) => this.#fold(item, event.detail));
    this.items.set(span, item);
    return item;
  }

  #fold(item, open) {
    item.setAttribute("aria-expanded", String(open));
    const level = Number(item.getAttribute("aria-level"));
    let closed = open ? Infinity : level;
    for (
      let next = item.nextElementSibling;
      next && Number(next.getAttribute("aria-level")) > level;
      next = next.nextElementSibling
    ) {
      const own = Number(next.getAttribute("aria-level"));
      if (own <= closed && open) closed = next.getAttribute("aria-expanded") === "false" ? own : Infinity;
      next.hidden = open ? own > closed : true;
    }
  }

  #spanMarks(span) {
    const { fresh, known } = checksOf(this.checks, span);
    return h(
      "span.span-marks",
      {},
      span.error ? h("span.mark.new", { title: span.meta?.["error.message"] ?? "error" }, "error") : null,
      span.meta_struct?.appsec?.triggers?.length
        ? h("span.mark.waf", { title: "The WAF reported" }, "WAF")
        : null,
      fresh.length
        ? h("span.mark.new", { title: fresh.map((check) => check.sentence).join("\n") }, `✕ ${fresh.length}`)
        : null,
      known.length
        ? h(
            "span.mark.known",
            { title: known.map((check) => `${check.finding}: ${check.sentence}`).join("\n") },
            [...new Set(known.map((check) => check.finding))].join(" "),
          )
        : null,
    );
  }
}
