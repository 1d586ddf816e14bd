// Shows HTTP requests and responses: the first line, the headers, the body as JSON, text or bytes.

import { bytes, copyButton, h } from "/page/dom.js";
import { asText, embedded, fromBase64, hexDump } from "/page/json.js";
import { JsonView } from "/page/jsonview.js";

/** So much of a text is shown. */
const LONG = 20000;

/** The request as it was sent. */
export function requestParts(request) {
  const space = h("span", {}, " ");
  return message(
    h("div.first-line.mono", {}, h("b", {}, request.method), space, h("span.wrap", {}, request.target)),
    request,
  );
}

/** The response as the client got it. */
export function responseParts(response) {
  const kind = response.status >= 500 ? "bad" : response.status >= 400 ? "warn" : "good";
  return message(h("div.first-line.mono", {}, h(`span.badge.${kind}`, {}, response.status)), response);
}

function message(first, { headers, body, base64 }) {
  const table = h(
    "dl.headers.mono",
    {},
    (headers ?? []).map(([name, value]) => h("div.searchable", {}, h("dt", {}, name), h("dd", {}, value))),
  );
  return [first, table, bodyPart(body, base64)];
}

/** A body: text as it is, JSON as a tree, bytes as a hex dump with their number. */
function bodyPart(body, base64) {
  if (!body) return h("p.dim.no-body", {}, "no body");
  if (base64) {
    const data = fromBase64(body);
    if (data && asText(data) === null) {
      return h(
        "div.body",
        {},
        h(
          "div.body-head",
          {},
          h("span.badge", {}, "binary"),
          h("span.dim", {}, bytes(data.length)),
          h("span.grow"),
          copyButton("the body in base64", () => body),
        ),
        h("pre.hex.mono", {}, hexDump(data, 512)),
      );
    }
    if (data) body = asText(data);
  }
  const value = embedded(body);
  const size = new TextEncoder().encode(body).length;
  return h(
    "div.body",
    {},
    h(
      "div.body-head",
      {},
      h("span.dim", {}, `body, ${bytes(size)}`),
      h("span.grow"),
      copyButton("the body", () => body),
    ),
    value === undefined
      ? h(
          "pre.text.mono.searchable",
          {},
          body.length > LONG
            ? `${body.slice(0, LONG)}\n… ${bytes(size)} in all; the button copies them`
            : body,
        )
      : new JsonView(value, { label: "Body" }).element,
  );
}
