// How far the agent has read: told to the composer at once, to the server soon.
import { post } from "./fragments.js";

const SOON = 250;
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("inbox.read") : null;
const announce = (detail) => document.dispatchEvent(new CustomEvent("conversation:read", { detail }));
tabs?.addEventListener("message", (event) => announce(event.data));

export class Reading {
  #timeline;
  #told;
  #seq;
  #timer = 0;

  constructor(timeline) {
    this.#timeline = timeline;
    this.#told = this.#seq = Number(timeline.dataset.seen);
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.#seq > this.#told) this.#tell();
  }

  /** The agent has everything up to `seq` before their eyes. */
  seen(seq) {
    for (const field of document.querySelectorAll('#answer [name="seen_seq"]')) {
      if (Number(field.value) < seq) field.value = seq;
    }
    if (seq <= this.#seq) return;
    this.#seq = seq;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), SOON);
  }

  async #tell() {
    const seq = this.#seq;
    try {
      const response = await post(this.#timeline.dataset.read, { seq, beside: this.#timeline.dataset.beside ?? "" });
      if (!response.ok || response.redirected) return;
      this.#told = Math.max(this.#told, seq);
      const mark = await response.json();
      announce(mark);
      tabs?.postMessage(mark);
    } catch { /* told with the next look */ }
  }
}
