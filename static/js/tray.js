// What is attached to a reply: chosen, dropped, pasted or recorded; uploaded one after the other.
import { newId } from "./ids.js";
import { sizeOf, upload } from "./uploading.js";

const DRAWN = /^image\/(jpeg|png|webp|gif|avif)$/;
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

class AttachmentTray extends HTMLElement {
  #items = [];
  #isUploading = false;

  disconnectedCallback() {
    for (const item of this.#items) item.stop.abort();
  }

  get #list() { return this.querySelector("[data-tray-list]"); }
  get isEmpty() { return this.#items.length === 0; }
  get isBusy() { return this.#items.some(({ state }) => state === "waiting" || state === "uploading"); }
  get hasFailed() { return this.#items.some(({ state }) => state === "failed"); }

  /** Put files at the end; `kind` where it is a wish, such as "voice". */
  add(files, { kind = "" } = {}) {
    for (const file of files) this.#put({ key: newId(), file, name: file.name, size: file.size, kind, state: "waiting", stop: new AbortController() });
    this.#next();
  }

  /** Those that are uploaded, in their order; the tray is empty then. Their owner lets go of `url`. */
  take() {
    const taken = this.#items;
    this.#items = [];
    for (const item of taken) item.element.remove();
    this.#changed();
    return taken;
  }

  /** What could not be sent comes back, still uploaded. */
  restore(item) {
    if (this.#items.some(({ key }) => key === item.key)) return;
    this.#put({ ...item, stop: new AbortController(), state: "done" });
    this.#changed();
  }

  #put(item) {
    item.element = this.querySelector('[data-template="tray-item"]').content.firstElementChild.cloneNode(true);
    item.url ??= item.file ? URL.createObjectURL(item.file) : "";
    item.element.querySelector("[data-name]").textContent = item.name;
    const remove = item.element.querySelector("[data-tray-remove]");
    remove.setAttribute("aria-label", fill(remove.dataset.words, { name: item.name }));
    remove.addEventListener("click", () => this.#remove(item));
    item.element.querySelector("[data-tray-again]").addEventListener("click", () => this.#again(item));
    item.element.querySelector("[data-tray-document]").addEventListener("click", () => this.#again(item, "document"));
    this.#picture(item);
    this.#items.push(item);
    this.#list.append(item.element);
    this.#show(item);
  }

  #picture(item) {
    const isSound = item.kind === "voice" && item.url;
    const picture = item.element.querySelector(isSound ? "audio" : "img");
    if (!isSound && !(item.url && DRAWN.test(item.file?.type ?? item.mime))) return;
    picture.src = item.url;
    picture.hidden = false;
    item.element.toggleAttribute("data-sound", Boolean(isSound));
    item.element.toggleAttribute("data-drawn", !isSound);
  }

  #remove(item) {
    item.stop.abort();
    URL.revokeObjectURL(item.url);
    this.#items = this.#items.filter((other) => other !== item);
    const next = item.element.nextElementSibling ?? item.element.previousElementSibling;
    item.element.remove();
    this.#changed();
    (next?.querySelector("[data-tray-remove]") ?? document.getElementById("composer-text"))?.focus();
  }

  #again(item, kind = item.kind) {
    Object.assign(item, { kind, state: "waiting", error: "" });
    this.#show(item);
    this.#next();
  }

  async #next() {
    this.#changed();
    const item = this.#isUploading ? null : this.#items.find(({ state }) => state === "waiting");
    if (!item) return;
    const error = this.#tooLarge(item);
    if (error) Object.assign(item, { state: "failed", error });
    else await this.#upload(item);
    if (this.#items.includes(item)) this.#show(item);
    this.#next();
  }

  async #upload(item) {
    this.#isUploading = true;
    Object.assign(item, { state: "uploading", loaded: 0 });
    this.#show(item);
    const onProgress = (loaded, total) => {
      Object.assign(item, { loaded: Math.min(item.size, (loaded / total) * item.size) });
      this.#show(item);
    };
    try {
      const made = await upload(this.dataset.url, item.file, { kind: item.kind, signal: item.stop.signal, onProgress, brokeOff: this.dataset.wordsBroken });
      Object.assign(item, { state: "done", upload: made.id, kind: made.kind, mime: made.mime_type, size: made.size_bytes });
    } catch ({ sentence, canRetry }) {
      Object.assign(item, { state: "failed", error: sentence, canRetry });
    }
    this.#isUploading = false;
  }

  /** Said before minutes are spent on it. */
  #tooLarge({ file, kind }) {
    if (file.size > Number(this.dataset.largest)) return this.dataset.wordsLarge;
    const isFilm = file.type.startsWith("video/") && kind !== "document";
    return isFilm && file.size > Number(this.dataset.largestVideo) ? this.dataset.wordsLargeVideo : "";
  }

  #show(item) {
    const { element, state } = item;
    element.dataset.state = state;
    const progress = element.querySelector("progress");
    progress.hidden = state !== "uploading";
    progress.value = item.size ? (item.loaded ?? 0) / item.size : 0;
    const sizes = { done: sizeOf(item.loaded ?? 0), size: sizeOf(item.size) };
    const about = { waiting: this.dataset.wordsWaiting, uploading: fill(this.dataset.wordsOf, sizes), done: sizes.size, failed: item.error };
    element.querySelector("[data-about]").textContent = about[state];
    const isTooLarge = item.size > Number(this.dataset.largest);
    element.querySelector("[data-tray-again]").hidden = state !== "failed" || !item.canRetry;
    element.querySelector("[data-tray-document]").hidden = state !== "failed" || item.canRetry || isTooLarge || item.kind === "document";
  }

  #changed() {
    const done = this.#items.filter(({ state }) => state === "done").length;
    const words = this.isBusy ? fill(this.dataset.wordsBusy, { number: done + 1, count: this.#items.length }) : "";
    this.querySelector("[data-tray-status]").textContent = words;
    this.toggleAttribute("data-filled", !this.isEmpty);
    this.dispatchEvent(new CustomEvent("tray:changed", { bubbles: true }));
  }
}
customElements.define("attachment-tray", AttachmentTray);
