// One invocation: what came in, what the function got, what the tracer did, what went out.

import * as api from "/page/api.js";
import { requestParts, responseParts } from "/page/bodies.js";
import {
  copy,
  copyButton,
  count,
  dateAndTime,
  doorTitle,
  duration,
  elapsed,
  fill,
  h,
  icon,
  origin,
  timeOfDay,
  toast,
} from "/page/dom.js";
import { Fields } from "/page/fields.js";
import { Find, into } from "/page/find.js";
import { pathKey, stringify } from "/page/json.js";
import { JsonView } from "/page/jsonview.js";
import { comparison, nameParts, status } from "/page/list.js";
import { logList, metricList } from "/page/output.js";
import { back, go } from "/page/router.js";
import { listen, newestFirst, summaries } from "/page/store.js";
import { checkLine } from "/page/span.js";
import { Trace } from "/page/trace.js";
import { wafReport } from "/page/waf.js";

export class Invocation {
  constructor() {
    this.element = h("section.invocation", { "aria-label": "Invocation" });
    listen((batch) => {
      const news = batch.get(this.id);
      if (!news || !this.record) return;
      // A page that was opened at this address has the record before the list.
      if (!this.title) this.#retitle(news);
      // More of it has come, such as its trace, its end, or the reason why there is no trace.
      const more =
        news.running !== this.record.running ||
        news.complete !== this.record.complete ||
        news.spans !== this.trace.spans.length ||
        (!news.running && !news.complete && !this.record.incomplete);
      if (more && this.shown) this.#load();
    });
  }

  async show(url) {
    const id = decodeURIComponent(url.pathname.split("/")[2]);
    this.shown = true;
    if (id === this.id && this.record) {
      if (this.title) document.title = this.title;
      return;
    }
    this.id = id;
    this.record = null;
    this.origin = new URLSearchParams(url.search).get("of");
    fill(this.element, h("div.empty.loading", {}, "Loading…"));
    window.scrollTo(0, 0);
    await this.#load();
  }

  hide() {
    this.shown = false;
  }

  find() {
    this.finder?.focus();
  }

  key(event) {
    const actions = {
      Escape: back,
      r: () => this.#replay(),
      e: () => this.record && go(`/compose?from=${encodeURIComponent(this.id)}`),
      "[": () => this.#neighbour(-1),
      "]": () => this.#neighbour(1),
    };
    if (!(event.key in actions)) return;
    actions[event.key]();
    event.preventDefault();
  }

