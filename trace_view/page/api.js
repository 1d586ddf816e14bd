// Asks the view's JSON API. Every failure becomes an ApiError with the server's sentence.

import { parse, stringify } from "/page/json.js";

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : stringify(body),
    });
  } catch {
    throw new ApiError("The trace view does not answer. Does ./run.sh still run?", 0);
  }
  const text = await response.text();
  if (response.ok) return text;
  let message = `${response.status} ${response.statusText}`;
  try {
    message = parse(text).error ?? message;
  } catch {
    // Not JSON: the status has to do.
  }
  throw new ApiError(message, response.status);
}

async function askJson(method, path, body) {
  const text = await ask(method, path, body);
  return text ? parse(text) : null;
}

const id = encodeURIComponent;

/** One page of summaries, newest first: {invocations, next}. */
export function invocations(limit, before) {
  const cursor = before == null ? "" : `&before=${id(before)}`;
  return askJson("GET", `/api/invocations?limit=${limit}${cursor}`);
}

/** The whole record of an invocation, its ids as texts. */
export function record(requestId) {
  return askJson("GET", `/api/invocations/${id(requestId)}?ids=text`);
}

/** Send {event} or {request, front_door}; the record of that invocation. */
export function send(what) {
  return askJson("POST", "/api/invocations", what);
}

/** The differences of two invocations: [{kind, place, name, a, b}]. */
export async function compare(a, b) {
  return (await askJson("GET", `/api/compare?a=${id(a)}&b=${id(b)}`)).differences;
}

/** An invocation as a text to paste: `as` is curl, event or pytest. */
export function exported(requestId, as) {
  return ask("GET", `/api/invocations/${id(requestId)}/export?as=${as}`);
}

const kept = new Map();

/** What does not change while the server runs is asked once. */
function once(path) {
  if (!kept.has(path)) {
    const answer = askJson("GET", path);
    answer.catch(() => kept.delete(path));
    kept.set(path, answer);
  }
  return kept.get(path);
}

/** [{name, title}] */
export const frontDoors = () => once("/api/front-doors");
/** [{name, event}] */
export const samples = () => once("/api/samples");
/** [{route, methods, summary, inputs}] */
export const endpoints = () => once("/api/endpoints");

/** The names under which the user saved something. */
export const saved = () => askJson("GET", "/api/saved");
export const load = (name) => askJson("GET", `/api/saved/${id(name)}`);
export const save = (name, what) => askJson("PUT", `/api/saved/${id(name)}`, what);
export const remove = (name) => askJson("DELETE", `/api/saved/${id(name)}`);
