// The spans of an invocation as a waterfall, and one span with all that it carries.

import { copyButton, count, dateAndTime, duration, fill, h, icon } from "/page/dom.js";
import { embedded, fromBase64, isContainer, parse, pathText, stringify } from "/page/json.js";
import { JsonView } from "/page/jsonview.js";
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
    this.detail = h("section.span", { "aria-label": "Span" });
    const tagAt = (event) => event.target.closest("[data-tag]");
    for (const kind of ["pointerover", "focusin"]) this.detail.addEventListener(kind, (event) => this.#point(tagAt(event)));
    for (const kind of ["pointerleave", "focusout"]) this.detail.addEventListener(kind, () => this.#point(null));
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
    this.#detail(span);
  }

  /** The span with this id, as a decimal text. */
  byId(id) {
    return this.spans.find((span) => String(span.span_id) === String(id));
  }

  /** Mark the spans and tags that come from a field; none for an empty list. */
  mark(tags) {
    for (const [span, item] of this.items) item.classList.toggle("linked", tags.some((one) => one.span === span));
    for (const row of this.detail.querySelectorAll("[data-tag]")) {
      row.classList.toggle("linked", tags.some((one) => one.span === this.selected && one.tag === row.dataset.tag));
    }
  }

  /** The tags in which the text stands: functions that show the tag and return its row. */
  search(text) {
    const found = [];
    for (const span of this.spans) {
      for (const { tag, value } of tagsOf(span)) {
        if (!tag.toLowerCase().includes(text) && !shown(value).toLowerCase().includes(text)) continue;
        found.push(() => {
          this.select(span);
          this.#filterTags("");
          return this.detail.querySelector(`[data-tag="${CSS.escape(tag)}"]`);
        });
      }
    }
    return found;
  }

  #none() {
    const reason = this.record.incomplete ?? (this.record.complete ? "No span came of this invocation." : "Its trace has not come yet.");
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
    navigate(this.waterfall, "[role=treeitem]", { Enter: () => this.detail.querySelector(".tag")?.focus(), c: () => {} });
    this.waterfall.addEventListener("focusin", (event) => {
      const span = event.target.closest("[role=treeitem]")?.span;
      if (span && span !== this.selected) this.select(span);
    });
    const total = Math.max(...this.spans.map(endOf)) - Math.min(...this.spans.map((span) => Number(span.start)));
    const legend = services.map((service, index) => h("span.service", {}, h(`i.dot.hue${index % HUES}`), service));
    const ids = [...new Set(this.spans.map((span) => String(span.trace_id)))];
    fill(
      this.element,
      h("div.trace-head", {},
        h("span", {}, h("b", {}, count(this.spans.length, "span")), ids.length > 1 && ` in ${ids.length} traces`, h("span.dim", {}, ` · ${duration(total)}`)),
        h("span.grow"), h("span.legend", {}, legend)),
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
    const length = h("span.length.mono", {}, early ? `began ${duration(start - span.start)} earlier` : duration(span.duration));
    if (from > 60) {
      length.style.right = `calc(${100 - from}% + 6px)`;
    } else if (to > 78) {
      length.classList.add("inside");
      length.style.right = `calc(${100 - to}% + 6px)`;
    } else length.style.left = `calc(${to}% + 6px)`;
    const name = h("span.span-name", {},
      children > 0 && h("span.toggle", { "aria-hidden": "true" }, icon("fold")),
      h("b", {}, span.name), " ", span.resource !== span.name && h("span.dim", {}, span.resource));
    name.style.paddingLeft = `${8 + depth * 14 + (children > 0 ? 0 : 14)}px`;
    const item = h(
      `div.span-row${span.error ? ".failed" : ""}`,
      { role: "treeitem", "aria-level": depth + 1, "aria-selected": "false", "aria-expanded": children > 0 ? "true" : null, tabindex: -1,
        "aria-label": `${span.name}, ${span.resource}, ${duration(span.duration)}${span.error ? ", error" : ""}`, title: `${span.service}: ${span.name} ${span.resource}` },
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
    for (let next = item.nextElementSibling; next && Number(next.getAttribute("aria-level")) > level; next = next.nextElementSibling) {
      const own = Number(next.getAttribute("aria-level"));
      if (own <= closed && open) closed = next.getAttribute("aria-expanded") === "false" ? own : Infinity;
      next.hidden = open ? own > closed : true;
    }
  }

  #spanMarks(span) {
    const { fresh, known } = checksOf(this.checks, span);
    return h("span.span-marks", {},
      span.error ? h("span.mark.new", { title: span.meta?.["error.message"] ?? "error" }, "error") : null,
      span.meta_struct?.appsec?.triggers?.length ? h("span.mark.waf", { title: "The WAF reported" }, "WAF") : null,
      fresh.length ? h("span.mark.new", { title: fresh.map((check) => check.sentence).join("\n") }, `✕ ${fresh.length}`) : null,
      known.length ? h("span.mark.known", { title: known.map((check) => `${check.finding}: ${check.sentence}`).join("\n") }, [...new Set(known.map((check) => check.finding))].join(" ")) : null,
    );
  }

  #detail(span) {
    const { fresh, known } = checksOf(this.checks, span);
    const checks = [...fresh, ...known];
    this.tagFilter = h("input.small", { type: "search", placeholder: "Filter tags", "aria-label": "Filter tags", spellcheck: "false", input: () => this.#filterTags(this.tagFilter.value) });
    const table = h("div.tags", { role: "list", "aria-label": "Tags" });
    for (const entry of tagsOf(span)) table.append(this.#tag(span, entry, checks));
    navigate(table, ".tag", {
      c: (row) => row.querySelector(".icon-button")?.click(),
      Enter: (row) => row.querySelector(".origin")?.click(),
    });
    fill(
      this.detail,
      h("div.span-head", {},
        h("h3", {}, span.name), span.error ? h("span.badge.bad", {}, "error") : null, h("span.grow"), this.tagFilter,
        copyButton("this span as JSON", () => stringify(span, 2))),
      checks.length > 0 && h("ul.checks", {}, checks.map((check) => checkLine(check))),
      this.#facts(span),
      links(span, this),
      table,
    );
  }

  /** The upper half of the trace's id, which stands on the first span of a trace only. */
  #high(span) {
    const first = this.spans.find((one) => String(one.trace_id) === String(span.trace_id) && one.meta?.["_dd.p.tid"]);
    return first?.meta["_dd.p.tid"];
  }

  #filterTags(text) {
    if (this.tagFilter.value !== text) this.tagFilter.value = text;
    const part = text.toLowerCase();
    for (const row of this.detail.querySelectorAll(".tag")) row.hidden = part !== "" && !row.textContent.toLowerCase().includes(part);
  }

  #tag(span, { tag, value, metric }, checks) {
    const places = this.fields.of(span, tag, value);
    const broken = checks.filter((check) => names(check.detail, tag));
    const row = h(
      `div.tag${broken.length ? (broken.some((check) => !check.finding) ? ".broken" : ".known") : ""}${places.length ? ".from-event" : ""}`,
      { role: "listitem", tabindex: -1, "data-tag": tag },
      h("span.tag-name.mono", {}, tag),
      h("span.tag-value.mono", {}, tagValue(tag, value, metric), broken.map((check) => checkNote(check))),
      this.#origin(places, -1),
      copyButton(tag, () => shown(value)),
    );
    row.querySelector(".icon-button").tabIndex = -1;
    row.places = places;
    return row;
  }

  /** What is no tag: each with the event's field that it comes from. */
  #facts(span) {
    const high = this.#high(span);
    const line = (name, tag, content) => {
      const places = this.fields.of(span, tag, span[tag]);
      const row = h(`div${content instanceof Array ? ".id" : ""}`, { "data-tag": tag }, h("dt", {}, name), h("dd.mono", {}, content, this.#origin(places, 0)));
      row.places = places;
      return row;
    };
    return h("dl.facts", {},
      line("service", "service", span.service), line("resource", "resource", span.resource), line("type", "type", span.type || "–"),
      line("start", "start", dateAndTime(span.start)), line("duration", "duration", `${duration(span.duration)} (${span.duration} ns)`),
      line("span id", "span_id", id("span id", span.span_id)), line("parent id", "parent_id", id("parent id", span.parent_id)), line("trace id", "trace_id", id("trace id", span.trace_id, high)));
  }

  #origin(places, tabindex) {
    if (!places.length) return null;
    const text = places.map(({ part, path }) => `${part === "result" ? "result." : ""}${pathText(path)}`).join(" + ");
    return h("button.origin", { type: "button", tabindex, title: "Show the field", click: () => this.onGo(places[0]) }, `←\u00a0${text}`);
  }

  #point(row) {
    this.onPoint(row?.places ?? []);
  }
}

