/**
 * What staff hear and feel while their eyes are on the visitor: each kind of answer sounds and shakes differently.
 * The browser allows both only after a first touch; until then the colour, the shape and the words do.
 */
const MUTED = "gate.muted";

// [frequency in Hz, start and length in seconds]; rising is good, level asks, falling is no.
const TUNES = {
  ok: { wave: "sine", notes: [[660, 0, 0.1], [990, 0.1, 0.16]], shake: [60] },
  done: { wave: "sine", notes: [[1320, 0, 0.09]], shake: [30] },
  warn: { wave: "triangle", notes: [[523, 0, 0.1], [523, 0.17, 0.1]], shake: [70, 60, 70] },
  neutral: { wave: "triangle", notes: [[440, 0, 0.16]], shake: [40, 40, 40] },
  stop: { wave: "triangle", notes: [[330, 0, 0.14], [220, 0.14, 0.24]], shake: [220] },
  fault: { wave: "triangle", notes: [[262, 0, 0.08], [262, 0.12, 0.08], [262, 0.24, 0.08]], shake: [40, 60, 40, 60, 40] },
};

export function createSound(storage) {
  let context = null;
  let muted = false;
  try {
    muted = storage?.getItem(MUTED) === "1";
  } catch {}

  const touched = () => navigator.userActivation?.hasBeenActive ?? context !== null;

  return {
    get muted() {
      return muted;
    },
    set muted(value) {
      muted = value;
      try {
        storage?.setItem(MUTED, value ? "1" : "0");
      } catch {}
    },
    /** In a touch or a key: from now on there may be sound. Also wakes it after the phone slept. */
    unlock() {
      const Context = window.AudioContext ?? window.webkitAudioContext;
      if (!Context) return;
      context ??= new Context();
      if (context.state !== "running") context.resume().catch(() => {});
    },
    play(kind) {
      const tune = TUNES[kind];
      if (muted || !tune) return;
      if (touched()) navigator.vibrate?.(tune.shake);
      if (context?.state !== "running") return;
      for (const [pitch, start, length] of tune.notes) {
        const [voice, volume, at] = [context.createOscillator(), context.createGain(), context.currentTime + start];
        voice.type = tune.wave;
        voice.frequency.value = pitch;
        volume.gain.setValueAtTime(0, at);
        volume.gain.linearRampToValueAtTime(0.35, at + 0.01); // without the ramps a speaker clicks
        volume.gain.linearRampToValueAtTime(0, at + length);
        voice.connect(volume).connect(context.destination);
        voice.start(at);
        voice.stop(at + length);
      }
    },
  };
}
