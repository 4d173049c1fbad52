// Voice notes and sound: how fast they play, one at a time, and nothing loaded before it is seen.
const SPEEDS = [1, 1.5, 2];
const KEY = "inbox.speed";

class VoicePlayer extends HTMLElement {
  #stop = null;
  #near = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#button.addEventListener("click", () => this.#faster(), { signal });
    this.#audio.addEventListener("play", () => this.#alone(), { signal });
    this.#near = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.#load());
    this.#near.observe(this);
    this.#button.hidden = false;
    this.#set(remembered());
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#near.disconnect();
  }

  get #audio() { return this.querySelector("audio"); }
  get #button() { return this.querySelector(".voice-speed"); }

  /** Enough of it to say how long it is. */
  #load() {
    this.#near.disconnect();
    if (this.#audio.preload === "none") this.#audio.preload = "metadata";
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
    this.#button.firstElementChild.textContent = words;
    this.#button.setAttribute("aria-label", this.#button.dataset.label.replace("{speed}", words));
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
