// A queue whose sends fail, and whose messages get lost, come twice, or come late.

/** Messages the platform takes in one call. */
const BATCH_LIMIT = 100;

const messages = [
  "Queue send failed: Too Many Requests",
  "Queue send failed: Storage Limit Exceeded",
  "Queue send failed: Internal Server Error (15000)",
];
const ERRORS = { make: (message) => new Error(message), before: messages, after: messages };

/** A queue that fails; the name is the platform's own, and the Worker looks at it. */
export class WorkerQueue {
  #queue;
  #faults;

  constructor(queue, faults) {
    this.#queue = queue;
    this.#faults = faults;
  }

  send(body, options) {
    return this.#send("send", [{ ...options, body }]);
  }

  sendBatch(batch, options) {
    return this.#send("sendBatch", [...batch].map((message) => ({ ...options, ...message })));
  }

  metrics() {
    return this.#faults.call("metrics", "", ERRORS, () => this.#queue.metrics());
  }

  #send(name, batch) {
    const text = batch.map(({ body }) => `${body}`).join("\n");
    return this.#faults.call(name, text, ERRORS, async () => {
      const sent = batch.flatMap((message) => this.#fate(name, message));
      // Without a message left, the answer is as if they were all there.
      let answer = {};
      for (let start = 0; start < sent.length; start += BATCH_LIMIT) {
        answer = await this.#queue.sendBatch(sent.slice(start, start + BATCH_LIMIT));
      }
      return answer;
    });
  }

  /** What the queue makes of one message: none, one, or several. */
  #fate(name, message) {
    const faults = this.#faults;
    if (faults.strikes(faults.get("drop"), name, "dropped")) {
      return [];
    }
    const late = () => {
      const { delaySeconds = 0 } = message;
      return { ...message, delaySeconds: delaySeconds + faults.upTo(faults.get("delaySeconds")) };
    };
    const sent = faults.strikes(faults.get("delay"), name, "delayed") ? [late()] : [message];
    if (faults.strikes(faults.get("duplicate"), name, "duplicated")) {
      sent.push(...Array.from({ length: Math.max(1, faults.get("copies")) }, late));
    }
    return sent;
  }
}
