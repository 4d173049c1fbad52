// A short, soft sound, made here. Browsers allow it in tabs that were clicked or typed in, so every
// tab is asked, and the first that may plays it: at most one in a while for all of them.
const REST = 2_000;
const NOTES = [[880, 0], [1_174.66, 0.11]]; // hertz, seconds
const LOUD = 0.07;
const FADE = 0.45;
let context = null;
let rangAt = -REST;

const mayPlay = () => navigator.userActivation?.hasBeenActive ?? context !== null;
const rest = () => new Promise((resolve) => { setTimeout(resolve, REST); });

/** Ring, unless something rang a moment ago or this tab may not. */
export function ring() {
  if (!mayPlay()) return;
  if (!navigator.locks) {
    if (performance.now() - rangAt < REST) return;
    rangAt = performance.now();
    play();
  } else {
    navigator.locks.request("inbox.sound", { ifAvailable: true }, (lock) => lock && (play(), rest()));
  }
}

/** The sound itself; only after a click or a key in this tab. */
export async function play() {
  context ??= new AudioContext();
  if (context.state === "suspended") await context.resume();
  for (const [pitch, after] of NOTES) strike(pitch, context.currentTime + after);
}

function strike(pitch, at) {
  const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(LOUD, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + FADE);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + FADE);
}
