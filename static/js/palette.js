// The command palette: a list of all that can be done now, narrowed by typing, run with Enter.
import { commands } from "./commands.js";
import { fetchFragment, sayCount } from "./fragments.js";
import { fit } from "./fuzzy.js";
import { toPeople, whatIsTyped } from "./goals.js";
import { closeMenu } from "./menus.js";

const SOON = 150;
const PAGE = 8;
const FEWEST = 2;
const dialog = () => document.getElementById("palette");
const field = () => document.getElementById("palette-text");
const list = () => document.getElementById("palette-list");
let offered = [];
let people = [];
let shown = [];
let at = 0;
let timer = 0;

/** Open it over whatever is there, or close it; the focus and the caret are back afterwards. */
export function togglePalette() {
  const opened = document.querySelector("dialog:modal");
  if (opened === dialog()) return opened.close();
  if (opened) return undefined;
  // What floats would be gone behind it, and the focus with it.
  document.activeElement?.closest?.("[popover]")?.hidePopover();
  closeMenu(document.activeElement?.closest?.("details.fold[open]") ?? undefined);
  offered = commands();
  people = [];
  field().value = "";
  dialog().showModal();
  return show();
}

/** Those that fit, the best of each group first, the best group above. */
function fitting(asked) {
  if (!asked) return offered;
  const found = [...offered, ...people].map((command) => {
    const match = fit(asked, command.title) ?? (fit(asked, `${command.title} ${command.hint}`) && { score: 10, places: new Set() });
    return match && { ...command, ...match };
  }).filter(Boolean).sort((one, other) => other.score - one.score);
  return [...Map.groupBy(found, ({ group }) => group).values()].flat();
}

function show() {
  const asked = field().value.trim();
  shown = [...fitting(asked), ...whatIsTyped(asked)];
  const groups = Map.groupBy(shown.map((command, place) => ({ ...command, place })), ({ group }) => group);
  list().replaceChildren(...[...groups].map(([title, rows], number) => group(title, rows, number)));
  dialog().querySelector(".palette-none").hidden = shown.length > 0;
  sayCount(dialog().querySelector(".palette-count"), shown.length);
  list().scrollTop = 0;
  choose(0);
}

function group(title, rows, number) {
  const box = document.createElement("div");
  const heading = Object.assign(document.createElement("p"), { className: "palette-title", id: `palette-group-${number}`, textContent: title });
  box.setAttribute("role", "group");
  box.setAttribute("aria-labelledby", heading.id);
  box.append(heading, ...rows.map(draw));
  return box;
}

function draw({ title, hint, caps, icon, places, place }) {
  const item = dialog().querySelector('[data-template="item"]').content.firstElementChild.cloneNode(true);
  item.id = `palette-item-${place}`;
  item.dataset.place = place;
  if (icon) item.prepend(icon.cloneNode(true));
  const words = item.querySelector(".palette-words bdi");
  for (const [step, letter] of [...title].entries()) {
    const isFound = places?.has(step);
    if (isFound && words.lastChild?.nodeName === "MARK") words.lastChild.append(letter);
    else words.append(isFound ? Object.assign(document.createElement("mark"), { textContent: letter }) : letter);
  }
  if (hint) item.append(Object.assign(document.createElement("small"), { className: "ellipsis", textContent: hint }));
  // Keys are pressed in one order, whichever way the words run.
  const keys = Object.assign(document.createElement("span"), { className: "palette-caps", dir: "ltr" });
  keys.append(...caps.flatMap((cap) => [Object.assign(document.createElement("kbd"), { textContent: cap }), " "]));
  if (caps.length) item.append(keys);
  return item;
}

function choose(place) {
  list().querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  at = shown.length ? (place + shown.length) % shown.length : 0;
  const item = document.getElementById(`palette-item-${at}`);
  item?.setAttribute("aria-selected", "true");
  item?.scrollIntoView({ block: "nearest" });
  // Above the first one its heading stands.
  if (at === 0) list().scrollTop = 0;
  if (item) field().setAttribute("aria-activedescendant", item.id);
  else field().removeAttribute("aria-activedescendant");
}

function run(command) {
  dialog().close();
  command?.run();
}

async function lookForPeople() {
  const asked = field().value.trim();
  if (asked.length < FEWEST) return;
  try {
    const found = await fetchFragment(`${dialog().dataset.goals}?q=${encodeURIComponent(asked)}`);
    if (field().value.trim() !== asked || !dialog().open) return;
    people = toPeople(found);
    // What is chosen stays so, but for the search, which is there when there is nothing better.
    const chosen = at || shown[0]?.group !== dialog().dataset.groupSearch ? shown[at] : null;
    show();
    const again = shown.findIndex(({ title, group: of }) => title === chosen?.title && of === chosen.group);
    if (again > 0) choose(again);
  } catch { /* the commands are there; people are asked for again with the next letter */ }
}

const MOVES = { ArrowDown: () => choose(at + 1), ArrowUp: () => choose(at - 1), PageDown: () => choose(Math.min(at + PAGE, shown.length - 1)), PageUp: () => choose(Math.max(at - PAGE, 0)), Enter: () => run(shown[at]) };

field()?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(lookForPeople, SOON);
  show();
});
field()?.addEventListener("keydown", (event) => {
  if (!MOVES[event.key] || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  MOVES[event.key]();
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-palette-open]");
  const item = event.target.closest?.(".palette-item[data-place]");
  if (event.target === dialog() || event.target.closest?.("[data-palette-close]")) dialog().close();
  else if (item) run(shown[item.dataset.place]);
  else if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    togglePalette();
  }
});
