// All that can be done now, read from the page: each command presses the door that does it.
import { DOORS } from "./doors.js";
import { actions, capsOf } from "./keytable.js";
import { iconOf, wordsOf } from "./words.js";
import { xray } from "./tools.js";

const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
const words = () => document.getElementById("palette").dataset;
const press = (door) => () => door.click();
const command = (group, title, fields) => ({ group, title, hint: "", caps: [], icon: null, ...fields });
const ofDoor = (group, door, more = {}) => command(group, wordsOf(door), { icon: iconOf(door), run: press(door), ...more });
// Lists have commands of their own, which name them.
const NAMED_ELSEWHERE = ["palette", "first_tab", "second_tab", "third_tab", "select"];

/** The table's actions that have a door now, with the keys that save the way here. */
function keyed() {
  return actions.filter(({ action }) => !NAMED_ELSEWHERE.includes(action)).flatMap(({ action, group, title }) => {
    const { find, run, icon } = DOORS[action];
    const door = find();
    if (!door) return [];
    const heading = words()[`group${group[0].toUpperCase()}${group.slice(1)}`];
    return [command(heading, title, { caps: capsOf(action), icon: iconOf(door, icon), run })];
  });
}

/** What the menus in a thread's head offer: "Snooze › In 1 hour"; not what is so already. */
function chosen() {
  const items = all('#thread-tools details:not([data-menu="more"]) .menu-item:not([data-triage], [aria-current="true"])');
  return items.map((item) => {
    const menu = item.closest("details");
    const title = `${wordsOf(menu.querySelector(".fold-title"))} › ${wordsOf(item)}`;
    const hint = item.getAttribute("aria-pressed") === "true" ? "✓" : "";
    return command(words().groupThread, title, { hint, icon: iconOf(item) ?? iconOf(menu.querySelector("summary"), DOORS[menu.dataset.menu]?.icon), run: press(item) });
  });
}

function block() {
  const button = one("#contact-block");
  if (button) return button.click();
  document.addEventListener("htmx:afterSettle", () => one('#contact-block')?.click(), { once: true });
  return one("[data-panel-open]").click();
}

/** What belongs to the open conversation and has no key. */
function beside() {
  const group = words().groupThread;
  const line = one("#timeline > .unread-line");
  const story = one("#tools-menu [data-do='x-ray']") && all("#timeline [data-message-menu]").at(-1);
  const blocked = one(".thread-blocked form button");
  const mayBlock = one("#thread[data-conversation]") && one("#composer") && !blocked;
  const doors = [...all('#thread-tools [data-triage="reopen"]'), ...all("lease-strip form:not([hidden]) button"), ...(blocked ? [blocked] : [])];
  return [
    ...doors.map((door) => ofDoor(group, door)),
    ...(line ? [command(group, words().wordsUnread, { icon: iconOf(null, "arrow-down"), run: () => line.scrollIntoView({ block: "center" }) })] : []),
    ...(story ? [command(group, words().wordsXray, { icon: iconOf(null, "scan"), run: () => xray(story.href) })] : []),
    ...(mayBlock ? [command(group, words().wordsBlock, { icon: iconOf(null, "block"), run: block })] : []),
    ...all("#composer [data-canned-open], #composer .tools > a[href]").filter((door) => door.checkVisibility()).map((door) => ofDoor(words().groupWrite, door)),
  ];
}

/** Every list of the sidebar but the one that is shown. */
function lists() {
  const tabs = all("#tabs .tab");
  const keys = ["first_tab", "second_tab", "third_tab"];
  return all("#views .sidebar-link:not([aria-current])").map((link) => {
    const place = tabs.findIndex((tab) => tab.href === link.href && !tab.hasAttribute("data-filter"));
    const heading = link.closest(".sidebar-group").querySelector(".sidebar-title");
    const hint = [heading?.textContent, link.querySelector(".sidebar-count")?.textContent].filter(Boolean).join(" · ");
    return ofDoor(words().groupViews, link, { hint, caps: place >= 0 && place < keys.length ? capsOf(keys[place]) : [] });
  });
}

function settings() {
  const group = words().groupSettings;
  const looks = all("#person-menu [data-choice] [aria-pressed='false']").map((button) => {
    const title = `${wordsOf(button.closest("fieldset").querySelector("legend"))} › ${wordsOf(button)}`;
    return command(group, title, { icon: iconOf(null, button.closest("[data-choice='theme']") ? "sun" : "rows"), run: press(button) });
  });
  const doors = all("#sidebar .sidebar-group:not(#views *) > .sidebar-link, [data-palette-links] [data-settings], #person-menu .menu-item:not([data-keys-help])");
  return [...looks, ...doors.map((door) => ofDoor(group, door))];
}

export function commands() {
  const order = [words().groupThread, words().groupWrite, words().groupList, words().groupEverywhere];
  const found = [...keyed(), ...chosen(), ...beside(), ...lists(), ...settings()].filter(({ title }) => title);
  const place = ({ group }) => (order.indexOf(group) + order.length + 1) % (order.length + 1);
  return found.map((each, number) => [place(each), number, each]).sort(([a, b], [c, d]) => a - c || b - d).map(([, , each]) => each);
}
