// Where messages stand in a timeline: by time, then number, as the server's cursors say it.
const END = [Infinity, Infinity];

/** What a cursor names: microseconds and a number (inbox/cursors.py writes them). */
function placeOfCursor(cursor) {
  return atob(cursor.replaceAll("-", "+").replaceAll("_", "/")).split(".").map(Number);
}

/** Where a message stands; what the server has not seen yet stands last. */
export const placeOf = (message) => (message.dataset.cursor ? placeOfCursor(message.dataset.cursor) : END);

export const compare = (one, other) => one[0] - other[0] || one[1] - other[1];

/** On which side of what is loaded a place is: "older", "newer", or "" where it is inside. */
export function sideOf(timeline, place) {
  const older = timeline.querySelector(":scope > .timeline-older");
  const newer = timeline.querySelector(":scope > .timeline-newer");
  if (older && compare(place, placeOfCursor(older.dataset.before)) < 0) return "older";
  if (newer && compare(place, placeOfCursor(newer.dataset.from)) > 0) return "newer";
  return "";
}
