// Light, dark or the system's; roomy or dense. Kept in this browser.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const DEFAULTS = { theme: "system", density: "comfortable" };

function choose(name, value) {
  if (value === DEFAULTS[name]) delete root.dataset[name];
  else root.dataset[name] = value;
  try {
    if (value === DEFAULTS[name]) localStorage.removeItem(`inbox.${name}`);
    else localStorage.setItem(`inbox.${name}`, value);
  } catch { /* storage may be off; the choice lasts as long as the page */ }
  show();
}

function turn(name) {
  if (name === "density") return choose(name, root.dataset.density === "compact" ? "comfortable" : "compact");
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  return choose(name, isDark ? "light" : "dark");
}

function show() {
  for (const group of document.querySelectorAll("[data-choice]")) {
    const chosen = root.dataset[group.dataset.choice] ?? DEFAULTS[group.dataset.choice];
    for (const button of group.querySelectorAll("[data-value]")) {
      button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-turn], [data-choice] [data-value]");
  if (!button) return;
  if (button.dataset.turn) turn(button.dataset.turn);
  else choose(button.closest("[data-choice]").dataset.choice, button.dataset.value);
});
document.addEventListener("htmx:historyRestore", show);
show();
