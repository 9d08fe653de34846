// Another Worker that fails, behind a service binding.

/** What the runtime throws when the other Worker is not there, is ended, or throws itself. */
const messages = [
  "Network connection lost.",
  "internal error; reference = 0123456789abcdef",
  "Worker exceeded memory limit.",
  "Worker exceeded CPU time limit.",
  "The script will never generate a response.",
];
const ERRORS = { make: (message) => new Error(message), before: messages, after: messages };

/** A service whose calls fail. */
export class Fetcher {
  #service;
  #binding;
  #faults;

  constructor(service, binding, faults) {
    this.#service = service;
    this.#binding = binding;
    this.#faults = faults;
  }

  fetch(url, options) {
    const text = `${this.#binding} ${options?.body ?? ""}`;
    return this.#faults.call("fetch", text, ERRORS, () => this.#service.fetch(url, options));
  }
}
