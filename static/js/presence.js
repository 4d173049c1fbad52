// Who looks and who replies: faces in the head of the open conversation and on rows of the list.
//
// Drawn straight from the socket, never rendered with a row: a row that is replaced is dressed
// again, and what the socket does not repeat after a break is forgotten.
import { face, others, paintFace } from "./faces.js";

const MOST = 4;
const people = new Map();
const nobody = { viewing: [], replying: [] };
const rowWords = () => document.querySelector('template[data-template="presence"]');
const at = (id) => people.get(String(id)) ?? nobody;

function dress(row) {
  const words = rowWords();
  if (!words) return;
  const { viewing, replying } = at(row.dataset.id);
  row.querySelector(".presence")?.remove();
  row.querySelector("[data-presence]")?.remove();
  row.toggleAttribute("data-replying", replying.length > 0);
  const faces = [
    ...viewing.map((person) => face(person, "viewing", words.dataset.viewing)),
    ...replying.map((person) => face(person, "replying", words.dataset.replying)),
  ];
  if (!faces.length) return;
  const pile = document.createElement("span");
  pile.className = "presence";
  pile.append(...faces.slice(-2));
  row.querySelector(".avatar")?.append(pile);
  if (replying.length) say(row, words, replying[0]);
}

function say(row, words, person) {
  const line = words.content.firstElementChild.cloneNode(true);
  line.querySelector("b").textContent = words.dataset.replying.replace("{name}", person.name);
  row.querySelector(".conversation-preview")?.after(line);
}

function hear(frame) {
  if (frame.type === "hello") forget();
  if (frame.type === "presence") note({ [frame.conversation]: frame });
  if (frame.type === "presence.list") note(frame.people);
}

function note(told) {
  for (const [id, { viewing, replying }] of Object.entries(told)) {
    const here = { viewing: others(viewing), replying: others(replying) };
    if (here.viewing.length || here.replying.length) people.set(id, here);
    else people.delete(id);
    for (const row of document.querySelectorAll(`.conversation[data-id="${id}"]`)) dress(row);
  }
  document.dispatchEvent(new CustomEvent("presence:changed"));
}

function forget() {
  note(Object.fromEntries([...people.keys()].map((id) => [id, nobody])));
}

/** Rows come and go by other hands; each newcomer gets its faces. */
new MutationObserver((changes) => {
  if (!people.size) return;
  for (const node of changes.flatMap((change) => [...change.addedNodes])) {
    if (node.matches?.(".conversation")) dress(node);
    else for (const row of node.querySelectorAll?.(".conversation") ?? []) dress(row);
  }
}).observe(document.body, { childList: true, subtree: true });

document.addEventListener("live:frame", (event) => hear(event.detail));
// Without a connection nobody tells when they go.
document.addEventListener("live:state", ({ detail }) => {
  if (!["live", "delayed"].includes(detail.state)) forget();
});

class PresencePile extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    document.addEventListener("presence:changed", () => this.#draw(), { signal: this.#stop.signal });
    this.#draw();
  }

  disconnectedCallback() { this.#stop.abort(); }

  #draw() {
    const here = at(this.dataset.conversation);
    const faces = ["viewing", "replying"].flatMap((doing) => here[doing].map((person) => face(person, doing, this.dataset[doing])));
    this.replaceChildren(...faces.slice(-MOST));
    this.hidden = faces.length === 0;
    this.#near(here);
  }

  /** The same in words, above the composer. */
  #near({ viewing, replying }) {
    const strip = this.closest("#thread")?.querySelector("[data-near]");
    if (!strip) return;
    const [person] = [...replying, ...viewing];
    strip.hidden = !person;
    if (!person) return;
    const { wordsViewing, wordsViewingMany, wordsReplying } = strip.dataset;
    const looking = viewing.length > 1 ? wordsViewingMany : wordsViewing;
    const words = (replying.length ? wordsReplying : looking).replace("{count}", viewing.length - 1);
    const sentence = words.replace("{name}", person.name);
    paintFace(strip.querySelector(".agent"), person);
    strip.querySelector(".dots").hidden = replying.length === 0;
    const line = strip.querySelector("p");
    if (line.textContent !== sentence) line.textContent = sentence;
  }
}
customElements.define("presence-pile", PresencePile);
