// Ways to a place in the timeline: a quote to its message, a day to its beginning.
const SHOWN = 2_500;
const timeline = () => document.querySelector("message-timeline");
let timer = 0;

/** Bring a message to the middle of what is seen, and point at it for a moment. */
export function mark(message, behavior = "instant") {
  for (const other of document.querySelectorAll("[data-found]")) if (other !== message) other.removeAttribute("data-found");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  message.scrollIntoView({ block: "center", behavior: calm ? "instant" : behavior });
  message.setAttribute("data-found", "");
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  clearTimeout(timer);
  timer = setTimeout(() => message.removeAttribute("data-found"), SHOWN);
}

/** The local midnight that begins a date. */
const midnight = (date) => {
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year, month - 1, day).toISOString();
};

function ask(date) {
  const form = document.getElementById("date-jump");
  form.querySelector("[name=at]").value = date;
  form.showPopover();
}

const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.button;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-jump], .day-link");
  if (!link || !timeline() || !isPlain(event)) return;
  event.preventDefault();
  if (link.dataset.jump) timeline().goTo({ id: link.dataset.jump });
  else if (document.getElementById("date-jump")) ask(link.dataset.at);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".date-jump") || !timeline()) return;
  event.preventDefault();
  event.target.hidePopover();
  timeline().goTo({ at: midnight(new FormData(event.target).get("at")) });
});
