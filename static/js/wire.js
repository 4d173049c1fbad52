// One socket that comes back by itself and is honest about how things are. It runs in a page or
// in the worker that all pages share, so it knows nothing of documents.
const SLOWEST = 20_000;
const LOGGED_OUT = 4401;
const TICK = 5_000;

export class Wire {
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #silence = 0;
  #heartbeat = 20_000;
  #delayed = false;
  #refused = 0;
  #tickedAt = Date.now();
  #address;
  #owner;
  #hear;
  #turn;
  state = "connecting";
  heardAt = 0;

  /** `owner` is {user, group}: whom the socket has to be for. `hear(frame)`, `turn(state)`. */
  constructor(address, owner, { hear, turn }) {
    this.#address = address;
    this.#owner = owner;
    this.#hear = hear;
    this.#turn = turn;
  }

  start() {
    setInterval(() => this.#tick(), TICK);
    this.#connect();
  }

  /** Hand a frame to the server; false where there is no connection for it. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Connect now instead of later. */
  retry() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    if (this.#socket?.readyState !== WebSocket.OPEN) this.#connect();
  }

  /** The computer slept, or changed networks: a connection that was silent is not believed. */
  wake() {
    if (this.#socket?.readyState === WebSocket.OPEN && Date.now() - this.heardAt < this.#heartbeat * 1.25) return;
    this.#drop();
    this.retry();
  }

  #connect() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.addEventListener("message", (event) => socket === this.#socket && this.#heard(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event.code));
    this.#listenFor(SLOWEST);
  }

  #heard(frame) {
    this.heardAt = Date.now();
    this.#listenFor(this.#heartbeat * 2.5);
    if (frame.type === "hello" && !this.#welcomed(frame)) return;
    if ("delayed" in frame) this.#delayed = frame.delayed;
    if (frame.type === "live.delayed") this.#delayed = true;
    if (frame.type === "live.restored") this.#delayed = false;
    this.#tell(this.#delayed ? "delayed" : "live");
    this.#hear(frame);
  }

  /** A browser where somebody else has logged in since gets their socket: not for these pages. */
  #welcomed(frame) {
    if (frame.group !== this.#owner.group || (frame.user ?? this.#owner.user) !== this.#owner.user) {
      this.#refused = 2;
      this.#drop();
      this.#closed(LOGGED_OUT);
      return false;
    }
    this.#attempt = 0;
    this.#heartbeat = frame.heartbeat * 1_000;
    frame.rights = this.#refused > 0;
    this.#refused = 0;
    return true;
  }

  #closed(code) {
    clearTimeout(this.#silence);
    clearTimeout(this.#timer);
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

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** A connection that dies without a word is noticed by its silence. */
  #listenFor(milliseconds) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#drop();
      this.#closed(1006);
    }, milliseconds);
  }

  /** Timers stand still while a computer sleeps; the clock does not. */
  #tick() {
    const slept = Date.now() - this.#tickedAt > TICK * 6;
    this.#tickedAt = Date.now();
    if (slept) this.wake();
  }

  #tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.#turn(state);
  }
}
