// How a timeline stays true: it asks for what changed since its heads, until there is no more.
import { fetchFragment } from "./fragments.js";

export class Puller {
  #timeline;
  #heads;
  #take;
  #done;
  #isPulling = false;
  #again = false;
  #rewound = false;

  constructor(timeline, heads, { take, done }) {
    this.#timeline = timeline;
    this.#heads = heads;
    this.#take = take;
    this.#done = done;
  }

  /** GET what is newer than the heads; calls that overlap become one more pull. */
  async pull() {
    if (this.#isPulling) {
      this.#again = true;
      return;
    }
    this.#isPulling = true;
    try {
      do await this.#once();
      while (this.#again && this.#timeline.isConnected);
    } catch (error) {
      if (error.status === 404) location.reload();
    } finally {
      this.#isPulling = false;
    }
  }

  /** A page of messages is only as new as its head: what changed since then is pulled again. */
  asNewAs(page) {
    if (!this.#heads.rewind(page)) return;
    this.#rewound = true;
    this.pull();
  }

  async #once() {
    this.#again = this.#rewound = false;
    const url = `${this.#timeline.dataset.pull}?after=${this.#heads.head}&beside=${this.#heads.beside}`;
    const page = (await fetchFragment(url)).querySelector("timeline-page");
    // Contacts were merged, or parted: what belongs here is another set of messages now.
    if (page.dataset.goesOn) {
      location.assign(page.dataset.goesOn);
      return;
    }
    if (!this.#timeline.isConnected) return;
    await this.#take(page);
    // Somebody brought older messages meanwhile: what they lack comes with the next pull.
    if (!this.#rewound) this.#heads.advance(page);
    this.#done();
    this.#again ||= this.#rewound;
  }
}
