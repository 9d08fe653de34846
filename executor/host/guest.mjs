// Runs the guest: the interpreter in guest.wasm.
//
// Every run has an instance of its own, in a memory that is wiped before: whatever ends a run, the
// next one starts clean. Starting an interpreter takes long, so it is done once: what `prepare` leaves
// in the memory is kept and put into it again for every run.
//
// A run is one call, which nothing interrupts: requests at the same time take turns between runs.

import guest from "./guest.wasm";

import { Budget } from "./budget.mjs";
import { Ended } from "./ended.mjs";
import { Image, hand, memory, wipe } from "./memory.mjs";
import { Output } from "./output.mjs";
import { wasi } from "./wasi.mjs";

const LIMITS = { 1: "memory", 2: "recursion" };
const EXIT_CODES = { time: 137, memory: 137, recursion: 134 };
const CRASHED = 134;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// What `prepare` left: { image, description }. Filled by the first request of an isolate: the
// platform gives start-up only a second, and no randomness.
let prepared;

// { language, version, runtime }
export function describe() {
  prepared ??= prepare();
  return prepared.description;
}

// Runs a job once. Gives back what became of it, with `value` as JSON text, how long it slept, and
// how much fuel it used.
export function run(job, input) {
  prepared ??= prepare();
  const { sourceCode, functionName, limits } = job;
  const { memoryBytes } = limits;
  const session = new Session({
    job: encoder.encode(
      JSON.stringify({ sourceCode, functionName, arguments: input.arguments, memoryBytes }),
    ),
    stdin: encoder.encode(input.stdin),
    timeMs: limits.timeMs,
  });
  const end = session.run();
  const { stdout, stderr } = session;
  return {
    outcome: {
      stdout: stdout.text(),
      stdoutTruncated: stdout.truncated,
      stderr: stderr.text(),
      stderrTruncated: stderr.truncated,
      ...end,
    },
    sleptMs: session.budget.sleptMs,
    usedFuel: session.budget.usedFuel(),
  };
}

function prepare() {
  const session = new Session({ job: new Uint8Array(), stdin: new Uint8Array(), timeMs: Infinity });
  const fresh = session.bytes().slice();
  session.exports._initialize();
  session.exports.prepare();
  return { image: new Image(fresh, session.exports), description: session.description };
}

// An instance of the guest and what it is given.
class Session {
  stdout = new Output();
  stderr = new Output();
  outcome;
  description;

  constructor({ job, stdin, timeMs }) {
    this.job = job;
    this.stdin = stdin;
    this.budget = new Budget(timeMs);
    const imports = { redrive: this.#redrive(), wasi_snapshot_preview1: wasi(this) };
    wipe();
    this.exports = new WebAssembly.Instance(guest, imports).exports;
    hand(this.exports);
    this.budget.watch(this.exports.fuel);
  }

  // The guest's memory, or a part of it. A view does not outlive a call of the guest: memory that
  // grows moves.
  bytes(address = 0, length = undefined) {
    return new Uint8Array(memory.buffer, address, length);
  }

  run() {
    try {
      prepared.image.restore(this.exports);
      this.exports.run();
    } catch (error) {
      return this.#ended(error);
    }
    return this.#handedOver();
  }

  #handedOver() {
    if (this.outcome === undefined) {
      return this.#crashed("it handed over no outcome");
    }
    const { exitCode, value, valueTruncated, recursion } = this.outcome;
    const limit = recursion ? "recursion" : undefined;
    return { exitCode, value, valueTruncated, limit };
  }

  #ended(error) {
    if (error instanceof Ended) {
      return error.reason === "exit" ? this.#handedOver() : stopped(error.reason);
    }
    // The stack of the runtime is used up, or the one that the guest has in its memory: below it
    // there is nothing.
    const outOfBounds = error instanceof WebAssembly.RuntimeError && /out of bounds/.test(error.message);
    if (error instanceof RangeError || outOfBounds) {
      return stopped("recursion");
    }
    return this.#crashed(error.message);
  }

  // A fault of the interpreter, not of the program.
  #crashed(reason) {
    this.stderr.write(encoder.encode(`the interpreter crashed: ${reason}\n`));
    return { exitCode: CRASHED, valueTruncated: false };
  }

  #redrive() {
    return {
      memory,
      job_length: () => this.job.length,
      job_read: (to) => this.bytes().set(this.job, to),
      describe: (from, length) => {
        this.description = this.#json(from, length);
      },
      outcome: (from, length) => {
        this.outcome = this.#json(from, length);
      },
      write: (stream, from, length) => {
        (stream === 1 ? this.stdout : this.stderr).write(this.bytes(from, length));
      },
      tick: () => this.budget.tick(),
      limit: (kind) => {
        throw new Ended(LIMITS[kind]);
      },
    };
  }

  #json(from, length) {
    return JSON.parse(decoder.decode(this.bytes(from, length)));
  }
}

function stopped(limit) {
  return { exitCode: EXIT_CODES[limit], valueTruncated: false, limit };
}
