// What the page hears from the server, and how the connection is.
//
// It tells the page by events on `document`: `live:state` (live, delayed, reconnecting, offline,
// logged-out), `live:frame` (a frame of the server), `live:poll` (look now: every 5 s while
// frames cannot be trusted to come, and after a sleep), `live:woke` (clocks have jumped) and
// `live:rights` (what the agent may see has changed). A frame is a hint; readers pull.
import { openLine } from "./lines.js";

const POLL = 5_000;
const TYPING = 10_000;
// Timers of a tab in the background may be late by a minute.
const SLEPT = 90_000;
// The page is whole and as new as its answer; a worker that starts beside it would only delay it,
// and its script counts as a request that never ends for whoever waits until a page is quiet.
const QUIET = 600;
const LOOKS = 4;
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

class Live {
  #line = null;
  #open = null;
  #state = "connecting";
  #typedAt = -TYPING;
  #awakeAt = Date.now();
  state = "connecting";
  heardAt = 0;

  start() {
    const place = document.querySelector("live-status");
    const { me, organization } = document.body.dataset;
    if (!me || !place) return;
    addEventListener("online", () => this.#back());
    addEventListener("offline", () => this.#turn());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#look());
    document.addEventListener("thread:opened", (event) => this.open(event.detail.id));
    document.addEventListener("input", (event) => event.target.closest("reply-composer") && this.#typed());
    setInterval(() => this.#tick(), POLL);
    const owner = { user: Number(me), group: `organization.${organization}` };
    const settle = () => this.#settle(() => this.#connect(place, owner));
    if (document.readyState === "complete") settle();
    else addEventListener("load", settle, { once: true });
  }

  /** Begin once nothing has come for a moment, and after LOOKS of them in any case. */
  #settle(begin, before = -1, looks = LOOKS) {
    const count = performance.getEntriesByType("resource").length;
    if (count === before || !looks) begin();
    else setTimeout(() => this.#settle(begin, count, looks - 1), QUIET);
  }

  #connect(place, owner) {
    this.#line = openLine(place, owner, (message) => this.#hear(message));
    if (this.#open) this.open(this.#open);
    this.#turn();
  }

  /** Follow one conversation (or none); the server checks the right to it. */
  open(id) {
    if (this.#open && this.#open !== id) this.send({ type: "leave", conversation: this.#open });
    this.#open = id;
    if (id) this.send({ type: "open", conversation: id });
  }

  /** Hand a frame to the server; false where there is no connection for it. An `id` in it comes
   * back with the answer, and to this tab alone. */
  send(frame) { return this.#line?.send(frame) ?? false; }

  /** Connect now instead of later, and look at what there is. */
  retry() {
    this.#line?.retry();
    tell("live:poll");
  }

  /** Say that an answer is being typed, every now and then. */
  #typed() {
    if (!this.#open || performance.now() - this.#typedAt < TYPING) return;
    this.#typedAt = performance.now();
    const mode = document.querySelector("reply-composer")?.dataset.mode ?? "reply";
    this.send({ type: "typing", conversation: this.#open, mode });
  }

  #hear({ state, frame, heardAt }) {
    this.heardAt = Math.max(this.heardAt, heardAt ?? 0, frame ? Date.now() : 0);
    if (state) {
      this.#state = state;
      this.#turn();
    }
    if (!frame) return;
    if (frame.type === "hello" && frame.rights) tell("live:rights");
    tell("live:frame", frame);
  }

  /** A browser that says it is offline is; the worker behind may not have noticed yet. */
  #turn() {
    const state = navigator.onLine || this.#state === "logged-out" ? this.#state : "offline";
    if (state === this.state) return;
    const before = this.state;
    this.state = state;
    tell("live:state", { state, before });
  }

  #back() {
    this.#line?.wake();
    this.#turn();
    this.retry();
  }

  #tick() {
    const slept = this.#isAwakeAgain();
    if (slept) this.#woke();
    else if (["delayed", "reconnecting"].includes(this.state)) tell("live:poll");
  }

  #look() {
    if (this.#isAwakeAgain()) this.#woke();
    else if (this.state !== "live") this.retry();
  }

  #isAwakeAgain() {
    const gap = Date.now() - this.#awakeAt;
    this.#awakeAt = Date.now();
    return gap > SLEPT;
  }

  #woke() {
    tell("live:woke");
    this.#back();
  }
}

export const live = new Live();
const opened = document.getElementById("thread")?.dataset.conversation;
if (opened) live.open(Number(opened));
live.start();
