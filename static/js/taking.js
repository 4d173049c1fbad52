// Undo, "Take back" and "Send now" below a bubble that has not left; its words return to the box.
import { parse, post } from "./fragments.js";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-undo]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const action = event.submitter.value;
  const message = form.closest("[data-message]");
  const text = message.querySelector(".bubble-text")?.textContent ?? "";
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  try {
    const response = await post(form.getAttribute("action"), { action });
    if (response.redirected || ![200, 409].includes(response.status)) throw new Error("not taken");
    const fresh = parse(await response.text()).firstElementChild;
    document.querySelector("message-timeline")?.merge([fresh]);
    if (response.ok && action === "take_back") giveBack(form, message, text);
  } catch {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

/** To its author only: somebody else's words are not theirs to send. */
function giveBack(form, message, text) {
  const { me } = document.body.dataset;
  if (!text || message.dataset.kind !== "text" || message.dataset.key !== `out.agent.${me}`) return;
  const { conversation } = document.querySelector("reply-composer").dataset;
  document.dispatchEvent(new CustomEvent("composer:give-back", { detail: { conversation, text, reply_to: form.dataset.replyTo } }));
}
