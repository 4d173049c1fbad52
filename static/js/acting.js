// Acts on conversations of the list: sent, counted while they go on, and said when they are done.
import { post, sayCount } from "./fragments.js";
import { tell } from "./telling.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const TOMORROW = "tomorrow";
const askFor = (ids) => document.dispatchEvent(new CustomEvent("list:ask", { detail: { ids } }));

/** Send an act whose answer brings its own word on it; whether it was done. */
async function send(form, values) {
  let isDone = false;
  const note = (event) => { isDone = event.detail.successful; };
  form.addEventListener("htmx:afterRequest", note, { once: true });
  await htmx.ajax("POST", form.dataset.triage, { source: form, values, swap: "none" }).catch(() => {});
  form.removeEventListener("htmx:afterRequest", note);
  return isDone;
}

/** One act on some conversations, `ids` in the fields. */
export async function actOnThese(form, fields) {
  const ids = fields.getAll("ids");
  fields.set("tz", zone);
  const isDone = await send(form, fields);
  if (isDone) askFor(ids);
  return isDone;
}

/** A row's own button: "resolve:12". */
export async function actOnRow(form, act) {
  const [action, id] = act.split(":");
  await send(form, { action, ids: [id], tz: zone, ...(action === "snooze" ? { until: TOMORROW } : {}) });
  askFor([id]);
}

/** One act on all that the list holds, batch by batch, and how far it is. */
export async function actOnAll(form, fields, count) {
  fields.delete("ids");
  fields.set("tz", zone);
  let [after, seen, changed] = [0, 0, 0];
  const toast = tell("", { progress: count });
  while (after !== null) {
    fields.set("after", after);
    const answer = await batch(form, fields);
    if (answer.errors) {
      toast.end();
      tell(answer.errors.join(" ") || form.dataset.failed, { tone: "danger" });
      return false;
    }
    ({ after } = answer);
    seen += answer.seen;
    changed += answer.changed;
    toast.at(seen, form.dataset.progress.replace("{done}", seen).replace("{count}", Math.max(count, seen)));
  }
  toast.end();
  const words = document.createElement("span");
  Object.assign(words.dataset, { one: form.dataset.one, many: form.dataset.many });
  sayCount(words, changed);
  tell(words.textContent);
  document.querySelector("conversation-list")?.reload();
  return true;
}

async function batch(form, fields) {
  try {
    const response = await post(form.dataset.everything, fields);
    const answer = await response.json();
    return response.ok || answer.errors ? answer : { errors: [] };
  } catch {
    return { errors: [] };
  }
}
