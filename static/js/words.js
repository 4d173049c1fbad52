// What a door of the page calls itself, and its glyph.
const KEY = /\s*\([^()]{1,5}\)$/u;

/** The words on it, without its key, its number and what is only drawn. */
export function wordsOf(door) {
  const label = door.getAttribute("aria-label") ?? "";
  const copy = door.cloneNode(true);
  for (const part of copy.querySelectorAll("kbd, svg, [aria-hidden], .sidebar-count, small")) part.remove();
  return (copy.textContent.trim() || label || door.title).replace(/\s+/g, " ").replace(KEY, "");
}

/** Its glyph, or that of the sprite which is called `name`. */
export function iconOf(door, name = "") {
  const own = name ? null : door?.querySelector?.(":scope > .icon:not([data-size=small]), :scope > .priority, :scope > .sidebar-dot");
  if (own || !name) return own ?? null;
  const icon = document.querySelector(".palette-field .icon").cloneNode(true);
  const use = icon.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#icon-${name}`));
  return icon;
}
