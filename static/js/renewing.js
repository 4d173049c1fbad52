// A conversation painted from memory becomes the true one; one that has to be waited for shows
// where its parts will stand.
import { fetchFragment } from "./fragments.js";
import { followThread } from "./shell.js";

/** Pull what is new in `thread`; where more than messages changed, its head and its notices too. */
export async function renew(thread, url, hasChanged) {
  thread.querySelector("message-timeline")?.pull?.();
  if (!hasChanged) return;
  try {
    const fresh = (await fetchFragment(url)).querySelector("#thread");
    if (!fresh || !thread.isConnected) return;
    for (const part of [".thread-head", ".window"]) exchange(thread, fresh, part);
  } catch { /* the next change of the conversation asks again */ }
}

function exchange(thread, fresh, part) {
  const [old, young] = [thread.querySelector(part), fresh.querySelector(part)];
  if (!old || !young || old.contains(document.activeElement)) return;
  old.replaceWith(young);
  htmx.process(young);
}

const MOMENT = 80;
let timer = 0;

function bones() {
  clearTimeout(timer);
  document.getElementById("thread-bones")?.remove();
}

function draw(link) {
  bones();
  const layout = document.querySelector('template[data-template="thread"]')?.content.firstElementChild.cloneNode(true);
  const thread = document.getElementById("thread");
  if (!layout || !thread) return;
  layout.id = "thread-bones";
  layout.querySelector("[data-name]").textContent = link.textContent;
  thread.append(layout);
}

/** The final layout in grey, above what was there, once the wait is long enough to be seen. */
function wait(link) {
  clearTimeout(timer);
  if (document.getElementById("thread-bones")) draw(link);
  else timer = setTimeout(() => draw(link), MOMENT);
}

// Who chose again meant the last: what comes for an earlier choice changes neither page nor address.
// It is told to the thread it was to replace, which may have left the page by then.
let asked = null;
const drop = (event) => event.target === event.currentTarget && event.detail.xhr !== asked && event.preventDefault();
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id !== "thread") return;
  asked = detail.xhr;
  detail.target.addEventListener("htmx:beforeSwap", drop);
});
document.addEventListener("htmx:beforeSend", (event) => event.target.matches?.(".conversation-link") && wait(event.target));
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.xhr === asked && bones());
document.addEventListener("thread:opened", bones); // painted from memory, perhaps while another one was awaited
// Nothing came: the row of what is still open is the marked one again.
document.addEventListener("htmx:sendError", (event) => event.target.matches?.(".conversation-link") && followThread());
