// Says where a span's tag comes from: the fields of the event, or of the function's result, that its value is made of.
//
// A place is {part, path}: part is "event" or "result". A place is named only if the value bears it out, so that
// a tag with a wrong value names nothing.

import { at, isContainer, leaves, pathKey } from "/page/json.js";

const record = (path) => `Records.0.${path}`;

const HOST = ["requestContext.domainName", "header:host"];
const METHOD = ["httpMethod", "requestContext.http.method"];
const PATH = ["requestContext.path", "path", "rawPath", "requestContext.http.path"];
const ADDRESS = [
  "requestContext.identity.sourceIp",
  "requestContext.http.sourceIp",
  "header:x-forwarded-for",
];
const ROUTE = [
  "resource",
  "requestContext.resourcePath",
  "routeKey",
  "requestContext.routeKey",
  "path",
  "rawPath",
];
const ARNS = [record("eventSourceARN"), record("Sns.TopicArn"), record("s3.bucket.arn"), "eventSourceArn"];
const NAMED = [...ROUTE, ...ARNS, "source"];

/** Tags by name, and what they are made of: one field of each list. "header:x" is that header in any map. */
const FIELDS = {
  "http.method": [METHOD],
  "http.url": [HOST, PATH],
  "http.route": [ROUTE],
  "http.useragent": [
    ["requestContext.identity.userAgent", "requestContext.http.userAgent", "header:user-agent"],
  ],
  "http.client_ip": [ADDRESS],
  "network.client.ip": [ADDRESS],
  "actor.ip": [ADDRESS],
  "http.referer": [["header:referer"]],
  endpoint: [["path", "rawPath"]],
  resource: [METHOD, NAMED],
  resource_names: [METHOD, NAMED],
  service: [[...HOST, ...ARNS, "source"]],
  stage: [["requestContext.stage"]],
  apiid: [["requestContext.apiId"]],
  apiname: [["requestContext.apiId"]],
  connection_id: [["requestContext.connectionId"]],
  message_direction: [["requestContext.messageDirection"]],
  event_type: [["requestContext.eventType"]],
  "function_trigger.event_source": [[record("eventSource"), record("EventSource"), "eventSource", "source"]],
  "function_trigger.event_source_arn": [
    [
      ...ARNS,
      "requestContext.elb.targetGroupArn",
      "requestContext.apiId",
      "resources.0",
      "Execution.Id",
      "StateMachine.Id",
    ],
  ],
  dd_resource_key: [[...ARNS, "requestContext.elb.targetGroupArn", "requestContext.apiId"]],
  queuename: [ARNS],
  topicname: [ARNS],
  streamname: [ARNS],
  tablename: [ARNS],
  shardid: [[record("eventID")]],
};

/** The WAF's addresses, and the fields that they are made of. */
const ADDRESSES = {
  "server.request.query": ["multiValueQueryStringParameters", "queryStringParameters"],
  "server.request.uri.raw": ["rawPath", "path"],
  "server.request.path_params": ["pathParameters"],
  "server.request.body": ["body"],
  "server.request.cookies": ["cookies", "header:cookie"],
  "server.request.method": ["httpMethod", "requestContext.http.method"],
  "http.client_ip": ["requestContext.identity.sourceIp", "requestContext.http.sourceIp"],
};

const TOO_SHORT = 5;
/** Texts that stand in many places by chance. */
const COMMON = new Set([
  "false",
  "true",
  "lambda",
  "server",
  "python",
  "weblog",
  "null",
  "None",
  "HTTP/1.1",
  "https",
]);

/** The places of one invocation: what each tag comes from, and what each field became. */
export class Fields {
  constructor(record) {
    this.parts = { event: record.event, result: record.result };
    this.ids = new Set((record.traces ?? []).flat().map((span) => String(span.span_id)));
    // The first field in the event with a value, by the value.
    this.byValue = new Map();
    this.texts = [];
    for (const { path, value } of isContainer(record.event) ? leaves(record.event) : []) {
      if (value === null || isContainer(value)) continue;
      const text = String(value);
      if (!this.byValue.has(text)) this.byValue.set(text, path);
      this.texts.push({ path, text });
    }
    /** Tags by place: key of the path -> [{span, tag}]. */
    this.tagsOf = { event: new Map(), result: new Map() };
    for (const trace of record.traces ?? []) for (const span of trace) this.#index(span);
  }

