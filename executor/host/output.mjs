// What a program writes to one stream, up to a bound. What is beyond is dropped.

const MAX_BYTES = 64 * 1024;

export class Output {
  #chunks = [];
  #length = 0;
  truncated = false;

  // `bytes` is a view of the guest's memory: it is copied.
  write(bytes) {
    const room = MAX_BYTES - this.#length;
    this.truncated ||= bytes.length > room;
    if (room > 0 && bytes.length > 0) {
      const kept = bytes.slice(0, room);
      this.#chunks.push(kept);
      this.#length += kept.length;
    }
  }

  // Bytes that are no UTF-8 become U+FFFD; a character cut off at the bound is left out.
  text() {
    const all = new Uint8Array(this.#length);
    let end = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, end);
      end += chunk.length;
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(all, { stream: this.truncated });
  }
}
