// One conversation's messages: pulled after a number, merged in place, a stretch of them at a time.
import { arrange, place } from "./arrange.js";
import { Heads } from "./heads.js";
import { mark } from "./jumping.js";
import { holding } from "./keeping.js";
import { Pill } from "./pill.js";
import { Puller } from "./puller.js";
import { Reading } from "./reading.js";
import { followThread } from "./shell.js";
import { Stretch } from "./stretch.js";
import { extendWindows } from "./windows.js";

const NEAR_END = 64;
const ABOVE = 120;

class MessageTimeline extends HTMLElement {
  #heads = null;
  #puller = null;
  #stop = null;
  #scroller = null;
  #stretch = null;
  #size = null;
  #pill = null;
  #follows = false;
  reading = null;

  connectedCallback() {
    const { signal } = (this.#stop = new AbortController());
    this.#heads = new Heads(this.dataset);
    this.#puller = new Puller(this, this.#heads, { take: (page) => this.#take(page), done: () => this.#caughtUp() });
    this.#scroller = this.closest(".region-scroll");
    const pill = this.closest("#thread")?.querySelector(".newer");
    this.#pill = new Pill(pill);
    this.reading = new Reading(this);
    arrange(this);
    this.#stretch = new Stretch(this, this.#scroller);
    this.#enter();
    document.addEventListener("live:frame", (event) => this.#hear(event.detail), { signal });
    document.addEventListener("live:poll", () => this.pull(), { signal });
    // Whoever leaves the page looks at nothing, and measuring would hold up the next one.
    document.addEventListener("visibilitychange", () => document.hidden || this.#looked(), { signal });
    this.#scroller.addEventListener("scroll", () => this.#looked(), { signal, passive: true });
    pill?.addEventListener("click", (event) => { event.preventDefault(); this.toEnd("smooth"); }, { signal });
    // What grows must not cover the newest message.
    this.#size = new ResizeObserver(() => this.#follows && this.#scrollToEnd());
    for (const each of [this.#scroller, this]) this.#size.observe(each);
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#stretch.stop();
    this.#size.disconnect();
    this.reading.stop();
  }

  get #distance() { return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight; }
  get isAtEnd() { return this.#stretch.isNewest && this.#distance < NEAR_END; }
  /** Whether somebody looks at the newest message right now. */
  get isWatched() { return !document.hidden && this.isAtEnd && this.#scroller.clientHeight > 0; }

  /** Show the newest message, which may have to be brought first. */
  async toEnd(behavior = "instant") {
    if (this.#stretch.isNewest) return this.#scrollToEnd(behavior);
    await this.#stretch.bring().catch(() => null);
    return this.#scrollToEnd();
  }

  /** Show message `id`, or the first one from moment `at` on, and point at it. */
  async goTo({ id, at }) {
    const here = id && document.getElementById(`message-${id}`);
    if (here && !here.hidden) return mark(here, "smooth");
    const query = id ? `message=${id}` : `at=${encodeURIComponent(at)}`;
    const found = await this.#stretch.bring(query).catch(() => null);
    if (found && id) mark(found);
    else if (found) this.#scroller.scrollTop = found.offsetTop - ABOVE / 2;
    else this.#scrollToEnd();
    return this.#looked();
  }

  pull() { return this.#puller.pull(); }
  asNewAs(page) { this.#puller.asNewAs(page); }

  /** Put messages in place, keeping what the reader looks at where it is. */
  merge(messages, { follow = false } = {}) {
    const atEnd = follow || this.isAtEnd;
    const stay = atEnd ? null : holding(this.#scroller, this);
    const mine = `out.agent.${document.body.dataset.me}`;
    let fresh = 0;
    for (const message of messages) {
      const news = place(this, message);
      if (message.isConnected) htmx.process(message);
      if (news === "new") message.setAttribute("data-fresh", "");
      if (news && message.dataset.key && message.dataset.key !== mine && this.#heads.isBorn(message)) fresh += 1;
    }
    this.#stretch.trim();
    arrange(this);
    stay?.();
    this.#tell(fresh, atEnd);
  }

  #tell(count, atEnd) {
    if (atEnd) this.toEnd();
    else this.#pill.add(count);
    if (count) document.dispatchEvent(new CustomEvent("timeline:news", { detail: { count } }));
    this.#looked();
  }

  async #take(page) {
    const { isAtEnd: atEnd } = this;
    extendWindows(this.closest("#thread"), page.dataset.expires);
    if (!page.dataset.born) return this.merge([...page.querySelectorAll("[data-message]")]);
    await this.#stretch.renew(page, { atEnd });
    return this.#tell(Number(page.dataset.born), atEnd);
  }

  /** Everything up to the heads is here. */
  #caughtUp() {
    this.dataset.beside = this.#heads.beside;
    this.#looked();
  }

  #hear(frame) {
    if (frame.type === "conversation.denied" && frame.group === `conversation.${this.#heads.main}`) location.reload();
    const told = frame.type === "heartbeat" ? frame.heads : { [frame.group]: frame.to };
    if (this.#heads.isBehind(told)) this.pull();
  }

  #enter() {
    const found = this.querySelector(":scope > [data-found]");
    const line = this.querySelector(":scope > .unread-line");
    if (found) mark(found);
    else if (line) this.#scroller.scrollTop = line.offsetTop - ABOVE;
    else this.#scrollToEnd();
    this.#looked();
  }

  #scrollToEnd(behavior = "instant") {
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  #looked() {
    this.#follows = this.isAtEnd;
    if (this.isWatched) {
      this.#pill.clear();
      this.reading.seen(this.#heads.head);
    } else this.#pill.show(!this.#stretch.isNewest || this.#distance > this.#scroller.clientHeight);
  }
}
customElements.define("message-timeline", MessageTimeline);
followThread();
