// One span with all that it carries: ids, tags, metrics, links, pointers, events, broken checks.

import { copyButton, dateAndTime, duration, fill, h } from "/page/dom.js";
import { embedded, fromBase64, isContainer, parse, pathText, stringify } from "/page/json.js";
import { JsonView } from "/page/jsonview.js";
import { navigate } from "/page/tree.js";

export class SpanView {
  /** `trace` has the spans, their fields and checks, `onPoint(places)`, `onGo(place)` and `select(span)`. */
  constructor(trace) {
    this.trace = trace;
    this.element = h("section.span", { "aria-label": "Span" });
    const tagAt = (event) => event.target.closest("[data-tag]");
    for (const kind of ["pointerover", "focusin"]) {
      this.element.addEventListener(kind, (event) => this.#point(tagAt(event)));
    }
    for (const kind of ["pointerleave", "focusout"]) {
      this.element.addEventListener(kind, () => this.#point(null));
    }
  }

  /** Show this span. */
  show(span) {
    this.span = span;
    const { fresh, known } = checksOf(this.trace.checks, span);
    const checks = [...fresh, ...known];
    this.tagFilter = h("input.small", {
      type: "search",
      placeholder: "Filter tags",
      "aria-label": "Filter tags",
      spellcheck: "false",
      input: () => this.filterTags(this.tagFilter.value),
    });
    const table = h("div.tags", { role: "list", "aria-label": "Tags" });
    for (const entry of tagsOf(span)) table.append(this.#tag(span, entry, checks));
    navigate(table, ".tag", {
      c: (row) => row.querySelector(".icon-button")?.click(),
      Enter: (row) => row.querySelector(".origin")?.click(),
    });
    fill(
      this.element,
      h(
        "div.span-head",
        {},
        h("h3", {}, span.name),
        span.error ? h("span.badge.bad", {}, "error") : null,
        h("span.grow"),
        this.tagFilter,
        copyButton("this span as JSON", () => stringify(span, 2)),
      ),
      checks.length > 0 &&
        h(
          "ul.checks",
          {},
          checks.map((check) => checkLine(check)),
        ),
      this.#facts(span),
      links(span, this.trace),
      table,
    );
  }

  /** The line of a tag; null where the span has no such tag. */
  row(tag) {
    return this.element.querySelector(`[data-tag="${CSS.escape(tag)}"]`);
  }

  /** Mark the tags of this span that are among [{span, tag}]. */
  mark(tags) {
    for (const row of this.element.querySelectorAll("[data-tag]")) {
      const linked = tags.some((one) => one.span === this.span && one.tag === row.dataset.tag);
      row.classList.toggle("linked", linked);
    }
  }

  /** The upper half of the trace's id, which stands on the first span of a trace only. */
  #high(span) {
    const first = this.trace.spans.find(
      (one) => String(one.trace_id) === String(span.trace_id) && one.meta?.["_dd.p.tid"],
    );
    return first?.meta["_dd.p.tid"];
  }

  /** Show only the tags in which the text stands. */
  filterTags(text) {
    if (this.tagFilter.value !== text) this.tagFilter.value = text;
    const part = text.toLowerCase();
    for (const row of this.element.querySelectorAll(".tag"))
      row.hidden = part !== "" && !row.textContent.toLowerCase().includes(part);
  }

  #tag(span, { tag, value, metric }, checks) {
    const places = this.trace.fields.of(span, tag, value);
    const broken = checks.filter((check) => names(check.detail, tag));
    const mark = broken.length ? (broken.some((check) => !check.finding) ? ".broken" : ".known") : "";
    const row = h(
      `div.tag${mark}${places.length ? ".from-event" : ""}`,
      { role: "listitem", tabindex: -1, "data-tag": tag },
      h("span.tag-name.mono", {}, tag),
      h(
        "span.tag-value.mono",
        {},
        tagValue(tag, value, metric),
        broken.map((check) => checkNote(check)),
      ),
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
      const places = this.trace.fields.of(span, tag, span[tag]);
      const row = h(
        `div${content instanceof Array ? ".id" : ""}`,
        { "data-tag": tag },
        h("dt", {}, name),
        h("dd.mono", {}, content, this.#origin(places, 0)),
      );
      row.places = places;
      return row;
    };
    return h(
      "dl.facts",
      {},
      line("service", "service", span.service),
      line("resource", "resource", span.resource),
      line("type", "type", span.type || "–"),
      line("start", "start", dateAndTime(span.start)),
      line("duration", "duration", `${duration(span.duration)} (${span.duration} ns)`),
      line("span id", "span_id", id("span id", span.span_id)),
      line("parent id", "parent_id", id("parent id", span.parent_id)),
      line("trace id", "trace_id", id("trace id", span.trace_id, high)),
    );
  }

  #origin(places, tabindex) {
    if (!places.length) return null;
    const text = places
      .map(({ part, path }) => `${part === "result" ? "result." : ""}${pathText(path)}`)
      .join(" + ");
    return h(
      "button.origin",
      { type: "button", tabindex, title: "Show the field", click: () => this.trace.onGo(places[0]) },
      `←\u00a0${text}`,
    );
  }

  #point(row) {
    this.trace.onPoint(row?.places ?? []);
  }
}

