// Ways into the tray: the button, a drop anywhere on the conversation, a paste.
const tray = () => document.querySelector("#composer attachment-tray");

/** Choose files, as the button does. */
export const attach = () => document.getElementById("composer-files")?.click();

/** Whether files may be attached to what is being written now. */
export function takesFiles() {
  const composer = document.querySelector("reply-composer");
  return Boolean(composer && tray() && composer.dataset.mode !== "note" && composer.dataset.window !== "closed" && !document.getElementById("picker-form"));
}

class AttachFiles extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const input = this.querySelector("input");
    // Without a script the files come with the form; here each is uploaded as it is chosen.
    input.removeAttribute("name");
    input.addEventListener("change", () => {
      tray()?.add([...input.files]);
      input.value = "";
      document.getElementById("composer-text")?.focus();
    }, { signal: this.#stop.signal });
  }

  disconnectedCallback() { this.#stop.abort(); }
}
customElements.define("attach-files", AttachFiles);

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
const thread = (event) => event.target.closest?.("#thread");
const mark = (is) => document.getElementById("thread")?.toggleAttribute("data-dropping", is);

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  // A file that misses must not replace the page.
  event.preventDefault();
  const takes = Boolean(thread(event)) && takesFiles();
  event.dataTransfer.dropEffect = takes ? "copy" : "none";
  mark(takes);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget || !event.relatedTarget.closest?.("#thread")) mark(false);
});
document.addEventListener("drop", (event) => {
  mark(false);
  if (!hasFiles(event)) return;
  event.preventDefault();
  if (!thread(event) || !takesFiles()) return;
  tray().add([...event.dataTransfer.files].filter((file) => file.size || file.type));
  document.getElementById("composer-text")?.focus();
});
document.addEventListener("paste", (event) => {
  const field = event.target.closest?.("input, textarea");
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !takesFiles() || (field && field.id !== "composer-text")) return;
  // What office programs copy is text with a picture of it: the text is meant.
  if (event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  tray().add(files);
});
