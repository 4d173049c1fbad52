// Carries a queue to the server: one tab at a time, conversation by conversation, in order.
import { post } from "./fragments.js";

const FIRST = 1_000;
const SLOWEST = 60_000;
const PATIENCE = 45_000;
const WITH_FILES = 15 * 60_000;
// Without locks two tabs may send the same entry: its client id makes that harmless.
const alone = (_name, act) => act();

export class Delivery {
  #owner;
  #queue;
  #attempt;
  #answered;
  #failures = 0;
  #timer = 0;
  #running = null;
  #again = false;

  /** `attempt(entry, waits)` tells how it goes, `answered(answers)` what the server said. */
  constructor(owner, queue, { attempt, answered }) {
    this.#owner = owner;
    this.#queue = queue;
    this.#attempt = attempt;
    this.#answered = answered;
  }

  /** Send until nothing waits or nothing gets through; calls that overlap become one more. */
  flush() {
    clearTimeout(this.#timer);
    this.#again = true;
    this.#running ??= this.#run().finally(() => { this.#running = null; });
    return this.#running;
  }

  /** Do something while no tab sends. */
  between(act) { return this.#locked(act); }

  #locked(act) {
    const request = navigator.locks && this.#queue.isShared ? navigator.locks.request.bind(navigator.locks) : alone;
    return request(`inbox.outbox.${this.#owner}`, act);
  }

  async #run() {
    let isThrough = true;
    while (this.#again) {
      this.#again = false;
      isThrough = await this.#locked(() => this.#drain());
    }
    if (isThrough) {
      this.#failures = 0;
      return;
    }
    // Half of the wait is chance, so that a restarted server does not meet everybody at once.
    const wait = Math.min(FIRST * 2 ** this.#failures, SLOWEST);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.flush(), wait / 2 + (Math.random() * wait) / 2);
  }

  /** True once nothing is left that could be sent. */
  async #drain() {
    for (;;) {
      const entry = (await this.#queue.all()).find(({ refused }) => !refused);
      if (!entry) return true;
      const waits = await this.#send(entry);
      if (!waits) continue;
      await this.#attempt(entry, waits);
      return false;
    }
  }

  /** One entry; what it waits for now, or "" when it has its answer. */
  async #send(entry) {
    let response;
    let html;
    try {
      const isLong = Object.values(entry.fields).some((value) => value instanceof Blob);
      response = await post(entry.url, entry.fields, { signal: AbortSignal.timeout(isLong ? WITH_FILES : PATIENCE) });
      html = await response.text();
    } catch {
      return "network";
    }
    const waits = waitsFor(response, html);
    if (!waits) await this.#settle(entry, { status: response.status, html });
    return waits;
  }

  async #settle(entry, { status, html }) {
    if (status < 300) {
      await this.#queue.take(entry.id);
      await this.#answered([{ entry, status, html, isShown: false }]);
      return;
    }
    // What was written after a refused reply was meant to be read after it.
    const after = (await this.#queue.all()).filter((each) => each.conversation === entry.conversation && !each.refused);
    for (const each of after) await this.#queue.change(each.id, { refused: { status, html } });
    await this.#answered([]);
  }
}

/** The login page, an expired form, or a server that is busy: none of them is an answer. */
function waitsFor(response, html) {
  if (response.redirected || response.status === 401) return "login";
  if (response.status === 403 && !html.includes("composer-error")) return "login";
  return response.status >= 500 || response.status === 429 || response.status === 408 ? "busy" : "";
}
