// Thrown through the guest to end it. Wasm cannot catch it.
export class Ended {
  // "time", "memory" or "recursion"; "exit" when the program has ended by itself.
  constructor(reason) {
    this.reason = reason;
  }
}
