// Finds a text in all that an invocation's page shows, folded or not.

import { h } from "/page/dom.js";

const SHORTEST = 2;

export class Find {
  /**
   * `root` holds what is searched. `parts()` are those that know what is folded in them: `search(text)` returns
   * functions, each of which unfolds one place and returns its element. Everything else is `.searchable`.
   */
  constructor(root, parts) {
    this.root = root;
    this.parts = parts;
    this.hits = [];
    this.hit = -1;
    this.told = h("span.dim.found-count", { role: "status" });
    this.input = h("input.find", {
      type: "search",
      placeholder: "Find in this invocation",
      "aria-label": "Find in this invocation",
      "aria-keyshortcuts": "/",
      spellcheck: "false",
      input: () => this.#search(),
      keydown: (event) => this.#key(event),
    });
    this.elements = [this.told, h("div.search", {}, this.input, h("kbd", { "aria-hidden": "true" }, "/"))];
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  get #text() {
    return this.input.value.trim().toLowerCase();
  }

  #key(event) {
    if (event.key === "Enter") this.#next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && this.input.value) {
      this.input.value = "";
      this.#search();
    } else if (event.key === "Escape") this.input.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #search() {
    this.#unmark();
    this.hits = [];
    this.hit = -1;
    const text = this.#text;
    if (text.length >= SHORTEST) {
      const plain = [...this.root.querySelectorAll(".searchable")]
        .filter((element) => element.textContent.toLowerCase().includes(text))
        .map((element) => () => element);
      this.hits = [...plain, ...this.parts().flatMap((part) => part.search(text))];
    }
    this.#next(1);
  }

  #next(step) {
    if (!this.hits.length) {
      this.told.textContent = this.#text.length >= SHORTEST ? "nothing found" : "";
      return;
    }
    this.#unmark();
    this.hit = (this.hit + step + this.hits.length) % this.hits.length;
    this.told.textContent = `${this.hit + 1} of ${this.hits.length}`;
    const element = this.hits[this.hit]();
    if (!element) return;
    const card = element.closest("details.card");
    if (card) card.open = true;
    element.classList.add("hit");
    highlight(element, this.#text);
    into(element);
  }

  #unmark() {
    CSS.highlights?.delete("found");
    for (const old of this.root.querySelectorAll(".hit")) old.classList.remove("hit");
  }
}

/** Bring an element into sight, if it is not. */
export function into(element) {
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Mark the text itself inside the element, where the browser can. */
function highlight(element, text) {
  if (!CSS.highlights) return;
  const ranges = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const found = node.data.toLowerCase();
    for (let index = found.indexOf(text); index >= 0; index = found.indexOf(text, index + text.length)) {
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + text.length);
      ranges.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}
