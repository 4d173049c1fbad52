// A list above the reply box that answers what is being typed: ↑ ↓ choose, Enter takes, Esc leaves.

export class Suggesting {
  #composer; #pattern; #find; #take; #template; #mode;
  #at = -1;
  #items = [];
  #gone = "";

  /** `pattern` ends at the caret, its first group is what was asked; `find(asked)` gives
   * `{name, about?, …}`s, `take(item, start, end)` puts one in the place of what was typed. */
  constructor(composer, signal, { pattern, find, take, template, mode }) {
    [this.#composer, this.#pattern, this.#find, this.#take] = [composer, pattern, find, take];
    [this.#template, this.#mode] = [template, mode];
    const { text } = composer;
    text.addEventListener("input", () => this.look(), { signal });
    text.addEventListener("click", () => this.look(), { signal });
    text.addEventListener("blur", () => this.#close(), { signal });
    text.addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    this.#list.addEventListener("mousedown", (event) => this.#press(event), { signal });
  }

  get #list() { return this.#composer.querySelector(".suggestions"); }
  get #text() { return this.#composer.text; }
  get #isOpen() { return !this.#list.hidden && this.#items.length > 0; }
  get #asked() {
    if (this.#mode && this.#composer.dataset.mode !== this.#mode) return null;
    const before = this.#text.value.slice(0, this.#text.selectionStart);
    return before.match(this.#pattern);
  }

  /** Show what fits what stands before the caret. */
  async look() {
    const match = this.#asked;
    if (!match || match[0] === this.#gone) {
      if (!match) this.#gone = "";
      return this.#close();
    }
    const items = await this.#find(match[1]);
    // Typing went on while the list was fetched.
    if (this.#asked?.[0] !== match[0] || document.activeElement !== this.#text) return;
    this.#show(items);
  }

  #show(items) {
    this.#items = items;
    this.#list.replaceChildren(...items.map((item, place) => this.#draw(item, place)));
    if (!items.length) return this.#close();
    this.#list.hidden = false;
    this.#choose(0);
  }

  #draw(item, place) {
    const row = this.#composer.querySelector(`template[data-template="${this.#template}"]`).content.firstElementChild.cloneNode(true);
    row.id = `composer-suggestion-${place}`;
    row.querySelector("[data-name]").textContent = item.name;
    for (const [name, value] of [["about", item.about], ["letter", [...item.name][0]?.toUpperCase()]]) {
      const part = row.querySelector(`[data-${name}]`);
      if (part) part.textContent = value ?? "";
    }
    return row;
  }

  #choose(place) {
    const rows = [...this.#list.children];
    this.#at = (place + rows.length) % rows.length;
    rows.forEach((row, each) => row.setAttribute("aria-selected", String(each === this.#at)));
    rows[this.#at].scrollIntoView({ block: "nearest" });
    this.#text.setAttribute("aria-activedescendant", rows[this.#at].id);
  }

  #close() {
    if (!this.#items.length) return;
    this.#items = [];
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#text.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    if (!this.#isOpen || event.isComposing) return;
    const acts = { ArrowDown: () => this.#choose(this.#at + 1), ArrowUp: () => this.#choose(this.#at - 1), Enter: () => this.#use(this.#at), Tab: () => this.#use(this.#at), Escape: () => this.#leave() };
    if (!acts[event.key] || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    acts[event.key]();
  }

  #press(event) {
    event.preventDefault();
    const row = event.target.closest("[role=option]");
    if (row && this.#items.length) this.#use([...this.#list.children].indexOf(row));
  }

  #leave() {
    this.#gone = this.#asked?.[0] ?? "";
    this.#close();
  }

  #use(place) {
    const match = this.#asked;
    const item = this.#items[place];
    this.#close();
    if (!match) return;
    const end = this.#text.selectionStart;
    const start = end - match[0].length + match[0].search(/\S/);
    this.#take(item, start, end);
  }
}

/** Put `words` in the place of what was typed from `start` to `end`, as if they had been typed. */
export function putInto(composer, words, start, end) {
  composer.text.setRangeText(words, start, end, "end");
  composer.text.dispatchEvent(new Event("input", { bubbles: true }));
  composer.text.focus();
}
