// The composer's two tabs, each with words, a quote and a draft of its own.
import { drafts } from "./drafts.js";
import { Keeper } from "./keeper.js";
import { quote } from "./quoting.js";

export class Modes {
  #composer;
  #keepers = {};

  constructor(composer, signal) {
    this.#composer = composer;
    for (const template of composer.querySelectorAll("template[data-draft]")) this.#begin(template, signal);
    addEventListener("pagehide", () => this.save(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.save(), { signal });
    document.addEventListener("live:state", ({ detail }) => detail.state === "live" && this.save(), { signal });
  }

  get mode() { return this.#composer.dataset.mode; }
  get keeper() { return this.#keepers[this.mode]; }
  get #text() { return this.#composer.querySelector("textarea"); }
  get #form() { return this.#composer.closest("form"); }

  save() { for (const keeper of Object.values(this.#keepers)) keeper.save(); }

  /** The words that were kept, where the field has none of its own. */
  fill() {
    if (!this.keeper) return;
    if (!this.#text.value || this.#text.value === this.#text.defaultValue) this.#text.value = this.keeper.text;
    if (this.keeper.replyTo && !this.#form.elements.namedItem("reply_to").value) quote(this.#composer, this.keeper.replyTo);
  }

  /** Show the other tab. */
  turn(mode) {
    if (mode === this.mode || !this.#keepers[mode]) return;
    const text = this.#text;
    const composer = this.#composer;
    this.keeper.typed(text.value, this.#form.elements.namedItem("reply_to").value);
    composer.dataset.mode = mode;
    this.#form.action = composer.dataset[`${mode}Url`];
    text.value = this.keeper.text;
    text.placeholder = text.dataset[mode === "note" ? "hintNote" : "hintReply"];
    text.setAttribute("aria-label", text.dataset[mode === "note" ? "labelNote" : "labelReply"]);
    text.maxLength = mode === "note" ? 10_000 : 4_096;
    quote(composer, mode === "note" ? "" : this.keeper.replyTo);
    for (const tab of document.querySelectorAll("#answer [data-mode-tab]")) {
      // The picker stands for the reply, so its own tabs never change.
      if (!tab.closest("#picker")) tab.toggleAttribute("aria-current", tab.dataset.modeTab === mode);
      if (tab.getAttribute("aria-current") === "") tab.setAttribute("aria-current", "true");
    }
    document.getElementById("composer-error").replaceChildren();
    document.dispatchEvent(new CustomEvent("composer:turned", { detail: { mode } }));
  }

  #begin(template, signal) {
    const composer = this.#composer;
    const { conversation, draftUrl } = composer.dataset;
    const { draft: mode, version, replyTo } = template.dataset;
    const keeper = new Keeper({
      conversation, mode, url: draftUrl, version: Number(version), replyTo,
      text: template.content.textContent,
      say: (name) => this.mode === mode && composer.say(name),
      offer: (text) => this.mode === mode && composer.offer(text),
    });
    this.#keepers[mode] = keeper;
    drafts.watch(conversation, mode, (other) => {
      if (!keeper.adopt(other) || this.mode !== mode) return;
      this.#text.value = keeper.text;
      quote(composer, keeper.replyTo);
    }, signal);
  }
}
