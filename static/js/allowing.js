// Preferences: may this browser show notifications, and how does a new message sound and look?
// A browser is asked only when its person presses the button for it.
import { notify } from "./notifying.js";
import { play } from "./ringing.js";

class BellSetup extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.#act(event.target.closest("[data-do]")?.dataset.do));
    for (const button of this.querySelectorAll('[data-do="sound"]')) button.hidden = !("AudioContext" in globalThis);
    this.#paint();
  }

  get #state() { return globalThis.Notification?.permission ?? "missing"; }

  #paint() {
    for (const part of this.querySelectorAll("[data-permission]")) part.hidden = part.dataset.permission !== this.#state;
  }

  async #act(what) {
    if (what === "sound") await play();
    if (what === "show") this.#show();
    if (what !== "allow") return;
    await Notification.requestPermission();
    this.#paint();
    if (this.#state !== "granted") return;
    this.querySelector('[name="has_notifications"]').checked = true;
    this.querySelector('[data-permission="granted"] button')?.focus();
    this.#show();
  }

  #show() {
    const { icon, wordsTry } = document.querySelector("desk-bell").dataset;
    notify({ name: "try", title: document.title.replace(/^\(\d+\+?\) /, ""), body: wordsTry, icon, go: () => {} });
  }
}
customElements.define("bell-setup", BellSetup);
