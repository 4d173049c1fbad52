// How a file looks in its bubble before the server has the message: drawn from the file itself.
import { sizeOf } from "./uploading.js";

const BOX = { image: "sent-picture", sticker: "sent-picture", video: "sent-video", audio: "sent-audio", voice: "sent-audio" };

/** Put what `entry` carries beside its text into its bubble. */
export function dress(composer, bubble, { fields, local }) {
  if (!local) return;
  const name = (local.file && BOX[fields.kind]) || "sent-file";
  const box = composer.querySelector(`[data-template="${name}"]`)?.content.firstElementChild.cloneNode(true);
  if (!box) return;
  bubble.dataset.kind = fields.kind;
  const player = box.matches("img, video, audio") ? box : box.querySelector("img, video, audio");
  if (player) {
    player.src = URL.createObjectURL(local.file);
    if (player.matches("img")) player.addEventListener("load", () => URL.revokeObjectURL(player.src), { once: true });
  } else {
    box.querySelector("[data-name]").textContent = local.name;
    box.querySelector("[data-about]").textContent = sizeOf(local.size);
  }
  bubble.toggleAttribute("data-flush", name === "sent-picture" || name === "sent-video");
  bubble.querySelector(".bubble").prepend(box);
}
