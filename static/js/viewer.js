// What a row says differs per viewer and moment: whether it is in this list, mine, selected, unread.
import { serverNow } from "./times.js";

const HOUR = 3_600_000;
const CLOSING = 2 * HOUR;
const LONG = HOUR;
const LATE = 4 * HOUR;
const me = () => document.body.dataset.me;
const number = (text) => Number(text || 0);
const isUnread = ({ dataset }) => number(dataset.inbound) > number(dataset.read);
const isOurs = (value, own) => (value === "none" ? !own : own === (value === "me" ? me() : value));
const windowOf = ({ dataset }) => (dataset.windowed === "no" ? null : Date.parse(dataset.closes) - serverNow() || 0);

const WINDOWS = {
  open: (left) => left > 0,
  closing: (left) => left > 0 && left <= CLOSING,
  closed: (left) => left <= 0,
};
const fitsWindow = (row, state) => windowOf(row) !== null && WINDOWS[state](windowOf(row));

// What a row cannot tell by itself is undefined: the server is asked.
const ask = () => undefined;
const VIEWS = {
  mine: (row) => row.dataset.assignee === me(),
  unassigned: (row) => !row.dataset.assignee,
  unread: isUnread,
  waiting: (row) => Boolean(row.dataset.waits),
  closing: (row) => fitsWindow(row, "closing"),
  mentions: ask,
  failed: ask,
  drafts: ask,
};
const STATES = { snoozed: "snoozed", resolved: "resolved", mentions: "any", failed: "any", drafts: "any" };
const FILTERS = {
  assignee: (row, value) => isOurs(value, row.dataset.assignee),
  team: (row, value) => isOurs(value, row.dataset.team),
  label: (row, value) => value.split(",").some((label) => row.dataset.labels.split(" ").includes(label)),
  channel: (row, value) => row.dataset.channel === value,
  priority: (row, value) => row.dataset.priority === value,
  unread: isUnread,
  window: fitsWindow,
};
// Lists by a moment hold who has one.
const SORTS = { waiting: VIEWS.waiting, closing: (row) => fitsWindow(row, "open") };

/** Whether a row is part of the list of `query`; undefined where only the server knows. */
export function belongs(row, query) {
  const params = new URLSearchParams(query);
  const view = params.get("view") ?? "all";
  const state = params.get("state") ?? STATES[view] ?? "open";
  if (state !== "any" && row.dataset.state !== state) return false;
  const rules = [
    VIEWS[view]?.(row) ?? (view in VIEWS ? undefined : true),
    SORTS[params.get("sort")]?.(row) ?? true,
    ...Object.entries(FILTERS).map(([name, rule]) => !params.get(name) || rule(row, params.get(name))),
  ];
  if (rules.includes(false)) return false;
  return rules.includes(undefined) ? undefined : true;
}

/** Whether who is in the list of `query` changes as time goes by. */
export const isTimed = (query) => /(view|sort|window)=/.test(query) && /closing|window=/.test(query);

/** How long somebody waits is part of the row, and grows. */
export function paintWait(row) {
  const waited = row.dataset.waits && row.dataset.state === "open" ? serverNow() - Date.parse(row.dataset.waits) : 0;
  if (waited >= LONG) row.dataset.waiting = waited >= LATE ? "late" : "long";
  else delete row.dataset.waiting;
}

/** Give a row that was rendered for everybody this viewer's marks, and what `old` had of its own. */
export function dress(row, unreadWords, old = null) {
  const timeline = document.querySelector("message-timeline");
  const isOpen = timeline?.dataset.conversation === row.dataset.id;
  row.toggleAttribute("data-mine", row.dataset.assignee === me());
  if (isOpen) row.setAttribute("aria-current", "true");
  const isSeen = isOpen && timeline.isWatched;
  const unread = isSeen ? 0 : Math.max(row.dataset.inbound - row.dataset.read, 0);
  row.toggleAttribute("data-unread", unread > 0);
  row.querySelector(".conversation-badge").replaceChildren(...(unread ? [badge(unread, unreadWords)] : []));
  paintWait(row);
  if (old && old !== row) keep(old, row);
}

/** What stands on a row beside what the server sends with it: its tick, and who began to write. */
function keep(old, row) {
  row.querySelector(".conversation-check").checked = old.querySelector(".conversation-check").checked;
  const begun = old.querySelector("[data-draft-slot]");
  if (begun) row.querySelector("[data-draft-slot]").replaceChildren(...begun.cloneNode(true).childNodes);
}

/** Who reads an unread conversation keeps it before them until they go on. */
export function staysOpen(row, query) {
  return row.hasAttribute("aria-current") && /unread/.test(query) && row.dataset.state === "open";
}

function badge(unread, words) {
  const count = document.createElement("span");
  count.className = "count";
  count.setAttribute("role", "img");
  count.setAttribute("aria-label", words.replace("{count}", unread));
  count.textContent = unread > 99 ? "99+" : unread;
  return count;
}
