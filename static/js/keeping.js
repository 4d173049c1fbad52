// A message that is drawn anew keeps what its reader was doing in it: listening, unfolding, focus.

const SOUND = "audio, video";

/** Move what is under way from `old` into `fresh`, and put `fresh` in its place by `put`. */
export function keeping(old, fresh, put) {
  const playing = [...old.querySelectorAll(SOUND)].filter((each) => !each.paused || each.currentTime > 0);
  const wasOpen = old.querySelector("details")?.open;
  const focused = old.contains(document.activeElement) ? pathTo(document.activeElement) : "";
  const details = fresh.querySelector("details");
  if (wasOpen && details) details.open = true;
  put();
  for (const element of playing) {
    const twin = [...fresh.querySelectorAll(SOUND)].find((each) => each.src === element.src);
    // Moved within one step, a player goes on playing.
    if (twin) (twin.closest("voice-player") ?? twin).replaceWith(element.closest("voice-player") ?? element);
  }
  if (focused) fresh.querySelector(focused)?.focus({ preventScroll: true });
}

/** The uppermost message that is seen in `scroller`. */
export function firstSeen(scroller, timeline) {
  const top = scroller.getBoundingClientRect().top;
  return [...timeline.querySelectorAll("[data-message]")].find((message) => message.getBoundingClientRect().bottom > top);
}

/** Remember what is looked at in `scroller`; call the answer to have it where it was. */
export function holding(scroller, timeline) {
  const first = firstSeen(scroller, timeline);
  if (!first) return null;
  const before = first.getBoundingClientRect().top;
  return () => {
    // It may have been drawn anew itself.
    const same = document.getElementById(first.id) ?? first;
    if (same.isConnected) scroller.scrollTop += same.getBoundingClientRect().top - before;
  };
}

/** Enough to find the same control in the new drawing. */
function pathTo(element) {
  const name = element.localName;
  const href = element.getAttribute("href") ?? element.getAttribute("src");
  if (href) return `${name}[${element.hasAttribute("href") ? "href" : "src"}="${CSS.escape(href)}"]`;
  return element.closest("copy-text") ? `copy-text[data-text="${CSS.escape(element.closest("copy-text").dataset.text)}"] button` : name;
}
