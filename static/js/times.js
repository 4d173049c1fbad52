// Times are sent in UTC and shown in the reader's zone and language.
import { language } from "./language.js";

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
const shortDate = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const longDate = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const fullDate = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const finest = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const server = document.querySelector('meta[name="server-time"]')?.content;
let offset = server ? Date.parse(server) - Date.now() : 0;

/** The server's clock, in milliseconds. Windows close by it, whatever this computer believes. */
export const serverNow = () => Date.now() + offset;

/** The local midnight that begins a moment's day. */
export const dayOf = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

const daysAgo = (moment) => Math.round((dayOf(new Date()) - dayOf(moment)) / 86_400_000);

/** "Tomorrow", "Today", "Yesterday", "Thursday, 19 November". */
export function dayWords(moment) {
  const days = daysAgo(moment);
  if (Math.abs(days) <= 1) {
    const words = near.format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  return (days < 300 ? longDate : fullDate).format(moment);
}

function shortWords(moment) {
  const days = daysAgo(moment);
  if (days < 0) return `${(days === -1 ? dayWords(moment) : shortDate.format(moment))}, ${clock.format(moment)}`;
  if (days === 0) return clock.format(moment);
  if (days === 1) return dayWords(moment);
  return (days < 7 ? weekday : shortDate).format(moment);
}

/** "14:05". */
export const clockWords = (moment) => clock.format(moment);

const STYLES = {
  clock: (moment) => clock.format(moment),
  when: shortWords,
  day: (moment) => shortDate.format(moment),
  exact: (moment) => finest.format(moment),
};

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const moment = new Date(time?.dateTime ?? NaN);
    if (Number.isNaN(moment.valueOf())) return;
    time.textContent = (STYLES[this.dataset.style] ?? STYLES.clock)(moment);
    time.title = exact.format(moment);
  }
}
customElements.define("local-time", LocalTime);
