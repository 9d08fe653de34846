// D1 that fails. The classes have the names of the platform's own: the Worker looks at them.

/** What D1 says, from its documentation: https://developers.cloudflare.com/d1/observability/debug-d1/ */
const ERRORS = {
  make: (message) => new Error(`D1_ERROR: ${message}`, { cause: new Error(message) }),
  before: [
    "Network connection lost.",
    "D1 DB is overloaded. Too many requests queued.",
    "D1 DB is overloaded. Requests queued for too long.",
    "Cannot resolve D1 DB due to transient issue on remote node.",
    "Internal error while starting up D1 DB storage caused object to be reset.",
  ],
  after: [
    "Network connection lost.",
    "D1 DB storage operation exceeded timeout which caused object to be reset.",
    "D1 DB reset because its code was updated.",
    "Internal error in D1 DB storage caused object to be reset.",
  ],
};

/** A database whose calls fail. */
export class D1Database {
  #database;
  #faults;

  constructor(database, faults) {
    this.#database = database;
    this.#faults = faults;
  }

  prepare(sql) {
    return new D1PreparedStatement(this.#database.prepare(sql), sql, this.#faults);
  }

  batch(statements) {
    const sql = statements.map((statement) => statement.sql).join("\n");
    const prepared = statements.map((statement) => statement.prepared);
    return this.#faults.call("batch", sql, ERRORS, () => this.#database.batch(prepared));
  }

  exec(sql) {
    return this.#faults.call("exec", sql, ERRORS, () => this.#database.exec(sql));
  }
}

/** A statement whose calls fail, beside what the real database takes for it. */
class D1PreparedStatement {
  prepared;
  sql;
  #faults;

  constructor(prepared, sql, faults) {
    this.prepared = prepared;
    this.sql = sql;
    this.#faults = faults;
  }

  bind(...values) {
    return new D1PreparedStatement(this.prepared.bind(...values), this.sql, this.#faults);
  }

  first(...options) {
    return this.#call("first", options);
  }

  run(...options) {
    return this.#call("run", options);
  }

  all(...options) {
    return this.#call("all", options);
  }

  raw(...options) {
    return this.#call("raw", options);
  }

  #call(name, options) {
    return this.#faults.call(name, this.sql, ERRORS, () => this.prepared[name](...options));
  }
}
