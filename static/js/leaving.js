// "Next try: 14:05" is said until then, and not any longer.
import { serverNow } from "./times.js";

// What a browser's timers can count.
const LONGEST = 2 ** 31 - 1;

class LeavesAt extends HTMLElement {
  #timer = 0;

  connectedCallback() { this.#look(); }
  disconnectedCallback() { clearTimeout(this.#timer); }

  #look() {
    const left = Date.parse(this.querySelector("time")?.dateTime ?? "") - serverNow();
    this.hidden = !(left > 0);
    if (left > 0) this.#timer = setTimeout(() => this.#look(), Math.min(left, LONGEST));
  }
}
customElements.define("leaves-at", LeavesAt);
