// Voice notes and sound: their shape, how fast they play, one at a time, nothing loaded before it
// is seen.
import { draw, peaksOf, progress } from "./waves.js";

const SPEEDS = [1, 1.5, 2];
const KEY = "inbox.speed";
const STEPS = 1_000;
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class VoicePlayer extends HTMLElement {
  #stop = null;
  #near = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const on = (element, name, act) => element.addEventListener(name, act, { signal });
    on(this.#speed, "click", () => this.#faster());
    on(this.#play, "click", () => (this.#audio.paused ? this.#audio.play().catch(() => {}) : this.#audio.pause()));
    on(this.#seek, "input", () => this.#jump());
    on(this.#audio, "play", () => this.#alone());
    for (const name of ["play", "pause", "timeupdate", "ended", "loadedmetadata", "durationchange"]) on(this.#audio, name, () => this.#tell());
    this.#near = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.#load());
    this.#near.observe(this);
    this.#dress();
    this.#set(remembered());
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#near.disconnect();
  }

  get #audio() { return this.querySelector("audio"); }
  get #play() { return this.querySelector(".voice-play"); }
  get #speed() { return this.querySelector(".voice-speed"); }
  get #seek() { return this.querySelector(".voice-seek"); }
  get #wave() { return this.querySelector(".voice-wave"); }
  get #times() { return this.querySelector(".voice-times"); }
  get #length() { return Number.isFinite(this.#audio.duration) ? this.#audio.duration : 0; }

  /** Our own buttons instead of the browser's. */
  #dress() {
    this.#audio.controls = false;
    for (const part of [this.#play, this.#speed, this.#times, this.#seek.parentElement]) part.hidden = false;
    this.toggleAttribute("data-ready", true);
    if (!this.#wave.childElementCount) draw(this.#wave);
    this.#tell();
  }

  /** Enough of it to say how long it is, and what it looks like. */
  async #load() {
    this.#near.disconnect();
    if (this.#audio.preload === "none") this.#audio.preload = "metadata";
    if (this.hasAttribute("data-drawn")) return;
    this.toggleAttribute("data-drawn", true);
    const peaks = await peaksOf(this.#audio.src, Number(this.#audio.dataset.bytes));
    if (!peaks || !this.#wave) return;
    draw(this.#wave, peaks);
    this.#tell();
  }

  #tell() {
    const { currentTime, paused } = this.#audio;
    const share = this.#length ? currentTime / this.#length : 0;
    this.toggleAttribute("data-playing", !paused);
    this.#play.setAttribute("aria-label", paused ? this.#play.dataset.play : this.#play.dataset.pause);
    this.#seek.value = Math.round(share * STEPS);
    this.#seek.setAttribute("aria-valuetext", clock(currentTime));
    this.#times.textContent = this.#length ? `${clock(currentTime)} / ${clock(this.#length)}` : clock(currentTime);
    progress(this.#wave, share);
  }

  #jump() {
    if (this.#length) this.#audio.currentTime = (Number(this.#seek.value) / STEPS) * this.#length;
  }

  #faster() {
    const speed = SPEEDS[(SPEEDS.indexOf(this.#audio.defaultPlaybackRate) + 1) % SPEEDS.length];
    remember(speed);
    for (const player of document.querySelectorAll("voice-player")) player.#set(speed);
  }

  #set(speed) {
    // Loading resets the rate to the default one.
    this.#audio.defaultPlaybackRate = speed;
    this.#audio.playbackRate = speed;
    const words = `${speed}×`;
    this.#speed.firstElementChild.textContent = words;
    this.#speed.setAttribute("aria-label", this.#speed.dataset.label.replace("{speed}", words));
  }

  #alone() {
    for (const other of document.querySelectorAll("audio, video")) {
      if (other !== this.#audio) other.pause();
    }
  }
}

function remembered() {
  try {
    const speed = Number(localStorage.getItem(KEY));
    return SPEEDS.includes(speed) ? speed : 1;
  } catch {
    return 1;
  }
}

function remember(speed) {
  try {
    localStorage.setItem(KEY, speed);
  } catch { /* it holds for this page, then */ }
}

customElements.define("voice-player", VoicePlayer);
