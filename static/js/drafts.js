// What was typed and not sent, in the browser's own storage: there at once, and without a network.
const DAY = 86_400_000;
const prefix = () => `inbox.draft.${document.body.dataset.me}.`;
const key = (id, mode) => `${prefix()}${id}.${mode}`;

export const drafts = {
  /** `{text, version, replyTo, dirty}` of a conversation's tab, or null. */
  get(id, mode) {
    try {
      return JSON.parse(localStorage.getItem(key(id, mode)));
    } catch {
      return null;
    }
  },
  set(id, mode, draft) {
    try {
      localStorage.setItem(key(id, mode), JSON.stringify({ ...draft, at: Date.now() }));
    } catch { /* storage may be off or full; the text stays in its field */ }
  },
  /** Call `hear` when another tab has written this draft. */
  watch(id, mode, hear, signal) {
    addEventListener("storage", (event) => event.key === key(id, mode) && hear(drafts.get(id, mode)), { signal });
  },
};

/** What is empty and a day old is in no page any more. */
function prune() {
  for (const name of Object.keys(localStorage).filter((each) => each.startsWith(prefix()))) {
    const draft = JSON.parse(localStorage.getItem(name));
    if (!draft.text && Date.now() - draft.at > DAY) localStorage.removeItem(name);
  }
}

try {
  prune();
} catch { /* storage may be off */ }

// The next person at this computer has words of their own.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-log-out]")) return;
  for (const name of Object.keys(localStorage)) if (name.startsWith(prefix())) localStorage.removeItem(name);
});
