// Reacting: six at hand, all others behind the plus; the same one again takes it back.
import { pickEmoji } from "./emoji.js";
import { nearby } from "./nearby.js";
import { newId } from "./ids.js";
import { outbox } from "./outbox.js";
import { ours, showReaction, takeBack } from "./reactions.js";

class ReactionBar extends HTMLElement {
  #message = null;
  #opener = null;
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("click", (event) => this.#asked(event), { signal });
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #buttons() { return [...this.querySelectorAll("button")]; }

  #asked(event) {
    const opener = event.target.closest?.("[data-react]");
    if (!opener || event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    this.#opener = opener;
    this.#message = opener.dataset.react;
    const given = ours(document.getElementById(`message-${this.#message}`));
    for (const button of this.#buttons.filter(({ dataset }) => dataset.emoji)) {
      const is = button.dataset.emoji === given;
      button.setAttribute("aria-pressed", is);
      button.setAttribute("aria-label", (is ? this.dataset.wordsTake : this.dataset.wordsGive).replace("{emoji}", button.dataset.emoji));
    }
    this.showPopover();
    nearby(this, opener);
    (this.#buttons.find((button) => button.getAttribute("aria-pressed") === "true") ?? this.#buttons[0]).focus();
  }

  #click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    this.hidePopover();
    if (button.dataset.emoji) this.#give(button.dataset.emoji);
    else pickEmoji(this.#opener, (emoji) => this.#give(emoji));
  }

  #key(event) {
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const by = { [forward]: 1, [back]: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = this.#buttons;
    all[(all.indexOf(document.activeElement) + by + all.length) % all.length].focus();
  }

  #give(emoji) {
    const message = document.getElementById(`message-${this.#message}`);
    const form = document.getElementById("composer");
    if (!message || !form) return;
    const given = ours(message) === emoji ? "" : emoji;
    const id = newId();
    const fields = { client_message_id: id, kind: "reaction", reply_to: this.#message, text: "", content: JSON.stringify({ reaction: { emoji: given } }) };
    const { conversation, replyUrl } = form.querySelector("reply-composer").dataset;
    const entry = { id, conversation, url: replyUrl, fields, before: ours(message), at: new Date().toISOString() };
    showReaction(entry);
    outbox.add(entry);
    message.querySelector("[data-react]")?.focus({ preventScroll: true });
  }
}
customElements.define("reaction-bar", ReactionBar);

// Before the composer hears of it: a refused reaction has no words to give back, and quotes nothing.
addEventListener("outbox:answered", (event) => {
  const { entry, status, html } = event.detail;
  if (entry.fields.kind !== "reaction") return;
  event.stopImmediatePropagation();
  event.detail.isShown = true;
  const timeline = document.querySelector("message-timeline");
  if (status >= 300) {
    const why = new DOMParser().parseFromString(html, "text/html").querySelector(".composer-error, .guard");
    document.getElementById("composer-error")?.replaceChildren(why ?? "");
    takeBack(entry);
  }
  timeline?.pull();
}, true);
