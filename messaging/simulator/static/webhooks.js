/* The table of the latest deliveries. */

import { element, role } from "./dom.js";

export function drawWebhooks({ webhooks }) {
  const rows = webhooks.results.map(row);
  if (!rows.length) {
    rows.push(element("tr", {}, element("td", { colspan: "5" }, "Nothing delivered yet.")));
  }
  const table = role("webhooks");
  const isSame =
    table.children.length === rows.length &&
    rows.every((each, index) => each.isEqualNode(table.children[index]));
  if (!isSame) table.replaceChildren(...rows);
}

function row({ at, what, status, milliseconds, attempts, message_id: id }) {
  return element(
    "tr",
    {},
    element("td", {}, clock(at)),
    element("td", {}, what),
    element(
      "td",
      {},
      element("span", { class: "chip", "data-tone": tone(status) }, words(status)),
      ` in ${milliseconds} ms`,
    ),
    element("td", {}, String(attempts)),
    element("td", { class: "code", title: id }, `wamid.…${tail(id)}`),
  );
}

const clock = (at) => {
  const moment = new Date(at);
  const millis = String(moment.getMilliseconds()).padStart(3, "0");
  return `${moment.toLocaleTimeString("en-GB")}.${millis}`;
};
const words = (status) => (status === null ? "No answer" : String(status));
const tone = (status) => (status === 200 ? "good" : "danger");

/* The platform's ids are base64 over an address and a random part that ends in a zero byte. */
function tail(id) {
  try {
    return atob(id.slice("wamid.".length)).slice(-5, -1);
  } catch {
    return id.slice(-4);
  }
}
