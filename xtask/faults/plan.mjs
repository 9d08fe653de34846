// What is to fail, and the numbers that decide when.

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

/** The faults of one Worker. */
export class Plan {
  #worker;
  #bindings;
  #state;

  /** `faults` is a `WorkerFaults` with the `seed` that its numbers are drawn from. */
  constructor(worker, faults) {
    this.#worker = worker;
    this.#bindings = new Map(Object.entries(structuredClone(faults ?? {})));
    this.#state = (faults?.seed ?? 0) >>> 0;
  }

  /** The faults of one binding; `name` is the binding's, for the log. */
  of(part, name) {
    const faults = this.#bindings.get(part) ?? {};
    // What is left of `times` lasts as long as the plan, and bindings are made for each request.
    faults.left ??= faults.times ?? Infinity;
    return new Faults(this, name, faults);
  }

  /** A number from 0 up to 1, the next of SplitMix32. */
  draw() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return ((word ^ (word >>> 15)) >>> 0) / 2 ** 32;
  }

  /** Tells the log of a fault, by the Worker, the binding and what happened to the call. */
  tell(binding, call, fault) {
    console.log(JSON.stringify({ event: "fault", worker: this.#worker, binding, call, fault }));
  }
}

/** The faults of the calls of one binding. */
export class Faults {
  #plan;
  #binding;
  #faults;

  constructor(plan, binding, faults) {
    this.#plan = plan;
    this.#binding = binding;
    this.#faults = faults;
  }

  /** A setting that only this kind of binding has. */
  get(name) {
    return this.#faults[name] ?? 0;
  }

  /** Whether a fault of this probability strikes; if so, the log is told. */
  strikes(probability, call, fault) {
    if (!(this.#plan.draw() < probability) || this.#faults.left <= 0) {
      return false;
    }
    this.#faults.left -= 1;
    this.#plan.tell(this.#binding, call, fault);
    return true;
  }

  /** One of these, each as likely. */
  choose(list) {
    return list[Math.floor(this.#plan.draw() * list.length)];
  }

  /** A whole number from 0 to `most`. */
  upTo(most) {
    return Math.floor(this.#plan.draw() * (most + 1));
  }

  /**
   * Makes a call with what may go wrong before it, so that nothing happened, and after it, so that
   * its answer is lost.
   *
   * `text` is what `only` is looked for in. `errors` makes the platform's error of a message, and
   * has the messages that are usual `before` and `after`.
   */
  async call(name, text, errors, make) {
    const { before, after, message, holdBeforeMs, holdAfterMs, only } = this.#faults;
    if (only && !text.includes(only)) {
      return make();
    }
    await this.#hold(holdBeforeMs, name, "held_before");
    if (this.strikes(before, name, "before")) {
      throw errors.make(message ?? this.choose(errors.before));
    }
    const answer = await make();
    await this.#hold(holdAfterMs, name, "held_after");
    if (this.strikes(after, name, "after")) {
      throw errors.make(message ?? this.choose(errors.after));
    }
    return answer;
  }

  async #hold(ms, call, fault) {
    if (ms > 0 && this.strikes(1, call, fault)) {
      await pause(ms);
    }
  }
}
