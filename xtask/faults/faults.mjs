// A Worker whose bindings fail as they are told to. What runs is the Worker as it is built, with
// nothing in it that knows of this: the bindings alone are stood in for.
// This is for local stacks; it is never deployed.
//
// What fails is told by the variable FAULTS when the Worker starts, and from then on by
// POST /__local/faults, which only the gateway can reach. Its shape is that of `WorkerFaults` in
// xtask/src/faults.rs, with the fields of its `CallFaults` and `QueueFaults`.

import { D1Database } from "./database.mjs";
import { Fetcher } from "./service.mjs";
import { KvNamespace } from "./cache.mjs";
import { WorkerQueue } from "./queue.mjs";
import { Plan } from "./plan.mjs";

/** The plan of this isolate; a Worker has one, and it lasts as long as the runtime's process. */
let plan;

/** The built Worker's class, over bindings that fail. `name` tells it apart in the log. */
export function withFaults(Worker, name) {
  return class extends Worker {
    constructor(context, env) {
      plan ??= new Plan(name, env.FAULTS);
      super(context, faulty(env));
    }

    async fetch(request) {
      if (new URL(request.url).pathname !== "/__local/faults") {
        return super.fetch(request);
      }
      plan = new Plan(name, await request.json());
      return Response.json({ status: "ok" });
    }
  };
}

/** What the bindings of the Workers that run code begin with. */
const EXECUTOR = "EXECUTOR_";

function faulty({ FAULTS: _, ...env }) {
  const executors = Object.keys(env).filter((binding) => binding.startsWith(EXECUTOR));
  const failing = (binding) => new Fetcher(env[binding], binding, plan.of("executors", binding));
  return {
    ...env,
    ...Object.fromEntries(executors.map((binding) => [binding, failing(binding)])),
    DB: new D1Database(env.DB, plan.of("database", "DB")),
    STATUS: new KvNamespace(env.STATUS, plan.of("cacheGet", "STATUS"), plan.of("cachePut", "STATUS")),
    JOBS: new WorkerQueue(env.JOBS, plan.of("jobs", "JOBS")),
    BULK_JOBS: new WorkerQueue(env.BULK_JOBS, plan.of("bulkJobs", "BULK_JOBS")),
    TASKS: new WorkerQueue(env.TASKS, plan.of("tasks", "TASKS")),
    DEAD_LETTERS: new WorkerQueue(env.DEAD_LETTERS, plan.of("deadLetters", "DEAD_LETTERS")),
  };
}
