// The contact beside the conversation: opened and closed in place, and never another one's.
const REMEMBERED = "panel:sections";
const shell = () => document.querySelector(".shell");
const panel = () => document.getElementById("panel");
const isBeside = matchMedia("(width >= 80rem)");

function show(state) {
  shell().dataset.panel = state;
}

function close() {
  const before = document.querySelector("[data-panel-open]");
  show("closed");
  before?.focus();
}

/** Whether this browser's reader keeps a section unfolded, by its name. */
function folds() {
  try {
    return new Map(JSON.parse(localStorage.getItem(REMEMBERED)) ?? []);
  } catch {
    return new Map();
  }
}

function fold(root) {
  const kept = folds();
  for (const section of root.querySelectorAll("details.panel-section")) {
    // What was just refused stays in sight.
    if (kept.has(section.id) && !section.querySelector("[role=alert]")) section.open = kept.get(section.id);
  }
}

/** A section came anew: the thread calls the person as it does, and the focus stays about there. */
function redrawn(section) {
  const name = section.querySelector(".panel-name");
  const head = document.querySelector(`#thread[data-conversation="${panel()?.dataset.conversation}"] .thread-name bdi`);
  if (name && head) head.textContent = name.textContent;
  if (document.activeElement && document.activeElement !== document.body) return;
  (section.querySelector("[aria-invalid]") ?? section.querySelector("summary, a, button"))?.focus();
}

/** Only what somebody has turned is remembered, not what opened by itself. */
function remember(section, isOpen) {
  const kept = folds().set(section.id, isOpen);
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify([...kept]));
  } catch { /* a browser that keeps nothing shows them as they come */ }
}

/** Opened and written into at once: a key pressed meanwhile must not be a command. */
function edit(form) {
  form.open = !form.open;
  if (form.open) form.querySelector(form.matches(".panel-detail:not([data-new])") ? "textarea" : "input:not([type=hidden])").focus();
}

document.addEventListener("click", (event) => {
  const folded = event.target.closest("#panel summary")?.parentElement;
  if (folded?.matches(".panel-section")) return remember(folded, !folded.open);
  const isEdit = folded?.matches(".panel-detail, .panel-rename");
  if (!isEdit && !event.target.closest("[data-panel-close]")) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (isEdit) edit(folded);
  else close();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const { target, elt } = event.detail;
  if (target?.id === "panel") {
    const wasOpen = shell().dataset.panel === "open";
    show("open");
    fold(panel());
    if (elt?.id === "panel" && wasOpen) redrawn(panel());
    else if (!isBeside.matches) panel().querySelector("[data-panel-close]").focus();
  } else if (target?.closest?.("#panel") || panel()?.contains(elt)) {
    redrawn(document.getElementById(target.id) ?? elt);
  }
});
document.addEventListener("thread:opened", (event) => {
  if (shell()?.dataset.panel !== "open" || panel()?.dataset.conversation === String(event.detail.id)) return;
  const link = document.querySelector("[data-panel-open]");
  if (!link || !isBeside.matches) show("closed");
  else htmx.ajax("GET", link.getAttribute("href"), { target: "#panel", swap: "outerHTML" }).catch(() => show("closed"));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || shell()?.dataset.panel !== "open" || event.defaultPrevented) return;
  if (!panel()?.contains(document.activeElement)) return;
  event.preventDefault();
  const editing = document.activeElement.closest(".panel-detail[open], .panel-rename[open]");
  if (!editing) return close();
  editing.open = false;
  editing.querySelector("summary").focus();
});
if (shell()?.dataset.panel === "open") fold(panel());
