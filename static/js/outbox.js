// Replies on their way to the server: kept until it has answered, in the order they were written,
// sent by one tab at a time. A reply keeps its client id through every retry, so the server can
// tell a repeat from a new one.
//
// Events: `outbox:changed` {count}, `outbox:unsent` {entry}, `outbox:answered` {entry, status,
// html, isShown}: whoever shows a refusal says so; else it waits for its conversation.
import { Delivery } from "./delivery.js";
import { openQueue } from "./queue.js";

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const { me, organization } = document.body.dataset;
const OWNER = `${organization}.${me}`;

class Outbox {
  #entries = [];
  #queue = null;
  #delivery = null;
  #tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel(`inbox.outbox.${OWNER}`) : null;
  #ready;

  constructor() {
    this.#ready = this.#open();
    this.#tabs?.addEventListener("message", ({ data }) => this.#heard(data));
    addEventListener("online", () => this.flush());
    document.addEventListener("live:woke", () => this.flush());
    document.addEventListener("live:state", ({ detail }) => ["live", "delayed"].includes(detail.state) && this.flush());
    document.addEventListener("thread:opened", () => queueMicrotask(() => this.#giveBack()));
  }

  /** Entries of one conversation, oldest first; those that were refused are not among them. */
  of(conversation) {
    return this.#entries.filter((entry) => entry.conversation === String(conversation) && !entry.refused);
  }

  /** Entries that the server did not take, and whose words nobody has been given yet. */
  get refused() { return this.#entries.filter((entry) => entry.refused); }

  /** `{id, conversation, url, fields, at}`; values of `fields` are strings or files. */
  async add(entry) {
    const kept = { ...entry, conversation: String(entry.conversation) };
    this.#entries.push(kept);
    this.#changed();
    await this.#ready;
    await this.#queue.add(kept).catch(() => {});
    this.#tabs?.postMessage({ what: "changed" });
    this.flush();
  }

  /** Take an entry back before it leaves; false if it is on its way or gone. */
  async take(id) {
    await this.#ready;
    const taken = await this.#delivery.between(() => this.#queue.take(id));
    await this.#renew();
    return Boolean(taken);
  }

  remove(id) { return this.take(id); }

  /** Send what waits, now. */
  async flush() {
    await this.#ready;
    return this.#delivery.flush();
  }

  async #open() {
    if (!me) return;
    this.#queue = await openQueue(OWNER);
    this.#delivery = new Delivery(OWNER, this.#queue, {
      attempt: (entry, waits) => this.#waits(entry, waits),
      answered: (answers) => this.#answered(answers),
    });
    await this.#renew(false);
    queueMicrotask(() => this.flush());
  }

  async #renew(tellsOthers = true) {
    this.#entries = await this.#queue.all();
    if (tellsOthers) this.#tabs?.postMessage({ what: "changed" });
    this.#changed();
    await this.#giveBack();
  }

  /** Why an entry is still here: "network", "busy", "login", or "" while it is tried. */
  async #waits(entry, waits) {
    const mine = this.#entries.find(({ id }) => id === entry.id);
    if (!mine || mine.waits === waits) return;
    mine.waits = waits;
    await this.#queue.change(entry.id, { waits });
    this.#tabs?.postMessage({ what: "changed" });
    if (waits) tell("outbox:unsent", { entry: mine });
    this.#changed();
  }

  async #answered(answers) {
    for (const answer of answers) {
      tell("outbox:answered", answer);
      this.#tabs?.postMessage({ what: "answered", answer: { ...answer, isShown: false } });
    }
    await this.#renew();
  }

  /** Refused words go to the composer of their conversation, in whichever tab has it. */
  async #giveBack() {
    const open = document.querySelector("reply-composer")?.dataset.conversation;
    const mine = this.refused.filter((entry) => entry.conversation === open).reverse();
    for (const entry of mine) {
      const taken = await this.#queue.take(entry.id);
      if (!taken) continue;
      this.#entries = this.#entries.filter(({ id }) => id !== entry.id);
      const answer = { entry: taken, ...taken.refused, isShown: false };
      tell("outbox:answered", answer);
      if (!answer.isShown) await this.#queue.add(taken); // nobody was there after all
    }
    if (!mine.length) return;
    this.#tabs?.postMessage({ what: "changed" });
    this.#changed();
  }

  async #heard({ what, answer }) {
    await this.#ready;
    if (what === "answered") tell("outbox:answered", answer);
    else if (this.#queue?.isShared) await this.#renew(false);
  }

  #changed() { tell("outbox:changed", { count: this.#entries.length - this.refused.length, refused: this.refused.length }); }
}

export const outbox = new Outbox();
