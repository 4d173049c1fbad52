// The numbers beside the views come by a request of their own: soon after something happened, and
// while much happens every few seconds, not in all browsers at once.
import { fetchFragment } from "./fragments.js";

const SOON = 700;
const EVERY = 3_000;
const SELDOM = 30_000;
// A server that takes long is asked less: all browsers together never ask more than it can answer.
const SHARE = 20;
const list = () => document.querySelector("conversation-list");
const links = (root) => [...root.querySelectorAll(".sidebar-link")];
const listOf = (link) => link.getAttribute("href").split("?")[1];
const savedIn = (query) => new URLSearchParams(query).get("saved");
let timer = 0;
let next = 0;
let isMissed = false; // something happened while nobody looked

export function countSoon() {
  if (timer) return;
  timer = setTimeout(count, Math.max(SOON * (1 + Math.random()), next - performance.now()));
}

async function count() {
  timer = 0;
  const asked = performance.now();
  next = asked + EVERY;
  isMissed = document.hidden;
  if (!list() || isMissed || !navigator.onLine) return;
  const { reload, query } = list().dataset;
  try {
    show(await fetchFragment(`${reload}?${query}`, "views"));
  } catch { /* the next change asks again */ }
  next = asked + Math.min(Math.max((performance.now() - asked) * SHARE, EVERY), SELDOM);
}

/** Numbers change where they stand; the lists themselves only where there are others. */
function show(fresh) {
  const [old, views] = [document.getElementById("views"), fresh.getElementById("views")];
  if (!old) return;
  for (const number of fresh.querySelectorAll("#tabs .number")) document.getElementById(number.id)?.replaceWith(number);
  if (links(old).map(listOf).join() === links(views).map(listOf).join()) {
    const numbers = views.querySelectorAll(".sidebar-count");
    for (const [place, number] of old.querySelectorAll(".sidebar-count").entries()) number.replaceWith(numbers[place]);
    return;
  }
  old.replaceWith(views);
  htmx.process(views);
  markList(list()?.dataset.query);
}

/** Mark the list that is shown, of `query`, among those beside it. */
export function markList(query) {
  const shown = query || "view=all";
  for (const link of links(document.getElementById("views"))) {
    const isSaved = savedIn(listOf(link)) || savedIn(shown);
    const isShown = isSaved ? savedIn(listOf(link)) === savedIn(shown) : listOf(link) === shown;
    if (isShown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("visibilitychange", () => !document.hidden && isMissed && countSoon());
