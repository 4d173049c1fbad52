// What a row says differs per viewer: whether it is in this view, mine, selected, unread.

/** Whether a row is part of a view. */
export function belongs(row, view) {
  if (row.dataset.state !== "open") return false;
  if (view === "mine") return row.dataset.assignee === document.body.dataset.me;
  return view !== "unassigned" || !row.dataset.assignee;
}

/** Give a row that was rendered for everybody this viewer's marks. */
export function dress(row, unreadWords) {
  const timeline = document.querySelector("message-timeline");
  const isOpen = timeline?.dataset.conversation === row.dataset.id;
  row.toggleAttribute("data-mine", row.dataset.assignee === document.body.dataset.me);
  if (isOpen) row.setAttribute("aria-current", "true");
  const isSeen = isOpen && timeline.isWatched;
  const unread = isSeen ? 0 : Math.max(row.dataset.inbound - row.dataset.read, 0);
  row.toggleAttribute("data-unread", unread > 0);
  row.querySelector(".conversation-badge").replaceChildren(...(unread ? [badge(unread, unreadWords)] : []));
}

function badge(unread, words) {
  const count = document.createElement("span");
  count.className = "count";
  count.setAttribute("role", "img");
  count.setAttribute("aria-label", words.replace("{count}", unread));
  count.textContent = unread > 99 ? "99+" : unread;
  return count;
}
