// Tells somebody that a customer wrote, or a colleague named them: by notifications while none of
// their tabs is looked at, by a sound, and by a number before the title. Of all tabs the one that
// holds the lock listens, and the others show what it says.
import { Announcer } from "./announcing.js";
import { Badge } from "./badge.js";
import { News } from "./news.js";
import { ring } from "./ringing.js";

const COUNT_AFTER = 1_500;

class DeskBell extends HTMLElement {
  #me = Number(document.body.dataset.me);
  #group = `organization.${document.body.dataset.organization}`;
  #name = `inbox.bell.${document.body.dataset.me}.${document.body.dataset.organization}`;
  #tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel(this.#name) : null;
  #news = new News(this.#name);
  #announcer = new Announcer(this, this.#tabs);
  #badge = null;
  #pulling = false;
  #counting = 0;
  #unread = null; // known to the tab that listens

  connectedCallback() {
    this.#badge = new Badge([this.dataset.icon, this.dataset.iconUnread]);
    this.#tabs?.addEventListener("message", ({ data }) => this.#told(data));
    this.#tabs?.postMessage({ asks: true });
    if (navigator.locks) navigator.locks.request(this.#name, () => this.#lead());
    else this.#lead();
  }

  /** From now on it is this tab that listens, for as long as it lives. */
  #lead() {
    const hear = (name, act) => document.addEventListener(name, (event) => act(event.detail));
    hear("live:frame", (frame) => this.#hear(frame));
    hear("live:poll", () => this.#pull());
    hear("conversation:read", ({ id }) => this.#read(id));
    // What came after the page was made and before its socket was there is news, too.
    this.#news.head = Number(document.querySelector("conversation-list")?.dataset.head) || null;
    if (this.#news.resume()) this.#pull();
    this.#count();
    return new Promise(() => {});
  }

  #hear(frame) {
    if (frame.type === "list.changed" && frame.group === this.#group) {
      if (frame.from > (this.#news.head ?? frame.from)) this.#pull();
      else if (frame.to > (this.#news.head ?? -1)) this.#take(frame, false);
      return;
    }
    const head = frame.type === "heartbeat" ? frame.heads[this.#group] : frame.type === "hello" ? frame.to : undefined;
    if (head === undefined) return;
    this.#news.head ??= head;
    if (head > this.#news.head) this.#pull();
  }

  /** GET what changed since: after lost pushes, sleep, reconnects, and while nothing is pushed. */
  async #pull() {
    if (this.#pulling || this.#news.head === null) return;
    this.#pulling = true;
    const frame = await this.#get(`${this.dataset.pull}?changed_after=${this.#news.head}`);
    this.#pulling = false;
    if (!frame) return;
    this.#take(frame, true);
    if (!frame.reset) return;
    await this.#count();
    if (this.#unread) this.#announcer.sum(this.#unread);
  }

  #take(frame, isLate) {
    const found = this.#news.take(frame).filter((each) => each.isNamed || this.#isFor(each.row));
    if (frame.rows.length) this.#countSoon();
    if (found.length) this.#announcer.announce(found, isLate);
  }

  #isFor({ assignee }) {
    const { for: which } = this.dataset;
    if (which === "none") return false;
    return assignee === this.#me || (which === "unassigned" && assignee === null);
  }

  #read(id) {
    this.#announcer.forget(id);
    this.#countSoon();
  }

  #countSoon() {
    this.#counting ||= setTimeout(() => this.#count(), COUNT_AFTER * (1 + Math.random()));
  }

  async #count() {
    clearTimeout(this.#counting);
    this.#counting = 0;
    this.#unread = (await this.#get(this.dataset.count))?.unread ?? this.#unread;
    if (this.#unread === null) return;
    this.#badge.show(this.#unread);
    this.#tabs?.postMessage({ unread: this.#unread });
  }

  /** JSON, or null: whoever asks does so again with the next poll, frame or change. */
  async #get(url) {
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      return response.ok && !response.redirected ? await response.json() : null;
    } catch {
      return null;
    }
  }

  /** What another tab says. */
  #told({ unread, rings, asks }) {
    if (unread !== undefined) this.#badge.show(unread);
    if (rings) ring();
    if (asks && this.#unread !== null) this.#tabs.postMessage({ unread: this.#unread });
  }
}
customElements.define("desk-bell", DeskBell);
