// Drafts on rows of the list: one's own as it is kept, colleagues' as they come and go.
const MOST = 200;
const mine = () => document.body.dataset.me;
const begun = new Map(); // conversation → names of colleagues
const heard = new Set(); // what was said of since the rows were asked for

function paint(id, own) {
  const slot = document.querySelector(`#conversation-${id} [data-draft-slot]`);
  if (!slot) return;
  const names = [...(begun.get(String(id)) ?? [])];
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
  const names = begun.get(id) ?? new Set();
  if (frame.has_draft) names.add(frame.user.name);
  else names.delete(frame.user.name);
  begun.set(id, names);
  heard.add(id);
  const slot = document.querySelector(`#conversation-${id} [data-draft-slot]`);
  const own = slot?.querySelector("[data-line]")?.textContent;
  if (!own) paint(id, "");
});
// What stands in the open conversation's field is on its row once it is kept.
document.addEventListener("draft:kept", ({ detail: { conversation, mode, text } }) => {
  if (mode === "reply") paint(conversation, text.split(/\s+/).join(" ").trim().slice(0, 160));
});
// What was said before there was a connection, or while there was none, is not said again.
document.addEventListener("live:state", async ({ detail: { state } }) => {
  const list = document.querySelector("conversation-list");
  const ids = [...document.querySelectorAll("conversation-list .conversation")].map((row) => row.dataset.id);
  if (state !== "live" || !list || !ids.length) return;
  heard.clear();
  try {
    const answer = await fetch(`${list.dataset.drafts}?ids=${ids.slice(0, MOST)}`);
    if (!answer.ok) return;
    const told = await answer.json();
    for (const id of ids.slice(0, MOST).filter((each) => !heard.has(each))) {
      begun.set(id, new Set(told[id]?.by));
      paint(id, told[id]?.own ?? "");
    }
  } catch { /* the next connection asks again */ }
});
