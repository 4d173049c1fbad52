// How old the last sign of the server is: beside the dot in the sidebar, and while reconnecting.
import { language } from "./language.js";
import { live } from "./live.js";

const WORTH_SAYING = 30_000;
const near = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const units = [["hour", 3_600], ["minute", 60], ["second", 1]];

/** "12 seconds ago", "3 hours ago". */
function ago(milliseconds) {
  const seconds = Math.max(Math.round(milliseconds / 1_000), 1);
  const [unit, size] = units.find(([, least]) => seconds >= least);
  return near.format(-Math.floor(seconds / size), unit);
}

/** Say it wherever the page has a place for it. */
export function showAge() {
  const template = document.querySelector("live-status")?.dataset.age;
  if (!template) return;
  const age = live.heardAt ? Date.now() - live.heardAt : 0;
  const words = live.heardAt ? template.replace("{ago}", ago(age)) : "";
  for (const pulse of document.querySelectorAll("[data-live-pulse]")) showPulse(pulse, words, age);
  for (const place of document.querySelectorAll("[data-age-of-last]")) {
    place.textContent = words && `${words.charAt(0).toLocaleUpperCase(language)}${words.slice(1)}.`;
  }
}

function showPulse(pulse, words, age) {
  const word = live.state === "live" ? "live" : live.state === "delayed" ? "delayed" : "away";
  pulse.hidden = live.state === "connecting";
  pulse.dataset.state = word;
  pulse.title = words;
  for (const part of pulse.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== word;
  const place = pulse.querySelector("[data-pulse-age]") ?? pulse.appendChild(document.createElement("span"));
  place.dataset.pulseAge = "";
  place.textContent = age > WORTH_SAYING ? `· ${words}` : "";
}

for (const event of ["live:state", "live:woke"]) document.addEventListener(event, showAge);
setInterval(showAge, 5_000);
