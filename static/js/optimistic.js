// A reply's bubble before the server has it; its drawing and words come from the page's templates.
import { arrange } from "./arrange.js";
import { dress } from "./previews.js";
import { showReaction } from "./reactions.js";

const template = (composer, name) => composer.querySelector(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);

/** Show `entry` at the end of the timeline. */
export function drawBubble(composer, entry) {
  const timeline = document.querySelector("message-timeline");
  if (!timeline) return;
  if (entry.fields.kind === "reaction") return showReaction(entry);
  const bubble = template(composer, entry.fields.kind === "note" ? "note" : "bubble");
  bubble.dataset.clientId = entry.id;
  bubble.querySelector(".bubble-text").textContent = entry.fields.text;
  dress(composer, bubble, entry);
  bubble.querySelector("time").dateTime = entry.at;
  timeline.append(bubble);
  arrange(timeline);
  timeline.toEnd();
}

/** Say on its bubble that `entry` has not left this computer. */
export function markUnsent(composer, entry) {
  const bubble = document.querySelector(`[data-client-id="${CSS.escape(entry.id)}"]`);
  if (!bubble || bubble.dataset.status === "unsent") return;
  bubble.dataset.status = "unsent";
  bubble.append(template(composer, "unsent"));
  document.querySelector("message-timeline")?.toEnd();
}
