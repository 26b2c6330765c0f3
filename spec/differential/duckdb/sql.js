// DuckDB's side: macros for what tally means where the two differ, and loading of tables.
//
// By design tally differs from DuckDB in this, all of it in README.md or csrc/tally.h:
//   - NaN is unordered in comparisons, as in IEEE 754; in keys and in orders both take it for one value, which tally puts after all other
//     numbers also where they descend, and which is the least or the greatest of a group only where there is no other;
//   - an integer is compared with a number exactly, in DuckDB once it is a DOUBLE;
//   - division by zero, the root of -1 and what else has no answer is missing (of infinities NaN); `//` and `%` go by the floor;
//   - a condition that is missing gives a missing if_else; min and max of several values are missing where one is;
//   - round(x, digits) goes by the decimals that are printed; substring counts as string.sub of Lua does; trim knows four blanks.

const { BIGINT, BOOLEAN, DATE, DOUBLE, VARCHAR, DuckDBDataChunk, DuckDBDateValue, DuckDBInstance } = require("@duckdb/node-api");

const TYPES = { integer: BIGINT, number: DOUBLE, text: VARCHAR, date: DATE, boolean: BOOLEAN };

const COMPARISONS = { lt: "<", le: "<=", gt: ">", ge: ">=", eq: "=", ne: "<>" };

const MACROS = [
  ...Object.entries(COMPARISONS).flatMap(([name, sign]) => [
    `number_${name}(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN isnan(a) OR isnan(b) THEN ${name === "ne"}
      ELSE a ${sign} b END`,
    `mixed_${name}(i, x) AS CASE WHEN i IS NULL OR x IS NULL THEN NULL WHEN isnan(x) THEN ${name === "ne"}
      ELSE exact_order(i, x) ${sign} 0 END`,
  ]),
  "floor_divide(a, b) AS CASE WHEN b <> 0 THEN a // b - (a % b <> 0 AND (a < 0) <> (b < 0))::INT END",
  "modulo(a, b) AS CASE WHEN b = -1 THEN a * 0 WHEN b <> 0 THEN a % b + CASE WHEN a % b <> 0 AND (a < 0) <> (b < 0) THEN b ELSE 0 END END",
  "number_modulo(a, b) AS CASE WHEN b <> 0 THEN a % b + CASE WHEN a % b <> 0 AND (a % b < 0) <> (b < 0) THEN b ELSE 0 END END",
  "divide(a, b) AS a::DOUBLE / nullif(b::DOUBLE, 0)",
  "finite(y, x) AS CASE WHEN isfinite(y) OR NOT isfinite(x) THEN y END",
  "root(x) AS CASE WHEN x >= 0 THEN sqrt(x) WHEN isinf(x) THEN 'nan'::DOUBLE END",
  "logarithm(x) AS CASE WHEN x > 0 THEN ln(x) WHEN isinf(x) THEN 'nan'::DOUBLE END",
  "logarithm_10(x) AS CASE WHEN x > 0 THEN log10(x) WHEN isinf(x) THEN 'nan'::DOUBLE END",
  "power(a, b) AS CASE WHEN isfinite(pow(a, b)) OR NOT isfinite(a) OR NOT isfinite(b) THEN pow(a, b) END",
  "least_of(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN least(a, b) END",
  "greatest_of(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN greatest(a, b) END",
  "chosen(c, a, b) AS CASE WHEN c THEN a WHEN NOT c THEN b END",
  "round_2(x) AS round(x::VARCHAR::DECIMAL(38, 18), 2)::VARCHAR::DOUBLE",
  "whole(x) AS CASE WHEN x >= -9223372036854775808 AND x < 9223372036854775808 AND floor(x) = x THEN x::BIGINT END",
  "trimmed(t) AS trim(t, ' ' || chr(9) || chr(160) || chr(65279))",
  `part(t, i, j) AS substr(t, CASE WHEN i < 0 THEN greatest(length(t) + i + 1, 1) ELSE greatest(i, 1) END,
    greatest(CASE WHEN j < 0 THEN length(t) + j + 1 ELSE least(j, length(t)) END
      - CASE WHEN i < 0 THEN greatest(length(t) + i + 1, 1) ELSE greatest(i, 1) END + 1, 0))`,
  // The values between which a quantile lies, for the scale of its error.
  "beside(l, p) AS greatest(abs(l[floor((len(l) - 1) * p)::INT + 1]), abs(l[ceil((len(l) - 1) * p)::INT + 1]))::DOUBLE",
];

const EXACT_ORDER = `exact_order(i, x) AS CASE WHEN x >= 9223372036854775808 THEN -1 WHEN x < -9223372036854775808 THEN 1
  WHEN i <> try_cast(floor(x) AS BIGINT) THEN sign(i::HUGEINT - try_cast(floor(x) AS BIGINT)) WHEN floor(x) < x THEN -1 ELSE 0 END`;

exports.connect = async () => {
  const connection = await (await DuckDBInstance.create(":memory:", { threads: process.env.TALLY_THREADS || "1" })).connect();
  for (const macro of [EXACT_ORDER, ...MACROS]) await connection.run(`CREATE MACRO ${macro}`);
  return connection;
};

exports.quoted = (name) => `"${name.replace(/"/g, '""')}"`;

exports.SQL_TYPES = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [name, String(type)]));

exports.literal = (value, type) =>
  value === null ? `NULL::${TYPES[type]}` : `'${Object.is(value, -0) ? "-0" : String(value).replace(/'/g, "''")}'::${TYPES[type]}`;

const duckValue = (value, type) =>
  value !== null && type === "date" ? new DuckDBDateValue(Math.round(Date.parse(value) / 86400000)) : value;

// Puts a table where queries find it; `_row` is the number of the row.
exports.load = async (connection, name, table) => {
  const columns = table.columns.map((c) => `${exports.quoted(c.name)} ${TYPES[c.type]}`);
  await connection.run(`CREATE OR REPLACE TABLE ${name} (_row BIGINT, ${columns})`);
  const appender = await connection.createAppender(name), STEP = 2048;
  for (let start = 0; start < table.rows; start += STEP) {
    const count = Math.min(STEP, table.rows - start);
    const chunk = DuckDBDataChunk.create([BIGINT, ...table.columns.map((c) => TYPES[c.type])], count);
    chunk.setColumns([Array.from({ length: count }, (_, i) => BigInt(start + i + 1)),
      ...table.columns.map((c) => c.values.slice(start, start + count).map((v) => duckValue(v, c.type)))]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
};

const TYPE_NAMES = { BIGINT: "integer", DOUBLE: "number", VARCHAR: "text", DATE: "date", BOOLEAN: "boolean" };

// The whole of a table, as { names, types, columns } without `_row`; dates as texts.
exports.fetch = async (connection, name) => {
  const described = await connection.runAndReadAll(`SELECT column_name, data_type FROM duckdb_columns()
    WHERE table_name = '${name}' AND column_name <> '_row' ORDER BY column_index`);
  const [names = [], types = []] = described.getColumns();
  const list = names.map((n, i) => (types[i] === "DATE" ? `${exports.quoted(n)}::VARCHAR` : exports.quoted(n)));
  const columns = (await connection.runAndReadAll(`SELECT ${list.concat("_row")} FROM ${name} ORDER BY _row`)).getColumns();
  return { names, types: types.map((t) => TYPE_NAMES[t] || t), columns: names.map((_, i) => columns[i] || []) };
};
