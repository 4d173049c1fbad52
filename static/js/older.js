// The way up: earlier messages come as the reader nears the top, and leave the page again when
// it grows long below, so that a day-long conversation stays light.
import { arrange } from "./arrange.js";
import { fetchFragment } from "./fragments.js";

const MOST = 200;
const KEPT = 120;
const AHEAD = "400px 0px 0px";

export class Older {
  #timeline;
  #scroller;
  #observer;

  constructor(timeline, scroller) {
    this.#timeline = timeline;
    this.#scroller = scroller;
    this.#observer = new IntersectionObserver(
      (seen) => seen.some((entry) => entry.isIntersecting) && this.#load(),
      { root: scroller, rootMargin: AHEAD },
    );
    this.#watch();
  }

  stop() { this.#observer.disconnect(); }

  /** Let go of what is far above, once there is much; it can be loaded again. */
  trim() {
    const all = [...this.#timeline.querySelectorAll("[data-message]")];
    if (all.length <= MOST) return;
    for (const message of all.slice(0, -KEPT)) message.remove();
    let line = this.#line;
    if (!line) {
      line = document.createElement("p");
      line.className = "timeline-older";
      this.#timeline.prepend(line);
    }
    line.dataset.before = all.at(-KEPT).dataset.cursor;
    arrange(this.#timeline);
    this.#watch();
  }

  get #line() { return this.#timeline.querySelector(".timeline-older"); }

  #watch() {
    this.#observer.disconnect();
    if (this.#line) this.#observer.observe(this.#line);
  }

  /** Put the page above in place and leave what is looked at where it was. */
  async #load() {
    const line = this.#line;
    this.#observer.disconnect();
    if (!line || line.hasAttribute("data-loading")) return;
    line.setAttribute("data-loading", "");
    try {
      const url = `${this.#timeline.dataset.pull}?before=${line.dataset.before}`;
      const page = (await fetchFragment(url)).querySelector("timeline-page");
      const anchor = this.#timeline.querySelector("[data-message]");
      const before = anchor.getBoundingClientRect().top;
      const earlier = [...page.children];
      line.replaceWith(...earlier);
      for (const message of earlier) htmx.process(message);
      arrange(this.#timeline);
      this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
      this.#watch();
    } catch {
      line.removeAttribute("data-loading");
      setTimeout(() => this.#timeline.isConnected && this.#watch(), 2_000);
    }
  }
}
