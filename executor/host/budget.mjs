// How long a run has gone on.
//
// Two clocks, and the later one counts. The Worker's own moves during a run on a local runtime, and
// stands still in production. The fuel that the guest has used moves everywhere, at the rate below.
// What a program reads as the time is the same, so that waiting in a loop ends as well.

import { Ended } from "./ended.mjs";

// Fuel is taken at every function call and every turn of a loop: four for each, one for a short
// turn. So much goes through in a millisecond; docs/executor.md says how that was measured.
export const FUEL_PER_MS = 1_000_000;
// How much fuel the guest gets at a time: a few milliseconds.
const SHARE = 4_000_000;

const NS_PER_MS = 1_000_000;

export class Budget {
  // How long the program has slept. Nothing waits; its time goes on all the same.
  sleptMs = 0;
  #startedAt = Date.now();
  #timeMs;
  #fuel;
  #given = 0;

  constructor(timeMs) {
    this.#timeMs = timeMs;
  }

  // `fuel` is the guest's global.
  watch(fuel) {
    this.#fuel = fuel;
  }

  // Called by the guest when it has no fuel left.
  tick() {
    this.#check();
    this.#fuel.value += SHARE;
    this.#given += SHARE;
  }

  // What the host does for the guest costs fuel as well.
  charge(fuel) {
    this.#fuel.value -= fuel;
  }

  // Nobody sleeps for longer than there is time.
  sleep(ms) {
    const left = this.#timeMs - this.elapsedMs();
    this.sleptMs += Math.max(Math.min(ms, left), 0);
    if (ms >= left) {
      throw new Ended("time");
    }
  }

  usedFuel() {
    return this.#given - this.#fuel.value;
  }

  elapsedMs() {
    const counted = this.usedFuel() / FUEL_PER_MS;
    return Math.max(Date.now() - this.#startedAt, counted) + this.sleptMs;
  }

  elapsedNs() {
    return BigInt(Math.round(this.elapsedMs() * NS_PER_MS));
  }

  // Since 1970. The sum has more digits than a number can hold.
  nowNs() {
    return BigInt(this.#startedAt) * BigInt(NS_PER_MS) + this.elapsedNs();
  }

  #check() {
    if (this.elapsedMs() >= this.#timeMs) {
      throw new Ended("time");
    }
  }
}
