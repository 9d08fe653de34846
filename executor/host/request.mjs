// Reads a request of `POST /run`, and refuses what does not fit the contract.

const MAX_SOURCE_BYTES = 256 * 1024;
const MAX_RUNS = 100;
const MAX_TIME_MS = 60_000;
const MAX_TOTAL_TIME_MS = 300_000;
const MIN_MEMORY_BYTES = 1024 * 1024;
// A run's memory, the interpreter's own and what is kept of that share the 128 MB of an isolate.
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;

const NAME = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

export class BadRequest extends Error {}

// What is null counts as left out.
// Gives back { sourceCode, functionName, runs: [{ stdin, arguments }], limits }.
export function read(body, language) {
  const { language: asked, sourceCode, functionName, runs, limits } = object(parse(body), "the body");
  check(asked === language, `\`language\` must be ${language}: this Worker runs nothing else`);
  check(typeof sourceCode === "string", "`sourceCode` must be a string");
  const bytes = new TextEncoder().encode(sourceCode).length;
  check(bytes <= MAX_SOURCE_BYTES, `\`sourceCode\` must be ${MAX_SOURCE_BYTES} bytes or less`);
  const calls = isGiven(functionName);
  const fits = !calls || (typeof functionName === "string" && NAME.test(functionName));
  check(fits, "`functionName` must be an identifier");
  check(
    Array.isArray(runs) && runs.length >= 1 && runs.length <= MAX_RUNS,
    `\`runs\` must be an array of 1 to ${MAX_RUNS}`,
  );
  return {
    sourceCode,
    functionName: functionName ?? undefined,
    runs: runs.map((run, index) => readRun(run, `runs[${index}]`, calls)),
    limits: readLimits(object(limits, "`limits`")),
  };
}

function readRun(run, place, calls) {
  const { stdin, arguments: given } = object(run, `\`${place}\``);
  check(!isGiven(stdin) || typeof stdin === "string", `\`${place}.stdin\` must be a string`);
  check(!isGiven(given) || Array.isArray(given), `\`${place}.arguments\` must be an array`);
  check(!isGiven(given) || calls, `\`${place}.arguments\` are of no use without \`functionName\``);
  return { stdin: stdin ?? "", arguments: given ?? [] };
}

function readLimits({ timeMs, memoryBytes, totalTimeMs }) {
  return {
    timeMs: whole(timeMs, "timeMs", 1, MAX_TIME_MS),
    memoryBytes: whole(memoryBytes, "memoryBytes", MIN_MEMORY_BYTES, MAX_MEMORY_BYTES),
    totalTimeMs: whole(totalTimeMs, "totalTimeMs", 1, MAX_TOTAL_TIME_MS),
  };
}

// Numbers that JavaScript would change keep their text: 1.0 is not 1 to Python, and
// 12345678901234567890 has more digits than a number here can hold.
function parse(body) {
  const keep = (_key, value, { source }) =>
    typeof value === "number" && String(value) !== source ? JSON.rawJSON(source) : value;
  try {
    return JSON.parse(body, keep);
  } catch {
    throw new BadRequest("the body is not JSON");
  }
}

function isGiven(value) {
  return value !== undefined && value !== null;
}

function object(value, what) {
  const is = typeof value === "object" && value !== null && !Array.isArray(value);
  check(is, `${what} must be an object`);
  return value;
}

function whole(value, name, least, most) {
  const fits = Number.isInteger(value) && value >= least && value <= most;
  check(fits, `\`limits.${name}\` must be a whole number from ${least} to ${most}`);
  return value;
}

function check(holds, message) {
  if (!holds) {
    throw new BadRequest(message);
  }
}
