/* What the customer can press below a message: buttons that answer, links that lead away. */

import { element, role } from "./dom.js";

export function options(message) {
  if (!message.options?.length) return null;
  const entries = message.options.map((option, place) => entry(message, option, place));
  return element("div", { class: "phone-options", role: "group", "aria-label": "Choices" }, ...entries);
}

/* Calls `press` with what the phone sends then. */
export function listenOptions(press, messages) {
  role("thread").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-option]");
    if (!button) return;
    const message = messages().find((each) => each.id === button.dataset.of);
    const option = message?.options[Number(button.dataset.option)];
    if (option) press({ ...option.answer, context: { id: message.id } });
  });
}

function entry(message, option, place) {
  const about = option.about ? element("small", { dir: "auto" }, option.about) : null;
  const title = element("b", { dir: "auto" }, option.title);
  if (!option.answer) return element("p", { class: "phone-option" }, title, about);
  const attributes = { class: "phone-option", type: "button", "data-option": place, "data-of": message.id };
  return element("button", attributes, title, about);
}
