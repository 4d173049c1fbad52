// The socket: one per page, back by itself, and honest about how things are.
//
// It tells the page three things by events on `document`: `live:state` (live, delayed,
// reconnecting, offline, logged-out), `live:frame` (a frame of the server), and `live:poll`
// (every 5 s while frames cannot be trusted to come). A frame is a hint; readers pull.
const POLL = 5_000;
const SLOWEST = 20_000;
const LOGGED_OUT = 4401;
const TYPING = 10_000;

class Live {
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #silence = 0;
  #heartbeat = 20_000;
  #delayed = false;
  #open = null;
  #refused = 0;
  #typedAt = -TYPING;
  state = "connecting";

  start() {
    if (!document.body.dataset.me) return;
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.#tell("offline"));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.state !== "live") this.retry();
    });
    document.addEventListener("thread:opened", (event) => this.open(event.detail.id));
    document.addEventListener("input", (event) => event.target.closest("reply-composer") && this.#typed());
    setInterval(() => this.#poll(), POLL);
    this.#connect();
  }

  /** Follow one conversation (or none); the server checks the right to it. */
  open(id) {
    this.#open = id;
    this.#send(id ? { type: "open", conversation: id } : { type: "leave" });
  }

  /** Say that an answer is being typed, every now and then. */
  #typed() {
    if (performance.now() - this.#typedAt < TYPING) return;
    this.#typedAt = performance.now();
    this.#send({ type: "typing" });
  }

  /** Connect now instead of later. */
  retry() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    if (this.#socket?.readyState !== WebSocket.OPEN) this.#connect();
    else document.dispatchEvent(new CustomEvent("live:poll"));
  }

  #connect() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
    this.#listenFor(SLOWEST);
  }

  #hear(frame) {
    this.#listenFor(this.#heartbeat * 2.5);
    if ("delayed" in frame) this.#delayed = frame.delayed;
    if (frame.type === "live.delayed") this.#delayed = true;
    if (frame.type === "live.restored") this.#delayed = false;
    if (frame.type === "hello") {
      this.#attempt = 0;
      this.#heartbeat = frame.heartbeat * 1_000;
      if (this.#refused) document.dispatchEvent(new CustomEvent("live:rights"));
      this.#refused = 0;
      if (this.#open) this.open(this.#open);
    }
    this.#tell(this.#delayed ? "delayed" : "live");
    document.dispatchEvent(new CustomEvent("live:frame", { detail: frame }));
  }

  #closed(code) {
    clearTimeout(this.#silence);
    this.#socket = null;
    // Rights that changed end a socket too; a second refusal means there are none left.
    if (code === LOGGED_OUT) this.#refused += 1;
    const lost = navigator.onLine ? "reconnecting" : "offline";
    this.#tell(this.#refused > 1 ? "logged-out" : lost);
    // Half of the wait is chance, so that a restarted server does not meet everybody at once.
    const wait = Math.min(500 * 2 ** this.#attempt, SLOWEST);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), wait / 2 + (Math.random() * wait) / 2);
  }

  /** A connection that dies without a word is noticed by its silence. */
  #listenFor(milliseconds) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const socket = this.#socket;
      this.#socket = null;
      socket?.close();
      this.#closed(1006);
    }, milliseconds);
  }

  #poll() {
    if (["delayed", "reconnecting"].includes(this.state)) document.dispatchEvent(new CustomEvent("live:poll"));
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #tell(state) {
    if (state === this.state) return;
    const before = this.state;
    this.state = state;
    document.dispatchEvent(new CustomEvent("live:state", { detail: { state, before } }));
  }
}

export const live = new Live();
const opened = document.getElementById("thread")?.dataset.conversation;
if (opened) live.open(Number(opened));
live.start();
