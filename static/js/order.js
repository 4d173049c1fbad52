// Rows in the list's own order, as the server's: newest activity first, or the earliest moment of
// another kind first, and last who has none. The id breaks ties.
const rowsOf = (list) => [...list.querySelectorAll(":scope > .conversation")];
const orderOf = (list) => list.closest("[data-order]")?.dataset.order || "activity";

function isBefore(row, other, order) {
  const [mine, theirs] = [row.dataset[order], other.dataset[order]];
  const [id, otherId] = [Number(row.dataset.id), Number(other.dataset.id)];
  if (order === "activity") return mine === theirs ? id > otherId : mine > theirs;
  if (mine === theirs) return id < otherId;
  return mine !== "" && (theirs === "" || mine < theirs);
}

/** Whether putting `row` where it belongs moves nothing. */
export function staysInPlace(list, row, old) {
  if (!old) return false;
  const order = orderOf(list);
  const rows = rowsOf(list);
  const place = rows.indexOf(old);
  const above = rows[place - 1];
  const below = rows[place + 1];
  return (!above || isBefore(above, row, order)) && (!below || isBefore(row, below, order));
}

/** Put `row` in order, instead of `old`; false where it belongs to a page not loaded yet. */
export function insertInOrder(list, row, old) {
  if (old && staysInPlace(list, row, old)) {
    old.replaceWith(row);
    return true;
  }
  old?.remove();
  const order = orderOf(list);
  const below = rowsOf(list).find((other) => isBefore(row, other, order));
  if (below) {
    below.before(row);
    return true;
  }
  const older = list.querySelector(".list-older");
  if (older && !old) return false;
  if (older) older.before(row);
  else list.append(row);
  return true;
}
