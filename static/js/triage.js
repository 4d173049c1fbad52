// What is done to conversations: where it leads, the word on it, and a head that stays true.
import { fetchFragment } from "./fragments.js";
import { dress } from "./viewer.js";

const SHOWN = 8_000;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const tools = () => document.getElementById("thread-tools");
const toasts = () => document.getElementById("toasts");
const underWay = new WeakSet();
let focused = "";
let staying = null; // the menu that stays open, and the item that was pressed there
let known = "";
let timer = 0;

/** Press what the page offers under this name; a list with a selection may take it instead. */
export function act(name) {
  const asked = new CustomEvent("triage:asked", { detail: { action: name }, cancelable: true });
  if (document.dispatchEvent(asked)) document.querySelector(`#thread-tools [data-triage="${name}"]`)?.click();
}

/** Take the last thing back, while its word is on the screen. */
export const undo = () => [...document.querySelectorAll("[data-undo]")].at(-1)?.click();

function following() {
  const row = document.querySelector(".conversation[aria-current]");
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  return next?.querySelector?.(".conversation-link")?.href ?? "";
}

// Sent in the page's own name: the form may be gone, renewed by the news of what it did, before
// the answer is here, and htmx puts an answer only where its asker still stands.
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-triage-form]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  if (underWay.has(form)) return;
  underWay.add(form);
  const values = new FormData(form, event.submitter);
  if (values.has("tz")) values.set("tz", zone);
  const link = following();
  if (link) values.set("following", new URL(link).pathname + new URL(link).search);
  remember(form);
  htmx.ajax("POST", form.getAttribute("action"), { source: document.body, values, swap: "none" }).catch(() => {}).finally(() => underWay.delete(form));
});

/** What has the focus, since the menus will be new. */
function remember(form) {
  const here = form.contains(document.activeElement);
  const item = here && document.activeElement.closest("[data-stays]");
  staying = item ? { menu: form.closest("details").dataset.menu, words: item.textContent.trim() } : null;
  focused = here ? form.closest("details")?.querySelector("summary")?.id ?? document.activeElement.id : "";
}

// The menus are new now; who used one is where they were.
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target?.id === "toasts") dismissSoon();
  if (event.detail.target?.id === "thread-tools" && staying) return stay();
  if (!focused || document.activeElement !== document.body) return;
  const again = document.getElementById(focused);
  (again?.getClientRects().length ? again : document.getElementById("tool-more"))?.focus({ preventScroll: true });
});

function stay() {
  const fold = tools().querySelector(`[data-menu="${staying.menu}"]`);
  fold.open = true;
  [...fold.querySelectorAll(".menu-item")].find((item) => item.textContent.trim() === staying.words)?.focus();
  staying = null;
  focused = "";
}

function dismissSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (toasts()?.matches(":hover, :focus-within")) dismissSoon();
    else toasts()?.replaceChildren();
  }, SHOWN);
}

/** Open what the server named; by its row where there is one, so that everything follows. */
function go(url) {
  const path = new URL(url, location.href).pathname;
  if (path === "/") return document.querySelector("[data-leave]")?.click();
  const row = document.getElementById(`conversation-${path.split("/")[2]}`)?.querySelector(".conversation-link");
  if (row) row.click();
  else htmx.ajax("GET", url, { target: "#thread", swap: "outerHTML", push: url });
}

document.addEventListener("triage:go", (event) => go(event.detail.url));
// Unread again: the open conversation is left, or it would be read at once.
document.addEventListener("triage:unread", (event) => {
  const words = document.querySelector("conversation-list")?.dataset.unreadWords ?? "";
  document.querySelector("[data-leave]")?.click();
  for (const id of event.detail.ids) {
    const row = document.getElementById(`conversation-${id}`);
    if (!row) continue;
    row.dataset.read = Math.min(Number(row.dataset.read ?? 0), row.dataset.inbound - 1);
    setTimeout(() => dress(row, words), 0);
  }
});

// --- what colleagues do ---------------------------------------------------------------------

/** What a row says of the conversation that its head says too. */
function signature(row) {
  const labels = [...row.querySelectorAll(".label")].map((label) => label.textContent.trim());
  const level = row.querySelector(".priority")?.dataset.level ?? "";
  return [row.dataset.state, row.dataset.assignee, level, ...labels].join("|");
}

async function renew() {
  const old = tools();
  if (!old || document.hidden || old.querySelector("details[open]")) return;
  const next = encodeURIComponent(location.pathname + location.search);
  try {
    const fresh = (await fetchFragment(`${old.dataset.renew}?next=${next}`)).getElementById("thread-tools");
    if (tools() !== old || old.querySelector("details[open]") || old.contains(document.activeElement)) return;
    old.replaceWith(fresh);
    htmx.process(fresh);
  } catch { /* the next change asks again */ }
}

document.addEventListener("live:frame", (event) => {
  const open = tools()?.dataset.conversation;
  const row = open && event.detail.rows?.find((each) => String(each.id) === open && each.html);
  if (!row) return;
  const template = document.createElement("template");
  template.innerHTML = row.html;
  const now = `${open} ${signature(template.content.querySelector(".conversation"))}`;
  if (now === known) return;
  known = now;
  renew();
});
document.addEventListener("live:poll", renew);
if (toasts()?.childElementCount) dismissSoon();
