// A file for a template's header is uploaded as it is chosen; the form carries its number from then on.
class PickerFile extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    this.#input.removeAttribute("name");
    this.#input.addEventListener("change", () => this.#chosen(), { signal: this.#stop.signal });
    this.#input.addEventListener("input", (event) => event.stopPropagation(), { signal: this.#stop.signal });
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #input() { return this.querySelector('input[type="file"]'); }
  get #upload() { return this.querySelector("[data-upload]"); }
  get #name() { return this.querySelector("[data-upload-name]"); }
  get #submit() { return this.closest("form")?.querySelector('[type="submit"]'); }

  async #chosen() {
    const [file] = this.#input.files;
    if (!file) return;
    this.#say({ name: `${this.dataset.wordsBusy} ${file.name}` });
    this.#busy(true);
    try {
      const { signal } = this.#stop;
      const response = await fetch(this.dataset.url, { method: "POST", body: this.#form(file), headers: this.#headers, credentials: "same-origin", signal });
      const answer = await response.json();
      if (response.ok) this.#say({ id: answer.id, name: answer.filename || file.name });
      else this.#say({ error: [...(answer.errors?.file ?? [answer.detail ?? this.dataset.wordsFailed])].join(" ") });
    } catch {
      if (!this.#stop.signal.aborted) this.#say({ error: this.dataset.wordsFailed });
    }
    this.#busy(false);
    // Empty again, so that the same file may be chosen once more.
    this.#input.value = "";
    this.#upload.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #form(file) {
    const form = new FormData();
    form.append("kind", this.dataset.kind);
    form.append("file", file);
    return form;
  }

  get #headers() {
    return { Accept: "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
  }

  #say({ id = "", name = "", error = "" }) {
    this.#upload.value = id;
    this.#name.textContent = name;
    this.querySelector("[data-upload-error]").textContent = error;
    if (error) this.#input.setAttribute("aria-invalid", "true");
    else this.#input.removeAttribute("aria-invalid");
    this.toggleAttribute("data-kept", Boolean(id));
  }

  /** What is on its way is not sent without its file. */
  #busy(is) {
    this.toggleAttribute("data-busy", is);
    const submit = this.#submit;
    if (!submit) return;
    if (is) this.dataset.wasDisabled = submit.disabled;
    submit.disabled = is || this.dataset.wasDisabled === "true";
  }
}
customElements.define("picker-file", PickerFile);
