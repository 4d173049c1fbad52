// The list of conversations: rows come rendered for everybody; what is mine, unread or selected
// is this browser's to show. Nothing moves under the pointer.
import { parse, sayCount } from "./fragments.js";
import { insertInOrder, staysInPlace } from "./order.js";
import { belongs, dress } from "./viewer.js";
import { paintWindows } from "./windows.js";

const COUNTS_AFTER = 2_500;
const canHover = matchMedia("(hover: hover)");

class ConversationList extends HTMLElement {
  #head = 0;
  #stop = null;
  #held = new Map();
  #timer = 0;
  #pulling = false;
  #again = false; // something was heard while a pull was under way

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#head = Number(this.dataset.head);
    document.addEventListener("live:frame", (event) => this.#hear(event.detail), { signal });
    document.addEventListener("live:poll", () => this.pull(), { signal });
    document.addEventListener("live:rights", () => this.reload(), { signal });
    document.addEventListener("conversation:read", (event) => this.#read(event.detail), { signal });
    this.addEventListener("pointerleave", () => this.#release(), { signal });
    this.#pill.addEventListener("click", () => this.#release(), { signal });
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  get #rows() { return this.querySelector(".list-rows"); }
  get #pill() { return this.querySelector(".list-news"); }
  get #isPointedAt() { return canHover.matches && this.matches(":hover"); }

  reload() { this.#get("#list"); }

  /** A region anew; one that does not arrive stays as it is. */
  #get(target) {
    htmx.ajax("GET", `${this.dataset.reload}?view=${this.dataset.view}`, { target, swap: "outerHTML" }).catch(() => {});
  }

  /** GET the rows changed since our head: for holes, reconnects and while frames do not come. */
  async pull() {
    this.#again = true;
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.#again && this.isConnected) {
        this.#again = false;
        const response = await fetch(`${this.dataset.pull}?changed_after=${this.#head}`, { credentials: "same-origin" });
        if (response.ok && !response.redirected && this.isConnected) this.#apply(await response.json());
      }
    } catch { /* the next poll or frame asks again */ } finally {
      this.#pulling = false;
    }
  }

  #hear(frame) {
    if (frame.type === "list.changed" && frame.group === this.dataset.group) {
      if (frame.from > this.#head) this.pull();
      else this.#apply(frame);
      return;
    }
    const told = frame.type === "heartbeat" ? frame.heads[this.dataset.group] : frame.type === "hello" ? frame.to : 0;
    if (told > this.#head) this.pull();
  }

  #apply(frame) {
    if (frame.reset) {
      this.reload();
      return;
    }
    if (frame.to < this.#head) return;
    this.#head = frame.to;
    for (const row of frame.rows) row.gone ? this.#drop(`conversation-${row.id}`) : this.#merge(row);
    if (frame.rows.length) this.#countSoon();
  }

  #drop(id) { this.#held.delete(id); this.querySelector(`#${id}`)?.remove(); } // another row stands for it

  #merge({ html, read }) {
    const row = parse(html).querySelector(".conversation");
    const old = this.querySelector(`#${row.id}`);
    if (old && Number(old.dataset.changed) > Number(row.dataset.changed)) return;
    row.dataset.read = Math.max(read, Number(old?.dataset.read ?? 0));
    dress(row, this.dataset.unreadWords);
    this.#held.delete(row.id);
    if (!belongs(row, this.dataset.view)) old?.remove();
    else if (this.#isPointedAt && !staysInPlace(this.#rows, row, old)) this.#hold(row, old);
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
    this.#held.set(row.id, waits);
    this.#count();
  }

  #release() {
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const row of held) {
      dress(row, this.dataset.unreadWords);
      this.#show(row, this.querySelector(`#${row.id}`));
    }
    this.#count();
  }

  #count() {
    sayCount(this.#pill.querySelector("span"), this.#held.size);
    this.#pill.hidden = this.#held.size === 0;
  }

  #read({ id, read }) {
    for (const row of [this.querySelector(`#conversation-${id}`), this.#held.get(`conversation-${id}`)]) {
      if (!row) continue;
      row.dataset.read = Math.max(read, Number(row.dataset.read ?? 0));
      dress(row, this.dataset.unreadWords);
    }
  }

  /** The numbers beside the views, a moment later and not all browsers at once. */
  #countSoon() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (!document.hidden && navigator.onLine) this.#get("#views");
    }, COUNTS_AFTER * (1 + Math.random()));
  }
}
customElements.define("conversation-list", ConversationList);
