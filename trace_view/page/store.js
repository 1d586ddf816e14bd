// Keeps the newest summaries and brings them up to date: pages of the API first, then the live stream.

import * as api from "/page/api.js";
import { parse } from "/page/json.js";

/** As many as the server keeps. */
const KEPT = 1000;
const FIRST_PAGE = 60;
const PAGE = 500;

/** Summaries by request id. */
export const summaries = new Map();

const listeners = new Set();
let changed = new Map();
let planned = false;

/** Call `listener` with the summaries that are new or different, at most once a frame; returns how to stop. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** All summaries, newest first. */
export function newestFirst() {
  return [...summaries.values()].sort((one, other) => other.started - one.started);
}

function take(summary) {
  summaries.set(summary.request_id, summary);
  changed.set(summary.request_id, summary);
  if (planned) return;
  planned = true;
  // A hidden page gets no frames, and shall be up to date when it is looked at.
  if (document.hidden) setTimeout(tell, 50);
  else requestAnimationFrame(tell);
}

function tell() {
  planned = false;
  const batch = changed;
  changed = new Map();
  if (summaries.size > KEPT * 1.1) {
    for (const old of newestFirst().slice(KEPT)) summaries.delete(old.request_id);
  }
  for (const listener of listeners) listener(batch);
}

/** Load the newest page; the others follow in the background, as far as something in them is unknown. */
async function catchUp() {
  const page = await api.invocations(FIRST_PAGE);
  if (takeNews(page)) others(page.next).catch(() => {});
}

async function others(next) {
  while (next != null && summaries.size < KEPT) {
    const page = await api.invocations(PAGE, next);
    if (!takeNews(page)) return;
    next = page.next;
  }
}

/** Take what is new or different in a page; whether anything was. */
function takeNews(page) {
  const news = page.invocations.filter((summary) => !same(summary, summaries.get(summary.request_id)));
  news.forEach(take);
  return news.length > 0;
}

function same(one, other) {
  const names = ["complete", "running", "ended"];
  return other !== undefined && names.every((name) => String(one[name]) === String(other[name]));
}

/** Load what there is and follow the stream; `state` is told "live" or "offline". Resolves after the first page. */
export async function start(state) {
  const stream = new EventSource("/api/stream");
  let opened = false;
  stream.addEventListener("invocation", (message) => take(parse(message.data)));
  stream.addEventListener("open", () => {
    state("live");
    // The browser connects again by itself; what came meanwhile is asked for.
    if (opened) catchUp().catch(() => {});
    opened = true;
  });
  stream.addEventListener("error", () => state("offline"));
  window.addEventListener("pagehide", () => stream.close());
  // Kept by the browser for the way back, without its stream.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  await catchUp();
}
