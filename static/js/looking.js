// What this person has before their eyes in any of their tabs: a tab in focus holds a lock that is
// named after its conversation, and loses it with its focus, however it ends.
const PREFIX = `inbox.look.${document.body.dataset.me}.`;
let held = "";
let release = null;

const openId = () => document.getElementById("thread")?.dataset.conversation ?? "";
const isLookedAt = () => !document.hidden && document.hasFocus();

/** Hold a lock until the returned function is called, even where it was not granted by then. */
function hold(name) {
  let end;
  const until = new Promise((resolve) => { end = resolve; });
  navigator.locks.request(name, { mode: "shared" }, () => until).catch(() => {});
  return end;
}

function look() {
  const name = isLookedAt() ? `${PREFIX}${openId()}` : "";
  if (name === held) return;
  held = name;
  release?.();
  release = name && navigator.locks ? hold(name) : null;
}

/** The conversations under somebody's eyes, "" for a page without one; empty where nobody looks. */
export async function lookedAt() {
  look();
  const own = isLookedAt() ? [openId()] : [];
  if (!navigator.locks) return new Set(own);
  const { held: locks } = await navigator.locks.query();
  const others = locks.map(({ name }) => name).filter((name) => name.startsWith(PREFIX) && name !== held);
  return new Set([...own, ...others.map((name) => name.slice(PREFIX.length))]);
}

for (const name of ["focus", "blur", "pageshow"]) addEventListener(name, look);
for (const name of ["visibilitychange", "thread:opened", "htmx:afterSettle"]) document.addEventListener(name, look);
look();
