// What each action of the table of keys leads to: a door of the page, pressed as a hand would.
import { attach, takesFiles } from "./choosing.js";
import { openHelp } from "./keyhelp.js";
import { openMenu } from "./menus.js";
import { tickHere } from "./selecting.js";
import { act } from "./triage.js";

const one = (selector) => document.querySelector(selector);
const rows = () => [...document.querySelectorAll("#rows .conversation")];
const isShown = (door) => Boolean(door?.checkVisibility() && !door.disabled);

/** The next row, or the one before, has the focus; the open one is where it begins. */
function step(by) {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const current = here >= 0 ? here : all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(current + by, 0), all.length - 1)];
  next?.querySelector(".conversation-link").focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** A door that is there; a click opens it. */
const link = (selector, icon = "") => ({ find: () => one(selector), run: () => one(selector)?.click(), icon });
/** One that only counts while it can be seen, such as the composer's. */
const shown = (selector) => {
  const find = () => [...document.querySelectorAll(selector)].find(isShown);
  return { find, run: () => find()?.click() };
};
const menu = (name) => ({
  find: () => one(`#thread-tools details[data-menu="${name}"] > summary`),
  run: () => openMenu(name, document.activeElement === document.body ? null : document.activeElement),
});
const triage = (name, icon) => ({ find: () => one(`#thread-tools [data-triage="${name}"]`) ?? one("#rows .conversation-check:checked"), run: () => act(name), icon });
const mode = (name) => ({ find: () => one("reply-composer") && one(`#composer [data-mode-tab="${name}"]`), run: () => one("reply-composer")?.turn(name), icon: name === "note" ? "lock" : "reply" });
/** Where there are no tabs, such as beside a search, the sidebar has the same lists. */
const tab = (place) => {
  const find = () => document.querySelectorAll("#tabs .tab")[place] ?? document.querySelectorAll("#views .sidebar-group:first-child .sidebar-link")[place];
  return { find, run: () => find()?.click() };
};

function search() {
  const field = one(".search-input");
  if (!isShown(field)) return location.assign(one("#palette").dataset.search);
  field.focus();
  return field.select();
}

/** By action: `find()` its door, nothing while it is not possible, and `run()`. */
export const DOORS = {
  help: { find: () => true, run: openHelp, icon: "keyboard" },
  start: link('[data-start], [data-palette-links] [data-action="start"]', "pencil"),
  search: { find: () => true, run: search, icon: "search" },
  undo: { find: () => [...document.querySelectorAll("[data-undo]")].at(-1), run: () => DOORS.undo.find()?.click(), icon: "undo" },
  next: { find: () => rows().length && one("#rows"), run: () => step(1), icon: "arrow-down" },
  previous: { find: () => rows().length && one("#rows"), run: () => step(-1), icon: "arrow-down" },
  first_tab: tab(0),
  second_tab: tab(1),
  third_tab: tab(2),
  select: { find: () => one("#rows .conversation:focus-within, #rows .conversation:hover"), run: tickHere, icon: "check" },
  resolve: triage("resolve", "check"),
  resolve_next: triage("next"),
  claim: triage("claim", "user-plus"),
  unread: triage("unread", "eye"),
  snooze: menu("snooze"),
  assign: { ...menu("assign"), icon: "user-plus" },
  labels: menu("labels"),
  priority: { ...menu("priority"), icon: "sort" },
  panel: link("[data-panel-open]"),
  date: shown('[popovertarget="date-jump"]'),
  reply: mode("reply"),
  note: mode("note"),
  attach: { find: () => takesFiles() && one("#composer-files"), run: attach, icon: "clip" },
  template: shown("[data-picker-open]"),
  emoji: shown("#composer [data-emoji-open]"),
  record: shown("#composer [data-record]"),
  later: { ...shown("#composer [data-later-open]"), icon: "calendar" },
};
