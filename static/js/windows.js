// Customer service windows run out while the page is open: rings, chips and countdowns follow.
import { serverNow } from "./times.js";

const DAY = 86_400_000;
const CLOSING = 2 * 3_600_000;
const words = (template, left) => template.replace("{left}", left);

/** "23 h 14 m", "9 m", in the words that the page brings for it. */
function timeLeft(milliseconds) {
  const said = document.querySelector("[data-words-hours]")?.dataset ?? { wordsHours: "{hours} h {minutes} m", wordsMinutes: "{minutes} m" };
  const minutes = Math.max(Math.floor(milliseconds / 60_000), 0);
  if (minutes < 60) return said.wordsMinutes.replace("{minutes}", minutes);
  return said.wordsHours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", String(minutes % 60).padStart(2, "0"));
}

const stateOf = (left) => (left <= 0 ? "closed" : left < CLOSING ? "closing" : "open");

function paint(element) {
  const left = Date.parse(element.dataset.expires) - serverNow();
  const state = stateOf(left);
  if (element.matches(".ring")) drawRing(element, state, left);
  const ring = element.querySelector(".ring");
  if (ring) drawRing(ring, state, left);
  for (const target of element.querySelectorAll("[data-time-left]")) target.textContent = timeLeft(left);
  const sentence = element.querySelector("[data-time-words]");
  if (sentence && element.dataset.wordsOpen) sentence.textContent = words(element.dataset[`words${state[0].toUpperCase()}${state.slice(1)}`], timeLeft(left));
  if (element.hasAttribute("data-window") && element.dataset.window !== state) {
    element.dataset.window = state;
    element.dispatchEvent(new CustomEvent("window:turned", { bubbles: true, detail: { state } }));
  }
  if (element.matches(".chip")) element.hidden = state !== "closing";
}

function drawRing(ring, state, left) {
  ring.setAttribute("data-window", state);
  const percent = Math.max(1, Math.min(100, Math.round((100 * left) / DAY)));
  ring.lastElementChild.setAttribute("stroke-dasharray", `${percent} 100`);
}

/** Paint every window under `root` as it stands now. */
export function paintWindows(root = document) {
  if (root.matches?.("[data-expires]")) paint(root);
  for (const element of root.querySelectorAll("[data-expires]")) if (!element.matches("timeline-page")) paint(element);
}

/** The customer wrote again: the window of everything under `root` lasts until `expires`. */
export function extendWindows(root, expires) {
  if (!expires) return;
  for (const element of root.querySelectorAll("[data-window]")) {
    if (element.closest("message-timeline") || (element.dataset.inline !== undefined)) continue;
    element.setAttribute("data-expires", expires);
  }
  paintWindows(root);
}

setInterval(paintWindows, 20_000);
document.addEventListener("htmx:afterSettle", () => paintWindows());
paintWindows();
