// Random formulas, in tally and in SQL at once: { type, tally, sql, most, risky, inexact }. What a column and `most` are is in tables.js.

const { luaText, luaValue } = require("./tables.js");
const { quoted, literal } = require("./sql.js");

const FITS = 2 ** 63; // an integer as large may be past 64 bits

exports.inFormula = (name) => `\`${name.replace(/`/g, "``")}\``;

// ---- Functions ----

const sum = (a, b) => a + b, product = (a, b) => a * b, larger = (a, b) => Math.max(a, b), first = (a) => a, second = (_, b) => b;
const third = (_, b, c) => Math.max(b, c), unlimited = () => Infinity;
const whenSmall = (limit, most) => (...sizes) => sizes.every((s) => s <= limit) ? most(...sizes) : undefined;

// The type it gives, the types it takes, in tally, in SQL, how large it may get (undefined: not with these), and whether it is not exact.
// "=integer" is a constant. An integer past 64 bits is an error in both, where it is sure that both compute it: in arithmetic alone.
const FUNCTIONS = [
  ["integer", ["integer", "integer"], "($1 + $2)", "($1 + $2)", sum],
  ["integer", ["integer", "integer"], "($1 - $2)", "($1 - $2)", sum],
  ["integer", ["integer", "integer"], "($1 * $2)", "($1 * $2)", product],
  ["integer", ["integer"], "(-$1)", "(-$1)", first],
  ["integer", ["integer"], "abs($1)", "abs($1)", first],
  ["integer", ["integer", "integer"], "($1 // $2)", "floor_divide($1, $2)", first],
  ["integer", ["integer", "integer"], "($1 % $2)", "modulo($1, $2)", second],
  ["integer", ["integer", "integer"], "min($1, $2)", "least_of($1, $2)", larger],
  ["integer", ["integer", "integer"], "max($1, $2)", "greatest_of($1, $2)", larger],
  ["integer", ["number"], "try_integer($1)", "whole($1)", () => FITS],
  ["integer", ["boolean"], "integer($1)", "$1::BIGINT", () => 1],
  ["integer", ["text"], "length($1)", "length($1)", () => 1e4],
  ["integer", ["date"], "year($1)", "year($1)", () => 1e4],
  ["integer", ["date"], "month($1)", "month($1)", () => 12],
  ["integer", ["date"], "day($1)", "day($1)", () => 31],
  ["integer", ["date", "date"], "($1 - $2)", "($1 - $2)", () => 4e6],
  ["number", ["number", "numeric"], "($1 + $2)", "($1 + $2)", sum],
  ["number", ["numeric", "number"], "($1 - $2)", "($1 - $2)", sum],
  ["number", ["number", "numeric"], "($1 * $2)", "($1 * $2)", product],
  ["number", ["numeric", "numeric"], "($1 / $2)", "divide($1, $2)", unlimited],
  ["number", ["number", "number"], "($1 // $2)", "floor(divide($1, $2))", unlimited],
  ["number", ["number", "number"], "($1 % $2)", "number_modulo($1, $2)", unlimited],
  ["number", ["numeric", "numeric"], "percent($1, $2)", "divide(100 * $1::DOUBLE, $2)", unlimited],
  ["number", ["numeric", "numeric"], "share($1, $2)", "divide($1, $2)", unlimited],
  ["number", ["number"], "(-$1)", "(-$1)", first],
  ["number", ["number"], "abs($1)", "abs($1)", first],
  ["number", ["number"], "floor($1)", "floor($1)", (a) => a + 1],
  ["number", ["number"], "ceil($1)", "ceil($1)", (a) => a + 1],
  ["number", ["numeric"], "sqrt($1)", "root($1::DOUBLE)", unlimited],
  ["number", ["number"], "round($1, 2)", "round_2($1)", whenSmall(1e6, (a) => a + 1)],
  ["number", ["number", "number"], "min($1, $2)", "least_of($1, $2)", larger],
  ["number", ["number", "number"], "max($1, $2)", "greatest_of($1, $2)", larger],
  ["number", ["integer"], "number($1)", "$1::DOUBLE", first],
  ["number", ["number"], "exp($1)", "finite(exp($1), $1)", unlimited, "inexact"],
  ["number", ["number"], "log($1)", "logarithm($1)", unlimited, "inexact"],
  ["number", ["number"], "log10($1)", "logarithm_10($1)", unlimited, "inexact"],
  ["number", ["number", "number"], "($1 ^ $2)", "power($1, $2)", unlimited, "inexact"],
  ["text", ["text"], "lower($1)", "lower($1)"],
  ["text", ["text"], "upper($1)", "upper($1)"],
  ["text", ["text"], "trim($1)", "trimmed($1)"],
  ["text", ["text", "text", "text"], "replace($1, $2, $3)", "replace($1, $2, $3)"],
  ["text", ["text", "=place", "=place"], "substring($1, $2, $3)", "part($1, $2, $3)"],
  ["text", ["text", "=place"], "substring($1, $2)", "part($1, $2, -1)"],
  ["text", ["text", "text"], "($1 .. $2)", "($1 || $2)"],
  ["text", ["text", "text", "text"], "concat($1, $2, $3)", "($1 || $2 || $3)"],
  ["text", ["integer"], "text($1)", "$1::VARCHAR"],
  ["text", ["date"], "text($1)", "$1::VARCHAR", whenSmall(1e6, first)],
  ["text", ["boolean"], "text($1)", "$1::VARCHAR"],
  ["date", ["date", "=place"], "($1 + $2)", "($1 + $2::INT)", whenSmall(1e6, sum)],
  ["date", ["date", "=place"], "($1 - $2)", "($1 - $2::INT)", whenSmall(1e6, sum)],
  ["date", ["date", "date"], "min($1, $2)", "least_of($1, $2)", larger],
  ["date", ["date", "date"], "max($1, $2)", "greatest_of($1, $2)", larger],
  ...["integer", "number", "text", "date", "boolean"].flatMap((type) => [
    [type, ["boolean", type, type], "if_else($1, $2, $3)", "chosen($1, $2, $3)", third],
    [type, ["boolean", type], "if_else($1, $2, nil)", "chosen($1, $2, NULL)", second],
    [type, [type, type], "coalesce($1, $2)", "coalesce($1, $2)", larger],
    ["boolean", [type], "($1 == nil)", "($1 IS NULL)"],
    ["boolean", [type], "is_missing($1)", "($1 IS NULL)"],
    ["boolean", [type], "($1 ~= nil)", "($1 IS NOT NULL)"],
    ...(type === "number" ? ["number_eq($1, $2) OR number_eq($1, $3)"] : ["$1 IN ($2, $3)"]).flatMap((among) => [
      ["boolean", [type, `=${type}`, `=${type}`], "($1 in {$2, $3})", `(${among})`],
      ["boolean", [type, `=${type}`, `=${type}`], "($1 not in {$2, $3})", `(NOT (${among}))`],
    ]),
  ]),
  ...Object.entries({ "<": ["lt", "<"], "<=": ["le", "<="], ">": ["gt", ">"], ">=": ["ge", ">="], "==": ["eq", "="], "~=": ["ne", "<>"] })
    .flatMap(([tally, [name, sql]]) => [
      ...["integer", "text", "date", "boolean"].map((type) => ["boolean", [type, type], `($1 ${tally} $2)`, `($1 ${sql} $2)`]),
      ["boolean", ["number", "number"], `($1 ${tally} $2)`, `number_${name}($1, $2)`],
      ["boolean", ["integer", "number"], `($1 ${tally} $2)`, `mixed_${name}($1, $2)`],
    ]),
  ...[1, 2, 3].flatMap(() => [
    ["boolean", ["boolean", "boolean"], "($1 and $2)", "($1 AND $2)"],
    ["boolean", ["boolean", "boolean"], "($1 or $2)", "($1 OR $2)"],
    ["boolean", ["boolean", "boolean", "boolean"], "($1 or $2 and $3)", "($1 OR $2 AND $3)"],
    ["boolean", ["boolean"], "(not $1)", "(NOT $1)"],
  ]),
  ["boolean", ["text", "text"], "contains($1, $2)", "contains($1, $2)"],
  ["boolean", ["text", "text"], "starts_with($1, $2)", "starts_with($1, $2)"],
  ["boolean", ["text", "text"], "ends_with($1, $2)", "suffix($1, $2)"],
];

