// What of the list's changes is new to this person, each thing once: by the server's numbers, so
// that it makes no difference whether a push brought it or, after a lost one, a pull.
import { serverNow } from "./times.js";

const MOST_KNOWN = 500;
const FRESH = 10 * 60_000;
const SOON = 1_000;
const time = (moment) => (moment ? Date.parse(moment) : 0);

export class News {
  #key;
  #known = new Map(); // conversation: {inbound, named}, the latest heard of last
  #since = serverNow();
  #timer = 0;
  head = null;

  constructor(key) {
    this.#key = key;
    addEventListener("pagehide", () => this.#keep());
  }

  /** Go on where the tab that listened before has stopped; false where that is too long ago. */
  resume() {
    const kept = stored(this.#key);
    if (!kept || !(serverNow() - kept.at < FRESH)) return false;
    this.head = Math.max(kept.head, this.head ?? 0);
    this.#since = kept.since;
    this.#known = new Map(kept.known);
    return true;
  }

  /** The rows of a frame that hold something new: `[{row, isNamed}]`. */
  take(frame) {
    this.head = Math.max(frame.to, this.head ?? 0);
    const found = frame.rows.filter((row) => !row.gone).map((row) => this.#judge(row)).filter(Boolean);
    this.#timer ||= setTimeout(() => this.#keep(), SOON);
    return found;
  }

  #judge(row) {
    const before = this.#known.get(row.id);
    const named = time(row.named);
    this.#known.delete(row.id);
    this.#known.set(row.id, { inbound: Math.max(row.inbound, before?.inbound ?? 0), named: Math.max(named, before?.named ?? 0) });
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value);
    const isNamed = named > (before?.named ?? this.#since);
    const isSaid = row.inbound > row.read && (before ? row.inbound > before.inbound : time(row.heard) > this.#since);
    return (isNamed || isSaid) && { row, isNamed, isSaid };
  }

  #keep() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.head === null) return;
    const kept = { at: serverNow(), head: this.head, since: this.#since, known: [...this.#known] };
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch { /* storage may be off: the next page begins anew */ }
  }
}

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
