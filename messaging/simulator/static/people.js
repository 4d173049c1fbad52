/* The left column: who writes, to which number, and what the platform knows of the two. */

import { call, element, initials, role, setText } from "./dom.js";

const HOUR = 3_600_000;

export function address(customerId, channelId) {
  return `?${new URLSearchParams({ customer: customerId, channel: channelId })}`;
}

export function drawPeople(state) {
  const { customer, channel } = state;
  keepFocus(role("people"), state.customers.map((each) => person(each, customer.id, channel.id)));
  keepFocus(role("numbers"), state.channels.map((each) => number(each, customer.id, channel.id)));
  drawWindow(state.window_closes_at);
  const { sent, waiting, repeated } = state.webhooks;
  setText(role("count-webhooks"), `${sent} sent, ${waiting} waiting`);
  setText(role("count-repeated"), `${repeated} times`);
}

export function listenInvent(choose) {
  const form = role("invent");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const error = role("invent-error");
    error.textContent = "";
    try {
      const made = await call("POST", "/sim/customers", Object.fromEntries(new FormData(form)));
      form.reset();
      form.closest("details").open = false;
      choose(made.id);
    } catch (trouble) {
      error.textContent = trouble.message;
    }
  });
}

function person(each, customerId, channelId) {
  return element(
    "a",
    {
      class: "bench-person",
      href: address(each.id, channelId),
      "aria-current": each.id === customerId ? "true" : null,
    },
    element(
      "span",
      { class: "avatar", "data-tint": each.tint, "aria-hidden": "true" },
      element("span", {}, initials(each.name)),
    ),
    element("b", { class: "ellipsis", dir: "auto" }, each.name),
    element("small", { class: "ellipsis" }, each.about),
    count(each.unread),
  );
}

function number(each, customerId, channelId) {
  return element(
    "a",
    {
      class: "bench-number",
      href: address(customerId, each.id),
      "aria-current": each.id === channelId ? "true" : null,
    },
    element("span", { class: "ellipsis", dir: "auto" }, each.name),
    element("small", { class: "number" }, each.number),
    count(each.unread),
  );
}

function count(unread) {
  if (!unread) return null;
  return element("span", { class: "count", "aria-label": `${unread} unread` }, String(unread));
}

function drawWindow(closesAt) {
  const left = closesAt ? new Date(closesAt) - Date.now() : 0;
  const ring = role("ring");
  ring.dataset.window = left <= 0 ? "closed" : left < 2 * HOUR ? "closing" : "open";
  const share = Math.max(0, Math.min(100, (100 * left) / (24 * HOUR)));
  ring.lastElementChild.setAttribute("stroke-dasharray", `${share.toFixed(1)} 100`);
  const minutes = Math.floor(left / 60_000);
  const words = `${Math.floor(minutes / 60)} h ${minutes % 60} m left`;
  setText(role("window"), left > 0 ? words : "Closed: nothing written in 24 h");
}

/* Replace the links of a list only when they differ, and keep the focus on the same one. */
function keepFocus(list, links) {
  const before = [...list.children];
  const isSame =
    before.length === links.length && before.every((each, index) => each.isEqualNode(links[index]));
  if (isSame) return;
  const focused = before.indexOf(document.activeElement);
  list.replaceChildren(...links);
  if (focused >= 0) list.children[focused]?.focus();
}