  #index(span) {
    const { trace_id, parent_id, resource, service, start } = span;
    const tags = { ...span.meta, ...span.metrics, trace_id, parent_id, resource, service, start };
    for (const [tag, value] of Object.entries(tags)) {
      for (const { part, path } of this.of(span, tag, value)) {
        const key = pathKey(path);
        const found = this.tagsOf[part].get(key) ?? [];
        found.push({ span, tag });
        this.tagsOf[part].set(key, found);
      }
    }
  }

  /** Where this tag of this span comes from; empty where it does not come from event or result. */
  of(span, tag, value) {
    if (value == null || !isOuter(span)) return [];
    const text = String(value);
    if (tag === "parent_id" || tag === "trace_id") return this.#id(span, tag, text);
    if (tag === "start") return this.#equal(text.slice(0, -6));
    if (tag === "_dd.p.tid") return this.#containing(text);
    const captured = /^function\.(request|response)\.(.+)$/.exec(tag);
    if (captured) return this.#captured(captured[1] === "request" ? "event" : "result", captured[2]);
    if (tag === "http.status_code") return this.#result(["statusCode"], text);
    const header = /^http\.(request|response)\.headers\.(.+)$/.exec(tag);
    if (header?.[1] === "response") return this.#header("result", header[2]);
    if (header) return this.#header("event", header[2]);
    const named = (FIELDS[tag] ?? []).flatMap((fields) =>
      fields.flatMap((field) => this.#named(field, text)).slice(0, 1),
    );
    return named.length ? named : this.#equal(text);
  }

  /** Where the WAF's address and key path point to. */
  ofAddress(address, keys) {
    if (address.startsWith("server.request.headers")) return this.#header("event", String(keys[0] ?? ""));
    for (const field of ADDRESSES[address] ?? []) {
      if (field.startsWith("header:")) {
        const found = this.#header("event", field.slice(7));
        if (found.length) return found;
      } else {
        const path = field.split(".");
        const value = at(this.parts.event, path);
        if (value == null) continue;
        for (let length = keys.length; length >= 0; length--) {
          const whole = [...path, ...keys.slice(0, length)];
          if (at(this.parts.event, whole) !== undefined) return [{ part: "event", path: whole }];
        }
      }
    }
    return [];
  }

  #named(field, text) {
    const places = field.startsWith("header:")
      ? this.#header("event", field.slice(7))
      : [{ part: "event", path: steps(field) }];
    return places.filter(({ path }) => {
      const value = at(this.parts.event, path);
      if (value == null || value === "" || isContainer(value)) return false;
      const found = String(value);
      return text === found || text.includes(found) || found.includes(text) || contains(found, text);
    });
  }

  #equal(text) {
    if (text.length < TOO_SHORT || COMMON.has(text)) return [];
    const path = this.byValue.get(text);
    return path ? [{ part: "event", path }] : [];
  }

  #result(path, text) {
    return String(at(this.parts.result, path)) === text ? [{ part: "result", path }] : [];
  }

  #header(part, name) {
    for (const map of ["headers", "multiValueHeaders"]) {
      const headers = at(this.parts[part], [map]);
      if (!isContainer(headers)) continue;
      const key = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase());
      if (key === undefined) continue;
      const path = [map, key];
      return [{ part, path: Array.isArray(headers[key]) ? [...path, headers[key].length - 1] : path }];
    }
    return [];
  }

  /** An id of the trace that was carried on: in decimals (Datadog's headers) or hexadecimals (the W3C's). */
  #id(span, tag, text) {
    if (text === "0" || this.ids.has(String(span.parent_id))) return [];
    const decimal = this.#containing(text);
    if (decimal.length) return decimal.slice(0, 1);
    try {
      return this.#containing(BigInt(text).toString(16).padStart(16, "0")).slice(0, 1);
    } catch {
      return [];
    }
  }

  #containing(part) {
    if (part.length < TOO_SHORT) return [];
    return this.texts.filter(({ text }) => text.includes(part)).map(({ path }) => ({ part: "event", path }));
  }

  /** A captured payload's tag: its name is the path, joined by dots. */
  #captured(part, name) {
    const walk = (value, rest) => {
      if (!rest.length) return [];
      if (!isContainer(value)) return null;
      for (let length = rest.length; length > 0; length--) {
        const key = rest.slice(0, length).join(".");
        if (!Object.hasOwn(value, key)) continue;
        const further = walk(value[key], rest.slice(length));
        const step = Array.isArray(value) ? Number(key) : key;
        // What is deeper lies in a text that holds JSON.
        return [step, ...(further ?? [])];
      }
      return null;
    };
    const path = walk(this.parts[part], name.split("."));
    return path ? [{ part, path }] : [];
  }
}

/** Only what datadog_lambda makes itself is made of the event: the inferred spans and the function's. */
function isOuter(span) {
  return span.name === "aws.lambda" || Number(span.metrics?.["_dd._inferred_span"] ?? 0) === 1;
}

function steps(field) {
  return field.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** Whether the last part of an ARN is in the text. */
function contains(arn, text) {
  return arn.startsWith("arn:") && text.includes(arn.split(/[:/]/).at(-1));
}
