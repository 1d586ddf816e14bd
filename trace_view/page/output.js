// Shows what the function wrote: the lines of its log, and its metrics.

import { h } from "/page/dom.js";

const TYPES = { d: "distribution", c: "count", g: "gauge", h: "histogram", ms: "timer", s: "set" };
const METRIC = /^([^:|]+):([^|]+)\|(\w+)(?:\|@[^|]+)?(?:\|#(.*))?/;
const MOST_TAGS = 4;

/** The log's lines; `onSpan` is called with the span of `trace` that a line names, when it is pressed. */
export function logList(lines, trace, onSpan) {
  const items = lines.map((line) => {
    const match = /dd\.span_id=(\d+)/.exec(line);
    const span = match && trace.byId(match[1]);
    if (!span) return h(`li.searchable${level(line)}`, {}, line);
    const index = match.index + match[0].length - match[1].length;
    const link = h(
      "button.inline",
      { type: "button", title: `Show ${span.name}`, click: () => onSpan(span) },
      match[1],
    );
    return h(
      `li.searchable${level(line)}`,
      {},
      line.slice(0, index),
      link,
      line.slice(index + match[1].length),
    );
  });
  return h("ol.log.mono", {}, items);
}

function level(line) {
  if (/^\[(ERROR|CRITICAL)\]|^Traceback/.test(line)) return ".bad";
  if (line.startsWith("[WARNING]")) return ".warn";
  // What the platform writes itself.
  return /^(START|END|REPORT|INIT_START) |\(rapid\)/.test(line) ? ".dim" : "";
}

/** Lines of dogstatsd: name, value, type and the first tags. */
export function metricList(lines) {
  const items = lines.map((line) => {
    const match = METRIC.exec(line);
    if (!match) return h("li.searchable", {}, line);
    const [, name, value, type, tags = ""] = match;
    return h(
      "li.searchable",
      { title: line },
      h("b", {}, name),
      h("span.number", {}, ` ${value} `),
      h("span.dim", {}, `${TYPES[type] ?? type} ${tags.split(",").slice(0, MOST_TAGS).join(" ")}`),
    );
  });
  return h("ul.log.mono", {}, items);
}
