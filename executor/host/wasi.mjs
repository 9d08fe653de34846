// WASI preview 1, as little as an interpreter needs: the three standard streams, clocks,
// randomness. There are no files, no arguments, no environment; every other function answers that
// it does not exist.
//
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

import guest from "./guest.wasm";

import { Ended } from "./ended.mjs";

const MODULE = "wasi_snapshot_preview1";
const OK = 0;
const BAD_DESCRIPTOR = 8;
const INVALID = 28;
const NO_SUCH_FUNCTION = 52;
const CANNOT_SEEK = 70;

const REALTIME = 0;
const NS_PER_MS = 1_000_000;
// The most that the platform gives in one call.
const MAX_RANDOM_BYTES = 65_536;

// Making this many random bytes takes as long as a turn of a short loop.
const RANDOM_BYTES_PER_FUEL = 2;

// How long the answer of `fd_filestat_get` is.
const FILE_BYTES = 64;

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const CLOCK = 0;
const ABSOLUTE = 1;

// The imports for one session of the guest.
export function wasi(session) {
  const known = { ...streams(session), ...clocks(session), ...rest(session) };
  const imported = WebAssembly.Module.imports(guest).filter(({ module }) => module === MODULE);
  return Object.fromEntries(
    imported.map(({ name }) => [name, known[name] ?? (() => NO_SUCH_FUNCTION)]),
  );
}

function view(session) {
  return new DataView(session.exports.memory.buffer);
}

// Calls `use` with each of the buffers, until it says that no more is wanted; gives back the sum
// of what it says.
function overBuffers(session, list, count, use) {
  const memory = view(session);
  let sum = 0;
  for (let at = list; at < list + count * 8; at += 8) {
    const buffer = session.bytes(memory.getUint32(at, true), memory.getUint32(at + 4, true));
    const used = use(buffer);
    sum += used;
    if (used < buffer.length) {
      break;
    }
  }
  return sum;
}

function streams(session) {
  let read = 0;
  return {
    fd_read(descriptor, list, count, result) {
      if (descriptor !== 0) {
        return BAD_DESCRIPTOR;
      }
      const sum = overBuffers(session, list, count, (buffer) => {
        const part = session.stdin.subarray(read, read + buffer.length);
        buffer.set(part);
        read += part.length;
        return part.length;
      });
      view(session).setUint32(result, sum, true);
      return OK;
    },
    fd_write(descriptor, list, count, result) {
      const output = { 1: session.stdout, 2: session.stderr }[descriptor];
      if (output === undefined) {
        return BAD_DESCRIPTOR;
      }
      const sum = overBuffers(session, list, count, (buffer) => {
        output.write(buffer);
        return buffer.length;
      });
      view(session).setUint32(result, sum, true);
      return OK;
    },
    // Of an unknown type, without flags: no terminal. All rights.
    fd_fdstat_get(descriptor, result) {
      if (descriptor > 2) {
        return BAD_DESCRIPTOR;
      }
      session.bytes(result, 8).fill(0);
      session.bytes(result + 8, 16).fill(255);
      return OK;
    },
    // Of an unknown type, without a size. Python looks before it opens its streams.
    fd_filestat_get(descriptor, result) {
      if (descriptor > 2) {
        return BAD_DESCRIPTOR;
      }
      session.bytes(result, FILE_BYTES).fill(0);
      return OK;
    },
    fd_seek: (descriptor) => (descriptor > 2 ? BAD_DESCRIPTOR : CANNOT_SEEK),
    fd_close: (descriptor) => (descriptor > 2 ? BAD_DESCRIPTOR : OK),
    // There is no folder.
    fd_prestat_get: () => BAD_DESCRIPTOR,
  };
}

function clocks(session) {
  const { budget } = session;
  const now = (clock) => (clock === REALTIME ? budget.nowNs() : budget.elapsedNs());
  return {
    clock_time_get(clock, _precision, result) {
      view(session).setBigUint64(result, now(clock), true);
      return OK;
    },
    clock_res_get(_clock, result) {
      view(session).setBigUint64(result, BigInt(NS_PER_MS), true);
      return OK;
    },
    // A sleep until the first of the subscriptions is due. Streams are always ready.
    poll_oneoff(subscriptions, events, count, result) {
      if (count === 0) {
        return INVALID;
      }
      const memory = view(session);
      const waits = Array.from({ length: count }, (_, index) =>
        waitOf(memory, subscriptions + index * SUBSCRIPTION_BYTES, now),
      );
      const shortest = Math.min(...waits);
      budget.sleep(shortest);
      let ready = 0;
      for (const [index, wait] of waits.entries()) {
        if (wait <= shortest) {
          const from = subscriptions + index * SUBSCRIPTION_BYTES;
          const to = events + ready * EVENT_BYTES;
          session.bytes(to, EVENT_BYTES).fill(0);
          memory.setBigUint64(to, memory.getBigUint64(from, true), true);
          memory.setUint8(to + 10, memory.getUint8(from + 8));
          ready += 1;
        }
      }
      memory.setUint32(result, ready, true);
      return OK;
    },
  };
}

// The milliseconds that a subscription has to wait.
function waitOf(memory, at, now) {
  if (memory.getUint8(at + 8) !== CLOCK) {
    return 0;
  }
  const clock = memory.getUint32(at + 16, true);
  const timeout = memory.getBigUint64(at + 24, true);
  const isAbsolute = memory.getUint16(at + 40, true) & ABSOLUTE;
  const wait = isAbsolute ? timeout - now(clock) : timeout;
  return Math.max(Number(wait) / NS_PER_MS, 0);
}

function rest(session) {
  const none = (count, bytes) => {
    const memory = view(session);
    memory.setUint32(count, 0, true);
    memory.setUint32(bytes, 0, true);
    return OK;
  };
  return {
    random_get(address, length) {
      session.budget.charge(length / RANDOM_BYTES_PER_FUEL);
      for (let done = 0; done < length; done += MAX_RANDOM_BYTES) {
        const part = Math.min(length - done, MAX_RANDOM_BYTES);
        crypto.getRandomValues(session.bytes(address + done, part));
      }
      return OK;
    },
    args_sizes_get: none,
    args_get: () => OK,
    environ_sizes_get: none,
    environ_get: () => OK,
    sched_yield: () => OK,
    proc_exit(code) {
      session.outcome ??= { exitCode: code & 255, valueTruncated: false };
      throw new Ended("exit");
    },
  };
}
