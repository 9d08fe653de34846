// OpenAI's own SDK for Node, as it comes from its registry, against the local stack.
//
// Told by the environment: REDRIVE_URL, REDRIVE_KEY, REDRIVE_OTHER_KEY (of another tenant), PROMPT.
// Every entry of `checks` is a test; with arguments, only those named are run.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { toFile } from "openai";

const { REDRIVE_URL, REDRIVE_KEY, REDRIVE_OTHER_KEY, PROMPT } = process.env;
const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const PATIENCE_MS = 90_000;

const clientOf = (apiKey) =>
  new OpenAI({ baseURL: `${REDRIVE_URL}/v1`, apiKey, maxRetries: 0, timeout: 60_000 });
const client = clientOf(REDRIVE_KEY);
const other = clientOf(REDRIVE_OTHER_KEY);

/** A line of an input file. */
function line(custom_id, { model = "sim-ok", url = CHAT, ...parameters } = {}) {
  const asked =
    url === RESPONSES ? { input: PROMPT } : { messages: [{ role: "user", content: PROMPT }] };
  return { custom_id, method: "POST", url, body: { model, ...asked, ...parameters } };
}

const textOf = (lines) => lines.map((one) => `${JSON.stringify(one)}\n`).join("");

const upload = async (text) =>
  client.files.create({ file: await toFile(Buffer.from(text), "lines.jsonl"), purpose: "batch" });

/** Uploads lines and makes their batch. */
async function submit(text, endpoint = CHAT, parameters = {}, options = {}) {
  const { id } = await upload(text);
  const asked = { input_file_id: id, endpoint, completion_window: "24h", ...parameters };
  return client.batches.create(asked, options);
}

async function ended(batch) {
  const until = Date.now() + PATIENCE_MS;
  while (!["completed", "failed", "expired", "cancelled"].includes(batch.status)) {
    assert(Date.now() < until, `it has not ended: ${JSON.stringify(batch)}`);
    await sleep(200);
    batch = await client.batches.retrieve(batch.id);
  }
  return batch;
}

/** A file's lines by their `custom_id`. */
async function linesOf(id) {
  const text = await (await client.files.content(id)).text();
  const lines = text.trimEnd().split("\n").map((one) => JSON.parse(one));
  return Object.fromEntries(lines.map((one) => [one.custom_id, one]));
}

/** The error of this kind that a call ends in. */
async function refused(kind, call) {
  const error = await call().then(
    (answered) => assert.fail(`it is not refused: ${JSON.stringify(answered)}`),
    (error) => error,
  );
  assert(error instanceof kind, error);
  assert.deepEqual(Object.keys(error.error).sort(), ["code", "message", "param", "type"]);
  assert.match(error.requestID, /^req_/);
  return error;
}

async function all(list) {
  const ids = [];
  for await (const one of list) ids.push(one.id);
  return ids;
}

