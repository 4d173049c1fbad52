// The customer service window turns while somebody looks: by the server's clock, to the second.
import { serverNow } from "./times.js";
import { paintWindows } from "./windows.js";

const LONGEST = 2 ** 31 - 1;

/** Let `composer` follow its window: the template picker takes its place at zero. */
export function watchWindow(composer, signal) {
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    const left = Date.parse(composer.dataset.expires ?? "") - serverNow();
    if (left > 0) timer = setTimeout(() => { paintWindows(composer); wait(); }, Math.min(left + 20, LONGEST));
  };
  composer.addEventListener("window:turned", (event) => {
    if (event.target !== composer) return;
    allow(composer);
    change(composer, event.detail.state);
  }, { signal });
  const observer = new MutationObserver(wait);
  observer.observe(composer, { attributeFilter: ["data-expires"] });
  signal.addEventListener("abort", () => { clearTimeout(timer); observer.disconnect(); });
  if (composer.dataset.window === "closed") document.querySelector("#picker #picker-form")?.setAttribute("data-by-itself", "");
  wait();
}

/** A reply needs an open window, a note nothing. */
export function allow(composer) {
  const isShut = composer.dataset.window === "closed" && composer.dataset.mode !== "note";
  for (const control of [composer.text, ...composer.querySelectorAll("[data-send], [data-later-open]")]) control.disabled = isShut;
}

function change(composer, state) {
  const picker = document.getElementById("picker");
  const form = picker?.querySelector("#picker-form");
  if (state !== "closed") {
    // What was opened by hand stays until it is closed by hand.
    const isBegun = form?.querySelector('[data-has-choice="yes"]');
    if (form?.hasAttribute("data-by-itself") && !isBegun) picker.replaceChildren();
    return;
  }
  if (form || !("hasTemplates" in composer.dataset)) return;
  htmx.ajax("GET", composer.dataset.pickerUrl, { target: "#picker", swap: "innerHTML" })
    .then(() => picker.querySelector("#picker-form")?.setAttribute("data-by-itself", ""))
    .catch(() => {});
}
