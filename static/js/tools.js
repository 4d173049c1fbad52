// What can be done with one message: a menu beside it, by pointer, key or a long press.
import { fetchFragment } from "./fragments.js";
import { nearby } from "./nearby.js";

const LONG = 450;
const STRAYED = 10;
const SHOWN = 1_500;
const menu = () => document.getElementById("tools-menu");
let opener = null;
let press = null;

function open(button) {
  opener = button;
  const message = button.closest(".message");
  menu().querySelector('[data-do="copy-text"]').hidden = !message.querySelector(".bubble-text");
  menu().querySelector('[data-do="copy-link"]').href = button.dataset.link;
  const xray = menu().querySelector('[data-do="x-ray"]');
  if (xray) xray.href = button.href;
  menu().showPopover();
  nearby(menu(), button);
  menu().querySelector(".menu-item:not([hidden])").focus();
}

async function copy(text) {
  const said = document.getElementById("tools-menu-done");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return; // the browser refused; the text can still be marked by hand
  }
  said.textContent = said.dataset.copied;
  setTimeout(() => { said.textContent = ""; }, SHOWN);
}

/** The story of one message, over the page. */
export async function xray(href) {
  const dialog = document.getElementById("x-ray");
  dialog.replaceChildren(await fetchFragment(href));
  dialog.showModal();
}

const ACTS = {
  "copy-text": () => copy(opener.closest(".message").querySelector(".bubble-text").innerText),
  "copy-link": (item) => copy(item.href),
  "x-ray": (item) => xray(item.href).catch(() => location.assign(item.href)),
};

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !menu()) return;
  const button = event.target.closest?.("[data-message-menu]");
  const item = event.target.closest?.("#tools-menu [data-do]");
  if (event.target.matches?.("dialog.x-ray-dialog")) event.target.close();
  if (button) {
    event.preventDefault();
    open(button);
  } else if (item) {
    event.preventDefault();
    menu().hidePopover();
    opener.focus({ preventScroll: true });
    ACTS[item.dataset.do](item);
  }
});

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("#tools-menu") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu().querySelectorAll(".menu-item:not([hidden])")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
});

const unhover = (except) => {
  for (const message of document.querySelectorAll(".message[data-hover]")) if (message !== except) message.removeAttribute("data-hover");
};
const release = () => {
  clearTimeout(press?.timer);
  press = null;
};

document.addEventListener("pointerdown", (event) => {
  const message = event.target.closest?.(".message");
  unhover(message);
  release();
  if (event.pointerType !== "touch" || !message) return;
  const timer = setTimeout(() => message.setAttribute("data-hover", ""), LONG);
  press = { timer, x: event.clientX, y: event.clientY };
});
document.addEventListener("pointermove", (event) => {
  if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > STRAYED) release();
});
for (const name of ["pointerup", "pointercancel", "scroll"]) document.addEventListener(name, release, { capture: true, passive: true });
