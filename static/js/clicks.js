// What can be pressed around the reply box: its tabs, quotes, the guard's answers, what has not left.
import { outbox } from "./outbox.js";
import { quote } from "./quoting.js";

export const modeOf = (entry) => (entry.fields.kind === "note" ? "note" : "reply");

/** Let the page's buttons reach `composer`. */
export function hearClicks(composer, signal) {
  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const [selector, act] of ACTS) {
      const pressed = event.target.closest(selector);
      if (pressed) return act(composer, pressed, event);
    }
  }, { signal });
}

function turn(composer, tab, event) {
  event.preventDefault();
  composer.turn(tab.dataset.modeTab);
}

function answer(composer, button, event) {
  event.preventDefault();
  composer.turn("reply");
  quote(composer, button.dataset.quote);
  composer.typed();
}

/** Edit or discard what the guard held back; either way its messages have been seen now. */
function decide(composer, button, event) {
  if (button.dataset.guard === "send") return;
  event.preventDefault();
  const seen = button.closest(".guard").dataset.unseenHead;
  const field = composer.field("seen_seq");
  field.value = Math.max(Number(field.value), Number(seen));
  if (button.dataset.guard === "discard") composer.clear();
  document.getElementById("guard").replaceChildren();
  composer.text.focus();
}

async function unsent(composer, button) {
  const act = button.dataset.do;
  const id = button.closest("[data-client-id]").dataset.clientId;
  const entry = outbox.of(composer.dataset.conversation).find((each) => each.id === id);
  if (act === "retry") outbox.flush();
  if (act === "retry" || !entry) return;
  if (!(await outbox.take(entry.id))) return;
  document.querySelector(`[data-client-id="${CSS.escape(id)}"]`)?.remove();
  if (act === "edit") composer.giveBack(entry.fields, modeOf(entry));
}

/** What another window has saved: used instead, or left alone. */
function newer(composer, button) {
  const strip = composer.querySelector(".beside-own");
  if (button.dataset.do === "use-newer") composer.text.value = strip.querySelector("[data-line]").textContent;
  strip.remove();
  composer.typed();
  composer.text.focus();
}

const ACTS = [
  ["[data-mode-tab]", turn],
  ["[data-guard]", decide],
  ["[data-quote]", answer],
  ["[data-client-id] [data-do]", unsent],
  [".beside-own [data-do]", newer],
];