/** New and known broken checks of a span; those of no span belong to none. */
export function checksOf(checks, span) {
  const own = checks.filter((check) => check.span_id != null && String(check.span_id) === String(span.span_id));
  return { fresh: own.filter((check) => !check.finding), known: own.filter((check) => check.finding) };
}

/** A broken check with its sentence and what is wrong: a red cross, or the number of a known finding. */
export function checkLine(check, onSpan = null) {
  return h(`li.check.${check.finding ? "known" : "new"}`, {},
    checkNote(check),
    h("span", {}, h("span.sentence", {}, check.sentence), check.detail && h("span.detail.mono", {}, check.detail)),
    onSpan && h("button.quiet", { type: "button", click: onSpan }, "show span"));
}

function checkNote(check) {
  return check.finding
    ? h("span.mark.known", { title: `Known finding ${check.finding} (docs/findings.md): ${check.sentence}` }, check.finding)
    : h("span.mark.new", { title: check.sentence }, `✕ ${check.id}`);
}

/** Whether the check's detail names the tag. */
function names(detail, tag) {
  const index = (detail ?? "").indexOf(tag);
  if (index < 0) return false;
  const [before, after] = [detail[index - 1] ?? " ", detail[index + tag.length] ?? " "];
  return !/[\w.-]/.test(before) && !/[\w-]/.test(after);
}