/** New and known broken checks of a span; those of no span belong to none. */
export function checksOf(checks, span) {
  const own = checks.filter(
    (check) => check.span_id != null && String(check.span_id) === String(span.span_id),
  );
  return { fresh: own.filter((check) => !check.finding), known: own.filter((check) => check.finding) };
}

/** A broken check with its sentence and what is wrong: a red cross, or the number of a known finding. */
export function checkLine(check, onSpan = null) {
  return h(
    `li.check.${check.finding ? "known" : "new"}`,
    {},
    checkNote(check),
    h(
      "span",
      {},
      h("span.sentence", {}, check.sentence),
      check.detail && h("span.detail.mono", {}, check.detail),
    ),
    onSpan && h("button.quiet", { type: "button", click: onSpan }, "show span"),
  );
}

function checkNote(check) {
  return check.finding
    ? h(
        "span.mark.known",
        { title: `Known finding ${check.finding} (docs/findings.md): ${check.sentence}` },
        check.finding,
      )
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
    ...Object.entries(span.meta ?? {})
      .filter(([tag]) => !LINKS.has(tag))
      .map(([tag, value]) => ({ tag, value, metric: false })),
    ...Object.entries(span.metrics ?? {}).map(([tag, value]) => ({ tag, value, metric: true })),
    ...Object.entries(span.meta_struct ?? {})
      .filter(([tag]) => tag !== "appsec" && tag !== "_dd.stack")
      .map(([tag, value]) => ({ tag, value, metric: false })),
  ];
  const rank = ({ tag }) => (tag.startsWith("error.") ? 0 : tag.startsWith("_") ? 2 : 1);
  return entries.sort((one, other) => rank(one) - rank(other) || (one.tag < other.tag ? -1 : 1));
}

const LINKS = new Set(["_dd.span_links", "events"]);

/** A tag's value as text. */
export function shown(value) {
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
    return h(
      "details.long",
      {},
      h(
        "summary",
        {},
        lines.at(-1).trim() || lines.findLast((line) => line.trim()) || `${text.length} characters`,
      ),
      h("pre", {}, text),
    );
  }
  return h("span", {}, text === "" ? h("i.dim", {}, "empty") : text);
}

/** An API Security schema, which is gzip in base64: shown as the JSON that it is. */
function schema(text) {
  const box = h("span", {}, text);
  const data = fromBase64(text);
  if (data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
    new Response(stream).text().then(
      (json) => fill(box, new JsonView(parse(json), { label: "Schema" }).element),
      () => {},
    );
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
  return [
    h("span", {}, decimal),
    copyButton(`${name}, decimal`, () => decimal),
    h("span.hexadecimal", {}, hex),
    copyButton(`${name}, hexadecimal`, () => hex),
  ];
}

function links(span, trace) {
  const list = [...(span.span_links ?? []), ...(embedded(span.meta?.["_dd.span_links"]) ?? [])];
  const events = [...(span.span_events ?? []), ...(embedded(span.meta?.events) ?? [])];
  return [
    list.length > 0 &&
      h(
        "div.links",
        {},
        h("h4", {}, "Links and pointers"),
        list.map((link) => linkCard(link, trace)),
      ),
    events.length > 0 &&
      h(
        "div.links",
        {},
        h("h4", {}, "Events"),
        events.map((event) =>
          h(
            "div.link-card",
            {},
            h("b", {}, event.name),
            h("span.dim.mono", {}, ` ${event.time_unix_nano ?? ""}`),
            new JsonView(event.attributes ?? {}, { label: `Attributes of ${event.name}` }).element,
          ),
        ),
      ),
  ];
}

function linkCard(link, trace) {
  const attributes = link.attributes ?? {};
  if (attributes["link.kind"] === "span-pointer") {
    return h(
      "div.link-card",
      {},
      h("span.mark.pointer", {}, "pointer"),
      h("span.mono", {}, attributes["ptr.kind"]),
      h(
        "span.dim",
        {},
        attributes["ptr.dir"] === "u"
          ? "upstream"
          : attributes["ptr.dir"] === "d"
            ? "downstream"
            : attributes["ptr.dir"],
      ),
      h("span.mono.wrap", {}, attributes["ptr.hash"]),
      copyButton("the pointer's hash", () => attributes["ptr.hash"] ?? ""),
    );
  }
  const target = trace.byId(link.span_id);
  return h(
    "div.link-card",
    {},
    h("span.mark.pointer", {}, "link"),
    h(
      "dl.facts",
      {},
      linkId("span id", link.span_id),
      linkId("trace id", link.trace_id, upper(link.trace_id_high)),
    ),
    target && h("button.quiet", { type: "button", click: () => trace.select(target) }, `show ${target.name}`),
    new JsonView(attributes, { label: "Attributes of the link" }).element,
  );
}

function linkId(name, value, high) {
  return h("div.id", {}, h("dt", {}, name), h("dd.mono", {}, id(name, value, high)));
}

function upper(value) {
  return value && String(value) !== "0" ? BigInt(String(value)).toString(16).padStart(16, "0") : null;
}
