// The sheet of all keys, over whatever is on the screen; without a script its link is a page.
import { fetchFragment } from "./fragments.js";

const dialog = () => document.getElementById("keys-help");

/** Show the keys; closed, the focus is back where it was. */
export async function openHelp() {
  if (dialog().open) return;
  try {
    if (!dialog().childElementCount) dialog().replaceChildren(await fetchFragment(dialog().dataset.url));
  } catch {
    location.assign(dialog().dataset.url);
    return;
  }
  htmx.process(dialog());
  dialog().showModal();
}

document.addEventListener("click", (event) => {
  if (event.target === dialog()) dialog().close();
  const link = event.target.closest?.("[data-keys-help]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const popover = link.closest("[popover]");
  popover?.hidePopover();
  openHelp();
});
