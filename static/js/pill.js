// The way back to the newest message: how many there are that were not seen.
export class Pill {
  #element;
  #count = 0;

  constructor(element) {
    this.#element = element;
  }

  /** `count` more messages arrived out of sight. */
  add(count) {
    this.#count += count;
    this.show(!this.#element?.hidden);
  }

  clear() {
    this.#count = 0;
    this.show(false);
  }

  /** Offer the way back while the reader is away from the end, or something is new there. */
  show(isAway) {
    if (!this.#element) return;
    const { one, many, none } = this.#element.dataset;
    const words = this.#count === 1 ? one : many.replace("{count}", this.#count);
    this.#element.hidden = !isAway && this.#count === 0;
    this.#element.toggleAttribute("data-news", this.#count > 0);
    const said = this.#count ? words : none;
    const place = this.#element.querySelector("span");
    if (place.textContent !== said) place.textContent = said;
  }
}
