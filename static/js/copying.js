// A button that takes a number or an address along.
const SHOWN = 1_500;

class CopyText extends HTMLElement {
  #stop = null;
  #timer = 0;

  connectedCallback() {
    this.#stop = new AbortController();
    this.querySelector("button").addEventListener("click", () => this.#copy(), { signal: this.#stop.signal });
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.dataset.text);
    } catch {
      return; // the browser refused; the text stands beside the button to be marked by hand
    }
    const status = this.querySelector("[role=status]");
    status.textContent = status.dataset.done;
    this.toggleAttribute("data-copied", true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      status.textContent = "";
      this.toggleAttribute("data-copied", false);
    }, SHOWN);
  }
}
customElements.define("copy-text", CopyText);
