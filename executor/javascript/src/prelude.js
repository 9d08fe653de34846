// Defines what programs expect beside the language, and gives back `inspect`.
//
// Formats as Node.js does where that is simple: how arrays and objects break into lines follows
// `reduceToSingleString` and `groupArrayElements` of its lib/internal/util/inspect.js.
(function (write, exit, readInput) {
  "use strict";
  const WIDTH = 80;
  const MAX_ENTRIES = 100;
  const MAX_DEPTH = 2;
  const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
  const hasOwn = Object.hasOwn;

  function quote(text) {
    const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
    const named = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\\": "\\\\" };
    const escaped = text.replace(/[\u0000-\u001f\u007f\\]/g, (unit) =>
      named[unit] ?? "\\x" + unit.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0"));
    return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
  }

  function primitive(value) {
    switch (typeof value) {
      case "string": return quote(value);
      case "number": return Object.is(value, -0) ? "-0" : String(value);
      case "bigint": return `${value}n`;
      default: return String(value);
    }
  }

  function constructorName(value) {
    for (let at = value; at !== null; at = Object.getPrototypeOf(at)) {
      const own = Object.getOwnPropertyDescriptor(at, "constructor");
      if (typeof own?.value === "function" && own.value.name !== "") return own.value.name;
    }
    return null;
  }

  function functionBase(value, name) {
    const isClass = Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
    const kind = isClass ? "class" : name === null || name === "Object" ? "Function" : name;
    if (isClass) return `[class ${value.name || "(anonymous)"}]`;
    return value.name ? `[${kind}: ${value.name}]` : `[${kind} (anonymous)]`;
  }

  function key(name) {
    if (typeof name === "symbol") return `[${String(name)}]`;
    return IDENTIFIER.test(name) ? name : quote(name);
  }

  function property(state, value, name) {
    const { get, set, value: held } = Object.getOwnPropertyDescriptor(value, name);
    if (get) return set ? "[Getter/Setter]" : "[Getter]";
    if (set) return "[Setter]";
    return nested(state, held);
  }

  function nested(state, value) {
    state.indent += 2;
    const text = format(state, value);
    state.indent -= 2;
    return text;
  }

  function elements(state, value, length) {
    const out = [];
    let holes = 0;
    const flush = () => {
      if (holes > 0) out.push(`<${holes} empty item${holes > 1 ? "s" : ""}>`);
      holes = 0;
    };
    for (let index = 0; index < length && out.length < MAX_ENTRIES; index++) {
      if (hasOwn(value, index)) {
        flush();
        out.push(nested(state, value[index]));
      } else {
        holes++;
      }
    }
    flush();
    return more(out, length, MAX_ENTRIES);
  }

  function more(out, length, shown) {
    const left = length - shown;
    if (left > 0) out.push(`... ${left} more item${left > 1 ? "s" : ""}`);
    return out;
  }

  // What is between the braces, and the braces.
  function shape(state, value, name) {
    const prefix = (usual, size) => {
      const shown = name === null ? `[${usual}: null prototype]` : name;
      return size === undefined ? (name === usual ? "" : `${shown} `) : `${shown}(${size}) `;
    };
    const own = (skip) => {
      const symbols = Object.getOwnPropertySymbols(value)
        .filter((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
      return [...Object.keys(value).filter((name) => !skip || !/^\d+$/.test(name)), ...symbols]
        .map((name) => `${key(name)}: ${property(state, value, name)}`);
    };
    if (Array.isArray(value)) {
      const base = name === "Array" ? "" : `${name ?? "[Array: null prototype]"}(${value.length}) `;
      return { braces: [`${base}[`, "]"], list: true, items: elements(state, value, value.length).concat(own(true)) };
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return { braces: [`${prefix(name, value.length)}[`, "]"], list: true, items: elements(state, value, value.length) };
    }
    if (value instanceof Set) {
      const items = [...Set.prototype.values.call(value)];
      const shown = items.slice(0, MAX_ENTRIES).map((item) => nested(state, item));
      return { braces: [`${prefix("Set", items.length)}{`, "}"], items: more(shown, items.length, MAX_ENTRIES).concat(own()) };
    }
    if (value instanceof Map) {
      const items = [...Map.prototype.entries.call(value)];
      const shown = items.slice(0, MAX_ENTRIES)
        .map(([from, to]) => `${nested(state, from)} => ${nested(state, to)}`);
      return { braces: [`${prefix("Map", items.length)}{`, "}"], items: more(shown, items.length, MAX_ENTRIES).concat(own()) };
    }
    const items = own();
    if (typeof value === "function") return { base: functionBase(value, name), items };
    if (value instanceof Error) return { base: errorBase(state, value), items: items.filter((item) => !/^(stack|message): /.test(item)) };
    if (value instanceof Date) return { base: isNaN(value) ? "Invalid Date" : value.toISOString(), items };
    if (value instanceof RegExp) return { base: RegExp.prototype.toString.call(value), items };
    for (const Boxed of [Number, String, Boolean]) {
      if (value instanceof Boxed) return { base: `[${Boxed.name}: ${primitive(value.valueOf())}]`, items: [] };
    }
    const tag = value[Symbol.toStringTag];
    const tagged = typeof tag === "string" && tag !== "" && tag !== name ? `${name ?? "Object"} [${tag}] ` : prefix("Object");
    return { braces: [`${tagged}{`, "}"], items };
  }

  function errorBase(state, value) {
    const head = Error.prototype.toString.call(value);
    const { stack } = value;
    const text = typeof stack !== "string" ? head : stack.includes(head) ? stack : `${head}\n${stack}`;
    const base = text.trimEnd().replaceAll("\n", `\n${" ".repeat(state.indent)}`);
    return text.includes("\n") || state.depth === 1 ? base : `[${base}]`;
  }

  function holdsSomething(value) {
    const isCollection = value instanceof Map || value instanceof Set;
    return Object.keys(value).length > 0 || (isCollection && value.size > 0);
  }

  function format(state, value) {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) {
      return primitive(value);
    }
    if (state.seen.includes(value)) {
      state.circular ??= new Map();
      if (!state.circular.has(value)) state.circular.set(value, state.circular.size + 1);
      return `[Circular *${state.circular.get(value)}]`;
    }
    const name = constructorName(value);
    const isPlain = typeof value !== "function" && !(value instanceof Error) && !(value instanceof Date) && !(value instanceof RegExp);
    if (state.depth > MAX_DEPTH && isPlain && holdsSomething(value)) {
      return Array.isArray(value) ? "[Array]" : `[${name ?? "Object: null prototype"}]`;
    }
    const before = state.last;
    state.last = state.depth;
    state.seen.push(value);
    state.depth++;
    const { base = "", braces = ["{", "}"], items, list = false } = shape(state, value, name);
    state.depth--;
    state.seen.pop();
    if (items.length === 0) {
      state.last = before;
      return base || braces.join("");
    }
    // How deep the last thing inside was: three levels are too much for one line.
    const levels = state.last - state.depth;
    const text = join(state, base, braces, list ? group(state, items, value) : items, items.length, levels);
    const reference = state.circular?.get(value);
    return reference === undefined ? text : `<ref *${reference}> ${text}`;
  }

  function join(state, base, braces, lines, entries, levels) {
    const head = base ? `${base} ${braces[0]}` : braces[0];
    if (levels < 3 && entries === lines.length) {
      const start = lines.length + state.indent + braces[0].length + base.length + 10;
      const length = lines.reduce((sum, line) => sum + line.length, lines.length + start);
      const joined = lines.join(", ");
      if (length <= WIDTH && !joined.includes("\n") && !base.includes("\n")) {
        return `${head} ${joined} ${braces[1]}`;
      }
    }
    const indent = `\n${" ".repeat(state.indent)}`;
    return `${head}${indent}  ${lines.join(`,${indent}  `)}${indent}${braces[1]}`;
  }

  // Puts more than six elements in columns.
  function group(state, items, value) {
    const hasMore = value.length > MAX_ENTRIES;
    const count = hasMore ? items.length - 1 : items.length;
    if (items.length <= 6) return items;
    const lengths = items.slice(0, count).map((item) => item.length);
    const longest = Math.max(...lengths);
    const total = lengths.reduce((sum, length) => sum + length + 2, 0);
    const widest = longest + 2;
    if (!(widest * 3 + state.indent < WIDTH && (total / widest > 5 || longest <= 6))) return items;
    const bias = Math.max(widest - 3 - Math.sqrt(widest - total / items.length), 1);
    const columns = Math.min(
      Math.round(Math.sqrt(2.5 * bias * count) / bias),
      Math.floor((WIDTH - state.indent) / widest),
      12,
    );
    if (columns <= 1) return items;
    const widths = [];
    for (let column = 0; column < columns; column++) {
      let width = 0;
      for (let at = column; at < count; at += columns) width = Math.max(width, lengths[at]);
      widths.push(width + 2);
    }
    const isNumeric = Array.prototype.every.call(value, (one) => typeof one === "number" || typeof one === "bigint");
    const rows = [];
    for (let at = 0; at < count; at += columns) {
      const end = Math.min(at + columns, count);
      let row = "";
      for (let index = at; index < end; index++) {
        const isLast = index === end - 1;
        const text = isLast ? items[index] : `${items[index]}, `;
        const width = widths[index - at] - (isLast ? 2 : 0);
        row += isNumeric ? text.padStart(width) : isLast ? text : text.padEnd(width);
      }
      rows.push(row);
    }
    if (hasMore) rows.push(items[count]);
    return rows;
  }

  function inspect(value) {
    return format({ seen: [], depth: 0, last: 0, indent: 0, circular: null }, value);
  }

  const shown = (value) => (typeof value === "string" ? value : inspect(value));

  function substitute(values) {
    const [text, ...rest] = values;
    const formats = {
      s: (value) => (typeof value === "bigint" ? `${value}n` : typeof value === "object" && value !== null ? inspect(value) : String(value)),
      d: (value) => (typeof value === "bigint" ? `${value}n` : typeof value === "symbol" ? "NaN" : primitive(Number(value))),
      i: (value) => (typeof value === "bigint" ? `${value}n` : typeof value === "symbol" ? "NaN" : primitive(parseInt(value))),
      f: (value) => (typeof value === "symbol" ? "NaN" : primitive(parseFloat(value))),
      j: (value) => JSON.stringify(value),
      o: inspect,
      O: inspect,
      c: () => "",
    };
    const out = text.replace(/%([sdifjoOc%])/g, (all, letter) =>
      letter === "%" ? "%" : rest.length > 0 ? formats[letter](rest.shift()) : all);
    return [out, ...rest];
  }

  let indent = "";
  const counts = new Map();
  const timers = new Map();

  function print(stream, values) {
    if (typeof values[0] === "string" && values.length > 1 && values[0].includes("%")) {
      values = substitute(values);
    }
    const line = values.length === 1 ? shown(values[0]) : values.map(shown).join(" ");
    write(stream, `${indent === "" ? line : indent + line.replaceAll("\n", `\n${indent}`)}\n`);
  }

  const log = (...values) => print(1, values);
  const warn = (...values) => print(2, values);
  const console = {
    log, info: log, debug: log, warn, error: warn, trace: warn,
    dir: (value) => print(1, [inspect(value)]),
    table: (value) => print(1, [inspect(value)]),
    assert(holds, ...values) {
      if (!holds) print(2, values.length > 0 ? ["Assertion failed:", ...values] : ["Assertion failed"]);
    },
    count(label = "default") {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void timers.set(label, Date.now()),
    timeEnd(label = "default") {
      if (timers.has(label)) log(`${label}: ${Date.now() - timers.get(label)}ms`);
      timers.delete(label);
    },
    group(...values) {
      if (values.length > 0) log(...values);
      indent += "  ";
    },
    groupEnd: () => void (indent = indent.slice(2)),
  };

  let input;
  let position = 0;
  const stdin = () => (input ??= readInput());

  function readline() {
    const text = stdin();
    if (position >= text.length) return null;
    const found = text.indexOf("\n", position);
    const end = found === -1 ? text.length : found;
    const line = text.slice(position, end > position && text[end - 1] === "\r" ? end - 1 : end);
    position = end + 1;
    return line;
  }

  const stream = (number) => ({
    write(text) {
      write(number, String(text));
      return true;
    },
  });
  const process = {
    argv: ["node", "main.js"],
    env: {},
    exit: (code = 0) => exit(code),
    stdout: stream(1),
    stderr: stream(2),
  };

  const fs = {
    readFileSync(file) {
      if (file === 0 || file === "/dev/stdin") return stdin();
      throw new Error(`there are no files here: ${String(file)}`);
    },
  };
  function require(name) {
    if (name === "fs" || name === "node:fs") return fs;
    throw new Error(`there is no module ${String(name)} here`);
  }

  const define = (name, descriptor) =>
    Object.defineProperty(globalThis, name, { configurable: true, enumerable: false, ...descriptor });
  const values = { console, process, readline, require };
  for (const name of Object.keys(values)) define(name, { value: values[name], writable: true });
  // Read when it is asked for. A program may have a `stdin` of its own.
  define("stdin", { get: stdin, set: (value) => define("stdin", { value, writable: true }) });
  return inspect;
})
