// How a list stays in step: frames in a row are applied, holes are pulled, and of rows that only
// the server can judge it is asked.
const ASK_AFTER = 150;
const MOST_ASKED = 200;

export class Puller {
  #head = 0;
  #pulling = false;
  #again = false; // something was heard while a pull was under way
  #asked = new Set();
  #timer = 0;

  constructor(list, apply, told) {
    this.list = list;
    this.apply = apply;
    this.told = told;
    this.#head = Number(list.dataset.head);
  }

  hear(frame) {
    const { group } = this.list.dataset;
    if (frame.type === "list.changed" && frame.group === group) {
      if (frame.from > this.#head) this.pull();
      else this.#take(frame);
      return;
    }
    const told = frame.type === "heartbeat" ? frame.heads[group] : frame.type === "hello" ? frame.to : 0;
    if (told > this.#head) this.pull();
  }

  #take(frame) {
    if (!frame.reset && frame.to < this.#head) return;
    if (!frame.reset) this.#head = frame.to;
    this.apply(frame);
  }

  /** GET the rows changed since our head: for holes, reconnects and while frames do not come. */
  async pull() {
    this.#again = true;
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.#again && this.list.isConnected) {
        this.#again = false;
        const frame = await this.#get(`changed_after=${this.#head}`);
        if (frame) this.#take(frame);
      }
    } catch { /* the next poll or frame asks again */ } finally {
      this.#pulling = false;
    }
  }

  /** Soon ask which of these conversations the list holds. */
  ask(ids) {
    for (const id of ids) this.#asked.add(String(id));
    if (!this.#timer && this.#asked.size) this.#timer = setTimeout(() => this.#askNow(), ASK_AFTER);
  }

  async #askNow() {
    const ids = [...this.#asked].slice(0, MOST_ASKED);
    this.#asked.clear();
    try {
      const answer = await this.#get(`${this.list.dataset.query}&ids=${ids.join(",")}`);
      if (answer) this.told(answer.rows);
    } catch { /* offline: what comes back with the connection pulls anew */ } finally {
      this.#timer = 0;
    }
  }

  async #get(query) {
    const response = await fetch(`${this.list.dataset.pull}?${query}`, { credentials: "same-origin" });
    return response.ok && !response.redirected && this.list.isConnected ? response.json() : null;
  }
}
