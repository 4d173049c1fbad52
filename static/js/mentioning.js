// `@` in a note calls up colleagues who see the conversation.
import { putInto, Suggesting } from "./suggesting.js";

const MOST = 8;
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export class Mentions {
  #people = null;
  #chosen = new Set();

  constructor(composer, signal) {
    new Suggesting(composer, signal, {
      mode: "note",
      template: "person",
      pattern: /(?:^|[\s(])@([\p{L}\p{M}\d.'-]*(?: [\p{L}\p{M}\d.'-]*)?)$/u,
      find: async (asked) => this.#fitting(await this.#all(composer.dataset.peopleUrl), plain(asked)),
      take: (person, start, end) => {
        this.#chosen.add(person.id);
        const { text } = composer;
        const from = text.value.indexOf("@", start);
        putInto(composer, `@${person.name} `, from, end);
      },
    });
  }

  /** Ids of who was chosen since the last note, for people of one name. */
  take() {
    const ids = [...this.#chosen];
    this.#chosen.clear();
    return ids;
  }

  #fitting(people, asked) {
    const fits = ({ name }) => plain(name).split(/\s+/).some((part) => part.startsWith(asked)) || plain(name).startsWith(asked);
    const found = people.filter(fits).slice(0, MOST);
    // A name that stands there in full needs no list over what is typed after it.
    return found.some(({ name }) => `${plain(name)} ` === `${asked} ` && asked.includes(" ")) ? [] : found;
  }

  async #all(url) {
    this.#people ??= fetch(url, { credentials: "same-origin" }).then(async (response) => {
      if (!response.ok || response.redirected) throw new Error("refused");
      return (await response.json()).results;
    });
    try {
      return await this.#people;
    } catch {
      this.#people = null;
      return [];
    }
  }
}
