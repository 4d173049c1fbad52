// One key for each thing; single ones only outside fields. What a key does is in the table.
import { DOORS } from "./doors.js";
import { meaningOf } from "./keytable.js";
import { togglePalette } from "./palette.js";
import { rest } from "./refocus.js";

const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const isField = (target) => target.closest?.(FIELDS);

/** The field first, then the conversation. */
function leave(target) {
  if (isField(target)) return rest(target);
  const way = document.querySelector("[data-leave]");
  if (!way) return undefined;
  const id = document.getElementById("thread").dataset.conversation;
  way.click();
  return document.querySelector(id ? `#conversation-${id} .conversation-link` : ".conversation-link")?.focus();
}

function press(action) {
  if (DOORS[action]?.find()) DOORS[action].run();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const meant = meaningOf(event);
  if (meant?.action === "palette" && !(meant.isSingle && isField(event.target))) {
    event.preventDefault();
    togglePalette();
    return;
  }
  if (document.querySelector("dialog:modal")) return;
  if (event.key === "Escape" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (!document.querySelector("[popover]:popover-open")) leave(event.target);
    return;
  }
  if (!meant || (meant.isSingle && isField(event.target))) return;
  event.preventDefault();
  press(meant.action);
});
