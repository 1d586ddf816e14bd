// Makes elements and texts. Data reaches the page only as text nodes and attribute values: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `tag` is a name with classes, such as "div.row.wide". A property that is a function becomes a
 * listener; true makes an empty attribute; false, null and undefined make none.
 */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, String(value));
  }
  add(element, children);
  return element;
}

/** Append texts, elements and lists of them; what is null or false is left out. */
export function add(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child == null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Put these children in the place of all that the element had. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** An icon: strokes on a 16 by 16 grid, hidden from readers of the text. */
export function icon(strokes) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  path.setAttribute("d", ICONS[strokes]);
  svg.append(path);
  return svg;
}

const ICONS = {
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  back: "M9.5 3.5 5 8l4.5 4.5",
  fold: "M6 4l4 4-4 4",
  replay: "M3 8a5 5 0 1 1 1.6 3.7M3 13v-3h3",
  edit: "M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2zM9.3 4.5l2.2 2.2",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  save: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  link: "M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.3 4.3l-1 1M9 11.5l-1 1a3 3 0 0 1-4.300-4.300l1-1",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
};

/** A short message at the lower edge, for a few seconds; one that tells a failure stays longer. */
export function toast(text, { error = false, action = null } = {}) {
  const box = h(`div.toast${error ? ".error" : ""}`, {}, h("span", {}, text), action);
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), error ? 9000 : 4000);
}

/** Put the text on the clipboard, and say so. `what` names it. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only a page of a secure origin has a clipboard; localhost is one, another name of this machine is not.
    const area = h("textarea", { "aria-hidden": "true", class: "offscreen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(`Copied ${what}`);
}

/** A button that copies; `text` is called when it is pressed. */
export function copyButton(what, text) {
  return h(
    "button.icon-button",
    {
      type: "button",
      title: `Copy ${what}`,
      "aria-label": `Copy ${what}`,
      click: async (event) => {
        event.stopPropagation();
        event.preventDefault();
        await copy(await text(), what);
      },
    },
    icon("copy"),
  );
}

/** Nanoseconds since 1970 as the local time of day, with milliseconds. */
export function timeOfDay(nanoseconds) {
  const date = new Date(Number(nanoseconds) / 1e6);
  const two = (number) => String(number).padStart(2, "0");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Nanoseconds since 1970 as date and time with the zone, for titles. */
export function dateAndTime(nanoseconds) {
  return new Date(Number(nanoseconds) / 1e6).toISOString();
}

/** A length of time in nanoseconds, with a unit that suits it. */
export function duration(nanoseconds) {
  const value = Number(nanoseconds);
  if (!Number.isFinite(value)) return "";
  const sign = value < 0 ? "-" : "";
  const size = Math.abs(value);
  if (size < 1e6) return `${sign}${digits(size / 1e3)} µs`;
  if (size < 1e9) return `${sign}${digits(size / 1e6)} ms`;
  if (size < 120e9) return `${sign}${digits(size / 1e9)} s`;
  if (size < 7200e9) return `${sign}${digits(size / 60e9)} min`;
  if (size < 172800e9) return `${sign}${digits(size / 3600e9)} h`;
  return `${sign}${digits(size / 86400e9)} days`;
}

/** How long something has run that began at `since`; the text grows by itself, every second. */
export function elapsed(since) {
  return h("span.elapsed", { "data-since": since / 1e9 }, soFar(since / 1e9));
}

function soFar(since) {
  const seconds = Math.max(0, Math.floor(Date.now() / 1e3 - since));
  return seconds < 120 ? `${seconds} s` : duration(seconds * 1e9);
}

setInterval(() => {
  for (const one of document.querySelectorAll(".elapsed")) one.textContent = soFar(one.dataset.since);
}, 1000);

function digits(number) {
  return number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : number.toFixed(0);
}

/** A number of bytes. */
export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  return count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
}

/** "1 span", "2 spans". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The titles of sources and front doors, in the list and in headings. */
const TITLES = {
  "apigateway-rest": "REST API",
  "apigateway-http": "HTTP API",
  "function-url": "Function URL",
  "application-load-balancer": "ALB",
  "application-load-balancer-multi": "ALB multi",
  invoke_api: "Invoke API",
  event_sources: "Event source",
  lambda_proxy: "Lambda proxy",
};

/** Where an invocation came from: its front door, or else the program that invoked. */
export function origin(invocation) {
  return TITLES[invocation.front_door] ?? TITLES[invocation.source] ?? invocation.source ?? "";
}

/** The title of a front door. */
export function doorTitle(name) {
  return TITLES[name] ?? name;
}
