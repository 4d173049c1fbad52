/** Whether it is quiet from one time of the day until another ("22:00", "07:00"), by this
 * computer's clock; the hours may go on past midnight, and the same time twice is never. */
export function isQuiet(from, until, now = new Date()) {
  if (!from || !until || from === until) return false;
  const time = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  return from < until ? from <= time && time < until : time >= from || time < until;
}
