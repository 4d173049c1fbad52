// What was typed and not sent, per conversation; it survives a reload and ends with the tab.
const key = (id) => `inbox.draft.${id}`;

export const drafts = {
  get(id) {
    try {
      return sessionStorage.getItem(key(id)) ?? "";
    } catch {
      return "";
    }
  },
  set(id, text) {
    try {
      if (text) sessionStorage.setItem(key(id), text);
      else sessionStorage.removeItem(key(id));
    } catch { /* storage may be off; the text stays in its field */ }
  },
};
