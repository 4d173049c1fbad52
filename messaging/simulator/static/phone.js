/* The phone page. A hint from the simulator says that something changed; one pull draws it all.
   While the page is visible its event stream is open, and so is the customer's chat. */

import { call, role } from "./dom.js";
import { attempt, drawFaults, listenFaults } from "./faults.js";
import { listenOptions } from "./options.js";
import { address, drawPeople, listenInvent } from "./people.js";
import { drawThread } from "./thread.js";
import { drawWebhooks } from "./webhooks.js";

const PULL_MILLISECONDS = 5000; // the clock, the window and lost hints

let state = null;
let stream = null;
let isPulling = false;
let isStale = false;

/* Pull and draw; calls made meanwhile become one more round. */
async function pull() {
  isStale = true;
  if (isPulling) return;
  isPulling = true;
  while (isStale) {
    isStale = false;
    await attempt(async () => draw(await call("GET", `/sim/state${location.search}`)));
  }
  isPulling = false;
}

function draw(fresh) {
  state = fresh;
  drawPeople(fresh);
  drawThread(fresh);
  drawFaults(fresh);
  drawWebhooks(fresh);
}

function openStream() {
  stream?.close();
  stream = null;
  if (document.hidden) return;
  stream = new EventSource(`/sim/events${location.search}`);
  stream.addEventListener("message", pull);
}

function choose(search) {
  history.pushState(null, "", search);
  restart();
  if (matchMedia("(hover: hover)").matches) field().focus();
}

function restart() {
  openStream();
  pull();
}

const field = () => document.querySelector("textarea[name=text]");

async function send() {
  const body = field().value.trim();
  if (!body || !state) return;
  const { customer, channel } = state;
  const sender = customer.id.includes(".") ? { user_id: customer.id } : { from: customer.id };
  field().value = "";
  const message = { ...sender, channel: channel.id, type: "text", text: { body } };
  const isSent = await attempt(() => call("POST", "/sim/inbound", message));
  if (!isSent && !field().value) field().value = body;
  if (isSent) pull();
}

/* Anything but text: the simulator fills in what such a message holds. */
async function sendOther(select) {
  const type = select.value;
  select.value = "";
  if (type && state) await write({ type });
}

async function write(content) {
  const { customer, channel } = state;
  const sender = customer.id.includes(".") ? { user_id: customer.id } : { from: customer.id };
  const message = { ...sender, channel: channel.id, ...content };
  if (await attempt(() => call("POST", "/sim/inbound", message))) pull();
}

function listen() {
  const more = document.querySelector("select[name=kind]");
  more.addEventListener("change", () => sendOther(more));
  role("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  for (const name of ["people", "numbers"]) {
    role(name).addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      choose(link.getAttribute("href"));
    });
  }
  listenOptions(write, () => state?.messages ?? []);
  listenInvent((id) => choose(address(id, state.channel.id)));
  listenFaults(pull);
  addEventListener("popstate", restart);
  addEventListener("pagehide", () => stream?.close());
  document.addEventListener("visibilitychange", restart);
  setInterval(() => document.hidden || pull(), PULL_MILLISECONDS);
}

listen();
restart();
