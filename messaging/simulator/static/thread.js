/* The phone itself: the chat's bubbles, each drawn once, then only its tick changes. */

import { element, icon, initials, role, setText } from "./dom.js";
import { options } from "./options.js";

const TICKS = {
  sent: ["sent", "On its way"],
  delivered: ["delivered", "Delivered"],
  read: ["delivered", "Read"],
};
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const ABOUT =
  "This business uses a shared inbox. Fictitious people, nothing leaves this machine.";

let shown = ""; // which chat stands there

export function drawThread({ customer, channel, messages, is_typing: isTyping }) {
  const thread = role("thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  const chat = `${customer.id} ${channel.id}`;
  const isNew = chat !== shown;
  if (isNew) {
    thread.replaceChildren(element("p", { class: "day", "data-tone": "note" }, ABOUT));
    shown = chat;
    drawHead(customer, channel);
  }
  setText(role("business-state"), isTyping ? "typing…" : "Business account");
  setText(role("clock"), time.format(new Date()));
  const added = drawMessages(thread, messages, channel, !isNew);
  if (isNew || (added && atEnd) || added === "out") thread.scrollTop = thread.scrollHeight;
}

/* Direction of the last message that was added; "" if none was. */
function drawMessages(thread, messages, channel, isFresh) {
  const bubbles = new Map([...thread.querySelectorAll(".message")].map((each) => [each.id, each]));
  let added = "";
  let previous = null;
  for (const message of messages) {
    const bubble = bubbles.get(`message-${message.id}`);
    bubbles.delete(`message-${message.id}`);
    if (bubble) {
      updateStatus(bubble, message);
    } else {
      drawDay(thread, message, previous);
      thread.append(drawBubble(message, channel, isFresh));
      added = message.direction;
    }
    previous = message;
  }
  for (const old of bubbles.values()) old.remove();
  return added;
}

function drawHead(customer, channel) {
  setText(role("business"), channel.name);
  setText(role("business-initials"), initials(channel.name));
  role("phone").setAttribute("aria-label", `Phone of ${customer.name}`);
  const field = document.querySelector("textarea[name=text]");
  field.setAttribute("aria-label", `Message as ${customer.name}`);
}

function drawDay(thread, message, previous) {
  const day = dayOf(message);
  if (previous && dayOf(previous) === day) return;
  thread.append(element("p", { class: "day" }, day));
}

function dayOf({ at }) {
  const today = date.format(new Date());
  const day = date.format(new Date(at));
  return day === today ? "Today" : day;
}

function drawBubble(message, channel, isFresh) {
  const isOurs = message.direction === "out";
  const stamp = element(
    "span",
    { class: "stamp" },
    element("time", { datetime: message.at }, time.format(new Date(message.at))),
    isOurs ? tick(message.status) : null,
  );
  const body = element(
    "div",
    { class: "bubble-body", dir: "auto" },
    file(message),
    element("span", { class: "bubble-text" }, message.text),
    stamp,
  );
  return element(
    "article",
    {
      class: "message",
      id: `message-${message.id}`,
      "data-direction": message.direction,
      "data-status": message.status,
      "data-kind": message.type,
      "data-fresh": isFresh ? "" : null,
    },
    element("span", { class: "for-readers" }, `${isOurs ? "You" : channel.name}: `),
    element("div", { class: "bubble" }, quote(message.quote), body, options(message)),
  );
}

/* What the message carries, drawn or played here; anything else is a link to it. */
function file(message) {
  const source = message.file;
  if (!source) return null;
  if (message.type === "image" || message.type === "sticker") {
    return element("img", { class: "bubble-file", src: source, alt: message.text });
  }
  if (message.type === "audio" || message.type === "video") {
    const attributes = { class: "bubble-file", src: source, controls: "", preload: "metadata" };
    return element(message.type, attributes);
  }
  return element("a", { class: "bubble-file", href: source, download: "" }, "Download");
}

function quote(quoted) {
  if (!quoted) return null;
  return element(
    "div",
    { class: "quote" },
    element("b", { dir: "auto" }, quoted.author),
    element("span", { class: "ellipsis", dir: "auto" }, quoted.text),
  );
}

function updateStatus(bubble, message) {
  if (bubble.dataset.status === message.status) return;
  bubble.dataset.status = message.status;
  if (message.direction === "out") {
    bubble.querySelector(".stamp > .icon").replaceWith(tick(message.status));
  }
}

function tick(status) {
  const [name, label] = TICKS[status] ?? TICKS.sent;
  return icon(name, { label, state: status });
}
