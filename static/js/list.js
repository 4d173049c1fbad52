// The list of conversations: rows come rendered for everybody; what is mine, unread or selected
// is this browser's to show. Nothing moves under the pointer, and nothing leaves from under it.
import { countSoon, markList } from "./counts.js";
import { parse } from "./fragments.js";
import { GONE, Held } from "./held.js";
import { insertInOrder, staysInPlace } from "./order.js";
import { Puller } from "./pulling.js";
import { belongs, dress, isTimed, paintWait, staysOpen } from "./viewer.js";
import { paintWindows } from "./windows.js";

const TIMED_EVERY = 30_000;

class ConversationList extends HTMLElement {
  #stop = null;
  #puller = null;
  #held = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const hear = (name, act) => document.addEventListener(name, (event) => act(event.detail), { signal });
    this.#puller = new Puller(this, (frame) => this.#apply(frame), (rows) => this.#told(rows));
    hear("live:frame", (frame) => this.#puller.hear(frame));
    hear("live:poll", () => this.pull());
    hear("live:rights", () => this.reload());
    hear("conversation:read", (detail) => this.#read(detail));
    hear("list:ask", ({ ids }) => this.#puller.ask(ids));
    this.#held = new Held(this, this.querySelector(".list-news"));
    this.addEventListener("pointerleave", () => this.#release(), { signal });
    this.#held.pill.addEventListener("click", () => this.#release(), { signal });
    const timed = setInterval(() => this.#tick(), TIMED_EVERY);
    signal.addEventListener("abort", () => clearInterval(timed));
    if (!("counted" in this.dataset)) this.#follow();
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #query() { return this.dataset.query; }
  get #rows() { return this.querySelector(".list-rows"); }
  get #shown() { return [...this.#rows.querySelectorAll(":scope > .conversation")]; }

  pull() { return this.#puller.pull(); }
  /** The region anew; where it does not arrive it stays as it is. */
  reload() {
    htmx.ajax("GET", `${this.dataset.reload}?${this.#query}`, { target: "#list", swap: "outerHTML" }).catch(() => {});
  }

  /** A list that came alone brings no numbers: the page keeps those that it has until then. */
  #follow() {
    markList(this.#query);
    countSoon();
  }

  #apply(frame) {
    if (frame.reset) this.reload();
    for (const row of frame.rows) row.gone ? this.#drop(`conversation-${row.id}`) : this.#merge(row);
    if (frame.rows.length) countSoon();
  }

  /** What the server said of rows that only it can judge; it knows how far the reader is, too. */
  #told(rows) {
    for (const row of rows) row.gone ? this.#drop(`conversation-${row.id}`) : this.#merge(row, { isTold: true });
    countSoon();
  }

  #drop(id) {
    this.#held.forget(id);
    const old = this.querySelector(`#${id}`);
    if (old) this.#leave(old);
  }

  #merge({ html, read }, { isTold = false } = {}) {
    const row = parse(html).querySelector(".conversation");
    const old = this.querySelector(`#${row.id}`);
    if (old && Number(old.dataset.changed) > Number(row.dataset.changed)) return;
    row.dataset.read = isTold ? read : Math.max(read, Number(old?.dataset.read ?? 0));
    dress(row, this.dataset.unreadWords, old);
    this.#held.forget(row.id);
    const fits = isTold || (old && staysOpen(row, this.#query)) || belongs(row, this.#query);
    if (fits === undefined) this.#puller.ask([row.dataset.id]);
    if (fits === false && old) this.#leave(old);
    else if (fits === false || (fits === undefined && !old)) return;
    else if (this.#held.isNeeded && !staysInPlace(this.#rows, row, old)) this.#hold(row, old);
    else this.#show(row, old);
  }

  #show(row, old) {
    const hadFocus = old?.contains(document.activeElement);
    if (!insertInOrder(this.#rows, row, old)) return;
    htmx.process(row);
    paintWindows(row);
    if (hadFocus) row.querySelector(".conversation-link").focus({ preventScroll: true });
  }

  /** Renew a row where it stands, and remember that it should move. */
  #hold(row, old) {
    const waits = row.cloneNode(true);
    if (old) {
      old.replaceWith(row);
      htmx.process(row);
      paintWindows(row);
    }
    this.#held.put(row.id, waits);
  }

  /** Out of the list: at once, or paler until the pointer has left. */
  #leave(old) {
    old.dataset.leaving = "";
    if (this.#held.isNeeded) this.#held.put(old.id, GONE);
    else old.remove();
  }

  #release() {
    for (const [id, row] of this.#held.take()) {
      const old = this.querySelector(`#${id}`);
      if (row === GONE) old?.remove();
      else {
        dress(row, this.dataset.unreadWords, old);
        this.#show(row, old);
      }
    }
    this.#prune();
  }

  /** What was read, or ran out of time, since it was listed. */
  #prune() {
    for (const row of this.#shown) {
      if (belongs(row, this.#query) === false && !staysOpen(row, this.#query)) row.remove();
    }
  }

  /** Waits grow; and where time alone decides who is listed, who came into it is fetched too. */
  #tick() {
    this.#shown.forEach(paintWait);
    if (document.hidden || this.#held.isNeeded || !isTimed(this.#query)) return;
    const isBusy = this.closest(".region-scroll").scrollTop || this.closest("#list").matches(":focus-within, :has(:checked)");
    if (isBusy) this.#prune();
    else this.reload();
  }

  #read({ id, read }) {
    for (const row of [this.querySelector(`#conversation-${id}`), this.#held.row(`conversation-${id}`)]) {
      if (!row) continue;
      row.dataset.read = Math.max(read, Number(row.dataset.read ?? 0));
      dress(row, this.dataset.unreadWords);
    }
    countSoon();
  }
}
customElements.define("conversation-list", ConversationList);
