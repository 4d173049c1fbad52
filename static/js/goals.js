// What the palette offers for the words themselves: people, a search, a time to snooze until.
import { wordsOf, iconOf } from "./words.js";

const palette = () => document.getElementById("palette");
const none = { hint: "", caps: [] };
const fill = (words, text) => words.replace("{text}", text);

/** Words whose numbers keep their own direction. */
function isolated(element) {
  for (const part of element.querySelectorAll("bdi")) part.textContent = `\u2066${part.textContent}\u2069`;
  return element.textContent;
}

/** People the server found, as commands that open where one talks with them. */
export function toPeople(fragment) {
  return [...fragment.querySelectorAll("a")].map((link) => ({
    ...none,
    group: palette().dataset.groupPeople,
    title: link.querySelector("span").textContent,
    hint: isolated(link.querySelector("small")),
    icon: link.querySelector(".icon"),
    run: () => goTo(link),
  }));
}

function goTo(link) {
  const shell = document.querySelector(".shell");
  if (!link.dataset.conversation || !document.getElementById("thread")) return location.assign(link.href);
  shell.dataset.region = "thread";
  return document.dispatchEvent(new CustomEvent("triage:go", { detail: { url: link.getAttribute("href") } }));
}

function search(text) {
  const form = document.querySelector("form.search");
  if (!form) return location.assign(`${palette().dataset.search}?q=${encodeURIComponent(text)}`);
  document.querySelector(".shell").dataset.region = "list";
  form.elements.namedItem("q").value = text;
  form.requestSubmit();
  return form.elements.namedItem("q").focus();
}

function snooze(text) {
  const until = document.getElementById("snooze-until");
  until.value = text;
  until.form.requestSubmit();
}

/** After the snooze menu's own name, what follows is a time. */
function untilWhen(asked) {
  const fold = document.querySelector('#thread-tools details[data-menu="snooze"]');
  const name = fold && wordsOf(fold.querySelector(".fold-title")).toLocaleLowerCase();
  const begins = name && asked.toLocaleLowerCase().startsWith(`${name} `);
  return begins ? [asked.slice(name.length).trim(), fold] : [];
}

export function whatIsTyped(asked) {
  if (!asked) return [];
  const { groupThread, groupSearch, wordsSnooze, wordsSearch } = palette().dataset;
  const [time, fold] = untilWhen(asked);
  return [
    ...(time ? [{ ...none, group: groupThread, title: fill(wordsSnooze, time), icon: iconOf(fold.querySelector("summary")), run: () => snooze(time) }] : []),
    { ...none, group: groupSearch, title: fill(wordsSearch, asked), icon: palette().querySelector(".palette-field .icon"), run: () => search(asked) },
  ];
}
