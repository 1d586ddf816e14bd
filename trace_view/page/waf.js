// The WAF's report spelled out: each rule that matched, where it looked, what it found, and the stack.

import { copyButton, count, duration, h } from "/page/dom.js";
import { pathText, stringify } from "/page/json.js";

/** What the WAF reported in these spans; null where it did not run. `onPoint` and `onGo` are told of the event's fields. */
export function wafReport(spans, fields, { onPoint, onGo }) {
  const found = spans.flatMap((span) =>
    (span.meta_struct?.appsec?.triggers ?? []).map((trigger) => ({ span, trigger })),
  );
  const stacks = spans.flatMap((span) =>
    Object.entries(span.meta_struct?.["_dd.stack"] ?? {}).flatMap(([kind, list]) =>
      list.map((stack) => ({ kind, stack })),
    ),
  );
  // The report stands on the root and on the function's span; it is one.
  const reports = [...new Map(found.map((one) => [stringify(one.trigger), one])).values()];
  const ran = spans.find((span) => span.metrics?.["_dd.appsec.waf.duration"] !== undefined);
  if (!reports.length && !stacks.length && !ran) return null;
  const used = new Set(reports.map(({ trigger }) => trigger.stack_id));
  const others = [
    ...new Map(stacks.filter(({ stack }) => !used.has(stack.id)).map((one) => [one.stack.id, one])).values(),
  ];
  return h(
    "section.card.waf",
    { "aria-label": "WAF report" },
    h(
      "div.card-head",
      {},
      h("h2", {}, "WAF"),
      summary(reports, ran, spans),
      h("span.grow"),
      reports.length > 0 &&
        copyButton("the report as JSON", () =>
          stringify(
            reports.map(({ trigger }) => trigger),
            2,
          ),
        ),
    ),
    reports.map(({ trigger }) => triggerCard(trigger, stacks, fields, { onPoint, onGo })),
    others.map(({ kind, stack }) => h("div.trigger", {}, h("b", {}, `Stack: ${kind}`), frames(stack))),
  );
}

function summary(reports, ran, spans) {
  const meta = (name) => spans.map((span) => span.meta?.[name]).find((value) => value !== undefined);
  const metric = (name) => spans.map((span) => span.metrics?.[name]).find((value) => value !== undefined);
  const microseconds = metric("_dd.appsec.waf.duration");
  const timeouts = Number(metric("_dd.appsec.waf.timeouts") ?? 0);
  return [
    h(
      `span.badge${reports.length ? ".bad" : ".good"}`,
      {},
      reports.length ? `${count(reports.length, "rule")} matched` : "no rule matched",
    ),
    meta("appsec.blocked") === "true" && h("span.badge.bad", {}, "blocked"),
    h(
      "span.dim",
      {},
      microseconds !== undefined && `ran ${duration(microseconds * 1000)}`,
      meta("_dd.appsec.event_rules.version") && ` · rules ${meta("_dd.appsec.event_rules.version")}`,
      metric("_dd.appsec.rasp.rule.eval") && ` · ${metric("_dd.appsec.rasp.rule.eval").valueOf()} RASP`,
    ),
    timeouts > 0 && h("span.badge.warn", {}, count(timeouts, "timeout")),
  ];
}

function triggerCard(trigger, stacks, fields, hooks) {
  const { rule } = trigger;
  const tags = rule.tags ?? {};
  const stack = stacks.find((one) => one.stack.id === trigger.stack_id)?.stack;
  return h(
    "article.trigger",
    { "aria-label": `Rule ${rule.id}` },
    h(
      "div.rule-head",
      {},
      h("code.rule", {}, rule.id),
      h("b.rule-name", {}, rule.name),
      (rule.on_match ?? []).map((action) => h("span.badge.warn", {}, action)),
    ),
    h(
      "div.rule-tags",
      {},
      Object.entries(tags).map(([name, value]) => h("span", {}, h("span.dim", {}, `${name} `), value)),
    ),
    (trigger.rule_matches ?? []).map((match) =>
      h(
        "div.match",
        {},
        (match.parameters ?? []).flatMap((parameter) => parameterRows(parameter, fields, hooks)),
        h(
          "div.operator",
          {},
          h("span.dim", {}, "operator "),
          h("code", {}, match.operator),
          match.operator_value &&
            h("details.long", {}, h("summary", {}, "pattern"), h("pre.mono", {}, match.operator_value)),
        ),
      ),
    ),
    stack && frames(stack),
  );
}

/** A parameter; those of RASP rules have several parts, such as resource and params, and one highlight for all. */
function parameterRows(parameter, fields, hooks) {
  const highlight = parameter.highlight ?? [];
  if (parameter.address !== undefined) return [parameterRow(null, parameter, highlight, fields, hooks)];
  return Object.entries(parameter)
    .filter(([, part]) => part?.address !== undefined)
    .map(([name, part]) => parameterRow(name, part, part.highlight ?? highlight, fields, hooks));
}

function parameterRow(name, { address, key_path: keys = [], value }, highlight, fields, { onPoint, onGo }) {
  const places = fields.ofAddress(address, keys);
  const row = h(
    "div.parameter",
    { tabindex: places.length ? 0 : null },
    h(
      "div.where",
      {},
      name && h("span.dim", {}, `${name} `),
      h("code.address", {}, address),
      keys.length > 0 && h("code.key-path", {}, ` ${pathText(keys)}`),
    ),
    h("pre.found.mono", {}, highlighted(String(value ?? ""), highlight)),
    places.length > 0 &&
      h(
        "button.origin",
        { type: "button", title: "Show the field", click: () => onGo(places[0]) },
        "← ",
        pathText(places[0].path),
      ),
  );
  for (const kind of ["pointerenter", "focusin"]) row.addEventListener(kind, () => onPoint(places));
  for (const kind of ["pointerleave", "focusout"]) row.addEventListener(kind, () => onPoint([]));
  return row;
}

/** The value with the parts that matched marked. */
function highlighted(value, parts) {
  const pieces = [];
  let rest = value;
  for (const part of parts) {
    const index = part ? rest.indexOf(part) : -1;
    if (index < 0) continue;
    pieces.push(rest.slice(0, index), h("mark", {}, part));
    rest = rest.slice(index + part.length);
  }
  return [...pieces, rest];
}

function frames(stack) {
  const all = stack.frames ?? [];
  const foreign = (file) => /site-packages|^<|awslambdaric|\/lib\/python/.test(file ?? "");
  const first = all[0];
  const summaryText = first ? ` ${first.function} ${shortFile(first.file)}:${first.line}` : "";
  return h(
    "details.stack",
    {},
    h(
      "summary",
      {},
      "Stack",
      h("span.mono", {}, summaryText),
      h("span.dim", {}, ` ${count(all.length, "frame")}`),
    ),
    h(
      "ol.mono",
      {},
      all.map((frame) =>
        h(
          `li${foreign(frame.file) ? ".foreign" : ""}`,
          { title: frame.file },
          h("span.function", {}, frame.function),
          " ",
          h("span.dim", {}, `${shortFile(frame.file)}:${frame.line}`),
        ),
      ),
    ),
  );
}

function shortFile(file) {
  return (file ?? "")
    .replace(/^.*\/site-packages\//, "")
    .split("/")
    .slice(-4)
    .join("/");
}
