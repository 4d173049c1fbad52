// The reply box: Enter sends, the bubble is there at once, and no refusal costs a word.
import { drawBubble, markUnsent } from "./optimistic.js";
import { drafts } from "./drafts.js";
import { parse } from "./fragments.js";
import { outbox } from "./outbox.js";
import { quote } from "./quoting.js";

const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

class ReplyComposer extends HTMLElement {
  #stop = null;
  #form = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#form = this.closest("form");
    this.#form.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.#text.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#text.addEventListener("input", () => this.#typed(), { signal });
    this.addEventListener("window:turned", (event) => event.target === this && this.#turn(event.detail.state), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("outbox:answered", (event) => this.#isMine(event) && this.#answered(event.detail), { signal });
    document.addEventListener("outbox:unsent", (event) => this.#isMine(event) && markUnsent(this, event.detail.entry), { signal });
    this.#text.value ||= drafts.get(this.#id);
    this.#grow();
    for (const entry of outbox.of(this.#id)) {
      drawBubble(this, entry);
      if (entry.isUnsent) markUnsent(this, entry);
    }
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #id() { return this.dataset.conversation; }
  get #text() { return this.querySelector("textarea"); }
  get #timeline() { return document.querySelector("message-timeline"); }
  #field(name) { return this.#form.elements.namedItem(name); }
  #isMine(event) { return event.detail.entry.conversation === this.#id; }

  #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trimEnd();
    if (!text.trim() || this.#text.disabled) return;
    const override = event.submitter?.name === "override" ? event.submitter.value : "";
    const fields = { text, override };
    for (const name of ["client_message_id", "seen_seq", "reply_to"]) fields[name] = this.#field(name).value;
    const entry = { id: fields.client_message_id, conversation: this.#id, url: this.#form.getAttribute("action"), fields, at: new Date().toISOString() };
    this.#clear();
    drawBubble(this, entry);
    outbox.add(entry);
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
    this.#giveBack(entry);
    const guard = content.querySelector(".guard");
    if (guard) document.getElementById("guard").replaceChildren(guard);
    else document.getElementById("composer-error").replaceChildren(content.querySelector(".composer-error") ?? "");
    this.#timeline?.pull();
  }

  /** The words of a refused reply, before anything written since. */
  #giveBack(entry) {
    this.#text.value = [entry.fields.text, this.#text.value].filter(Boolean).join("\n");
    this.#field("client_message_id").value = newId();
    quote(this, entry.fields.reply_to);
    this.#typed();
    this.#text.focus();
  }

  #clear() {
    this.#text.value = "";
    this.#field("client_message_id").value = newId();
    quote(this, "");
    drafts.set(this.#id, "");
    document.getElementById("guard").replaceChildren();
    document.getElementById("composer-error").replaceChildren();
    this.#grow();
  }

  #click(event) {
    const guard = event.target.closest("[data-guard]");
    const quoted = event.target.closest("[data-quote]");
    const act = event.target.closest("[data-client-id] [data-do]");
    if (guard && guard.dataset.guard !== "send") this.#decide(event, guard);
    else if (quoted) {
      event.preventDefault();
      quote(this, quoted.dataset.quote);
      this.#text.focus();
    } else if (act) this.#unsent(act.dataset.do, act.closest("[data-client-id]"));
  }

  /** Edit or discard what the guard held back; either way its messages have been seen now. */
  #decide(event, button) {
    event.preventDefault();
    const seen = button.closest(".guard").dataset.unseenHead;
    const field = this.#field("seen_seq");
    field.value = Math.max(Number(field.value), Number(seen));
    if (button.dataset.guard === "discard") this.#clear();
    document.getElementById("guard").replaceChildren();
    this.#text.focus();
  }

  #unsent(act, bubble) {
    const entry = outbox.of(this.#id).find(({ id }) => id === bubble.dataset.clientId);
    if (act === "retry") outbox.flush();
    if (act === "retry" || !entry) return;
    outbox.remove(entry.id);
    bubble.remove();
    if (act === "edit") this.#giveBack(entry);
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #typed() {
    drafts.set(this.#id, this.#text.value);
    this.#grow();
  }

  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.blockSize = "auto";
    this.#text.style.blockSize = `${this.#text.scrollHeight}px`;
  }

  #turn(state) {
    for (const control of [this.#text, this.querySelector('[type="submit"]')]) control.disabled = state === "closed";
  }
}
customElements.define("reply-composer", ReplyComposer);