const checks = {
  async fileComesBackAsItWas() {
    const text = '{"a": 1}\r\n\n  {"grün": "✓"}\nno line end';
    const folder = mkdtempSync(join(tmpdir(), "redrive-sdk-"));
    try {
      // A stream goes out piece by piece, and before the purpose.
      const path = join(folder, "two words.jsonl");
      writeFileSync(path, text);
      const file = await client.files.create({ file: createReadStream(path), purpose: "batch" });
      assert.equal(file.bytes, Buffer.byteLength(text));
      assert.equal(file.filename, "two words.jsonl");
      assert.deepEqual([file.object, file.purpose, file.status], ["file", "batch", "processed"]);
      assert.deepEqual({ ...(await client.files.retrieve(file.id)) }, { ...file });
      assert.equal(await (await client.files.content(file.id)).text(), text);
      assert.equal((await client.files.waitForProcessing(file.id)).id, file.id);
      const deleted = await client.files.delete(file.id);
      assert.deepEqual([deleted.id, deleted.deleted, deleted.object], [file.id, true, "file"]);
      for (const call of ["retrieve", "content", "delete"]) {
        await refused(OpenAI.NotFoundError, () => client.files[call](file.id));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  async uploadSaysWhatIsWrong() {
    const file = await toFile(Buffer.from("{}"), "a.jsonl");
    const create = (form) => () => client.files.create({ file, purpose: "batch", ...form });
    const purpose = await refused(OpenAI.BadRequestError, create({ purpose: "vision" }));
    assert.equal(purpose.param, "purpose");
    const expires_after = { anchor: "created_at", seconds: 60 };
    const expiry = await refused(OpenAI.BadRequestError, create({ expires_after }));
    assert.equal(expiry.param, "expires_after[seconds]");
    const kept = await create({ expires_after: { anchor: "created_at", seconds: 3600 } })();
    assert.equal(kept.expires_at - kept.created_at, 3600);
  },

  async chatBatchGoesItsWholeWay() {
    const lines = [line("a"), line("b", { max_tokens: 2 }), line("bad", { model: "sim-400" })];
    const metadata = { team: "a" };
    const options = { idempotencyKey: "ignored-or-honoured", headers: { "Idempotency-Key": "n-1" } };
    let batch = await submit(textOf(lines), CHAT, { metadata }, options);
    assert.deepEqual([batch.object, batch.status, batch.metadata], ["batch", "validating", metadata]);
    batch = await ended(batch);
    assert.equal(batch.status, "completed");
    assert.deepEqual({ ...batch.request_counts }, { total: 3, completed: 2, failed: 1 });
    const answers = await linesOf(batch.output_file_id);
    assert.deepEqual(Object.keys(answers).sort(), ["a", "b"]);
    let used = 0;
    for (const { id, response, error } of Object.values(answers)) {
      assert.match(id, /^batch_req_/);
      assert.equal(error, null);
      assert.equal(response.status_code, 200);
      assert.equal(response.body.object, "chat.completion");
      assert(response.body.choices[0].message.content);
      used += response.body.usage.total_tokens;
    }
    assert.equal(answers.b.response.body.choices[0].finish_reason, "length");
    assert.equal(batch.usage.total_tokens, used);
    const errors = await linesOf(batch.error_file_id);
    assert.deepEqual(Object.keys(errors), ["bad"]);
    assert.equal(errors.bad.response.status_code, 400);
    assert.equal(errors.bad.response.body.error.type, "invalid_request_error");
  },

  async responsesBatchGoesItsWholeWay() {
    const input = [{ role: "user", content: [{ type: "input_text", text: PROMPT }] }];
    const lines = [line("a", { url: RESPONSES }), line("b", { url: RESPONSES, input })];
    const batch = await ended(await submit(textOf(lines), RESPONSES));
    assert.deepEqual([batch.status, batch.error_file_id], ["completed", null]);
    for (const { response } of Object.values(await linesOf(batch.output_file_id))) {
      assert.deepEqual([response.body.object, response.body.status], ["response", "completed"]);
      assert.equal(response.body.output[0].content[0].type, "output_text");
    }
  },

  async cancelledBatchKeepsWhatWasDone() {
    const names = Array.from({ length: 40 }, (_, number) => `ask-${number}`);
    const lines = names.map((name) => line(name, { model: "sim-slow-1500" }));
    let batch = await submit(textOf(lines));
    batch = await client.batches.cancel(batch.id);
    assert.equal(batch.status, "cancelling");
    batch = await ended(batch);
    assert.equal(batch.status, "cancelled");
    assert(batch.cancelled_at >= batch.cancelling_at);
    await refused(OpenAI.ConflictError, () => client.batches.cancel(batch.id));
  },

  async inputFileIsJudgedBeforeAnythingIsDone() {
    const failed = async (text) => {
      const batch = await ended(await submit(text));
      assert.equal(batch.status, "failed");
      return batch.errors.data.map(({ code, line, param }) => [code, line, param]);
    };
    const twice = textOf([line("a"), line("a")]);
    assert.deepEqual(await failed(twice), [["duplicate_custom_id", 2, "custom_id"]]);
    assert.deepEqual(await failed(""), [["empty_file", null, null]]);
    const elsewhere = textOf([line("a", { url: RESPONSES })]);
    assert.deepEqual(await failed(elsewhere), [["url_mismatch", 1, "url"]]);
    assert.deepEqual(await failed("{\n"), [["invalid_json_line", 1, null]]);
    const streamed = textOf([line("a", { stream: true })]);
    assert.deepEqual(await failed(streamed), [["invalid_request", 1, "body.stream"]]);
  },

  async listsGoOnPageByPage() {
    const batches = [];
    for (const name of ["a", "b", "c"]) batches.push(await submit(textOf([line(name)])));
    const newestFirst = batches.map(({ id }) => id).reverse();
    assert.deepEqual((await all(client.batches.list({ limit: 2 }))).slice(0, 3), newestFirst);
    const files = batches.map(({ input_file_id }) => input_file_id);
    const listed = await all(client.files.list({ limit: 1, purpose: "batch", order: "asc" }));
    assert.deepEqual(listed.slice(-3), files);
  },

  async otherTenantsSeeNothing() {
    const batch = await ended(await submit(textOf([line("a")])));
    for (const id of [batch.input_file_id, batch.output_file_id]) {
      for (const call of ["retrieve", "content", "delete"]) {
        await refused(OpenAI.NotFoundError, () => other.files[call](id));
      }
    }
    for (const call of ["retrieve", "cancel"]) {
      await refused(OpenAI.NotFoundError, () => other.batches[call](batch.id));
    }
    assert.deepEqual(await all(other.batches.list()), []);
    await refused(OpenAI.AuthenticationError, () => clientOf("sk-wrong").batches.list());
  },
};

let wrong = 0;
const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(checks)) {
  const started = Date.now();
  try {
    await checks[name]();
    console.log(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    wrong += 1;
    console.log(`FAILED ${name}\n${error.stack ?? error}`);
  }
}
process.exit(wrong > 0 ? 1 : 0);
