// The composer: writes a request for a front door, or an event, and sends it to the function.

import * as api from "/page/api.js";
import { doorTitle, fill, h, toast } from "/page/dom.js";
import { asText, fromBase64, parse, stringify } from "/page/json.js";
import { comparison } from "/page/list.js";
import { back, go } from "/page/router.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const ALL = "all";

export class Compose {
  constructor() {
    this.element = h("section.compose", { "aria-label": "Compose" });
    this.#build();
  }

  async show(url) {
    document.title = "Compose · Trace view";
    this.#offer();
    const { from, saved, sample } = Object.fromEntries(url.searchParams);
    try {
      if (from) this.#edit(await api.record(from));
      else if (saved) this.#take(await api.load(saved));
      else if (sample) this.#take((await api.samples()).find((one) => one.name === sample)?.event);
    } catch (error) {
      this.#fail(error.message);
    }
  }

  hide() {}

  find() {
    this.search.focus();
  }

  key(event) {
    if (event.key === "Escape") back();
  }

  #build() {
    this.door = h("select", { "aria-label": "Front door" });
    this.method = h(
      "select",
      { "aria-label": "Method" },
      METHODS.map((name) => h("option", {}, name)),
    );
    this.target = h("input.mono.wide", {
      type: "text",
      value: "/waf",
      "aria-label": "Path and query",
      spellcheck: "false",
      autocomplete: "off",
    });
    this.headers = h("textarea.mono", {
      rows: 5,
      "aria-label": "Headers, one a line",
      placeholder: "User-Agent: Arachni/v1",
      spellcheck: "false",
    });
    this.body = h("textarea.mono", { rows: 8, "aria-label": "Body", spellcheck: "false" });
    this.base64 = h("input", { type: "checkbox" });
    this.event = h("textarea.mono.event", {
      rows: 24,
      "aria-label": "Event",
      spellcheck: "false",
      input: () => this.#judge(),
    });
    this.judgement = h("p.judgement", { role: "status" });
    this.request = h(
      "div.form",
      {},
      h("div.field-row", {}, h("label", {}, "Front door", this.door), h("label", {}, "Method", this.method)),
      h("label", {}, "Path and query", this.target),
      h("label", {}, "Headers, one a line", this.headers),
      h("label", {}, "Body", this.body),
      h("label.check-field", {}, this.base64, "the body is base64"),
    );
    this.eventForm = h(
      "div.form",
      { hidden: true },
      h("label", {}, "Event", this.event),
      h(
        "div.field-row",
        {},
        this.judgement,
        h("span.grow"),
        h("button.quiet", { type: "button", click: () => this.#tidy() }, "Format"),
      ),
    );
    this.modes = { request: this.#mode("request", "HTTP request"), event: this.#mode("event", "Event") };
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.sendButton = h("button.primary", { type: "submit", title: "Ctrl Enter" }, "Send");
    this.name = h("input", {
      type: "text",
      placeholder: "name",
      "aria-label": "Name to save under",
      autocomplete: "off",
    });
    const form = h(
      "form",
      {
        submit: (event) => (event.preventDefault(), this.#send()),
        keydown: (event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#send();
          else return;
          event.preventDefault();
        },
      },
      h("div.modes", { role: "tablist", "aria-label": "What to send" }, this.modes.request, this.modes.event),
      this.request,
      this.eventForm,
      this.problem,
      h(
        "div.actions",
        {},
        this.sendButton,
        h("span.grow"),
        this.name,
        h("button", { type: "button", click: () => this.#save() }, "Save"),
      ),
    );
    this.search = h("input", {
      type: "search",
      placeholder: "Search endpoints, samples, saved",
      "aria-label": "Search endpoints, samples and saved",
      spellcheck: "false",
      input: () => this.#filter(),
    });
    this.shelf = h("div.shelf");
    fill(
      this.element,
      h("h1", {}, "Compose"),
      h(
        "div.columns.compose-columns",
        {},
        h("div.card.composer", {}, form),
        h(
          "aside.card.offers",
          { "aria-label": "Endpoints, samples, saved" },
          h("div.card-head", {}, this.search),
          this.shelf,
        ),
      ),
    );
    this.#choose("request");
  }

  #mode(name, title) {
    return h(
      "button",
      { type: "button", role: "tab", "aria-selected": "false", click: () => this.#choose(name) },
      title,
    );
  }

  #choose(name) {
    this.mode = name;
    this.request.hidden = name !== "request";
    this.eventForm.hidden = name !== "event";
    for (const [mode, tab] of Object.entries(this.modes))
      tab.setAttribute("aria-selected", String(mode === name));
  }

  /** List what can be sent: loaded when the composer is opened. */
  async #offer() {
    try {
      const [doors, endpoints, samples, saved] = await Promise.all([
        api.frontDoors(),
        api.endpoints(),
        api.samples(),
        api.saved(),
      ]);
      if (!this.door.options.length) {
        fill(
          this.door,
          doors.map(({ name }) => h("option", { value: name }, doorTitle(name))),
          h("option", { value: ALL }, "all five, side by side"),
        );
        if (this.wanted) this.door.value = this.wanted;
      }
      fill(
        this.shelf,
        this.#shelf(
          "Saved",
          true,
          saved.map(({ name }) =>
            h(
              "div.offer",
              {},
              h("button.offer-name.mono", { type: "button", click: () => this.#open(name) }, name),
              h(
                "button.quiet",
                { type: "button", "aria-label": `Delete ${name}`, click: () => this.#remove(name) },
                "delete",
              ),
            ),
          ),
        ),
        this.#shelf(
          "Sample events",
          false,
          samples.map(({ name, event }) =>
            h(
              "div.offer",
              {},
              h("button.offer-name.mono", { type: "button", click: () => this.#take(event) }, name),
            ),
          ),
        ),
        this.#shelf(
          "Endpoints",
          true,
          endpoints.map((endpoint) =>
            h(
              "div.offer",
              {},
              h(
                "button.offer-name.mono",
                { type: "button", click: () => this.#endpoint(endpoint) },
                endpoint.route,
              ),
              h("span.dim.methods", {}, endpoint.methods.join(" ")),
              h("p", {}, endpoint.summary),
              endpoint.inputs.length > 0 &&
                h(
                  "ul.inputs-list",
                  {},
                  endpoint.inputs.map((input) => h("li", {}, input)),
                ),
            ),
          ),
        ),
      );
      this.#filter();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #shelf(title, open, offers) {
    return (
      offers.length > 0 &&
      h(
        "details",
        { open },
        h("summary", {}, h("h2", {}, title, h("span.dim", {}, ` ${offers.length}`))),
        offers,
      )
    );
  }

  #filter() {
    const part = this.search.value.toLowerCase();
    for (const offer of this.shelf.querySelectorAll(".offer"))
      offer.hidden = !offer.textContent.toLowerCase().includes(part);
    for (const shelf of this.shelf.querySelectorAll("details")) {
      shelf.hidden = !shelf.querySelector(".offer:not([hidden])");
      if (part) shelf.open = true;
    }
  }

  #endpoint({ route, methods }) {
    this.#choose("request");
    this.method.value = methods.find((name) => name !== "OPTIONS") ?? methods[0];
    this.target.value = route.replace(/<(?:\w+:)?(\w+)>/g, "$1");
    this.target.focus();
  }

  /** Open the request of an invocation, or its event where there was none. */
  #edit(record) {
    this.#take(record.event);
    // Its event stays at hand in the other form.
    if (record.request) this.#take({ request: record.request, front_door: record.front_door });
  }

  /** An event, or {request, front_door}. */
  #take(what) {
    this.#fail("");
    if (what?.request && !what.requestContext) {
      const { request, front_door: door } = what;
      this.#choose("request");
      this.wanted = door;
      if (door) this.door.value = door;
      if (!METHODS.includes(request.method)) this.method.append(h("option", {}, request.method));
      this.method.value = request.method;
      this.target.value = request.target;
      this.headers.value = (request.headers ?? []).map(([name, value]) => `${name}: ${value}`).join("\n");
      const data = request.base64 ? fromBase64(request.body ?? "") : null;
      const text = data && asText(data);
      this.base64.checked = Boolean(request.base64) && text === null;
      this.body.value = this.base64.checked ? request.body : (text ?? request.body ?? "");
    } else {
      this.#choose("event");
      this.event.value = stringify(what, 2) ?? "";
      this.#judge();
    }
  }

  async #open(name) {
    try {
      this.#take(await api.load(name));
      this.name.value = name;
    } catch (error) {
      this.#fail(error.message);
    }
  }

  async #remove(name) {
    try {
      await api.remove(name);
      await this.#offer();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  /** What is in the form; throws an error with a sentence. */
  #what() {
    if (this.mode === "event") {
      try {
        return { event: parse(this.event.value) };
      } catch (error) {
        throw new Error(`The event is not JSON: ${error.message}`);
      }
    }
    if (!this.target.value.startsWith("/")) throw new Error("The path has to start with /");
    const headers = this.headers.value
      .split("\n")
      .filter((line) => line.trim())
      .map((line) => {
        const colon = line.indexOf(":");
        if (colon < 1) throw new Error(`This header is not "Name: value": ${line}`);
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      });
    return {
      request: {
        method: this.method.value,
        target: this.target.value,
        headers,
        body: this.body.value,
        base64: this.base64.checked,
      },
      front_door: this.door.value,
    };
  }

  async #send() {
    if (this.sendButton.disabled) return;
    this.#fail("");
    this.sendButton.disabled = true;
    this.sendButton.textContent = "Sending…";
    try {
      const what = this.#what();
      if (what.front_door === ALL) go(comparison(await throughAll(what.request)));
      else go(`/invocations/${encodeURIComponent((await api.send(what)).request_id)}`);
    } catch (error) {
      this.#fail(error.message);
    } finally {
      this.sendButton.disabled = false;
      this.sendButton.textContent = "Send";
    }
  }

  async #save() {
    try {
      const what = this.#what();
      await api.save(this.name.value, what.event !== undefined ? what.event : what);
      toast(`Saved as ${this.name.value}`);
      await this.#offer();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #tidy() {
    try {
      this.event.value = stringify(parse(this.event.value), 2);
    } catch {
      this.#judge();
    }
  }

  #judge() {
    let problem = "";
    try {
      parse(this.event.value);
    } catch (error) {
      problem = error.message;
    }
    this.judgement.textContent = problem;
    this.judgement.classList.toggle("bad", problem !== "");
  }

  #fail(message) {
    this.problem.textContent = message;
    this.problem.hidden = !message;
  }
}

/** Send one request through every front door, one after the other; the ids of the invocations. */
export async function throughAll(request) {
  const ids = [];
  for (const { name } of await api.frontDoors())
    ids.push((await api.send({ request, front_door: name })).request_id);
  return ids;
}
