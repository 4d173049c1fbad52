// Notifications of the desktop, one for each conversation: a newer one takes the older one's place.
const TAG = "inbox.";
const shown = new Map(); // tag: notification

/** Whether this browser has been allowed to show any. */
export const canNotify = () => globalThis.Notification?.permission === "granted";

/** Show one; a click on it brings this tab to the front and goes to `address`. */
export function notify({ name, title, body, icon, address, go }) {
  if (!canNotify()) return;
  const tag = `${TAG}${name}`;
  try {
    // The sound is ours: the system's would come on top of it.
    const notification = new Notification(title, { body, icon, tag, silent: true, lang: document.documentElement.lang, dir: "auto" });
    shown.set(tag, notification);
    notification.addEventListener("click", () => {
      window.focus();
      notification.close();
      go(address);
    });
    notification.addEventListener("close", () => shown.get(tag) === notification && shown.delete(tag));
  } catch { /* some systems want a service worker for it; the badge and the sound are left */ }
}

/** Take one away: what it told of has been seen. */
export function unnotify(name) {
  shown.get(`${TAG}${name}`)?.close();
  shown.delete(`${TAG}${name}`);
}