  async #load() {
    const { id } = this;
    // Answers may come in another order: only the last one asked for is shown.
    const asked = (this.asked = Symbol(id));
    try {
      const record = await api.record(id);
      if (asked === this.asked) this.#render(record);
    } catch (error) {
      if (asked === this.asked)
        fill(
          this.element,
          h(
            "div.empty",
            { role: "alert" },
            h("h2", {}, "Not found"),
            h("p", {}, error.message),
            h("p", {}, h("a", { href: "/" }, "All invocations")),
          ),
        );
    }
  }

  #neighbour(step) {
    const all = newestFirst();
    const next = all[all.findIndex((one) => one.request_id === this.id) + step];
    // Back leads to the list, not through all that was looked at.
    if (next) go(`/invocations/${encodeURIComponent(next.request_id)}`, { instead: true });
  }

  #render(record) {
    const scroll = window.scrollY;
    // More of the same invocation has come: what was looked at stays.
    const selected = this.record && this.trace.selected?.span_id;
    this.record = record;
    this.fields = new Fields(record);
    const hooks = { onPoint: (places) => this.#markFields(places), onGo: (place) => this.#goTo(place) };
    this.trace = new Trace(record, this.fields, hooks);
    const summary = summaries.get(this.id);
    this.title = null;
    this.views = {};
    fill(
      this.element,
      this.#head(record, summary),
      this.#checks(record),
      h(
        "div.columns",
        {},
        h(
          "div.column.inputs",
          {},
          record.request &&
            this.#card(
              "Request",
              requestParts(record.request),
              () => stringify(record.request, 2),
              `as sent to ${doorTitle(record.front_door) ?? "the function"}`,
            ),
          this.#jsonCard("event", "Event", record.event, "what the function got"),
          this.#jsonCard(
            "result",
            "Result",
            record.result,
            record.function_error ? `failed: ${record.function_error}` : told(record, "what it gave back"),
          ),
          record.response &&
            this.#card(
              "Response",
              responseParts(record.response),
              () => stringify(record.response, 2),
              "as the client got it",
            ),
          this.#log(record),
          this.#metrics(record),
          this.#telemetry(record),
        ),
        h(
          "div.column.outputs",
          {},
          h("section.card.trace-card", { "aria-label": "Trace" }, this.trace.element),
          wafReport(this.trace.spans, this.fields, hooks),
          this.trace.rows.length > 0 && h("div.card", {}, this.trace.detail.element),
        ),
      ),
    );
    this.trace.select(this.trace.byId(selected));
    window.scrollTo(0, scroll);
  }

  #retitle(summary) {
    this.element.querySelector(".invocation-head").replaceWith(this.#head(this.record, summary));
  }

  #head(record, summary) {
    const name =
      summary?.name ?? (record.request ? `${record.request.method} ${record.request.target}` : "event");
    document.title = `${name} · Trace view`;
    if (summary) this.title = document.title;
    const [verb, rest] = nameParts(name);
    this.finder = new Find(this.element, () => [...Object.values(this.views), this.trace]);
    const shownStatus = status({
      ...summary,
      status: summary?.status ?? record.response?.status ?? record.result?.statusCode,
      function_error: record.function_error,
      ended: record.ended,
      running: record.running,
      error: summary?.error,
    });
    const sent = record.request !== null || record.front_door !== null;
    return h(
      "header.invocation-head",
      {},
      h(
        "div.title-row",
        {},
        h(
          "button.icon-button.back",
          {
            type: "button",
            title: "Back to the list (Escape)",
            "aria-label": "Back to the list",
            click: back,
          },
          icon("back"),
        ),
        h("h1.mono", {}, h("b.verb", {}, verb), " ", rest),
        shownStatus,
      ),
      h(
        "div.meta-row",
        {},
        h("span.badge", {}, origin(record)),
        h("time", { title: dateAndTime(record.started) }, record.started && timeOfDay(record.started)),
        record.ended && record.started && h("span", {}, duration(record.ended - record.started)),
        record.running && elapsed(record.started),
        record.cold_start && h("span.cold", {}, "cold start"),
        record.function_error && h("span.badge.bad", {}, record.function_error),
        !record.complete &&
          !record.running &&
          h(
            "span.badge.warn",
            { title: record.incomplete ?? "" },
            record.incomplete ? "no trace" : "waiting for its trace",
          ),
        h("span.mono.request-id", {}, record.request_id),
        copyButton("the request id", () => record.request_id),
        this.origin && h("a", { href: comparison([this.origin, this.id]) }, "compare with the original"),
      ),
      h(
        "div.actions",
        {},
        h(
          "button.primary",
          {
            type: "button",
            title: "Send the same again (r)",
            "aria-keyshortcuts": "r",
            click: () => this.#replay(),
          },
          icon("replay"),
          "Replay",
        ),
        h(
          "a.button",
          {
            href: `/compose?from=${encodeURIComponent(this.id)}`,
            title: "Edit and send (e)",
            "aria-keyshortcuts": "e",
          },
          icon("edit"),
          "Edit",
        ),
        sent &&
          h(
            "a.button",
            {
              href: `/compare?doors=${encodeURIComponent(this.id)}`,
              title: "The same request through all five front doors",
            },
            icon("columns"),
            "Five doors",
          ),
        h(
          "a.button",
          {
            href: `/?select=${encodeURIComponent(this.id)}`,
            title: "Choose another invocation to compare with",
          },
          icon("columns"),
          "Compare",
        ),
        this.#copyMenu(),
        h(
          "button",
          { type: "button", title: "Save the event under a name", click: () => this.#save() },
          icon("save"),
          "Save event",
        ),
        h("span.grow"),
        this.finder.elements,
      ),
    );
  }

  #copyMenu() {
    const kinds = { curl: "curl", event: "python -m lambda_proxy event", pytest: "pytest of this project" };
    const menu = h(
      "details.menu",
      {},
      h("summary.button", { role: "button" }, icon("copy"), "Copy as"),
      h(
        "div.menu-items",
        { role: "group", "aria-label": "Copy as" },
        Object.entries(kinds).map(([as, title]) =>
          h("button", { type: "button", click: () => this.#export(as, title, menu) }, title),
        ),
        h(
          "button",
          {
            type: "button",
            click: () => (copy(stringify(this.record, 2), "the record"), (menu.open = false)),
          },
          "the whole record as JSON",
        ),
        h(
          "button",
          {
            type: "button",
            click: () => (copy(location.href.split("?")[0], "the address"), (menu.open = false)),
          },
          "this page's address",
        ),
      ),
    );
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.firstElementChild.focus();
      event.stopPropagation();
    });
    return menu;
  }

  async #export(as, title, menu) {
    menu.open = false;
    try {
      await copy(await api.exported(this.id, as), title);
    } catch (error) {
      toast(error.message, { error: true });
    }
  }

  async #replay() {
    if (!this.record || this.replaying) return;
    this.replaying = true;
    const { id } = this;
    try {
      const sent = await api.send(again(this.record));
      if (this.id === id && this.shown)
        go(`/invocations/${encodeURIComponent(sent.request_id)}?of=${encodeURIComponent(id)}`);
      toast("Sent again");
    } catch (error) {
      toast(error.message, { error: true });
    } finally {
      this.replaying = false;
    }
  }

  #save() {
    const name = h("input", {
      type: "text",
      name: "name",
      required: true,
      "aria-label": "Name",
      placeholder: "a name",
      autocomplete: "off",
    });
    const dialog = h(
      "dialog",
      { "aria-label": "Save the event" },
      h(
        "form",
        {
          method: "dialog",
          submit: async (event) => {
            event.preventDefault();
            try {
              await api.save(name.value, this.record.event);
              toast(`Saved as ${name.value}; the composer opens it`);
              dialog.close();
            } catch (error) {
              toast(error.message, { error: true });
            }
          },
        },
        h("h2", {}, "Save the event"),
        name,
        h(
          "div.actions",
          {},
          h("button.primary", { type: "submit" }, "Save"),
          h("button", { type: "button", click: () => dialog.close() }, "Cancel"),
        ),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  #checks(record) {
    const checks = record.checks ?? [];
    if (!checks.length && !record.incomplete) return null;
    const fresh = checks.filter((check) => !check.finding);
    const known = checks.filter((check) => check.finding);
    const line = (check) => {
      const span = this.trace.spans.find(
        (one) => check.span_id != null && String(one.span_id) === String(check.span_id),
      );
      return checkLine(check, span && (() => this.#showSpan(span)));
    };
    return h(
      "section.check-list",
      { "aria-label": "Broken checks" },
      record.incomplete &&
        h("p.check.new", {}, h("span.mark.new", {}, "no trace"), h("span", {}, record.incomplete)),
      fresh.length > 0 && h("ul.checks", {}, fresh.map(line)),
      known.length > 0 &&
        h(
          "details",
          {},
          h(
            "summary",
            {},
            h("span.mark.known", {}, [...new Set(known.map((check) => check.finding))].join(" ")),
            ` ${count(known.length, "sentence")} broken by known findings`,
          ),
          h("ul.checks", {}, known.map(line)),
        ),
    );
  }

  #showSpan(span) {
    this.trace.select(span);
    this.trace.items.get(span).focus();
  }

  #card(title, content, text, note) {
    const box = h(
      "details.card",
      { open: true, "data-card": title },
      h(
        "summary.card-head",
        {},
        h("h2", {}, title),
        note && h("span.dim.note", {}, note),
        h("span.grow"),
        text && copyButton(title.toLowerCase(), text),
      ),
      h("div.card-body", {}, content),
    );
    return box;
  }

  #jsonCard(part, title, value, note) {
    const view = new JsonView(value ?? null, {
      label: title,
      decorate: (path, line) => this.#decorate(part, path, line),
      onPoint: (path) => this.#pointField(part, path),
    });
    this.views[part] = view;
    return this.#card(
      title,
      view.element,
      () => (typeof value === "string" ? value : stringify(value ?? null, 2)),
      note,
    );
  }

  /** Say beside a field which tags come from it. */
  #decorate(part, path, line) {
    const tags = this.fields.tagsOf[part].get(pathKey(path));
    if (!tags) return;
    const names = [...new Set(tags.map(({ tag }) => tag))];
    line.classList.add("to-tags");
    line.append(
      h(
        "button.origin",
        { type: "button", tabindex: -1, title: names.join("\n"), click: () => this.#showTag(tags) },
        "→",
        h(
          "span.names",
          {},
          ` ${names[0].replace(/^http\.(request|response)\./, "")}`,
          names.length > 1 && ` +${names.length - 1}`,
        ),
      ),
    );
  }

  #showTag(tags) {
    const here = tags.find(({ span }) => span === this.trace.selected) ?? tags[0];
    this.trace.select(here.span);
    this.trace.mark(tags);
    const row = this.trace.detail.row(here.tag);
    row.scrollIntoView({ block: "center" });
    row.focus?.({ preventScroll: true });
  }

  #pointField(part, path) {
    this.trace.mark(path ? (this.fields.tagsOf[part].get(pathKey(path)) ?? []) : []);
  }

  /** Mark the fields that a tag comes from, and bring the first into sight. */
  #markFields(places) {
    for (const line of this.element.querySelectorAll(".inputs .line.linked")) line.classList.remove("linked");
    clearTimeout(this.scrolling);
    places.forEach(({ part, path }, index) => {
      const line = this.views[part]?.reveal(path);
      if (!line) return;
      line.classList.add("linked");
      // Not at once: the mouse may only pass by.
      if (index === 0) this.scrolling = setTimeout(() => into(line), 120);
    });
  }

  #goTo({ part, path }) {
    const line = this.views[part]?.reveal(path);
    if (!line) return;
    line.closest("details").open = true;
    into(line);
    const item = line.closest("[role=treeitem]");
    item.focus({ preventScroll: true });
    flash(line);
  }

  #log(record) {
    const lines = record.log ?? [];
    const shown = lines.length
      ? logList(lines, this.trace, (span) => this.#showSpan(span))
      : h("p.dim.no-body", {}, told(record, "no lines"));
    return this.#card(
      "Log",
      shown,
      lines.length ? () => lines.join("\n") : null,
      count(lines.length, "line"),
    );
  }

  #metrics(record) {
    const lines = record.metrics ?? [];
    if (!lines.length) return null;
    return this.#card("Metrics", metricList(lines), () => lines.join("\n"), count(lines.length, "line"));
  }

  #telemetry(record) {
    const messages = record.telemetry ?? [];
    if (!messages.length) return null;
    const card = this.#card(
      "Telemetry",
      messages.map((message) => new JsonView(message, { label: "Telemetry message" }).element),
      () => stringify(messages, 2),
      count(messages.length, "message"),
    );
    card.open = false;
    return card;
  }
}

/** What has to be sent to do this invocation again. */
function again(record) {
  return record.request
    ? { request: record.request, front_door: record.front_door }
    : { event: record.event };
}

/** What is said of a part that comes at the end. */
function told(record, text) {
  return record.running ? "comes when the function ends" : text;
}

function flash(element) {
  element.classList.add("flash");
  setTimeout(() => element.classList.remove("flash"), 1200);
}