const ARITHMETIC = /^(\(-?\$1( [-+*] \$2)?\)|abs\(\$1\))$/;

// columnsNow() gives the columns of the table so far.
exports.newFormulas = (draw, columnsNow) => {
  let params = {}; // values that enter by name, as those do that a formula has no way to write

  const valueOf = (type) => {
    if (type === "place") return BigInt(draw.integer(-4, 6));
    const seen = columnsNow().filter((c) => c.type === type && c.values).flatMap((c) => c.values.slice(0, 20));
    const usable = seen.filter((v) => v !== null && !String(v).includes("\0")); // SQL is written without NUL
    if (usable.length > 0 && draw.chance(0.6)) return draw.one(usable);
    const made = { integer: BigInt(draw.integer(-5, 5)), number: draw.integer(-8, 8) / 4, text: draw.one(["", "a", "é", "b,\n"]) };
    return { ...made, date: "2016-07-20", boolean: draw.chance(0.5) }[type];
  };

  const sizeOf = (value, type) => (type === "date" ? 1e6 + 1 : Number.isNaN(value) ? Infinity : Math.abs(Number(value)) || 0);

  const constant = (type) => {
    const value = valueOf(type), gives = type === "place" ? "integer" : type, name = `p${Object.keys(params).length + 1}`;
    const isPlain = type === "boolean" || typeof value === "bigint" && value >= 0n || typeof value === "string" && draw.chance(0.5);
    if (!isPlain) params[name] = value;
    const written = isPlain ? luaValue(value) : `$${name}`;
    return { type: gives, isConstant: true, tally: type === "date" ? `date(${written})` : written, sql: literal(value, gives),
      most: sizeOf(value, type) };
  };

  const leaf = (type) => {
    const own = columnsNow().filter((c) => c.exact && c.type === type);
    if (own.length === 0 || draw.chance(0.25)) return constant(type);
    const column = draw.one(own);
    return { type, tally: exports.inFormula(column.name), sql: quoted(column.name), most: column.most };
  };

  // A call, or null where it would not be the same question, or a mistake: two texts compared are one in tally.
  const call = ([type, , tally, sql, size, inexact], given) => {
    const most = size ? size(...given.map((g) => g.most)) : 0, isArithmetic = ARITHMETIC.test(sql);
    const isRisky = given.some((g) => g.risky), mayOverflow = type === "integer" && (isArithmetic || sql.startsWith("floor_divide"));
    if (most === undefined || isRisky && !isArithmetic || type === "boolean" && given.every((g) => g.isConstant)) return null;
    const filled = (template, side) => template.replace(/\$(\d)/g, (_, i) => given[i - 1][side]);
    return { type, tally: filled(tally, "tally"), sql: filled(sql, "sql"), most: Number.isNaN(most) ? Infinity : most, inexact,
      risky: isRisky || mayOverflow && most >= FITS };
  };

  // isRoot: it may be inexact.
  const expression = (type, depth, isRoot) => {
    if (type === "numeric") type = draw.one(["integer", "number"]);
    if (type[0] === "=") return constant(type.slice(1));
    const before = params, rows = FUNCTIONS.filter((f) => f[0] === type && (isRoot || !f[5]));
    for (let tries = depth === 0 || draw.chance(0.15) ? 4 : 0; tries < 4; tries++) {
      params = { ...before };
      const row = draw.one(rows), made = call(row, row[1].map((taken) => expression(taken, depth - 1)));
      if (made) return made;
    }
    params = before;
    return leaf(type);
  };

  // One that is no error.
  const safe = (type, depth, isRoot) => {
    for (const before = params; ; params = before) {
      const made = expression(type, depth, isRoot);
      if (!made.risky) return made;
    }
  };

  // "p1 = 5", for all values that these formulas name.
  const valuesFor = (formulas) =>
    Object.keys(params).filter((n) => formulas.some((f) => f.match(`\\$${n}\\b`))).map((n) => `${n} = ${luaValue(params[n])}`);

  // What `make` gives, and what a verb takes for it: the formula after `prefix`, and the values that it names.
  const formulaOf = (make) => {
    params = {};
    const made = make(), values = valuesFor([made.tally]);
    return { ...made, lua: (prefix = "") => luaText(prefix + made.tally) + (values.length ? `, { ${values.join(", ")} }` : "") };
  };

  return { expression, safe, formulaOf, valuesFor, begin: () => { params = {}; } };
};
