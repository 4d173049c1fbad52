// One conversation's messages: pulled after a number, merged in place, older ones upwards.
import { arrange, place } from "./arrange.js";
import { fetchFragment, sayCount } from "./fragments.js";
import { holding } from "./keeping.js";
import { Older } from "./older.js";
import { Reading } from "./reading.js";
import { followThread } from "./shell.js";
import { extendWindows } from "./windows.js";

const NEAR_END = 64;

class MessageTimeline extends HTMLElement {
  #head = 0;
  #pulling = false;
  #again = false;
  #stop = null;
  #scroller = null;
  #older = null;
  #size = null;
  #follows = true;
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
    this.#older = new Older(this, this.#scroller);
    // A composer that grows, or a message that says more, must not cover the newest one.
    this.#size = new ResizeObserver(() => this.#follows && this.toEnd());
    this.#size.observe(this.#scroller);
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#older.stop();
    this.#size.disconnect();
    this.reading.stop();
  }

  get group() { return `conversation.${this.dataset.conversation}`; }
  get head() { return this.#head; }
  /** What this timeline has of its own group, and of conversations from before a merge. */
  get #heads() {
    const beside = (this.dataset.beside ?? "").split(",").filter(Boolean).map((pair) => pair.split(":"));
    return [[this.group, this.#head], ...beside.map(([id, head]) => [`conversation.${id}`, Number(head)])];
  }
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
        const url = `${this.dataset.pull}?after=${this.#head}&beside=${this.dataset.beside ?? ""}`;
        const page = (await fetchFragment(url)).querySelector("timeline-page");
        // Contacts were merged, or parted: what belongs here is another set of messages now.
        if (page.dataset.goesOn) return location.assign(page.dataset.goesOn);
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
    const stay = atEnd ? null : holding(this.#scroller, this);
    const mine = `out.agent.${document.body.dataset.me}`;
    let fresh = 0;
    for (const message of messages) {
      const isNew = place(this, message);
      htmx.process(message);
      if (isNew) message.setAttribute("data-fresh", "");
      if (isNew && message.dataset.key !== mine) fresh += 1;
    }
    arrange(this);
    if (atEnd) this.#keepEnd();
    else this.#miss(fresh);
    stay?.();
    if (fresh) document.dispatchEvent(new CustomEvent("timeline:news", { detail: { count: fresh } }));
    this.#looked();
  }

  #merge(page) {
    this.#head = Math.max(this.#head, Number(page.dataset.head));
    if (page.dataset.beside) this.dataset.beside = page.dataset.beside;
    extendWindows(this.closest("#thread"), page.dataset.expires);
    this.merge([...page.querySelectorAll("[data-message]")]);
  }

  #hear(frame) {
    if (frame.type === "conversation.denied" && frame.group === this.group) location.reload();
    const told = frame.type === "heartbeat" ? frame.heads : { [frame.group]: frame.to };
    if (this.#heads.some(([group, head]) => told[group] > head)) this.pull();
  }

  #enter() {
    const line = this.querySelector(".unread-line");
    if (line) this.#scroller.scrollTop = line.offsetTop - 120;
    else this.toEnd();
    this.#looked();
  }

  #looked() {
    this.#follows = this.isAtEnd;
    if (!this.isWatched) return;
    this.#miss(-this.#missed);
    this.reading.seen(this.#head);
  }

  #miss(count) {
    this.#missed += count;
    if (!this.#pill) return;
    sayCount(this.#pill.querySelector("b"), this.#missed);
    this.#pill.hidden = this.#missed === 0;
  }

  #keepEnd() {
    this.#older.trim();
    this.toEnd();
  }
}
customElements.define("message-timeline", MessageTimeline);
followThread();
