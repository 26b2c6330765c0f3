// Random tables, and how they get into either program.
//
// A column is { name, type, values, most, grid, few }: values are null, BigInt, number, text, boolean, a date as "2019-07-31"; `most` is
// how large they get without their sign, Infinity where there are NaN or infinities; `grid`: sums of them are exact; `few`: they are few.

const fs = require("fs");

// What chance there is, all of it decided by a seed (mulberry32).
exports.newDraw = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z = (z + Math.imul(z ^ (z >>> 7), z | 61)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
  const draw = {
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (share) => next() < share,
    one: (list) => list[Math.floor(next() * list.length)],
    // One of the names of { name: weight }.
    weighted: (weights) => {
      let left = next() * Object.values(weights).reduce((a, b) => a + b, 0);
      return Object.keys(weights).find((name) => (left -= weights[name]) < 0) || Object.keys(weights)[0];
    },
    // Between `least` and `most` of the list, in any order.
    some: (list, least, most) => {
      const rest = [...list], count = Math.min(list.length, draw.integer(least, most)), chosen = [];
      while (chosen.length < count) chosen.push(...rest.splice(draw.integer(0, rest.length - 1), 1));
      return chosen;
    },
  };
  return draw;
};

// ---- Columns ----

const PIECES = ["a", "b", "Zz", "x", "é", "Ž", "яЙ", "Σ", "€", "😀", " ", ",", '"', "'", "\n", "\r\n", "\\", "\t", "%", ";", "7", "-",
  "\0"];
const LEAST = -(2n ** 63n), MOST = 2n ** 63n - 1n;

const dateOf = (days) => new Date(days * 86400000).toISOString().slice(0, 10);

const wide = (draw) => () =>
  draw.one([LEAST, MOST, LEAST + 1n, 0n, -1n, 1n, 2n ** 53n + 1n, BigInt(draw.integer(-1e9, 1e9)) * BigInt(draw.integer(0, 4e9))]);

const wild = (draw) => () =>
  draw.one([0, -0, 0.1, 5e-324, 1e150, -1e150, 2 ** 53, -(2 ** 63), draw.integer(-1e6, 1e6) * 10 ** draw.integer(-20, 20)]);

const text = (draw, longest) => () => {
  let made = "";
  for (let i = draw.integer(0, longest); i > 0; i--) made += draw.one(PIECES);
  return made;
};

// For each type, kinds of columns: a function that gives a value, and what is known of all. Each has it for `rows` rows.
const KINDS = {
  integer: (draw, rows) => [
    [() => BigInt(draw.integer(-2, 3)), { most: 3, grid: true, few: true }],
    [() => BigInt(draw.integer(-1000, 1000)), { most: 1000, grid: true }],
    [() => BigInt(draw.integer(1, rows + 1)), { most: 1e6, grid: true }],
    [() => BigInt(draw.integer(-1e9, 1e9)) * 1000000n, { most: 1e15 }],
    [wide(draw), { most: 2 ** 63 }],
  ],
  number: (draw) => [
    [() => draw.integer(-4, 8) / 4, { most: 2, grid: true, few: true }],
    [() => draw.integer(-4000, 4000) / 4, { most: 1000, grid: true }],
    [() => draw.integer(-1e5, 1e5) / 100, { most: 1000 }],
    [wild(draw), { most: 1e150 }],
    [() => draw.one([0, -0, 1, NaN, -NaN, Infinity, -Infinity]), { most: Infinity, few: true }],
    [() => draw.chance(0.1) ? draw.one([NaN, Infinity, -Infinity]) : wild(draw)(), { most: Infinity }],
  ],
  text: (draw, rows) => [
    [() => draw.one(["", "a", "b", "é, \"x\"", "B"]), { few: true }],
    [text(draw, 2), {}],
    [text(draw, 8), {}],
    [() => `${draw.one(["n", "é"])}${draw.integer(1, rows + 1)}`, {}],
  ],
  date: (draw) => [
    [() => dateOf(17000 + draw.integer(0, 4)), { most: 1e5, few: true }],
    [() => dateOf(draw.integer(-1e4, 2e4)), { most: 1e5 }],
    [() => draw.one(["0001-01-01", "9999-12-31", "1970-01-01", "1969-12-31", "2000-02-29"]), { most: Infinity }],
  ],
  boolean: (draw) => [[() => draw.chance(0.5), { few: true }], [() => true, { few: true }]],
};

const NAMES = ["a", "b", "c d", "é", "group", "f`g", 'h"i', "j,k", "L"];

