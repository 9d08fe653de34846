// The door of a local stack: every request goes to the producer, except the routes that a test or
// `cargo xtask dev` needs. In production the platform does by itself what the first two do.
// This Worker is never deployed.
//
// POST /__local/cron                                    fires the consumer's cron once
// POST /__local/queue {queue, messages: [{id, body, attempts}]}
//                                                       hands messages to its queue handler
//
// Both answer the outcome that the runtime reports, as JSON.
//
// POST /__local/faults {producer, consumer}             changes what goes wrong at their bindings,
//                                                       on a stack that was started with faults

const CRON = "* * * * *";

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/__local/")) {
      return env.PRODUCER.fetch(request);
    }
    if (request.method !== "POST") {
      return refuse(405, "the /__local/ routes answer POST only");
    }
    switch (pathname) {
      case "/__local/cron":
        return Response.json(
          await env.CONSUMER.scheduled({ cron: CRON, scheduledTime: new Date() }),
        );
      case "/__local/queue":
        return deliver(request, env);
      case "/__local/faults":
        return setFaults(request, env);
      default:
        return refuse(404, "no such local route");
    }
  },
};

async function deliver(request, env) {
  let delivery;
  try {
    delivery = await request.json();
  } catch {
    return refuse(400, "the body is not JSON");
  }
  const { queue, messages } = delivery;
  if (typeof queue !== "string" || !Array.isArray(messages)) {
    return refuse(422, "give `queue`, a string, and `messages`, an array");
  }
  const timestamp = new Date();
  const outcome = await env.CONSUMER.queue(
    queue,
    messages.map(({ id, body, attempts }) => ({ id, body, attempts: attempts ?? 1, timestamp })),
  );
  return Response.json(outcome);
}

async function setFaults(request, env) {
  const { producer, consumer } = await request.json();
  const workers = [
    [env.PRODUCER, producer],
    [env.CONSUMER, consumer],
  ];
  for (const [worker, faults] of workers) {
    const body = JSON.stringify(faults);
    const answer = await worker.fetch(request.url, { method: "POST", body });
    if (!answer.ok) {
      return refuse(409, "the stack was started without faults");
    }
  }
  return Response.json({ status: "ok" });
}

function refuse(status, detail) {
  return Response.json({ status, detail }, { status });
}
