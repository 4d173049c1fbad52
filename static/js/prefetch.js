// Conversations that are likely next are fetched ahead, and opened from here at once: the ones
// beside the open one, the one under the pointer, the one just left. What is painted from here is
// brought up to date right after, and its numbers are those of what is shown.
import { fetchFragment } from "./fragments.js";
import { live } from "./live.js";
import { renew } from "./renewing.js";

const MOST = 10;
const HOVER = 80;
const LEFT = 1_000;
// What is being written is kept by the server a moment later; pages from before that do not count.
const SETTLES = 5_000;
const kept = new Map(); // url: {content, changed, at}, the latest fetched last
const coming = new Set();
const written = new Map(); // conversation: when somebody last wrote in its composer
let timer = 0;

const rowOf = (link) => link.closest(".conversation");
const links = () => [...document.querySelectorAll(".conversation .conversation-link")];
const openId = () => document.getElementById("thread")?.dataset.conversation;

/** Fetch what a row's link opens, unless it is here as the row has it. */
async function prefetch(link) {
  const url = link?.getAttribute("hx-get");
  const changed = link && rowOf(link).dataset.changed;
  if (!url || coming.has(url) || live.state === "offline" || navigator.connection?.saveData) return;
  if (isFresh(link, kept.get(url)) && kept.get(url).changed === changed) return;
  if (rowOf(link).dataset.id === openId()) return;
  const at = Date.now();
  coming.add(url);
  try {
    keep(url, { content: await fetchFragment(url), changed, at });
  } catch { /* opened by a click, it says what is wrong */ } finally {
    coming.delete(url);
  }
}

/** Whether a page knows everything that was written in its composer. */
const isFresh = (link, page) => page && page.at > (written.get(rowOf(link).dataset.id) ?? 0) + SETTLES;

function keep(url, page) {
  if (page.content.children.length !== 1 || !page.content.querySelector("#thread message-timeline")) return;
  kept.delete(url);
  kept.set(url, page);
  if (kept.size > MOST) kept.delete(kept.keys().next().value);
}

/** The rows above and below the open one, which J and K lead to. */
function neighbours() {
  const all = links();
  const here = all.findIndex((link) => rowOf(link).dataset.id === openId());
  if (here >= 0) for (const link of [all[here + 1], all[here - 1]]) prefetch(link);
}

/** Show a kept page in place of the open one; false if there is none. */
function paint(link) {
  const url = link.getAttribute("hx-get");
  const page = kept.get(url);
  if (!isFresh(link, page) || live.state === "logged-out") return false;
  // Painted once: what is written and read in it makes it another page.
  kept.delete(url);
  const thread = page.content.querySelector("#thread");
  const view = document.querySelector("conversation-list")?.dataset.view;
  history.pushState({ htmx: true }, "", view && view !== "all" ? `${url}?view=${view}` : url);
  document.getElementById("thread").replaceWith(thread);
  htmx.process(thread);
  thread.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true, detail: { target: thread } }));
  thread.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: { target: thread } }));
  renew(thread, url, rowOf(link).dataset.changed !== page.changed);
  return true;
}

function hover(event) {
  const row = event.target.closest?.(".conversation");
  if (!row || event.pointerType === "touch") return;
  clearTimeout(timer);
  timer = setTimeout(() => prefetch(row.querySelector(".conversation-link")), HOVER);
}

document.addEventListener("pointerover", hover);
document.addEventListener("input", (event) => event.target.closest("reply-composer") && written.set(openId(), Date.now()));
document.addEventListener("focusin", (event) => event.target.matches(".conversation-link") && prefetch(event.target));
document.addEventListener("thread:opened", () => setTimeout(() => ("requestIdleCallback" in globalThis ? requestIdleCallback(neighbours) : neighbours()), LEFT));
document.addEventListener("live:rights", () => kept.clear());
// What an agent sends changes what the conversation offers next.
document.addEventListener("outbox:answered", ({ detail }) => {
  for (const url of [...kept.keys()]) if (url.includes(`/${detail.entry.conversation}/`)) kept.delete(url);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const link = event.target;
  if (!link.matches?.(".conversation-link") || !paint(link)) return;
  event.preventDefault();
});
