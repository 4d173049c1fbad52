// Keeps one draft on the server while it is typed. A version tells which of two tabs is newer.
import { drafts } from "./drafts.js";
import { post } from "./fragments.js";

const PAUSE = 600;
const AGAIN = 5_000;

export class Keeper {
  #at; #url; #mode; #say; #offer;
  #version; #text; #replyTo; #dirty = false;
  #timer = 0;
  #busy = false;

  /** `say(name)` tells how it is kept ("saved", "local", ""), `offer(text)` what a newer tab has. */
  constructor({ conversation, mode, url, text, version, replyTo, say, offer }) {
    [this.#at, this.#mode, this.#url, this.#say, this.#offer] = [conversation, mode, url, say, offer];
    [this.#text, this.#version, this.#replyTo] = [text, version, replyTo];
    const local = drafts.get(conversation, mode);
    // A page from the browser's cache may be older than what was sent from it.
    if (local && !local.dirty && local.version > version) [this.#text, this.#version, this.#replyTo] = [local.text, local.version, local.replyTo];
    if (!local?.dirty || local.text === this.#text) return;
    // Typed here and never saved; what was saved elsewhere since is not lost either.
    if (text && local.version < version) queueMicrotask(() => offer(text));
    [this.#text, this.#replyTo, this.#dirty] = [local.text, local.replyTo, true];
    this.#later(0);
  }

  get text() { return this.#text; }
  get replyTo() { return this.#replyTo ?? ""; }

  /** It was typed: kept here at once, on the server in a moment. */
  typed(text, replyTo) {
    if (text === this.#text && replyTo === this.replyTo) return;
    [this.#text, this.#replyTo, this.#dirty] = [text, replyTo, true];
    this.#store();
    this.#say("");
    this.#later(PAUSE);
  }

  /** It was sent; the server clears its own with the message. */
  sent() {
    clearTimeout(this.#timer);
    [this.#text, this.#replyTo, this.#dirty] = ["", "", false];
    this.#version += 1;
    this.#store();
    this.#say("");
    this.#tell();
  }

  /** What another tab has written, unless this one has words of its own that nobody has. */
  adopt(other) {
    if (this.#dirty || !other || other.dirty) return false;
    const isNew = other.text !== this.#text;
    [this.#text, this.#replyTo, this.#version] = [other.text, other.replyTo, Math.max(other.version, this.#version)];
    return isNew;
  }

  /** Save what has not been saved, though the page may be on its way out; true if all is. */
  async save() {
    clearTimeout(this.#timer);
    if (!this.#dirty || this.#busy) return;
    this.#busy = true;
    const [text, replyTo] = [this.#text, this.replyTo];
    try {
      const fields = { mode: this.#mode, text, reply_to: replyTo, version: this.#version };
      const response = await post(this.#url, fields, { keepalive: text.length < 15_000 });
      if (response.redirected || !response.ok) throw new Error("not taken");
      this.#settle(await response.json(), text);
    } catch {
      if (this.#dirty) this.#say("local");
      this.#later(AGAIN);
    } finally {
      this.#busy = false;
      if (this.#dirty && this.#text !== text) this.#later(PAUSE);
    }
  }

  #settle({ kept, version, text: newer = "" }, text) {
    this.#version = version;
    const isTaken = kept || newer === text;
    if (!isTaken && newer) this.#offer(newer);
    // The other one was sent or emptied: this one is newer than nothing.
    if (!isTaken) return this.#dirty && !newer ? this.#later(0) : undefined;
    if (this.#text !== text) return;
    this.#dirty = false;
    this.#store();
    this.#say(text ? "saved" : "");
    this.#tell();
  }

  #tell() {
    const detail = { conversation: this.#at, mode: this.#mode, text: this.#text };
    document.dispatchEvent(new CustomEvent("draft:kept", { detail }));
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), wait);
  }

  #store() {
    drafts.set(this.#at, this.#mode, { text: this.#text, version: this.#version, replyTo: this.replyTo, dirty: this.#dirty });
  }
}
