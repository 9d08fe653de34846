// The executor: a Worker that runs submitted code in an interpreter compiled to Wasm.
//
// The same for every language: what differs is guest.wasm beside it. It has no secret, no binding
// and no way to the network, and is called by the consumer's service binding only. The contract is
// in docs/executor.md.

import { describe, run } from "./guest.mjs";
import { BadRequest, read } from "./request.mjs";

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /health":
        return Response.json({ status: "ok", ...describe() });
      case "POST /run":
        return answer(await request.text());
    }
    if (pathname === "/run" || pathname === "/health") {
      return refuse(405, "method_not_allowed", "POST /run or GET /health");
    }
    return refuse(404, "not_found", "there is /run and /health");
  },
};

async function answer(body) {
  let job;
  try {
    job = read(body, describe().language);
  } catch (error) {
    if (error instanceof BadRequest) {
      return refuse(400, "bad_request", error.message);
    }
    throw error;
  }
  const { runs, notRun, fuel } = await runAll(job);
  // Each run is a JSON text already: a value keeps all its digits.
  return new Response(`{"runs":[${runs.join(",")}],"notRun":${notRun}}`, {
    headers: { "content-type": "application/json", "redrive-fuel": String(fuel) },
  });
}

// One after the other. What is left when the time of all is used up is not run.
async function runAll(job) {
  const runs = [];
  let spent = 0;
  let fuel = 0;
  for (const input of job.runs) {
    if (spent >= job.limits.totalTimeMs) {
      break;
    }
    const startedAt = Date.now();
    const { outcome, sleptMs, usedFuel } = run(job, input);
    // The platform's clock stands still while code runs, and moves when a timer fires. Waiting
    // lets other requests have their turn as well, which is no time of this run.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const passedMs = Date.now() - startedAt + sleptMs;
    const durationMs = Math.round(Math.min(passedMs, job.limits.timeMs));
    spent += durationMs;
    fuel += usedFuel;
    runs.push(written({ ...outcome, durationMs }));
  }
  return { runs, notRun: job.runs.length - runs.length, fuel };
}

function written({ value, ...rest }) {
  const text = JSON.stringify(rest);
  return value === undefined ? text : `${text.slice(0, -1)},"value":${value}}`;
}

function refuse(status, code, message) {
  return Response.json({ error: { code, message } }, { status });
}
