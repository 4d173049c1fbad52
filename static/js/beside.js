// Colleagues' drafts: beside the reply box of the open conversation, and on rows of the list.
import { fetchFragment } from "./fragments.js";

class DraftsBeside extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    document.addEventListener("live:frame", ({ detail }) => this.#hear(detail), { signal });
    // What was said before there was a connection, or while there was none, is not said again.
    document.addEventListener("live:state", ({ detail }) => detail.state === "live" && this.#look(), { signal });
    // What a draft says moves on without a word; who opens it again sees it as it is.
    document.addEventListener("visibilitychange", () => !document.hidden && this.#look(), { signal });
  }

  disconnectedCallback() { this.#stop.abort(); }

  #hear(frame) {
    const isHere = frame.type === "draft.changed" && String(frame.conversation) === this.dataset.conversation;
    if (isHere && String(frame.user.id) !== document.body.dataset.me) this.#look();
  }

  async #look() {
    try {
      this.replaceChildren(...(await fetchFragment(this.dataset.url)).children);
    } catch { /* the next hint asks again */ }
  }
}
customElements.define("drafts-beside", DraftsBeside);
