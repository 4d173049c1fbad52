// The template picker: what htmx swaps in gets the focus, and what was sent is pulled at once.
const picker = () => document.getElementById("picker");

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-picker-close]")) return;
  event.preventDefault();
  close();
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("#picker .picker-box");
  if (event.key !== "Escape" || !box || box.dataset.window === "closed") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  close();
}, true);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "picker") return;
  const goal = ['[aria-invalid="true"]', ".picker-fields :is(.file-input, .field > .input)", '[aria-current="true"]', ".picker-item"];
  goal.map((each) => picker().querySelector(each)).find(Boolean)?.focus();
  picker().querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
});
document.addEventListener("picker:sent", () => document.querySelector("message-timeline")?.pull());

function close() {
  picker().replaceChildren();
  document.getElementById("composer-text")?.focus();
}
