// Several conversations at once: ticks by hover, X, Shift and a long press, and one act for all of
// them, or for everything the list holds. Without this module it is a form with checkboxes.
import { actOnAll, actOnThese, actOnRow } from "./acting.js";
import { sayCount } from "./fragments.js";

const PRESS = 500;
const list = () => document.querySelector("conversation-list");
const bar = () => document.getElementById("bulk");
const ticks = () => [...document.querySelectorAll("#rows .conversation-check")];
const ticked = () => ticks().filter((tick) => tick.checked);
let last = null; // where a Shift range begins
let all = 0; // how many, where everything is meant

function show() {
  const count = ticked().length;
  if (!count) all = 0;
  document.querySelector("#rows")?.toggleAttribute("data-selecting", count > 0);
  if (!bar()) return;
  sayCount(bar().querySelector("[data-selected]"), all || count);
  const more = bar().querySelector("[data-all]");
  const isWhole = count === ticks().length && Boolean(document.getElementById("older-rows"));
  more.hidden = !isWhole || all > 0;
  if (isWhole && !all) countAll(more);
}

async function countAll(more) {
  if (more.dataset.for === list().dataset.query) return;
  more.dataset.for = list().dataset.query;
  const response = await fetch(`${more.dataset.all}?${list().dataset.query}`, { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const { count, too_many: why } = await response.json();
  more.disabled = Boolean(why);
  more.title = why;
  more.dataset.count = count;
  sayCount(more, count);
}

export function clear() {
  for (const tick of ticked()) tick.checked = false;
  show();
}

function turn(tick, isOn = !tick.checked) {
  tick.checked = isOn;
  last = tick;
  all = 0;
  show();
}

/** Tick the row that has the focus or the pointer, or let it go. */
export function tickHere() {
  const row = document.querySelector("#rows .conversation:focus-within, #rows .conversation:hover");
  if (row) turn(row.querySelector(".conversation-check"));
}

function range(to) {
  const rows = ticks();
  const [from, until] = [rows.indexOf(last), rows.indexOf(to)].sort((a, b) => a - b);
  if (from >= 0) for (const tick of rows.slice(from, until + 1)) tick.checked = to.checked;
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest?.(".conversation-check");
  if (tick) {
    if (event.shiftKey && last?.isConnected) range(tick);
    turn(tick, tick.checked);
  }
  const press = event.target.closest?.("#bulk [data-press]")?.dataset.press;
  if (press === "clear") clear();
  if (press === "page") {
    for (const each of ticks()) each.checked = true;
    show();
  }
  if (press === "all") {
    all = Number(event.target.closest("[data-count]").dataset.count);
    show();
  }
});

async function submit(form, submitter) {
  const fields = new FormData(form, submitter);
  const isDone = all ? await actOnAll(form, fields, all) : await actOnThese(form, fields);
  if (isDone) clear();
  for (const menu of form.querySelectorAll("details[open]")) menu.open = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!["bulk", "row-act"].includes(form.id) || !event.submitter?.name) return;
  event.preventDefault();
  if (form.id === "row-act") actOnRow(form, event.submitter.value);
  else submit(form, event.submitter);
});

// A key that means the open conversation means the ticked ones while there are some.
document.addEventListener("triage:asked", (event) => {
  if (!ticked().length || !bar()) return;
  event.preventDefault();
  const button = bar().querySelector(`[name="action"][value="${event.detail.action}"]`);
  const menu = button?.closest("details");
  if (!menu) button?.click();
  else {
    menu.open = true;
    menu.querySelector("select, input")?.focus();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not(.conversation-check), textarea, select, [contenteditable]") || document.querySelector("dialog:modal")) return;
  if (event.key === "Escape" && ticked().length) {
    event.preventDefault();
    event.stopImmediatePropagation();
    clear();
  }
}, true);

// A long press ticks on a touch screen; the finger that leaves does not open the conversation.
let press = 0;
let pressed = false;
document.addEventListener("pointerdown", (event) => {
  pressed = false;
  const row = event.pointerType === "touch" && event.target.closest?.("#rows .conversation");
  if (!row) return;
  press = setTimeout(() => {
    pressed = true;
    turn(row.querySelector(".conversation-check"));
  }, PRESS);
});
for (const name of ["pointerup", "pointercancel", "pointermove"]) document.addEventListener(name, () => clearTimeout(press));
document.addEventListener("contextmenu", (event) => { if (pressed) event.preventDefault(); });
document.addEventListener("click", (event) => {
  if (!pressed || !event.target.closest?.("#rows .conversation")) return;
  pressed = false;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("htmx:afterSwap", show);
