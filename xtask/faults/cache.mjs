// KV that fails: reads by one plan, writes by another.

/** What the runtime says when the service answers with an error. */
const errors = (name, statuses) => {
  const messages = statuses.map((status) => `KV ${name} failed: ${status}`);
  return { make: (message) => new Error(message), before: messages, after: messages };
};
const FAILED = ["500 Internal Server Error", "503 Service Unavailable"];
const GET = errors("GET", FAILED);
const PUT = errors("PUT", ["429 Too Many Requests", ...FAILED]);
const DELETE = errors("DELETE", FAILED);
const LIST = errors("LIST", FAILED);

/** A namespace whose calls fail. */
export class KvNamespace {
  #namespace;
  #reads;
  #writes;

  constructor(namespace, reads, writes) {
    this.#namespace = namespace;
    this.#reads = reads;
    this.#writes = writes;
  }

  get(key, ...options) {
    return this.#reads.call("get", `${key}`, GET, () => this.#namespace.get(key, ...options));
  }

  getWithMetadata(key, ...options) {
    const read = () => this.#namespace.getWithMetadata(key, ...options);
    return this.#reads.call("getWithMetadata", `${key}`, GET, read);
  }

  list(...options) {
    return this.#reads.call("list", "", LIST, () => this.#namespace.list(...options));
  }

  put(key, ...options) {
    return this.#writes.call("put", `${key}`, PUT, () => this.#namespace.put(key, ...options));
  }

  delete(key) {
    return this.#writes.call("delete", `${key}`, DELETE, () => this.#namespace.delete(key));
  }
}
