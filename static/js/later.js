// "Send later": times to choose from, in the reader's zone; what the form carries is UTC.
import { clockWords, dayWords, serverNow } from "./times.js";

const HOUR = 3_600_000;
const at = (days, hour) => {
  const moment = new Date();
  moment.setDate(moment.getDate() + days);
  moment.setHours(hour, 0, 0, 0);
  return moment;
};
const sentence = (moment) => `${dayWords(moment)}, ${clockWords(moment)}`;

/** This evening, tomorrow morning and afternoon, Monday morning: those that are still to come. */
function presets() {
  const monday = (8 - new Date().getDay()) % 7 || 7;
  const moments = [at(0, 18), at(1, 9), at(1, 14), ...(monday > 1 ? [at(monday, 9)] : [])];
  return moments.filter((moment) => moment - serverNow() > HOUR);
}

class SendLater extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    // Without a script the field is the form's own; with one the form gets a moment in UTC.
    for (const field of this.#own) field.removeAttribute("name");
    for (const name of ["schedule", "send_at"]) if (!this.#form.elements.namedItem(name)) this.#form.append(Object.assign(document.createElement("input"), { type: "hidden", name }));
    this.querySelector(".later-zone").textContent = "";
    this.#button.type = "button";
    this.addEventListener("toggle", (event) => event.newState === "open" && this.#open(), { signal });
    this.addEventListener("click", (event) => this.#press(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#field.addEventListener("input", () => this.#check(), { signal });
    this.#form.addEventListener("composer:sent", () => this.#set(null), { signal });
  }

  disconnectedCallback() { this.#stop.abort(); }

  get #form() { return this.closest("form"); }
  get #field() { return this.querySelector("input"); }
  get #button() { return this.querySelector(".later-time .button"); }
  get #own() { return [this.#field, this.#button]; }
  get #expires() { return Date.parse(document.querySelector("reply-composer")?.dataset.expires ?? ""); }

  #open() {
    const list = this.querySelector("[data-presets]");
    list.replaceChildren(...presets().map((moment) => {
      const item = document.createElement("button");
      item.type = "button";
      item.className = "menu-item";
      item.dataset.at = moment.toISOString();
      item.textContent = sentence(moment);
      item.toggleAttribute("data-after", moment > this.#expires);
      return item;
    }));
    const soon = new Date(Date.now() + HOUR);
    soon.setSeconds(0, 0);
    const local = new Date(soon - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    this.#field.min = local;
    this.#field.value ||= local;
    this.#check();
    list.querySelector(".menu-item")?.focus();
  }

  #press(event) {
    const preset = event.target.closest("[data-at]");
    if (preset) this.#send(new Date(preset.dataset.at));
    else if (event.target.closest(".later-time .button")) this.#ownTime();
  }

  #key(event) {
    const items = [...this.querySelectorAll(".menu-item")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.target === this.#field && event.key === "Enter") {
      event.preventDefault();
      this.#ownTime();
    } else if (step && event.target.matches(".menu-item")) {
      event.preventDefault();
      (items[items.indexOf(event.target) + step] ?? this.#field).focus();
    }
  }

  #ownTime() {
    const moment = new Date(this.#field.value);
    const isOver = !(moment - serverNow() > 0);
    const error = this.querySelector("[data-later-error]");
    error.textContent = isOver ? this.dataset.wordsPast : "";
    error.hidden = !isOver;
    if (!isOver) this.#send(moment);
    else this.#field.focus();
  }

  /** A moment after the window is allowed, and said: the customer may write before. */
  #check() {
    this.querySelector("[data-later-error]").hidden = true;
    const warning = this.querySelector("[data-later-warning]");
    warning.hidden = !(new Date(this.#field.value) > this.#expires);
    warning.textContent = this.dataset.wordsClosed;
  }

  #send(moment) {
    this.#set(moment);
    this.hidePopover();
    this.#form.requestSubmit();
    // What did not leave, since there was nothing to say, is not scheduled by the next key.
    queueMicrotask(() => this.#set(null));
  }

  #set(moment) {
    this.#form.elements.namedItem("schedule").value = moment ? "1" : "";
    this.#form.elements.namedItem("send_at").value = moment?.toISOString() ?? "";
  }
}
customElements.define("send-later", SendLater);
