// How a page reaches the server's socket: over the worker that all tabs share, or by itself where
// a browser has no such worker. Both take the same calls and tell the same things.
import { Switchboard } from "./switchboard.js";
import { Wire } from "./wire.js";

/** A line for this page; `tell({frame}|{state})`. */
export function openLine(place, owner, tell) {
  const worker = place.dataset.worker;
  if (worker && "SharedWorker" in globalThis) {
    try {
      return shared(new SharedWorker(worker, { type: "module", name: `${owner.user}.${owner.group}` }), place, owner, tell);
    } catch { /* not allowed here: a socket of our own */ }
  }
  return own(place, owner, tell);
}

function own(place, owner, tell) {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${place.dataset.socket}`;
  const port = { postMessage: tell };
  const wire = new Wire(address, owner, { hear: (frame) => board.hear(frame), turn: (state) => tell({ state }) });
  const board = new Switchboard(wire);
  board.add(port);
  wire.start();
  return {
    send(frame) {
      board.send(port, frame);
      return wire.state === "live" || wire.state === "delayed";
    },
    retry: () => wire.retry(),
    wake: () => wire.wake(),
  };
}

/** A worker that cannot be loaded is replaced by a socket of our own. */
function shared(worker, place, owner, tell) {
  let line = null;
  let state = "connecting";
  const { port } = worker;
  worker.addEventListener("error", () => { line ??= own(place, owner, tell); });
  port.addEventListener("message", ({ data }) => {
    state = data.state ?? state;
    if (!line) tell(data);
  });
  port.start();
  const say = (message) => port.postMessage(message);
  const lock = `inbox.tab.${Math.random()}`;
  navigator.locks?.request(lock, () => {
    say({ do: "life", lock });
    return new Promise(() => {});
  });
  addEventListener("pagehide", () => say({ do: "bye" }));
  addEventListener("pageshow", (event) => event.persisted && say({ do: "here" }));
  return {
    send(frame) {
      if (line) return line.send(frame);
      say({ do: "send", frame });
      return state === "live" || state === "delayed";
    },
    retry: () => (line ? line.retry() : say({ do: "retry" })),
    wake: () => (line ? line.wake() : say({ do: "wake" })),
  };
}
