// Rows that should move, or leave, once the pointer has left the list; the pill says how many.
import { sayCount } from "./fragments.js";

export const GONE = Symbol("gone");
const canHover = matchMedia("(hover: hover)");

export class Held {
  #rows = new Map();

  constructor(list, pill) {
    this.list = list;
    this.pill = pill;
  }

  get isNeeded() { return canHover.matches && this.list.matches(":hover"); }

  /** The row that waits under this id, if one does. */
  row(id) {
    const row = this.#rows.get(id);
    return row === GONE ? undefined : row;
  }

  put(id, row) {
    this.#rows.set(id, row);
    this.#count();
  }

  forget(id) {
    if (this.#rows.delete(id)) this.#count();
  }

  /** All of them, and none any more. */
  take() {
    const held = [...this.#rows];
    this.#rows.clear();
    this.#count();
    return held;
  }

  #count() {
    sayCount(this.pill.querySelector("span"), this.#rows.size);
    this.pill.hidden = this.#rows.size === 0;
  }
}
