// The contact beside the conversation: opened and closed in place, and never another one's.
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

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-panel-close]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  close();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "panel") return;
  show("open");
  if (!isBeside.matches) panel().querySelector("[data-panel-close]").focus();
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
  close();
});
