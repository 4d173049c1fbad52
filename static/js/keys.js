// One key for each thing; single letters only outside fields.
import { openMenu } from "./menus.js";
import { act, undo } from "./triage.js";

const rows = () => [...document.querySelectorAll(".conversation")];
const isField = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function step(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const current = here >= 0 ? here : all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(current + by, 0), all.length - 1)];
  next.querySelector(".conversation-link").focus();
  next.scrollIntoView({ block: "nearest" });
}

function leave(target) {
  if (isField(target)) {
    target.blur();
    return;
  }
  const id = document.getElementById("thread")?.dataset.conversation;
  if (!id) return;
  document.querySelector("[data-leave]")?.click();
  document.querySelector(`#conversation-${id} .conversation-link`)?.focus();
}

const KEYS = {
  KeyE: () => act("resolve"),
  "Shift+KeyE": () => act("next"),
  KeyI: () => act("claim"),
  KeyU: () => act("unread"),
  KeyA: () => openMenu("assign"),
  KeyS: () => openMenu("snooze"),
  KeyL: () => openMenu("labels"),
  KeyZ: undo,
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyC: () => document.querySelector("[data-start]")?.click(),
  KeyR: () => document.querySelector("reply-composer")?.turn("reply"),
  KeyN: () => document.querySelector("reply-composer")?.turn("note"),
  Digit1: () => document.querySelectorAll("#tabs .tab")[0]?.click(),
  Digit2: () => document.querySelectorAll("#tabs .tab")[1]?.click(),
  Digit3: () => document.querySelectorAll("#tabs .tab")[2]?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog:modal")) return;
  if (event.key === "Escape") {
    if (!document.querySelector("[popover]:popover-open")) leave(event.target);
    return;
  }
  const press = KEYS[event.shiftKey ? `Shift+${event.code}` : event.code];
  if (!press || isField(event.target)) return;
  event.preventDefault();
  press();
});
