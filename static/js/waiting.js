// What waits is seen where it will stand, and says what it waits for; in every tab alike.
import { drawBubble, markUnsent } from "./optimistic.js";
import { live } from "./live.js";
import { outbox } from "./outbox.js";

const MOMENT = 2_000;
const drawn = new Set(); // what was drawn in the open conversation; a reaction has no bubble
const bubbleOf = (id) => document.querySelector(`[data-client-id="${CSS.escape(id)}"]`);
const isStored = (id) => document.querySelector(`[data-client="${CSS.escape(id)}"]`);

/** Why an entry is still here, as its words are named in the page; "" while it is on its way. */
function reason(entry, before) {
  if (entry.waits === "login" || live.state === "logged-out") return "login";
  if (entry.waits === "network" || live.state === "offline") return live.state === "offline" ? "offline" : "network";
  if (entry.waits) return entry.waits;
  return before && Date.now() - Date.parse(entry.at) > MOMENT ? "turn" : "";
}

function show(composer, entry, before) {
  if (isStored(entry.id)) return;
  if (!bubbleOf(entry.id) && !(drawn.has(entry.id) && entry.fields.kind === "reaction")) drawBubble(composer, entry);
  drawn.add(entry.id);
  const why = reason(entry, before);
  const bubble = bubbleOf(entry.id);
  if (!bubble || (bubble.dataset.waits ?? "") === why) return;
  bubble.dataset.waits = why;
  if (why) markUnsent(composer, entry);
  const words = document.querySelector(`[data-waiting-words] [data-why="${why}"]`);
  const sentence = bubble.querySelector(".verdict p");
  if (words && sentence) sentence.textContent = words.textContent;
}

/** The open conversation's bubbles as the queue has them. */
function reconcile() {
  const composer = document.querySelector("reply-composer");
  if (!composer || !document.querySelector("message-timeline")) return;
  const waiting = outbox.of(composer.dataset.conversation);
  waiting.forEach((entry, place) => show(composer, entry, waiting[place - 1]));
  for (const bubble of document.querySelectorAll("message-timeline [data-client-id][data-waits]")) {
    if (!waiting.some(({ id }) => id === bubble.dataset.clientId)) bubble.remove();
  }
}

document.addEventListener("thread:opened", () => drawn.clear());
for (const event of ["outbox:changed", "live:state", "thread:opened"]) document.addEventListener(event, reconcile);
setInterval(reconcile, 5_000);
