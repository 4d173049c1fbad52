// The chip of reactions under a message, as it will be once ours has arrived.
const bar = () => document.getElementById("reaction-bar");

/** The emoji that we have given a message, or "". */
export const ours = (message) => message.querySelector(":scope > .reactions")?.dataset.ours ?? "";

/** Draw what `entry` does to its message; drawing it twice changes nothing. */
export function showReaction({ fields }) {
  const message = document.getElementById(`message-${fields.reply_to}`);
  if (!message) return;
  draw(message, JSON.parse(fields.content).reaction.emoji);
}

/** It was refused: what stood there before stands again. */
export function takeBack({ fields, before }) {
  const message = document.getElementById(`message-${fields.reply_to}`);
  if (message) draw(message, before ?? "");
}

function draw(message, emoji) {
  const old = ours(message);
  if (old === emoji) return;
  let chip = message.querySelector(":scope > .reactions");
  if (!chip) {
    chip = document.querySelector('[data-template="reactions"]').content.firstElementChild.cloneNode(true);
    message.querySelector(":scope > .bubble").after(chip);
  }
  const count = Number(chip.querySelector(".number")?.textContent ?? chip.children.length);
  // Another's may be the same, and stays; the server says so with its next drawing.
  if (old && count <= chip.querySelectorAll("span:not(.number)").length) [...chip.children].find((each) => each.textContent === old)?.remove();
  if (emoji && ![...chip.children].some((each) => each.textContent === emoji)) {
    chip.prepend(Object.assign(document.createElement("span"), { textContent: emoji }));
  }
  chip.dataset.ours = emoji;
  chip.setAttribute("aria-label", bar()?.dataset.wordsChip.replace("{who}", `${bar().dataset.wordsYou} ${emoji}`) ?? emoji);
  if (!chip.querySelector("span:not(.number)")) chip.remove();
}
