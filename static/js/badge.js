// How much of mine is unread, before the page's title and as a dot on its icon.
const MOST = 99;
const BEFORE = /^\(\d+\+?\) /;

export class Badge {
  #count = 0;
  #icons;

  /** `icons` are the addresses of the plain and the dotted one. */
  constructor(icons) {
    this.#icons = icons;
    // Whoever changes the title knows nothing of the number.
    const watcher = new MutationObserver(() => this.#paint());
    watcher.observe(document.head, { childList: true, subtree: true, characterData: true });
  }

  show(count) {
    this.#count = count;
    this.#paint();
  }

  #paint() {
    const plain = document.title.replace(BEFORE, "");
    const title = this.#count ? `(${this.#count > MOST ? `${MOST}+` : this.#count}) ${plain}` : plain;
    if (document.title !== title) document.title = title;
    const icon = document.querySelector('link[rel="icon"]');
    const address = this.#icons[this.#count ? 1 : 0];
    if (icon && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
  }
}
