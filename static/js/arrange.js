// The order of a timeline: where a message belongs, which days part it, what joins what.
import { keeping } from "./keeping.js";
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

/** Put one message where it belongs; true if the timeline did not have it before. */
export function place(timeline, incoming) {
  const old = twinOf(timeline, incoming);
  if (old && Number(old.dataset.changed ?? 0) > Number(incoming.dataset.changed)) return false;
  // A reaction of ours is seen on its target; it has a place only while it needs somebody.
  if (!old && incoming.hidden) return false;
  const isNew = !old?.id;
  if (old && old.dataset.sort === incoming.dataset.sort) {
    keeping(old, incoming, () => old.replaceWith(incoming));
    return isNew;
  }
  const all = messagesOf(timeline).filter((message) => message !== old);
  const after = all.findLast((message) => message.dataset.sort && message.dataset.sort <= incoming.dataset.sort);
  if (!after && !old && timeline.querySelector(".timeline-older")) return false;
  const put = () => {
    old?.remove();
    if (after) after.after(incoming);
    else if (all.length) all[0].before(incoming);
    else timeline.append(incoming);
  };
  if (old) keeping(old, incoming, put);
  else put();
  return isNew;
}

/** Days and joins, as they stand now, in the reader's zone. */
export function arrange(timeline) {
  for (const day of timeline.querySelectorAll("[data-day]")) day.remove();
  let previous = null;
  for (const message of messagesOf(timeline)) {
    const moment = new Date(message.dataset.sort ?? Date.now());
    const parted = !previous || dayOf(previous.moment).valueOf() !== dayOf(moment).valueOf();
    if (parted) lineBefore(message).before(dayLine(moment));
    const joins = !parted && previous.key === message.dataset.key && message.dataset.key
      && moment - previous.moment < MINUTE && !message.previousElementSibling?.matches(".unread-line, .event");
    message.toggleAttribute("data-joined", Boolean(joins));
    previous = { moment, key: message.dataset.key };
  }
}

const lineBefore = (message) => (message.previousElementSibling?.matches(".unread-line") ? message.previousElementSibling : message);

function dayLine(moment) {
  const line = document.createElement("p");
  line.className = "day";
  line.dataset.day = "";
  line.textContent = dayWords(moment);
  return line;
}
