// A field that takes the key itself instead of letters: pressed is written, Backspace turns it off.
import { writtenOf } from "./keytable.js";

class KeyField extends HTMLElement {
  connectedCallback() { this.addEventListener("keydown", this.#take); }
  disconnectedCallback() { this.removeEventListener("keydown", this.#take); }

  #take = (event) => {
    const field = this.querySelector("input");
    const isEmptied = ["Backspace", "Delete"].includes(event.key);
    const written = isEmptied ? "" : writtenOf(event);
    if (!isEmptied && !written) return;
    event.preventDefault();
    event.stopPropagation();
    field.value = written;
  };
}
customElements.define("key-field", KeyField);
