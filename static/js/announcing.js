// Says what is new: the first thing at once, what follows in rounds, and much of it in one sentence.
import { parse } from "./fragments.js";
import { lookedAt } from "./looking.js";
import { canNotify, notify, unnotify } from "./notifying.js";
import { isQuiet } from "./quiet.js";
import { ring } from "./ringing.js";

const PAUSE = 3_000; // between two rounds
const MOST = 3; // in one

/** Open a conversation as a click on its row would, or else as a page. */
function go(address) {
  const row = [...document.querySelectorAll(".conversation-link")].find((link) => link.pathname === address);
  if (row) row.click();
  else location.assign(address);
}

export class Announcer {
  #bell;
  #tabs;
  #waiting = new Map(); // conversation: what is new in it
  #isLate = false;
  #round = 0;

  /** `bell` has the preferences and the words as data; `tabs` are the other ones, to ring too. */
  constructor(bell, tabs) {
    this.#bell = bell.dataset;
    this.#tabs = tabs;
  }

  /** `found` is what `News` gave; `isLate` where it was found by asking, perhaps long after. */
  announce(found, isLate) {
    for (const each of found) this.#waiting.set(each.row.id, each);
    this.#isLate ||= isLate;
    if (this.#round) return;
    this.#begin();
  }

  /** It has been seen. */
  forget(id) {
    unnotify(id);
    this.#waiting.delete(Number(id));
  }

  /** One sentence for what happened in many conversations. */
  async sum(count) {
    if (isQuiet(this.#bell.quietFrom, this.#bell.quietUntil) || (await lookedAt()).size) return;
    this.#ring();
    this.#sum(count);
  }

  #begin() {
    this.#round = setTimeout(() => {
      this.#round = 0;
      if (this.#waiting.size) this.#begin();
    }, PAUSE);
    this.#tell();
  }

  async #tell() {
    const found = [...this.#waiting.values()];
    const isSummed = found.length > (this.#isLate ? 1 : MOST);
    this.#waiting.clear();
    this.#isLate = false;
    if (isQuiet(this.#bell.quietFrom, this.#bell.quietUntil)) return;
    const seen = await lookedAt();
    const unseen = found.filter(({ row }) => !seen.has(String(row.id)));
    if (!unseen.length) return;
    this.#ring();
    if (seen.size) return;
    if (isSummed) this.#sum(unseen.length);
    else for (const each of unseen) this.#notify(each);
  }

  #ring() {
    if (!("sounds" in this.#bell)) return;
    ring();
    this.#tabs?.postMessage({ rings: true });
  }

  #notify({ row, isNamed }) {
    if (!("notifies" in this.#bell) || !canNotify()) return;
    const { icon, open, wordsNamed, wordsNews } = this.#bell;
    const html = parse(row.html);
    const said = "says" in this.#bell && row.heard ? html.querySelector(".conversation-preview > .ellipsis")?.textContent.trim() : "";
    const title = html.querySelector(".conversation-link").textContent.trim();
    notify({ name: row.id, title, body: isNamed ? wordsNamed : said || wordsNews, icon, address: open.replace("/0/", `/${row.id}/`), go });
  }

  #sum(count) {
    if (!("notifies" in this.#bell)) return;
    const { all, icon, wordsMany } = this.#bell;
    notify({ name: "many", title: wordsMany.replace("{count}", count), body: "", icon, address: all, go });
  }
}
