// Replies on their way to the server, in order, kept in this tab until it has answered.
//
// A reply keeps its client id through every retry, so the server can tell a repeat from a new one.
import { drafts } from "./drafts.js";
import { post } from "./fragments.js";

const KEY = "inbox.outbox";
const PAUSE = 5_000;

class Outbox {
  #entries = load();
  #busy = false;
  #timer = 0;

  constructor() {
    addEventListener("online", () => this.flush());
    document.addEventListener("live:state", (event) => {
      if (event.detail.state === "live") this.flush();
    });
    queueMicrotask(() => this.#changed());
  }

  /** Entries of one conversation, oldest first. */
  of(conversation) {
    return this.#entries.filter((entry) => entry.conversation === conversation);
  }

  add(entry) {
    this.#entries.push(entry);
    this.#changed();
    this.flush();
  }

  remove(id) {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    this.#changed();
  }

  /** Send what waits, one after the other, until one does not get through. */
  async flush() {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      while (this.#entries.length && (await this.#send(this.#entries[0])));
    } finally {
      this.#busy = false;
    }
    if (this.#entries.length) this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  async #send(entry) {
    let response;
    try {
      response = await post(entry.url, entry.fields);
      if (response.redirected || response.status >= 500 || response.status === 429) throw new Error("not taken");
      response.html = await response.text();
    } catch {
      entry.isUnsent = true;
      save(this.#entries);
      tell("outbox:unsent", { entry });
      return false;
    }
    this.remove(entry.id);
    const answer = { entry, status: response.status, html: response.html, isShown: false };
    tell("outbox:answered", answer);
    if (!response.ok && !answer.isShown) keepWords(entry);
    return true;
  }

  #changed() {
    save(this.#entries);
    tell("outbox:changed", { count: this.#entries.length });
  }
}

/** A refusal that met no composer, since its conversation was left: the words wait there. */
function keepWords({ conversation, fields }) {
  drafts.set(conversation, [fields.text, drafts.get(conversation)].filter(Boolean).join("\n"));
}

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

function load() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function save(entries) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries));
  } catch { /* storage may be off or full; the entries live as long as the page */ }
}

export const outbox = new Outbox();
