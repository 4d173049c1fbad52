// A voice note: recorded here, listened to in the tray, sent like any other file.
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const ENDINGS = { "audio/ogg": "ogg", "audio/webm": "webm", "audio/mp4": "m4a" };
const BARS = 72;
const EVERY = 100;
const canRecord = Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia);

class VoiceRecorder extends HTMLElement {
  #recorder = null;
  #sound = null;
  #levels = [];
  #timer = 0;
  #begun = 0;
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    for (let bar = 0; bar < BARS; bar += 1) this.querySelector(".recorder-levels").append(document.createElement("i"));
    this.addEventListener("click", (event) => this.#act(event.target.closest("[data-do]")?.dataset.do), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#act("discard");
    }, { signal });
    if (canRecord && this.#button) this.#button.hidden = false;
    this.#button?.addEventListener("click", () => this.begin(), { signal });
    // Sending while it records ends it, and it leaves once it is uploaded.
    this.closest("form").addEventListener("submit", (event) => this.#recorder && this.#sendNow(event), { signal, capture: true });
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#end();
  }

  get #button() { return this.closest("form").querySelector("[data-record]"); }
  get #tray() { return this.closest("attachment-tray"); }

  async begin() {
    if (this.#recorder) return;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      this.#say(error.name === "NotFoundError" ? this.dataset.wordsNone : this.dataset.wordsDenied);
      return;
    }
    this.#say("");
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 });
    this.#recorder.start();
    this.#listen(stream);
    this.#begun = performance.now();
    this.hidden = false;
    this.querySelector('[data-do="finish"]').focus();
    this.#timer = setInterval(() => this.#tick(), EVERY);
    this.#tick();
  }

  #listen(stream) {
    this.#levels = Array(BARS).fill(0);
    const context = new AudioContext();
    const meter = context.createAnalyser();
    meter.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(meter);
    this.#sound = { context, meter, samples: new Uint8Array(meter.fftSize) };
  }

  #tick() {
    const seconds = Math.floor((performance.now() - this.#begun) / 1000);
    this.querySelector("time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const { meter, samples } = this.#sound;
    meter.getByteTimeDomainData(samples);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0) / 128;
    this.#levels = [...this.#levels.slice(1), loudest];
    this.querySelectorAll(".recorder-levels i").forEach((bar, place) => { bar.style.scale = `1 ${Math.max(0.12, Math.min(1, this.#levels[place] * 1.6))}`; });
  }

  async #act(what) {
    if (!what || !this.#recorder) return;
    const file = await this.#end();
    if (what === "finish" && file.size) this.#tray.add([file], { kind: "voice" });
    document.getElementById("composer-text")?.focus();
  }

  async #sendNow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = event.target;
    await this.#act("finish");
    form.requestSubmit();
  }

  /** The recording as a file; the microphone is free afterwards. */
  #end() {
    clearInterval(this.#timer);
    this.hidden = true;
    const recorder = this.#recorder;
    this.#recorder = null;
    this.#sound?.context.close();
    this.#sound = null;
    if (!recorder) return Promise.resolve(new File([], ""));
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    return new Promise((resolve) => {
      recorder.addEventListener("stop", () => {
        for (const track of recorder.stream.getTracks()) track.stop();
        const type = recorder.mimeType.split(";")[0];
        resolve(new File(parts, `voice.${ENDINGS[type] ?? "webm"}`, { type }));
      });
      recorder.stop();
    });
  }

  #say(words) {
    this.#tray.querySelector("[data-tray-status]").textContent = words;
  }
}
customElements.define("voice-recorder", VoiceRecorder);