/** All tags of a span by name, those that start with _ last: [{tag, value, metric}]. */
export function tagsOf(span) {
  const entries = [
    ...Object.entries(span.meta ?? {}).filter(([tag]) => !LINKS.has(tag)).map(([tag, value]) => ({ tag, value, metric: false })),
    ...Object.entries(span.metrics ?? {}).map(([tag, value]) => ({ tag, value, metric: true })),
    ...Object.entries(span.meta_struct ?? {}).filter(([tag]) => tag !== "appsec" && tag !== "_dd.stack").map(([tag, value]) => ({ tag, value, metric: false })),
  ];
  const rank = ({ tag }) => (tag.startsWith("error.") ? 0 : tag.startsWith("_") ? 2 : 1);
  return entries.sort((one, other) => rank(one) - rank(other) || (one.tag < other.tag ? -1 : 1));
}

const LINKS = new Set(["_dd.span_links", "events"]);

function shown(value) {
  return isContainer(value) ? stringify(value) : String(value);
}

function tagValue(tag, value, metric) {
  if (isContainer(value)) return new JsonView(value, { label: tag }).element;
  if (metric) return h("span.number", {}, value);
  const text = String(value);
  if (tag.startsWith("_dd.appsec.s.")) return schema(text);
  const inner = embedded(text);
  if (inner !== undefined) return new JsonView(inner, { label: tag }).element;
  if (text.includes("\n") || text.length > 300) {
    const lines = text.split("\n");
    return h("details.long", {}, h("summary", {}, lines.at(-1).trim() || lines.findLast((line) => line.trim()) || `${text.length} characters`), h("pre", {}, text));
  }
  return h("span", {}, text === "" ? h("i.dim", {}, "empty") : text);
}

/** An API Security schema, which is gzip in base64: shown as the JSON that it is. */
function schema(text) {
  const box = h("span", {}, text);
  const data = fromBase64(text);
  if (data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
    new Response(stream).text().then((json) => fill(box, new JsonView(parse(json), { label: "Schema" }).element), () => {});
  }
  return box;
}

/** An id, whole: decimal and hexadecimal; `high` are the upper 64 bits in hexadecimal, as the log has them. */
function id(name, value, high) {
  if (value == null || String(value) === "0") return ["none"];
  const decimal = String(value);
  let hex = null;
  try {
    hex = `${high ?? ""}${BigInt(decimal).toString(16).padStart(16, "0")}`;
  } catch {
    return [decimal];
  }
  return [h("span", {}, decimal), copyButton(`${name}, decimal`, () => decimal), h("span.hexadecimal", {}, hex), copyButton(`${name}, hexadecimal`, () => hex)];
}

function links(span, trace) {
  const list = [...(span.span_links ?? []), ...(embedded(span.meta?.["_dd.span_links"]) ?? [])];
  const events = [...(span.span_events ?? []), ...(embedded(span.meta?.events) ?? [])];
  return [
    list.length > 0 && h("div.links", {}, h("h4", {}, "Links and pointers"), list.map((link) => linkCard(link, trace))),
    events.length > 0 && h("div.links", {}, h("h4", {}, "Events"), events.map((event) =>
      h("div.link-card", {}, h("b", {}, event.name), h("span.dim.mono", {}, ` ${event.time_unix_nano ?? ""}`), new JsonView(event.attributes ?? {}, { label: `Attributes of ${event.name}` }).element))),
  ];
}

function linkCard(link, trace) {
  const attributes = link.attributes ?? {};
  if (attributes["link.kind"] === "span-pointer") {
    return h("div.link-card", {}, h("span.mark.pointer", {}, "pointer"), h("span.mono", {}, attributes["ptr.kind"]),
      h("span.dim", {}, attributes["ptr.dir"] === "u" ? "upstream" : attributes["ptr.dir"] === "d" ? "downstream" : attributes["ptr.dir"]),
      h("span.mono.wrap", {}, attributes["ptr.hash"]), copyButton("the pointer's hash", () => attributes["ptr.hash"] ?? ""));
  }
  const target = trace.byId(link.span_id);
  return h("div.link-card", {}, h("span.mark.pointer", {}, "link"),
    h("dl.facts", {}, linkId("span id", link.span_id), linkId("trace id", link.trace_id, upper(link.trace_id_high))),
    target && h("button.quiet", { type: "button", click: () => trace.select(target) }, `show ${target.name}`),
    new JsonView(attributes, { label: "Attributes of the link" }).element);
}

function linkId(name, value, high) {
  return h("div.id", {}, h("dt", {}, name), h("dd.mono", {}, id(name, value, high)));
}

function upper(value) {
  return value && String(value) !== "0" ? BigInt(String(value)).toString(16).padStart(16, "0") : null;
}
