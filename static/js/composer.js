// The reply box: a key sends, the bubble is there at once, and no refusal costs a word.
//
// `turn(mode)` shows a tab, `giveBack({text, reply_to})` puts words back, `clear()` lets go of them,
// `typed()` keeps what is in the field, `say(name)` tells how it is kept. Events: `composer:turned` {mode}; it hears `composer:give-back` {conversation, text,
// reply_to}. Whoever sends the form's words otherwise listens to `submit` before it does.
import { Canned } from "./canned.js";
import { hearClicks, modeOf } from "./clicks.js";
import { allow, watchWindow } from "./closing.js";
import { parse } from "./fragments.js";
import { newId } from "./ids.js";
import { Mentions } from "./mentioning.js";
import { Modes } from "./modes.js";
import { drawBubble, markUnsent } from "./optimistic.js";
import { outbox } from "./outbox.js";
import { quote } from "./quoting.js";

const HIDDEN = ["client_message_id", "seen_seq", "reply_to", "lease_token", "schedule", "send_at"];

class ReplyComposer extends HTMLElement {
  #stop = null;
  #form = null;
  #modes = null;
  #mentions = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#form = this.closest("form");
    this.#modes = new Modes(this, signal);
    new Canned(this, signal);
    this.#mentions = new Mentions(this, signal);
    this.#form.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.text.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.text.addEventListener("input", () => this.typed(), { signal });
    watchWindow(this, signal);
    hearClicks(this, signal);
    document.addEventListener("outbox:answered", (event) => this.#isMine(event) && this.#answered(event.detail), { signal });
    document.addEventListener("outbox:unsent", (event) => this.#isMine(event) && markUnsent(this, event.detail.entry), { signal });
    document.addEventListener("composer:give-back", ({ detail }) => String(detail.conversation) === this.#id && this.giveBack(detail), { signal });
    this.#modes.fill();
    this.#grow();
  }

  disconnectedCallback() { this.#modes.save(); this.#stop.abort(); }

  get #id() { return this.dataset.conversation; }
  get text() { return this.querySelector("textarea"); }
  get #timeline() { return document.querySelector("message-timeline"); }
  field(name) { return this.#form.elements.namedItem(name); }
  #isMine(event) { return event.detail.entry.conversation === this.#id; }

  turn(mode) {
    this.#modes.turn(mode);
    allow(this);
    this.#grow();
    this.text.focus();
  }

  say(name) {
    const state = this.querySelector("[data-state-words]");
    const words = name ? state.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`] : "";
    const said = state.querySelector("[data-said]");
    said.textContent = words;
    said.hidden = !words;
    state.querySelector("[data-hint]").hidden = Boolean(words || this.text.value);
    state.toggleAttribute("data-warning", name === "blank");
  }

  /** Another window has saved something else: it is offered, never taken by itself. */
  offer(text) {
    this.querySelector(".beside-own")?.remove();
    const strip = this.querySelector('[data-template="newer"]').content.firstElementChild.cloneNode(true);
    strip.querySelector("[data-line]").textContent = text;
    this.querySelector(".composer-head").after(strip);
  }

  /** The words of a reply that was refused or undone, before anything written since. */
  giveBack({ text, reply_to: replyTo = "" }, mode = "reply") {
    this.#modes.turn(mode);
    this.text.value = [text, this.text.value].filter(Boolean).join("\n");
    this.field("client_message_id").value = newId();
    quote(this, replyTo);
    this.typed();
    this.text.focus();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.value.trimEnd();
    if (!text.trim() || this.text.disabled) return;
    const isNote = this.dataset.mode === "note";
    const fields = { text, override: event.submitter?.name === "override" ? event.submitter.value : "" };
    for (const name of HIDDEN) fields[name] = this.field(name)?.value ?? "";
    if (isNote) Object.assign(fields, { kind: "note", mentions: this.#mentions.take().join(",") });
    const url = this.dataset[isNote ? "noteUrl" : "replyUrl"];
    const entry = { id: fields.client_message_id, conversation: this.#id, url, fields, at: new Date().toISOString() };
    this.clear();
    drawBubble(this, entry);
    outbox.add(entry);
    this.dispatchEvent(new CustomEvent("composer:sent", { bubbles: true }));
  }

  #answered(answer) {
    const { entry, status, html } = answer;
    answer.isShown = true;
    const content = parse(html);
    if (status === 200 || status === 201) {
      this.#timeline?.merge([content.firstElementChild], { follow: true });
      return;
    }
    document.querySelector(`[data-client-id="${CSS.escape(entry.id)}"]`)?.remove();
    this.giveBack(entry.fields, modeOf(entry));
    const why = content.querySelector(".guard, .composer-error");
    document.getElementById(why?.matches(".guard") ? "guard" : "composer-error").replaceChildren(why ?? "");
    this.#timeline?.pull();
  }

  clear() {
    this.text.value = "";
    this.field("client_message_id").value = newId();
    quote(this, "");
    this.#modes.keeper?.sent();
    document.getElementById("guard").replaceChildren();
    document.getElementById("composer-error").replaceChildren();
    this.querySelector(".beside-own")?.remove();
    this.#grow();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
    const isMod = event.ctrlKey || event.metaKey;
    if (this.dataset.sendKey === "mod_enter" && !isMod) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  typed() {
    this.#modes.keeper?.typed(this.text.value, this.field("reply_to").value);
    this.#grow();
  }

  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.blockSize = "auto";
    this.text.style.blockSize = `${this.text.scrollHeight}px`;
  }
}
customElements.define("reply-composer", ReplyComposer);