const randomColumn = (draw, name, rows) => {
  const type = draw.one(Object.keys(KINDS));
  const [value, known] = draw.one(KINDS[type](draw, rows)), missing = draw.one([0, 0, 0, 0.1, 0.1, 0.5, 1]);
  const pool = draw.chance(0.3) ? Array.from({ length: draw.integer(1, 5) }, value) : null; // repeated, of whatever kind
  const values = Array.from({ length: rows }, () => draw.chance(missing) ? null : pool ? draw.one(pool) : value());
  return { name, type, values, most: 0, ...known, few: known.few || pool !== null, exact: true };
};

exports.randomTable = (draw, rows) => {
  const names = draw.some(NAMES, 1, 6);
  return { rows, columns: names.map((name) => randomColumn(draw, name, rows)) };
};

exports.withoutRows = (table, from, count) => ({
  ...table, rows: table.rows - Math.min(count, table.rows - from),
  columns: table.columns.map((c) => ({ ...c, values: c.values.filter((_, i) => i < from || i >= from + count) })),
});

// ---- Values as they are written in Lua ----

exports.luaText = (value) =>
  `"${value.replace(/[\x00-\x1f"\\]/g, (c) => c === '"' || c === "\\" ? `\\${c}` : `\\${String(c.charCodeAt(0)).padStart(3, "0")}`)}"`;

const luaNumber = (value) => {
  if (Number.isNaN(value)) return "0/0";
  if (!Number.isFinite(value)) return value > 0 ? "math.huge" : "-math.huge";
  const plain = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(plain) ? plain : `${plain}.0`;
};

exports.luaValue = (value) => {
  if (value === null) return "nil";
  if (typeof value === "bigint") return value === LEAST ? "math.mininteger" : String(value);
  return typeof value === "number" ? luaNumber(value) : typeof value === "string" ? exports.luaText(value) : String(value);
};

// ---- Tables for tally: from columns, or from a file ----

const hasValue = (table, test) => table.columns.some((c) => c.values.some((v) => v !== null && test(v)));

// In which ways a table can come in. CSV and JSON have no NaN, CSV has no blank records of one column and no NUL.
exports.waysIn = (table) => {
  const ways = ["columns"], special = hasValue(table, (v) => typeof v === "number" && !Number.isFinite(v));
  if (special || hasValue(table, (v) => typeof v === "string" && v.includes("\0"))) return ways;
  if (table.columns.length > 1) ways.push("csv", "scan");
  if (table.rows > 0) ways.push("ndjson");
  return ways;
};

const csvField = (value) => {
  if (value === null) return "";
  if (typeof value === "number") return luaNumber(value);
  const plain = String(value);
  return typeof value === "string" && (plain === "" || /[",\n\r;]|^[ \t]|[ \t]$/.test(plain)) ? `"${plain.replace(/"/g, '""')}"` : plain;
};

const jsonField = (value) => typeof value === "string" ? JSON.stringify(value) : value === null ? "null"
  : typeof value === "number" ? luaNumber(value) : String(value);

const records = (table, field, joint) =>
  Array.from({ length: table.rows }, (_, row) => table.columns.map((c) => field(c.values[row], c.name)).join(joint));

exports.fileOf = (table, way) => {
  if (way === "ndjson") {
    return records(table, (v, name) => `${JSON.stringify(name)}:${jsonField(v)}`, ",").map((r) => `{${r}}\n`).join("");
  }
  return [table.columns.map((c) => csvField(c.name)).join(","), ...records(table, csvField, ","), ""].join("\n");
};

// The Lua expression of a table; what it is read from is written to `path`.
exports.luaTable = (table, way, path) => {
  const types = `{ ${table.columns.map((c) => `[${exports.luaText(c.name)}] = "${c.type}"`).join(", ")} }`;
  if (way === "columns") {
    const column = (c) => `{ ${exports.luaText(c.name)}, { n = ${table.rows},${c.values.map(exports.luaValue)} } }`;
    return `tally.from_columns({\n  ${table.columns.map(column).join(",\n  ")}\n}, { types = ${types} })`;
  }
  fs.writeFileSync(path, exports.fileOf(table, way));
  const options = way === "ndjson" ? `types = ${types}` : `types = ${types}, header = "first", trim = false, separator = ","`;
  return `tally.${{ csv: "read_csv", scan: "scan_csv", ndjson: "read_ndjson" }[way]}("${path}", { ${options}, totals = false })`;
};
