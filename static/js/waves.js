// What sound looks like: the peaks of the recording itself, once it is near; a flat line until then
// and where it cannot be read.
const BARS = 46;
const STEP = 4;
const WIDTH = 2.2;
const HEIGHT = 24;
const LEAST = 2.4;
const MOST_BYTES = 3_000_000;
const RATE = 8_000;
const SVG = "http://www.w3.org/2000/svg";
const known = new Map();

/** The loudest of each of 46 parts, from 0 to 1, or null where that would cost too much. */
export function peaksOf(url, bytes) {
  if (!(bytes <= MOST_BYTES)) return Promise.resolve(null);
  if (!known.has(url)) known.set(url, read(url).catch(() => null));
  return known.get(url);
}

async function read(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) return null;
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await response.arrayBuffer());
  const samples = sound.getChannelData(0);
  const size = Math.max(Math.floor(samples.length / BARS), 1);
  const peaks = Array.from({ length: BARS }, (_, bar) => loudest(samples.subarray(bar * size, (bar + 1) * size)));
  const top = Math.max(...peaks);
  return top ? peaks.map((peak) => peak / top) : peaks;
}

function loudest(samples) {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return most;
}

/** Bars for `peaks`, or a flat line. */
export function draw(wave, peaks = new Array(BARS).fill(0)) {
  wave.replaceChildren(...peaks.map((peak, bar) => {
    const height = Math.max(peak * HEIGHT, LEAST);
    const rect = document.createElementNS(SVG, "rect");
    const values = { x: bar * STEP + 0.9, y: (HEIGHT - height) / 2, width: WIDTH, height, rx: WIDTH / 2 };
    for (const [name, value] of Object.entries(values)) rect.setAttribute(name, value.toFixed(2));
    return rect;
  }));
}

/** Mark what has been heard: `share` from 0 to 1. */
export function progress(wave, share) {
  [...wave.children].forEach((rect, bar) => rect.toggleAttribute("data-played", bar / BARS < share));
}
