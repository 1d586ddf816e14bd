// Reads and writes JSON without losing a digit: numbers that JavaScript would change keep their text.

/** A number whose digits JavaScript cannot hold, or would write in another way, such as 1.0. */
export class ExactNumber {
  constructor(source) {
    this.source = source;
  }
  valueOf() {
    return Number(this.source);
  }
  toString() {
    return this.source;
  }
}

/** The value of a JSON text; throws SyntaxError. */
export function parse(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? new ExactNumber(context.source)
      : value,
  );
}

/** The JSON text of a value, with each number as it was read. */
export function stringify(value, indent) {
  return JSON.stringify(
    value,
    (key, item) => {
      if (!(item instanceof ExactNumber)) return item;
      return JSON.rawJSON ? JSON.rawJSON(item.source) : Number(item.source);
    },
    indent,
  );
}

/** Whether the value has members: an object or a list. */
export function isContainer(value) {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

/** The value at a path of names and indexes; undefined where there is none. */
export function at(value, path) {
  for (const step of path) {
    if (!isContainer(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** Every leaf of a value, with its path: texts, numbers, true, false, null, empty objects and lists. */
export function* leaves(value, path = []) {
  if (isContainer(value) && Object.keys(value).length) {
    for (const key of Object.keys(value))
      yield* leaves(value[key], [...path, Array.isArray(value) ? Number(key) : key]);
  } else {
    yield { path, value };
  }
}

/** A path as one writes it: Records[0].body. */
export function pathText(path) {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (/^[\w$-]+$/.test(step)) return index ? `.${step}` : step;
      return `[${JSON.stringify(step)}]`;
    })
    .join("");
}

/** A key by which paths are compared. */
export function pathKey(path) {
  return JSON.stringify(path);
}

/** What a text holds if it is a JSON object or list; undefined otherwise. */
export function embedded(text) {
  if (typeof text !== "string" || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = parse(text);
    return isContainer(value) && Object.keys(value).length ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a base64 text; null where it is not valid. */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** The text that the bytes are in UTF-8; null where they are none, or hold control characters. */
export function asText(data) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** A hex dump: offset, sixteen bytes a line, their ASCII. `limit` is the number of bytes. */
export function hexDump(data, limit = 1024) {
  const lines = [];
  for (let start = 0; start < Math.min(data.length, limit); start += 16) {
    const line = [...data.slice(start, start + 16)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = line.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${start.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${ascii}`);
  }
  if (data.length > limit) lines.push(`... ${data.length - limit} more bytes`);
  return lines.join("\n");
}
