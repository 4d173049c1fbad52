// The emoji and their names, fetched when somebody first asks; which ones were used is remembered.
const KEY = "inbox.emoji";
const MOST_RECENT = 27;
const MOST_FOUND = 90;
let loading = null;

/** `[[group, [[emoji, name], …]], …]`; throws where it cannot be fetched. */
export function allEmoji(url) {
  loading ??= fetch(url).then((answer) => {
    if (!answer.ok) throw new Error("no emoji");
    return answer.json();
  });
  loading.catch(() => { loading = null; });
  return loading;
}

/** Those whose names have every word, or begin with it, best first. */
export function findEmoji(groups, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const [emoji, name] of groups.flatMap(([, rows]) => rows)) {
    const parts = name.split(/[\s-]+/);
    const places = words.map((word) => parts.findIndex((part) => part.startsWith(word)));
    if (places.every((place) => place >= 0)) {
      // A word that was added to the name says the same thing twice, and is what people mean.
      const whole = parts.filter((part) => words.includes(part)).length;
      found.push([emoji, name, whole * 100 - places[0] - parts.length / 10]);
    }
  }
  const unique = new Map(found.sort((one, other) => other[2] - one[2]).map(([emoji, name]) => [emoji, name]));
  return [...unique].slice(0, MOST_FOUND);
}

/** The last ones used here, newest first. */
export function recentEmoji() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

export function rememberEmoji(emoji) {
  try {
    localStorage.setItem(KEY, JSON.stringify([emoji, ...recentEmoji().filter((each) => each !== emoji)].slice(0, MOST_RECENT)));
  } catch { /* storage may be off; nothing is remembered then */ }
}
