// Drafts on rows of the list: one's own as it is kept, colleagues' as they come and go.
const mine = () => document.body.dataset.me;
const begun = new Map(); // conversation → names by user

function paint(id, own) {
  const slot = document.querySelector(`#conversation-${id} [data-draft-slot]`);
  if (!slot) return;
  const names = [...(begun.get(String(id))?.values() ?? [])];
  if (own) {
    slot.replaceChildren(part("own"));
    slot.querySelector("[data-line]").textContent = own;
  } else if (names.length) {
    slot.replaceChildren(part("by"));
    const words = slot.querySelector("[data-words]");
    words.textContent = words.dataset.words.replace("{name}", names.join(", "));
  } else slot.replaceChildren();
  slot.toggleAttribute("data-own", Boolean(own));
}

const part = (name) => document.querySelector(`template[data-template="row-draft-${name}"]`).content.cloneNode(true);

document.addEventListener("live:frame", ({ detail: frame }) => {
  if (frame.type !== "draft.changed" || String(frame.user.id) === mine()) return;
  const id = String(frame.conversation);
  const names = begun.get(id) ?? new Map();
  if (frame.has_draft) names.set(frame.user.id, frame.user.name);
  else names.delete(frame.user.id);
  begun.set(id, names);
  const slot = document.querySelector(`#conversation-${id} [data-draft-slot]`);
  const own = slot?.querySelector("[data-line]")?.textContent;
  if (!own) paint(id, "");
});
// What stands in the open conversation's field is on its row once it is kept.
document.addEventListener("draft:kept", ({ detail: { conversation, mode, text } }) => {
  if (mode === "reply") paint(conversation, text.split(/\s+/).join(" ").trim().slice(0, 160));
});
