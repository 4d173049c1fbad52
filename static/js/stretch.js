// The part of a timeline that is in the page: more comes as its reader nears an end, and as much
// leaves again at the other one, so that ten thousand messages weigh no more than a hundred.
import { arrange } from "./arrange.js";
import { fetchFragment } from "./fragments.js";
import { firstSeen, holding } from "./keeping.js";

const MOST = 150;
// So that what arrives one by one is not cleared away one by one.
const KEPT = 120;
const AHEAD = "600px 0px";
const AGAIN = 2_000;

export class Stretch {
  #timeline;
  #scroller;
  #observer;
  #turn = 0;
  #isBringing = false;

  constructor(timeline, scroller) {
    this.#timeline = timeline;
    this.#scroller = scroller;
    this.#observer = new IntersectionObserver(
      (seen) => seen.filter((entry) => entry.isIntersecting).forEach((entry) => this.#load(entry.target)),
      { root: scroller, rootMargin: AHEAD },
    );
    this.#watch();
  }

  stop() { this.#observer.disconnect(); }

  /** Whether the newest message is here, so that what arrives is put below it. */
  get isNewest() { return !this.#line("newer"); }

  /** Let go of what is far away, once there is much; it can be loaded again. */
  trim() {
    if (this.#messages.length <= MOST) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#cut(scrollTop > scrollHeight - clientHeight - scrollTop ? "older" : "newer", KEPT);
    arrange(this.#timeline);
    this.#watch();
  }

  /** Show another part: the newest without a `query`. The message that was asked for, if any. */
  async bring(query = "") {
    const turn = (this.#turn += 1);
    this.#isBringing = true;
    try {
      const page = await this.#fetch(query);
      if (turn !== this.#turn || !this.#timeline.isConnected) throw new Error("overtaken");
      this.#show(page);
      this.#timeline.asNewAs(page);
      return document.getElementById(`message-${page.dataset.found}`);
    } finally {
      if (turn === this.#turn) this.#isBringing = false;
    }
  }

  /**
   * Too much has changed to be told one by one: show the newest `page`, or anew what a reader
   * further up looks at. Throws where nothing was shown: it has to be asked for again.
   */
  async renew(page, { atEnd }) {
    if (this.#isBringing) throw new Error("overtaken");
    const seen = atEnd ? null : firstSeen(this.#scroller, this.#timeline);
    if (!seen?.id) {
      this.#show(page);
      return;
    }
    const stay = holding(this.#scroller, this.#timeline);
    await this.bring(`message=${seen.id.replace("message-", "")}`);
    stay();
  }

  get #messages() { return [...this.#timeline.querySelectorAll(":scope > [data-message][id]")]; }
  #line(side) { return this.#timeline.querySelector(`:scope > .timeline-${side}`); }

  #show(page) {
    const unsent = this.#timeline.querySelectorAll(":scope > [data-client-id]:not([id])");
    this.#timeline.replaceChildren(...page.children, ...unsent);
    this.#settle(this.#messages);
  }

  #watch() {
    this.#observer.disconnect();
    for (const line of [this.#line("older"), this.#line("newer")]) if (line) this.#observer.observe(line);
  }

  async #fetch(query) {
    const page = (await fetchFragment(`${this.#timeline.dataset.pull}?${query}`)).querySelector("timeline-page");
    // Contacts were merged, or parted: what belongs here is another set of messages now.
    if (page.dataset.goesOn) location.assign(page.dataset.goesOn);
    return page;
  }

  /** Put the page beyond a line in its place, and leave what is looked at where it was. */
  async #load(line) {
    if (line.hasAttribute("data-loading")) return;
    line.setAttribute("data-loading", "");
    const { before, from } = line.dataset;
    try {
      const page = await this.#fetch(before ? `before=${before}` : `from=${from}`);
      if (!line.isConnected || !this.#timeline.isConnected) return;
      // Of the page's own ways only the one that leads on is new.
      page.querySelector(before ? ".timeline-newer" : ".timeline-older")?.remove();
      const stay = holding(this.#scroller, this.#timeline);
      const fresh = [...page.children].filter((each) => !each.id || !document.getElementById(each.id));
      line.replaceWith(...fresh);
      if (this.#messages.length > MOST) this.#cut(before ? "newer" : "older", MOST);
      this.#settle(fresh);
      stay?.();
      this.#timeline.asNewAs(page);
    } catch {
      line.removeAttribute("data-loading");
      setTimeout(() => this.#timeline.isConnected && this.#watch(), AGAIN);
    }
  }

  #settle(fresh) {
    for (const each of fresh) htmx.process(each);
    arrange(this.#timeline);
    this.#watch();
  }

  /** Keep `kept` messages and take the rest away on one side. */
  #cut(side, kept) {
    const all = this.#messages;
    const isOlder = side === "older";
    const edge = isOlder ? all.at(-kept) : all[kept - 1];
    const next = isOlder ? "previousElementSibling" : "nextElementSibling";
    while (edge[next] && !edge[next].matches("[data-client-id]:not([id])")) edge[next].remove();
    const line = this.#newLine(side, edge.dataset.cursor);
    if (isOlder) edge.before(line);
    else edge.after(line);
  }

  #newLine(side, cursor) {
    const isOlder = side === "older";
    const line = document.createElement("p");
    line.className = `timeline-${side}`;
    line.dataset[isOlder ? "before" : "from"] = cursor;
    const link = document.createElement("a");
    link.className = "link";
    link.href = `?${isOlder ? "before" : "from"}=${cursor}`;
    link.textContent = this.#timeline.dataset[isOlder ? "olderWords" : "newerWords"];
    line.append(link);
    return line;
  }
}
