// The socket that all tabs of one login share. Its name says whose it is: "<user>.<group>".
import { Switchboard } from "./switchboard.js";
import { Wire } from "./wire.js";

const dot = name.indexOf(".");
const owner = { user: Number(name.slice(0, dot)), group: name.slice(dot + 1) };
const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`;
const wire = new Wire(address, owner, {
  hear: (frame) => board.hear(frame),
  turn: (state) => board.tell({ state }),
});
const board = new Switchboard(wire);
wire.start();

const ACTS = {
  send: (port, message) => board.send(port, message.frame),
  retry: () => wire.retry(),
  wake: () => wire.wake(),
  bye: (port) => board.remove(port),
  here: (port) => board.add(port),
  // A tab holds a lock for as long as it lives: whoever gets it knows that the tab is gone.
  life: (port, message) => navigator.locks?.request(message.lock, () => board.remove(port)),
};

addEventListener("connect", ({ ports: [port] }) => {
  port.addEventListener("message", ({ data }) => ACTS[data.do]?.(port, data));
  port.start();
  board.add(port);
});
addEventListener("online", () => wire.wake());
