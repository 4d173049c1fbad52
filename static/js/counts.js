// The numbers beside the views follow what happens, a moment later and not in all browsers at once.
const AFTER = 2_500;

export class Counts {
  #timer = 0;

  constructor(fetchThem) {
    this.fetchThem = fetchThem;
  }

  soon() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (!document.hidden && navigator.onLine) this.fetchThem();
    }, AFTER * (1 + Math.random()));
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
