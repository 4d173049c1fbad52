// One conversation's messages: pulled after a number, merged in place, older ones upwards.
import { arrange, place } from "./arrange.js";
import { fetchFragment } from "./fragments.js";
import { Reading } from "./reading.js";
import { followThread } from "./shell.js";
import { extendWindows } from "./windows.js";

const NEAR_END = 64;
const MOST = 200;
const KEPT = 120;

class MessageTimeline extends HTMLElement {
  #head = 0;
  #pulling = false;
  #again = false;
  #stop = null;
  #scroller = null;
  #above = null;
  #missed = 0;
  reading = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#head = Number(this.dataset.head);
    this.#scroller = this.closest(".region-scroll");
    this.reading = new Reading(this);
    arrange(this);
    this.#enter();
    document.addEventListener("live:frame", (event) => this.#hear(event.detail), { signal });
    document.addEventListener("live:poll", () => this.pull(), { signal });
    document.addEventListener("visibilitychange", () => this.#looked(), { signal });
    this.#scroller.addEventListener("scroll", () => this.#looked(), { signal, passive: true });
    this.#pill?.addEventListener("click", () => this.toEnd("smooth"), { signal });
    this.#above = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.#older(), { root: this.#scroller, rootMargin: "400px 0px 0px" });
    this.#watchOlder();
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#above.disconnect();
    this.reading.stop();
  }

  get group() { return `conversation.${this.dataset.conversation}`; }
  get head() { return this.#head; }
  get #pill() { return this.closest("#thread")?.querySelector(".newer"); }
  get isAtEnd() { return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < NEAR_END; }
  /** Whether somebody looks at the newest message right now. */
  get isWatched() { return !document.hidden && this.isAtEnd && this.#scroller.clientHeight > 0; }

  toEnd(behavior = "instant") {
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  /** GET what is newer than our head and merge it; calls that overlap become one more pull. */
  async pull() {
    if (this.#pulling) {
      this.#again = true;
      return;
    }
    this.#pulling = true;
    try {
      do {
        this.#again = false;
        const page = (await fetchFragment(`${this.dataset.pull}?after=${this.#head}`)).querySelector("timeline-page");
        if (this.isConnected) this.#merge(page);
        this.#again ||= page.hasAttribute("data-more");
      } while (this.#again && this.isConnected);
    } catch (error) {
      if (error.status === 404) location.reload();
    } finally {
      this.#pulling = false;
    }
  }

  /** Put messages in place, keeping what the reader looks at where it is. */
  merge(messages, { follow = false } = {}) {
    const atEnd = follow || this.isAtEnd;
    let fresh = 0;
    for (const message of messages) {
      const isNew = place(this, message);
      if (isNew) message.setAttribute("data-fresh", "");
      if (isNew && message.dataset.direction === "in") fresh += 1;
    }
    arrange(this);
    if (atEnd) this.#keepEnd();
    else this.#miss(fresh);
    if (fresh) document.dispatchEvent(new CustomEvent("timeline:news", { detail: { count: fresh } }));
    this.#looked();
  }

  #merge(page) {
    this.#head = Math.max(this.#head, Number(page.dataset.head));
    extendWindows(this.closest("#thread"), page.dataset.expires);
    this.merge([...page.querySelectorAll("[data-message]")]);
  }

  #hear(frame) {
    const told = frame.type === "heartbeat" ? frame.heads[this.group] : frame.group === this.group ? frame.to : 0;
    if (frame.type === "conversation.denied" && frame.group === this.group) location.reload();
    else if (told > this.#head) this.pull();
  }

  #enter() {
    const line = this.querySelector(".unread-line");
    if (line) this.#scroller.scrollTop = line.offsetTop - 120;
    else this.toEnd();
    this.#looked();
  }

  #looked() {
    if (!this.isWatched) return;
    this.#miss(-this.#missed);
    this.reading.seen(this.#head);
  }

  #miss(count) {
    this.#missed += count;
    if (!this.#pill) return;
    const words = this.#pill.querySelector("b");
    words.textContent = words.dataset.words.replace("{count}", this.#missed);
    this.#pill.hidden = this.#missed === 0;
  }

  #keepEnd() {
    const all = this.querySelectorAll("[data-message]");
    if (all.length > MOST) this.#trim([...all].slice(0, all.length - KEPT), all[all.length - KEPT]);
    this.toEnd();
  }

  #trim(gone, first) {
    for (const message of gone) message.remove();
    let line = this.querySelector(".timeline-older");
    if (!line) {
      line = document.createElement("p");
      line.className = "timeline-older";
      this.prepend(line);
    }
    line.dataset.before = first.dataset.cursor;
    arrange(this);
    this.#watchOlder();
  }

  #watchOlder() {
    const line = this.querySelector(".timeline-older");
    this.#above.disconnect();
    if (line) this.#above.observe(line);
  }

  async #older() {
    const line = this.querySelector(".timeline-older");
    this.#above.disconnect();
    if (!line || line.hasAttribute("data-loading")) return;
    line.setAttribute("data-loading", "");
    try {
      const page = (await fetchFragment(`${this.dataset.pull}?before=${line.dataset.before}`)).querySelector("timeline-page");
      const anchor = this.querySelector("[data-message]");
      const before = anchor.getBoundingClientRect().top;
      line.replaceWith(...page.children);
      arrange(this);
      this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
      this.#watchOlder();
    } catch {
      line.removeAttribute("data-loading");
    }
  }
}
customElements.define("message-timeline", MessageTimeline);
followThread();
