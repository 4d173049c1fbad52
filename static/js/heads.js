// How much of a timeline's conversations a page has: one number each, after a merge of several.

export class Heads {
  #numbers;
  // The highest of each that was ever known: what is above it was born since.
  #tops;

  constructor({ conversation, head, beside }) {
    this.#numbers = new Map([[conversation, Number(head)], ...parsed(beside)]);
    this.#tops = new Map(this.#numbers);
    this.main = conversation;
  }

  get head() { return this.#numbers.get(this.main); }
  get beside() {
    return [...this.#numbers].filter(([id]) => id !== this.main).map((pair) => pair.join(":")).join(",");
  }

  /** Whether one of the numbers in `told` (by group) is news. */
  isBehind(told) {
    return [...this.#numbers].some(([id, head]) => told[`conversation.${id}`] > head);
  }

  /** Whether a message was born after all that was known when it came. */
  isBorn(message) {
    return Number(message.dataset.seq) > (this.#tops.get(message.dataset.home) ?? Infinity);
  }

  /** A pull brought everything up to the numbers of `page`. */
  advance(page) {
    for (const [id, head] of this.#of(page)) this.#numbers.set(id, Math.max(head, this.#numbers.get(id) ?? 0));
    for (const [id, head] of this.#numbers) this.#tops.set(id, Math.max(head, this.#tops.get(id) ?? 0));
  }

  /** Messages came that are only as new as `page`: true where that is older than what we have. */
  rewind(page) {
    let isOlder = false;
    for (const [id, head] of this.#of(page)) {
      if (!(head < this.#numbers.get(id))) continue;
      this.#numbers.set(id, head);
      isOlder = true;
    }
    return isOlder;
  }

  #of(page) {
    return [[this.main, Number(page.dataset.head)], ...parsed(page.dataset.beside)];
  }
}

function parsed(text) {
  return (text ?? "").split(",").filter(Boolean).map((pair) => pair.split(":")).map(([id, head]) => [id, Number(head)]);
}
