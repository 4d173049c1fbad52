// Asking for a lease and showing who has it; `leasing.js` decides when.
import { paintFace } from "./faces.js";
import { post } from "./fragments.js";
import { live } from "./live.js";
import { clockWords, serverNow } from "./times.js";

const isJson = (response) => response.headers.get("Content-Type") === "application/json";

/** Ask over the socket, whose answer is a frame, or over HTTP: then the frame is returned. */
export async function ask(place, frame, options) {
  const { type, conversation, lease_token } = frame;
  if (live.send({ type, conversation, lease_token, id: `${type}-${performance.now()}` })) return null;
  try {
    const response = await post(`${place}${type}/`, { lease_token: lease_token ?? "" }, options);
    return isJson(response) ? await response.json() : null;
  } catch {
    return null; // the next key or heartbeat asks again
  }
}

/** Who holds it, where no frame would tell. */
export async function look(place) {
  if (["live", "delayed"].includes(live.state)) return null;
  try {
    const response = await fetch(`${place}lease/`, { credentials: "same-origin" });
    return isJson(response) ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Which strip is shown: `held`, `taken` or none. */
export const shownIn = (element) => element.querySelector("[data-when]:not([hidden])")?.dataset.when ?? "";

/** Show one strip or none, with its holder's face and name. */
export function show(element, state, holder, hasText = false) {
  const before = shownIn(element);
  element.toggleAttribute("data-locked", Boolean(state));
  for (const strip of element.querySelectorAll("[data-when]")) strip.hidden = strip.dataset.when !== state;
  if (!holder || before === "taken") return;
  const strip = element.querySelector(`[data-when="${state}"]`);
  const words = strip.querySelector("[data-words]");
  const time = clockWords(new Date(serverNow()));
  words.textContent = words.dataset.words.replace("{name}", holder.name).replace("{time}", time);
  const kept = strip.querySelector("[data-kept]");
  if (kept) kept.hidden = !hasText;
  const circle = strip.querySelector(".agent");
  if (circle) paintFace(circle, holder);
}
