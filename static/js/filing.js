// Sending what is in the tray: a message for each file, in order, the text as caption of the first.
import { newId } from "./ids.js";
import { drawBubble } from "./optimistic.js";
import { outbox } from "./outbox.js";

const CAPTIONED = ["image", "video", "document"];
const LONGEST_CAPTION = 1024;
const WITHOUT = ["csrfmiddlewaretoken", "file", "text", "client_message_id", "reply_to"];
let waiting = null; // a form whose files are still being uploaded, and the button that was pressed

const trayOf = (form) => form.querySelector("attachment-tray");
const tell = (form, words) => { form.querySelector("[data-tray-status]").textContent = words; };

function isFilled(form) {
  const composer = form.querySelector("reply-composer");
  // A recording that goes on comes into the tray first.
  const isRecording = form.querySelector("voice-recorder:not([hidden])");
  return composer && !isRecording && composer.dataset.mode !== "note" && trayOf(form) && !trayOf(form).isEmpty;
}

/** What every message of this form says beside its own words, hidden fields of other parts too. */
function common(form, submitter) {
  const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => !WITHOUT.includes(name) && typeof value === "string"));
  return { ...fields, override: submitter?.name === "override" ? submitter.value : "" };
}

function send(form, submitter) {
  const text = form.elements.namedItem("text");
  const composer = form.querySelector("reply-composer");
  const base = common(form, submitter);
  const items = trayOf(form).take();
  const words = text.value.trimEnd();
  const isCaption = CAPTIONED.includes(items[0].kind) && words.length <= LONGEST_CAPTION;
  const replyTo = form.elements.namedItem("reply_to").value;
  const parts = items.map((item) => ({ item, text: "", reply_to: "" }));
  if (words.trim() && !isCaption) parts.unshift({ text: words, reply_to: replyTo });
  else Object.assign(parts[0], { text: words, reply_to: replyTo });
  composer.clear();
  for (const { item, ...own } of parts) post(composer, { ...base, ...own }, item);
  composer.dispatchEvent(new CustomEvent("composer:sent", { bubbles: true }));
}

function post(composer, fields, item) {
  const id = newId();
  const entry = {
    id,
    conversation: composer.dataset.conversation,
    url: composer.dataset.replyUrl,
    fields: { ...fields, client_message_id: id, ...(item ? { kind: item.kind, upload: String(item.upload) } : {}) },
    at: new Date().toISOString(),
  };
  if (item) {
    const { key, file, name, size, kind, mime, upload } = item;
    entry.local = { key, file, name, size, kind, mime, upload };
    URL.revokeObjectURL(item.url);
  }
  drawBubble(composer, entry);
  outbox.add(entry);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("#composer") || !isFilled(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const tray = trayOf(form);
  if (tray.hasFailed) tell(form, tray.dataset.wordsFailed);
  else if (!tray.isBusy) send(form, event.submitter);
  else {
    waiting = { form, submitter: event.submitter };
    tell(form, tray.dataset.wordsThen);
  }
}, true);
document.addEventListener("tray:changed", ({ target }) => {
  const form = target.closest("form");
  if (!waiting || waiting.form !== form) return;
  const { submitter } = waiting;
  if (target.isEmpty || target.hasFailed) waiting = null;
  else if (target.isBusy) tell(form, target.dataset.wordsThen);
  else {
    waiting = null;
    send(form, submitter);
  }
});
document.addEventListener("outbox:answered", ({ detail: { entry, status } }) => {
  if (status < 300 || !entry.local) return;
  const composer = document.querySelector(`reply-composer[data-conversation="${entry.conversation}"]`);
  composer?.querySelector("attachment-tray")?.restore(entry.local);
});
