// Many tabs on one socket: what any of them follows is followed, what comes goes to all of them,
// and an answer to a question goes to the tab that asked.
export class Switchboard {
  #tabs = new Map(); // port: {open: conversation or null}
  #asked = new Map(); // our id of a question: {port, id}
  #count = 0;
  #wire;

  constructor(wire) { this.#wire = wire; }

  add(port) {
    this.#tabs.set(port, { open: null });
    port.postMessage({ state: this.#wire.state, heardAt: this.#wire.heardAt });
  }

  remove(port) {
    this.#follow(port, null);
    this.#tabs.delete(port);
    for (const [id, asked] of this.#asked) if (asked.port === port) this.#asked.delete(id);
  }

  /** A tab's frame for the server. */
  send(port, frame) {
    if (frame.type === "open") this.#follow(port, frame.conversation);
    else if (frame.type === "leave") this.#leave(port, frame.conversation);
    else this.#wire.send("id" in frame ? this.#numbered(port, frame) : frame);
  }

  /** A frame of the server, for the tabs. */
  hear(frame) {
    if (frame.type === "hello") this.#goOn();
    const asked = "id" in frame && this.#asked.get(frame.id);
    if (asked) {
      this.#asked.delete(frame.id);
      asked.port.postMessage({ frame: { ...frame, id: asked.id } });
    } else if (!String(frame.id ?? "").startsWith("tab.")) this.tell({ frame });
  }

  tell(message) {
    for (const port of this.#tabs.keys()) port.postMessage(message);
  }

  #numbered(port, frame) {
    const id = `tab.${(this.#count += 1)}`;
    this.#asked.set(id, { port, id: frame.id });
    return { ...frame, id };
  }

  #follow(port, conversation) {
    const tab = this.#tabs.get(port);
    if (!tab) return;
    if (tab.open && tab.open !== conversation) this.#leave(port, tab.open);
    tab.open = conversation;
    if (conversation) this.#wire.send({ type: "open", conversation });
  }

  #leave(port, conversation) {
    const tab = this.#tabs.get(port);
    if (tab?.open === conversation) tab.open = null;
    const isFollowed = [...this.#tabs.values()].some(({ open }) => open === conversation);
    if (!isFollowed) this.#wire.send({ type: "leave", conversation });
  }

  /** A new connection knows nothing of what is open. */
  #goOn() {
    const open = new Set([...this.#tabs.values()].map((tab) => tab.open).filter(Boolean));
    for (const conversation of open) this.#wire.send({ type: "open", conversation });
  }
}
