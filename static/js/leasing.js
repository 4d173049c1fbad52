// Whose turn it is to reply in the open conversation: taken with the focus, kept while somebody
// writes, given back. It goes over the socket, or over HTTP where there is none; to lose it costs
// nothing, since the server judges every reply anyway.
import { ask, look, show, shownIn } from "./leasetalk.js";
import { serverNow } from "./times.js";

const ANSWER = 2_000;
const EMPTY = 5_000;
const GRACE = 2_000;

class LeaseStrip extends HTMLElement {
  #stop = null;
  #token = null;
  #asked = -ANSWER;
  #beat = 0;
  #leaving = 0;
  #lapse = 0;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const on = (name, act) => document.addEventListener(name, act, { signal });
    on("focusin", (event) => event.target === this.#text && this.#want());
    on("input", (event) => event.target === this.#text && this.#want());
    on("focusout", (event) => event.target === this.#text && this.#rest());
    on("live:frame", (event) => this.#hear(event.detail));
    on("live:poll", async () => this.#hear(await look(this.dataset.place)));
    on("outbox:answered", (event) => this.#sent(event.detail));
    addEventListener("pagehide", () => this.#give(), { signal });
    this.addEventListener("submit", (event) => this.#takeOver(event), { signal });
    this.#beat = setInterval(() => this.#keep(), Number(this.dataset.heartbeat) * 1_000);
    this.#token = Number(this.#field.value) || null;
    if (this.dataset.holder) this.#lapseAt(this.dataset.until);
    if (this.#text && this.#text === document.activeElement) this.#want();
  }

  disconnectedCallback() {
    this.#give();
    this.#stop.abort();
    clearInterval(this.#beat);
    clearTimeout(this.#leaving);
    clearTimeout(this.#lapse);
  }

  get #id() { return Number(this.dataset.conversation); }
  get #field() { return this.querySelector('[name="lease_token"]'); }
  get #composer() { return document.querySelector(`reply-composer[data-conversation="${this.#id}"]`); }
  get #text() { return this.#composer?.querySelector("textarea"); }
  /** Whether somebody writes a reply here, and not a note. */
  get #isWriting() {
    const isHere = this.#text === document.activeElement || this.#text?.value.trim();
    return Boolean(isHere) && this.#composer.dataset.mode !== "note" && !document.hidden;
  }

  #want() {
    clearTimeout(this.#leaving);
    const isFree = !this.#token && !this.hasAttribute("data-locked");
    if (!isFree || !this.#isWriting || performance.now() - this.#asked < ANSWER) return;
    this.#asked = performance.now();
    this.#ask("lock");
  }

  /** An empty field that was left is soon nobody's turn. */
  #rest() {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => !this.#isWriting && this.#give(), EMPTY);
  }

  #keep() {
    if (this.#token && this.#isWriting) this.#ask("heartbeat");
    else if (this.#text?.value.trim()) this.#want();
  }

  #give() {
    if (!this.#token) return;
    this.#ask("unlock", { keepalive: true });
    this.#have(null);
  }

  #takeOver(event) {
    event.preventDefault();
    this.#ask("takeover");
    this.#text?.focus();
  }

  async #ask(type, options) {
    this.#hear(await ask(this.dataset.place, { type, conversation: this.#id, lease_token: this.#token }, options));
  }

  #hear(frame) {
    if (frame?.conversation !== this.#id || !this.isConnected) return;
    if (frame.type === "lease" && frame.lease_token) this.#have(frame.lease_token);
    if (frame.type === "lease.refused") this.#refused(frame);
    if (frame.type === "lease.changed") this.#changed(frame.holder, frame);
  }

  #refused({ code, held_by, until }) {
    if (code === "held") return this.#changed(held_by, { until });
    this.#have(null);
    if (code === "lost" && this.#text?.value.trim()) this.#want();
  }

  #changed(holder, { until, former }) {
    const me = document.body.dataset.me;
    if (holder && String(holder.id) === me) return show(this, "");
    const wasMine = this.#token || String(former) === me;
    if (holder) {
      this.#have(null);
      show(this, wasMine || shownIn(this) === "taken" ? "taken" : "held", holder, Boolean(this.#text?.value.trim()));
      this.#lapseAt(until);
    } else this.#free();
  }

  #free() {
    clearTimeout(this.#lapse);
    this.removeAttribute("data-locked");
    if (shownIn(this) === "held") show(this, "");
  }

  #have(token) {
    this.#token = token;
    this.#field.value = token ?? "";
    if (token) show(this, "");
  }

  #sent({ entry, status }) {
    if (Number(entry.conversation) !== this.#id || status > 201) return;
    if (Number(entry.fields.lease_token) === this.#token) this.#have(null);
    else this.#give();
    if (shownIn(this) === "taken") show(this, "");
  }

  /** A holder whose heartbeat stays away does not hold it for ever. */
  #lapseAt(until) {
    clearTimeout(this.#lapse);
    this.#lapse = setTimeout(() => this.#free(), Math.max(Date.parse(until) - serverNow(), 0) + GRACE);
  }
}
customElements.define("lease-strip", LeaseStrip);
