// The emoji picker: found by name, walked through with the arrows, chosen with Enter.
import { allEmoji, findEmoji, recentEmoji, rememberEmoji } from "./emojis.js";
import { nearby } from "./nearby.js";

const WIDE = 9;
const picker = () => document.getElementById("emoji-picker");

/** Let somebody choose beside `opener`, which has the focus again afterwards. */
export function pickEmoji(opener, done) { picker()?.ask(opener, done); }

class EmojiPicker extends HTMLElement {
  #groups = [];
  #done = null;
  #opener = null;
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#search.addEventListener("input", (event) => {
      event.stopPropagation();
      this.#show();
    }, { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("click", (event) => this.#choose(event.target.closest("[data-emoji]")), { signal });
    this.addEventListener("focusin", (event) => this.#name(event.target), { signal });
    this.addEventListener("pointerover", (event) => this.#name(event.target), { signal });
    this.addEventListener("toggle", (event) => event.newState === "closed" && this.#opener?.isConnected && this.#opener.focus({ preventScroll: true }), { signal });
    document.addEventListener("click", (event) => {
      const opener = event.target.closest?.("[data-emoji-open]");
      if (opener) this.ask(opener, insert);
    }, { signal });
    for (const opener of document.querySelectorAll("[data-emoji-open]")) opener.hidden = false;
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #search() { return this.querySelector("input"); }
  get #grid() { return this.querySelector(".emoji-grid"); }
  get #cells() { return [...this.#grid.querySelectorAll("[data-emoji]")]; }

  async ask(opener, done) {
    this.#done = done;
    this.#opener = opener;
    this.#search.value = "";
    this.showPopover();
    nearby(this, opener);
    this.#search.focus();
    try {
      this.#groups = await allEmoji(this.dataset.url);
      this.#show();
    } catch {
      this.#grid.replaceChildren(this.#words(this.dataset.wordsBroken));
    }
    nearby(this, opener);
  }

  #show() {
    const text = this.#search.value.trim();
    const names = new Map(this.#groups.flatMap(([, rows]) => rows));
    const recent = recentEmoji().map((emoji) => [emoji, names.get(emoji) ?? ""]);
    const shown = text ? [["found", findEmoji(this.#groups, text)]] : [["recent", recent], ...this.#groups];
    const parts = shown.filter(([, rows]) => rows.length).flatMap(([group, rows]) => this.#group(group, rows));
    this.#grid.replaceChildren(...(parts.length ? parts : [this.#words(this.dataset.wordsNone)]));
    this.#grid.scrollTop = 0;
    this.#cells[0]?.setAttribute("tabindex", "0");
    this.#name(this.#cells[0]);
  }

  #group(group, rows) {
    const title = this.dataset[`group${group[0].toUpperCase()}${group.slice(1)}`];
    const box = document.createElement("div");
    box.setAttribute("role", "rowgroup");
    box.setAttribute("aria-label", title);
    const heading = Object.assign(document.createElement("p"), { className: "emoji-group", textContent: title });
    for (let from = 0; from < rows.length; from += WIDE) box.append(row(rows.slice(from, from + WIDE)));
    return [heading, box];
  }

  #words(text) { return Object.assign(document.createElement("p"), { className: "emoji-none", role: "status", textContent: text }); }

  #name(target) {
    const cell = target?.closest?.("[data-emoji]");
    if (cell) this.querySelector(".emoji-name").textContent = cell.title;
  }

  #key(event) {
    const cells = this.#cells;
    if (event.key === "Enter" && event.target === this.#search) {
      event.preventDefault();
      this.#choose(cells[0]);
      return;
    }
    if (event.target === this.#search && event.key !== "ArrowDown") return;
    const to = event.target === this.#search ? cells[0] : stepFrom(event.target, event.key);
    if (!to) return;
    event.preventDefault();
    for (const cell of cells) cell.tabIndex = cell === to ? 0 : -1;
    (to === "search" ? this.#search : to).focus();
  }

  #choose(cell) {
    if (!cell) return;
    rememberEmoji(cell.dataset.emoji);
    this.#opener = null; // what is done with it says where the focus goes
    this.hidePopover();
    this.#done?.(cell.dataset.emoji);
  }
}
customElements.define("emoji-picker", EmojiPicker);

function row(rows) {
  const line = document.createElement("div");
  line.setAttribute("role", "row");
  line.className = "emoji-row";
  for (const [emoji, name] of rows) {
    const cell = Object.assign(document.createElement("button"), { type: "button", className: "emoji", textContent: emoji, title: name, tabIndex: -1 });
    cell.dataset.emoji = emoji;
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-label", name);
    line.append(cell);
  }
  return line;
}

/** Where an arrow leads from a cell: the next one, the line above or below, or "search" above all. */
function stepFrom(cell, key) {
  const all = [...cell.closest(".emoji-grid").querySelectorAll("[data-emoji]")];
  const sideways = document.documentElement.dir === "rtl" ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowLeft: -1, ArrowRight: 1 };
  if (sideways[key]) return all[all.indexOf(cell) + sideways[key]];
  if (key === "Home") return cell.parentElement.firstElementChild;
  if (key === "End") return cell.parentElement.lastElementChild;
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const rows = [...cell.closest(".emoji-grid").querySelectorAll(".emoji-row")];
  const column = [...cell.parentElement.children].indexOf(cell);
  const next = rows[rows.indexOf(cell.parentElement) + (key === "ArrowDown" ? 1 : -1)];
  if (!next) return key === "ArrowUp" ? "search" : null;
  return next.children[Math.min(column, next.children.length - 1)];
}

/** Put it where the caret is in the reply. */
function insert(emoji) {
  const text = document.getElementById("composer-text");
  if (!text) return;
  text.focus();
  text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}
