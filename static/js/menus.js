// Folded menus: arrows, Home and End, the first letters of an item, Esc, and a press elsewhere.
const FORGET = 700;
let typed = "";
let typedAt = 0;

const items = (fold) => [...fold.querySelectorAll(".menu-item")].filter((item) => item.getClientRects().length);
const openFold = () => document.querySelector("details.fold[open]");

/** Unfold a menu of the open thread; what it was opened from gets the focus back. */
export function openMenu(name, from = null) {
  const fold = document.querySelector(`#thread-tools details[data-menu="${name}"]`);
  if (!fold) return;
  fold.open = true;
  fold.returnTo = from;
  (fold.querySelector("[data-filter]") ?? items(fold)[0])?.focus();
}

export function closeMenu(fold = openFold(), { focus = true } = {}) {
  if (!fold) return;
  fold.open = false;
  const summary = fold.querySelector("summary");
  const back = fold.returnTo?.isConnected && fold.returnTo.getClientRects().length ? fold.returnTo : summary;
  if (focus) (back.getClientRects().length ? back : document.getElementById("tool-more"))?.focus();
}

function step(fold, by) {
  const all = items(fold);
  const here = all.indexOf(document.activeElement);
  all[(here + by + all.length + (here < 0 && by < 0 ? 1 : 0)) % all.length]?.focus();
}

function look(fold, letter) {
  const now = performance.now();
  typed = now - typedAt > FORGET ? letter : typed + letter;
  typedAt = now;
  const fits = (item) => item.textContent.trim().toLocaleLowerCase().startsWith(typed);
  items(fold).find(fits)?.focus();
}

function filter(field) {
  const wanted = field.value.trim().toLocaleLowerCase();
  for (const item of field.closest(".menu").querySelectorAll(".menu-item")) {
    item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
  }
}

const MOVES = {
  ArrowDown: (fold) => step(fold, 1),
  ArrowUp: (fold) => step(fold, -1),
  Home: (fold) => items(fold)[0]?.focus(),
  End: (fold) => items(fold).at(-1)?.focus(),
};

// Before the page's own keys, which mean something else while a menu is open.
document.addEventListener("keydown", (event) => {
  const fold = openFold();
  if (!fold || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches("input");
  if (event.key === "Escape") closeMenu(fold);
  else if (!fold.contains(event.target)) return;
  else if (event.key === "Enter" && event.target.matches("[data-filter]")) items(fold)[0]?.click();
  else if (MOVES[event.key] && !(isTyping && ["Home", "End"].includes(event.key))) MOVES[event.key](fold);
  else if (!isTyping && event.key.length === 1 && event.key !== " ") look(fold, event.key.toLocaleLowerCase());
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("input", (event) => event.target.matches?.("[data-filter]") && filter(event.target));
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-open-menu]");
  const fold = openFold();
  if (link) {
    event.preventDefault();
    openMenu(link.dataset.openMenu, document.getElementById("tool-more"));
  } else if (fold && !fold.contains(event.target)) closeMenu(fold, { focus: false });
});
// Unfolded by a press: the first item is at hand at once.
document.addEventListener("toggle", (event) => {
  const fold = event.target;
  if (!fold.matches?.("details.fold[open]") || fold.contains(document.activeElement?.closest(".menu"))) return;
  if (matchMedia("(hover: hover)").matches) openMenu(fold.dataset.menu, fold.returnTo);
}, true);
