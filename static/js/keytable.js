// The reader's own keys, as the server wrote them into the page: one table for keys, palette and help.
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const table = document.getElementById("key-table");
const hasSingles = table?.dataset.singles !== "off";
// What a key writes where the alphabet is another one.
const SIGNS = { Slash: "/", "Shift+Slash": "?" };
const TOLD = / \(⇧?[A-Z]\)$/u;

export const actions = [...(table?.content.children ?? [])].map(({ dataset, textContent }) => ({ ...dataset, title: textContent }));
const byStroke = new Map(actions.filter(({ stroke }) => stroke).map(({ stroke, action }) => [stroke, action]));

/** What a key means: `{action, isSingle}`; nothing where it means nothing, or is turned off. */
export function meaningOf(event) {
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  if (event.altKey || event.ctrlKey !== (isMod && !isMac) || event.metaKey !== (isMod && isMac)) return null;
  if (!isMod && !hasSingles) return null;
  const place = `${event.shiftKey ? "Shift+" : ""}${event.code}`;
  const sign = event.key.charCodeAt(0) > 127 ? SIGNS[place] : event.key;
  const action = [place, sign].map((key) => byStroke.get(`${isMod ? "Mod+" : ""}${key}`)).find(Boolean);
  return action ? { action, isSingle: !isMod } : null;
}

/** What is printed on the keys of an action, in the order they are held down. */
export function capsOf(name) {
  const stroke = actions.find(({ action }) => action === name)?.stroke ?? "";
  if (!stroke || (!hasSingles && !stroke.startsWith("Mod+"))) return [];
  const held = [["Mod+", isMac ? "⌘" : "Ctrl"], ["Shift+", "⇧"]];
  const key = stroke.replace(/^Mod\+/, "").replace(/^Shift\+/, "").replace(/^(Key|Digit)(?=.)/, "");
  return [...held.filter(([name]) => stroke.includes(name)).map(([, cap]) => cap), key];
}

/** A pressed key as a field says it; nothing for keys that only hold or leave. */
export function writtenOf(event) {
  const isMod = event.ctrlKey || event.metaKey;
  const place = event.code.match(/^(?:Key|Digit)(.)$|^(F\d+)$/);
  const key = place?.[1] ?? place?.[2] ?? (event.key.length === 1 && event.key !== " " ? event.key : "");
  return key && [isMod ? "Ctrl" : "", place && event.shiftKey ? "Shift" : "", key].filter(Boolean).join("+");
}

if (isMac) {
  const say = (root) => root.querySelectorAll?.("kbd[data-mod]").forEach((cap) => { cap.textContent = "⌘"; });
  document.addEventListener("htmx:load", (event) => say(event.detail.elt));
  say(document);
}

// A tooltip that names a key which somebody has changed is wrong: it then says only what it does.
function correct({ target }) {
  const door = target.closest?.("[title]");
  for (const name of ["title", "aria-label"]) {
    const words = door?.getAttribute(name);
    if (words && TOLD.test(words)) door.setAttribute(name, words.replace(TOLD, ""));
  }
}
if (table && (table.dataset.own === "yes" || !hasSingles)) for (const name of ["pointerover", "focusin"]) document.addEventListener(name, correct, { passive: true });
