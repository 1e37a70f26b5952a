/** Hertz of the two tones, a fourth apart: heard over an office, not taken for a telephone. */
const TONES_HZ = [784, 1047] as const;
const TONE_S = 0.16;
const GAP_S = 0.06;
const VOLUME = 0.25;
/** A burst of locks sounds once. */
const APART_MS = 2000;

/** Two short tones, made here: no file, no request. */
export class Beeper {
  #context: AudioContext | null = null;
  #lastMs = -Infinity;
  readonly #onSleep: (asleep: boolean) => void;

  /** @param onSleep told when the browser holds the sound back until somebody touches the page */
  constructor(onSleep: (asleep: boolean) => void) {
    this.#onSleep = onSleep;
  }

  beep(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < APART_MS) return;
    this.#lastMs = nowMs;
    this.#context ??= new AudioContext();
    const context = this.#context;
    if (context.state === "running") this.#sound(context);
    else void this.#whenAwake(context);
  }

  async #whenAwake(context: AudioContext): Promise<void> {
    this.#onSleep(true);
    for (const event of ["pointerdown", "keydown"] as const) {
      addEventListener(event, () => void context.resume(), { once: true });
    }
    await context.resume();
    this.#onSleep(false);
    this.#sound(context);
  }

  #sound(context: AudioContext): void {
    for (const [index, hertz] of TONES_HZ.entries()) {
      const start = context.currentTime + index * (TONE_S + GAP_S);
      const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
      const volume = new GainNode(context, { gain: 0 });
      // Without a ramp the loudspeaker clicks.
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(VOLUME, start + 0.012);
      volume.gain.setValueAtTime(VOLUME, start + TONE_S - 0.03);
      volume.gain.linearRampToValueAtTime(0, start + TONE_S);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + TONE_S);
    }
  }
}
