// The order of a timeline: where a message belongs, which days part it, what joins what.
import { keeping } from "./keeping.js";
import { compare, placeOf, sideOf } from "./places.js";
import { dayOf, dayWords } from "./times.js";

const MINUTE = 60_000;
const messagesOf = (timeline) => [...timeline.querySelectorAll("[data-message]:not([hidden])")];

/** The message a newcomer replaces: the same one, or its optimistic twin. */
function twinOf(timeline, incoming) {
  const same = document.getElementById(incoming.id);
  const client = incoming.dataset.client;
  const twin = client && timeline.querySelector(`[data-client-id="${CSS.escape(client)}"]`);
  if (same && twin) twin.remove();
  return same ?? twin ?? null;
}

/**
 * Put one message where it belongs: "new" if the timeline did not have it before, "later" if it is
 * new and further on than what is loaded. What belongs outside is let go: it comes with its page.
 */
export function place(timeline, incoming) {
  const old = twinOf(timeline, incoming);
  if (old && Number(old.dataset.changed ?? 0) > Number(incoming.dataset.changed)) return "";
  const news = old?.id ? "" : "new";
  if (old && old.dataset.cursor === incoming.dataset.cursor) {
    keeping(old, incoming, () => old.replaceWith(incoming));
    return news;
  }
  // A reaction of ours is seen on its target; it has a place only while it needs somebody.
  if (!old && incoming.hidden) return "";
  const side = sideOf(timeline, placeOf(incoming));
  if (side) {
    old?.remove();
    return side === "newer" && news ? "later" : "";
  }
  if (old) keeping(old, incoming, () => insert(timeline, incoming, old));
  else insert(timeline, incoming);
  return news;
}

function insert(timeline, incoming, old) {
  old?.remove();
  const here = placeOf(incoming);
  const all = [...timeline.querySelectorAll(":scope > [data-message]")];
  const after = all.findLast((message) => compare(placeOf(message), here) <= 0);
  const top = timeline.querySelector(":scope > .timeline-older");
  if (after) after.after(incoming);
  else if (top) top.after(incoming);
  else if (all.length) all[0].before(incoming);
  else timeline.prepend(incoming);
}

/** Days and joins, as they stand now, in the reader's zone. */
export function arrange(timeline) {
  for (const day of timeline.querySelectorAll("[data-day]")) day.remove();
  let previous = null;
  for (const message of messagesOf(timeline)) {
    const moment = new Date(message.dataset.sort ?? Date.now());
    const parted = !previous || dayOf(previous.moment).valueOf() !== dayOf(moment).valueOf();
    if (parted) lineBefore(message).before(dayLine(moment, { title: timeline.dataset.dayTitle }));
    const joins = !parted && previous.key === message.dataset.key && message.dataset.key
      && moment - previous.moment < MINUTE && !aboveOf(message)?.matches(".unread-line, .event");
    message.toggleAttribute("data-joined", Boolean(joins));
    previous = { moment, key: message.dataset.key };
  }
}

/** What is seen above a message. */
function aboveOf(message) {
  let above = message.previousElementSibling;
  while (above?.hidden) above = above.previousElementSibling;
  return above;
}

const lineBefore = (message) => (message.previousElementSibling?.matches(".unread-line") ? message.previousElementSibling : message);

function dayLine(moment, { title }) {
  const line = document.createElement("p");
  line.className = "day";
  line.dataset.day = "";
  const link = document.createElement("a");
  link.className = "day-link";
  link.dataset.at = dateOf(moment);
  link.href = `?at=${link.dataset.at}`;
  link.title = title;
  link.textContent = dayWords(moment);
  line.append(link);
  return line;
}

const padded = (number) => String(number).padStart(2, "0");
const dateOf = (moment) => `${moment.getFullYear()}-${padded(moment.getMonth() + 1)}-${padded(moment.getDate())}`;
