// ↑ and ↓ within a list, and from the field above it into the list.
const LISTS = ["#rows .conversation-link", "#list :is(.search-person, .search-link)", ".start-person:not([aria-disabled])", "#sidebar .sidebar-link", "#person-menu :is(.menu-item, .segment)"];
const FIELDS = { ".search-input": LISTS[1], "#start-text": LISTS[2] };

const seen = (selector) => [...document.querySelectorAll(selector)].filter((item) => item.checkVisibility());

/** Where an arrow leads from here: nothing where it has its usual meaning. */
function goal(target, by) {
  const field = Object.keys(FIELDS).find((selector) => target.matches(selector));
  if (field) return by > 0 ? seen(FIELDS[field])[0] : null;
  const list = LISTS.find((selector) => target.matches(selector));
  const items = list ? seen(list) : [];
  return items[items.indexOf(target) + by] ?? (list ? target : null);
}

document.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.defaultPrevented || event.isComposing || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = event.target.matches?.("a, button, input") && goal(event.target, by);
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});
