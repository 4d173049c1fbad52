// Rows by newest activity; the id breaks ties, as in the server's own order.
const rowsOf = (list) => [...list.querySelectorAll(":scope > .conversation")];

const isBefore = (row, other) => (row.dataset.activity === other.dataset.activity
  ? Number(row.dataset.id) > Number(other.dataset.id)
  : row.dataset.activity > other.dataset.activity);

/** Whether putting `row` where it belongs moves nothing. */
export function staysInPlace(list, row, old) {
  if (!old) return false;
  const rows = rowsOf(list);
  const place = rows.indexOf(old);
  const above = rows[place - 1];
  const below = rows[place + 1];
  return (!above || isBefore(above, row)) && (!below || isBefore(row, below));
}

/** Put `row` in order, instead of `old`; false where it belongs to a page not loaded yet. */
export function insertInOrder(list, row, old) {
  if (old && staysInPlace(list, row, old)) {
    old.replaceWith(row);
    return true;
  }
  old?.remove();
  const below = rowsOf(list).find((other) => isBefore(row, other));
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
