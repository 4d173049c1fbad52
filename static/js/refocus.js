// The focus is never lost: what it was on may leave the page, and something near takes its place.
let last = null; // what had it, and what stood around it

const isThere = (element) => Boolean(element?.isConnected && element.checkVisibility());
const thread = () => document.querySelector("#thread[data-conversation] > .region-scroll");
const currentRow = () => document.querySelector(".conversation[aria-current] .conversation-link") ?? document.querySelector("#rows .conversation-link");

function note(target) {
  const row = target.closest(".conversation");
  const place = row ? [...document.querySelectorAll("#rows .conversation")].indexOf(row) : -1;
  const region = target.closest(".region")?.dataset.region ?? "";
  last = { element: target, id: target.id, row: row?.id, place, region, stays: target.closest("dialog, [popover], details.fold") };
}

/** The same thing anew, its row or the one that moved up, else where one reads. */
function* near({ id, row, place, region }) {
  if (id) yield document.getElementById(id);
  if (row) yield document.querySelector(`#${row} .conversation-link`);
  const rows = [...document.querySelectorAll("#rows .conversation-link")];
  if (place >= 0) yield rows[Math.min(place, rows.length - 1)];
  if (region !== "list") yield thread();
  yield currentRow();
  // No field: a single key has to go on meaning something.
  yield document.querySelector("#tabs [aria-current]");
  yield thread();
  yield document.querySelector("main a, main button");
}

function give(place) {
  for (const goal of near(place)) {
    if (!isThere(goal) || goal.disabled) continue;
    goal.focus({ preventScroll: true });
    if (document.activeElement === goal) return;
  }
}

/** Take the focus back where it has nowhere to be. */
function keep() {
  if (document.activeElement !== document.body || !last || document.querySelector("dialog:modal")) return;
  if (isThere(last.element)) last = null; // left by hand
  else give(last);
}

/** Out of a field: to what it belongs to, so that single keys work again. */
export function rest(field) {
  const region = field.closest(".region")?.dataset.region;
  const goals = { thread: [thread()], list: [currentRow()] }[region] ?? [];
  const goal = [...goals, field.closest(".region")?.querySelector("a[href], button")].find(isThere);
  if (goal) goal.focus({ preventScroll: true });
  else field.blur();
}

document.addEventListener("focusin", (event) => note(event.target));
document.addEventListener("focusout", (event) => { if (!event.relatedTarget) setTimeout(keep); });
new MutationObserver(keep).observe(document.body, { childList: true, subtree: true });

// A conversation that was opened with a key is where the keys go next; a hand stays where it was.
let byKey = false;
document.addEventListener("click", (event) => {
  if (event.target.closest?.(".conversation-link, .start-person, .search-link")) byKey = event.detail === 0;
}, true); // before the page is painted, which a conversation that is at hand is at once
document.addEventListener("triage:go", () => { byKey = true; }, true);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "thread" || !thread() || document.querySelector("dialog:modal")) return;
  // htmx itself gives the focus to what is called the same in another conversation.
  const isFree = document.activeElement === document.body || document.activeElement.closest(".conversation, .search-hit, .thread-head");
  if (byKey && isFree && isThere(thread())) thread().focus({ preventScroll: true });
  byKey = false;
});
