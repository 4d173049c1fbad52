// One line on top when the connection is not as it should be, and a short one when it is again.
import { sayCount } from "./fragments.js";
import { live } from "./live.js";
import { outbox } from "./outbox.js";
import { showAge } from "./pulse.js";

const CAUGHT_UP = 4_000;
// A blink needs no explanation: a reconnect that takes longer gets its line.
const PATIENCE = 1_500;
const BROKEN = ["offline", "reconnecting", "delayed"];

class LiveStatus extends HTMLElement {
  #timer = 0;
  #shown = "";
  #news = 0;
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    document.addEventListener("live:state", (event) => this.#turn(event.detail.state), { signal });
    document.addEventListener("timeline:news", (event) => { this.#news += event.detail.count; }, { signal });
    document.addEventListener("outbox:changed", (event) => this.#queue(event.detail), { signal });
    this.addEventListener("click", (event) => {
      if (!event.target.closest('[data-do="reconnect"]')) return;
      live.retry();
      outbox.flush();
    }, { signal });
    this.#turn(live.state);
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #turn(state) {
    clearTimeout(this.#timer);
    if (BROKEN.includes(state)) {
      this.#news = this.#shown ? this.#news : 0;
      const wait = state === "reconnecting" && !this.#shown ? PATIENCE : 0;
      this.#timer = setTimeout(() => this.#show(state), wait);
    } else if (state === "live") {
      if (BROKEN.includes(this.#shown)) this.#timer = setTimeout(() => this.#caughtUp(), 600);
      else if (this.#shown !== "caught-up") this.#show("");
    } else {
      this.#show(state);
    }
  }

  #caughtUp() {
    this.querySelector("[data-news]").hidden = this.#news === 0;
    this.querySelector("[data-no-news]").hidden = this.#news > 0;
    sayCount(this.querySelector("[data-news]"), this.#news);
    this.#show("caught-up");
    this.#timer = setTimeout(() => this.#show(""), CAUGHT_UP);
  }

  #queue({ count, refused }) {
    for (const words of this.querySelectorAll("[data-queued]")) {
      words.hidden = count === 0;
      sayCount(words, count);
    }
    this.querySelector("[data-unqueued]").hidden = count > 0;
    this.#refuse(refused);
  }

  /** What was refused after its conversation was left must not go unnoticed. */
  #refuse(count) {
    const strip = this.querySelector("[data-refused]");
    strip.hidden = count === 0;
    if (!count) return;
    sayCount(strip.querySelector("[data-refused-count]"), count);
    const link = strip.querySelector("[data-refused-link]");
    link.setAttribute("href", link.dataset.address.replace("/0/", `/${outbox.refused[0].conversation}/`));
  }

  #show(state) {
    this.#shown = state;
    for (const strip of this.querySelectorAll("[data-when]")) strip.hidden = strip.dataset.when !== state;
    showAge();
  }
}
customElements.define("live-status", LiveStatus);
