// The one memory of an isolate, in which every run takes place.
//
// A memory of each run's own would last until the engine collects it, and an isolate has no room for
// two large ones. A memory never shrinks, so what a guest takes for its size is its global `pages`.

import guest from "./guest.wasm";

const PAGE_BYTES = 64 * 1024;
// What is compared, and kept, at a time.
const PART_BYTES = 4 * 1024;

// The build says how large: { initial, maximum }.
const [limits] = WebAssembly.Module.customSections(guest, "redrive.memory");

export const memory = new WebAssembly.Memory(JSON.parse(new TextDecoder().decode(limits)));

// The exports of the instance that has the memory.
let holder;

// Gives the memory to an instance that has just been made.
export function hand(exports) {
  holder = exports;
}

// Leaves nothing of what the last instance had in the memory. Called before the next is made, which
// brings its constants along.
export function wipe() {
  if (holder !== undefined) {
    used(holder).fill(0);
  }
}

function used({ pages }) {
  return new Uint8Array(memory.buffer, 0, pages.value * PAGE_BYTES);
}

// What an instance has in the memory, as far as it differs from that of a new one.
export class Image {
  #pages;
  // Of { at, bytes }.
  #parts = [];

  // `fresh` is the memory of a new instance.
  constructor(fresh, exports) {
    this.#pages = exports.pages.value;
    const now = used(exports);
    let start;
    for (let at = 0; at <= now.length; at += PART_BYTES) {
      if (at < now.length && differs(fresh, now, at)) {
        start ??= at;
      } else if (start !== undefined) {
        this.#parts.push({ at: start, bytes: now.slice(start, at) });
        start = undefined;
      }
    }
  }

  // Makes the memory of a new instance what it was.
  restore({ pages }) {
    const missing = this.#pages * PAGE_BYTES - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(missing / PAGE_BYTES);
    }
    pages.value = this.#pages;
    const bytes = new Uint8Array(memory.buffer);
    for (const part of this.#parts) {
      bytes.set(part.bytes, part.at);
    }
  }
}

function differs(fresh, now, from) {
  for (let at = from; at < from + PART_BYTES; at += 1) {
    if (now[at] !== (fresh[at] ?? 0)) {
      return true;
    }
  }
  return false;
}
