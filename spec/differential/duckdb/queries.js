// Random queries. One is a list of steps { tally, sql }: `tally` puts the verb behind an expression of a Table, and each function of `sql`
// gives a SELECT from the table it is told, with the order of its rows in `_row`. DuckDB computes step by step into tables, so that rows
// have an order, and everything is computed that tally computes. The right table of joins is `u` in both.
//
// Columns are known as in tables.js, and by
//   exact   both programs compute the same bits, so that values can be compared, sorted and grouped by
//   scale   the name of a column of SQL alone that says what 1e-12 of a value is allowed to differ by; else it is the value
// Years, labels of totals and what else tally takes for more than values stay out by the choice of names and values.

const { luaText, luaValue } = require("./tables.js");
const { quoted, literal, SQL_TYPES } = require("./sql.js");
const { newFormulas, inFormula } = require("./expressions.js");

const isNumeric = (c) => c.type === "integer" || c.type === "number";
const typed = (type) => (c) => c.type === type;
const below = (limit) => (c) => isNumeric(c) && c.most < limit;
const fitsNumber = (c) => c.type === "number" || c.most <= 2 ** 53; // as a number it keeps its digits
const COUNT = { type: "integer", most: 1e6, grid: true };

// ---- Aggregates ----

// How DuckDB orders as tally does.
const rank = ({ name, type }, descending) =>
  `${quoted(name)} IS NULL, ${type === "number" ? `isnan(${quoted(name)}), ` : ""}${quoted(name)}${descending ? " DESC" : ""}`;

const total = (value, only) => `CASE WHEN count(*)${only()} = 0 THEN 0 ELSE sum(${value})${only()} END`;
const extreme = (name) => (x, only) => `coalesce(${name}(${x})${only(`NOT isnan(${x})`)}, ${name}(${x})${only()})`;
const quantile = (p) => [(x, only) => `quantile_cont(${x}, ${literal(p, "number")})${only()}`,
  (x, only) => `beside(list_sort(list(${x}::DOUBLE)${only(`${x} IS NOT NULL`)}), ${literal(p, "number")})`];
const mean = (x, only) => `abs(avg(${x})${only()})`, deviation = (x, only) => `stddev_samp(${x}::DOUBLE)${only()}`;
const pair = (x, y, only) => only(`${x} IS NOT NULL AND ${y} IS NOT NULL`);
// How ill a correlation is.
const spread = (x, both) => `coalesce(abs(avg(${x})${both}) / nullif(stddev_samp(${x}::DOUBLE)${both}, 0), 0)`;

// Name (and what follows the column in tally), the columns it takes, what it gives ("same": as the column), in SQL, its scale. `only` gives
// the FILTER of SQL; y is a second column, of which `second` says what it must be.
const AGGREGATES = [
  ["count", () => true, COUNT, (x, only) => `count(${x})${only()}`],
  ["sum", typed("boolean"), COUNT, (x, only) => total(`${x}::INT`, only)],
  ["sum", typed("integer"), "sum", total],
  ["sum", (c) => c.type === "number" && c.grid, "sum", total],
  ["sum", typed("number"), { type: "number" }, total, (x, only) => `sum(abs(${x}))${only()}`],
  ["mean", isNumeric, { type: "number" }, (x, only) => `avg(${x})${only()}`, (x, only) => `avg(abs(${x}::DOUBLE))${only()}`],
  ...["min", "max"].flatMap((name) => [
    [name, (c) => c.type !== "number", "same", (x, only) => `${name}(${x})${only()}`],
    [name, typed("number"), "same", extreme(name)],
  ]),
  ["median", below(Infinity), { type: "number" }, ...quantile(0.5)],
  ...[0, 0.1, 0.9, 1 / 3, 1].map((p) => [`quantile, ${p}`, below(Infinity), { type: "number" }, ...quantile(p)]),
  ["sd", below(1e151), { type: "number" }, deviation, (x, only) => `${deviation(x, only)} + ${mean(x, only)}`],
  ["var", below(1e151), { type: "number" }, (x, only) => `var_samp(${x}::DOUBLE)${only()}`,
    (x, only) => `${deviation(x, only)} ** 2 + ${mean(x, only)} * ${deviation(x, only)} + ${mean(x, only)} ** 2 * 1e-15`],
  ["distinct", () => true, COUNT, (x, only) => `count(DISTINCT ${x})${only()}`],
  ["first", () => true, "same", (x, only) => `first(${x} ORDER BY _row)${only(`${x} IS NOT NULL`)}`],
  ["last", () => true, "same", (x, only) => `last(${x} ORDER BY _row)${only(`${x} IS NOT NULL`)}`],
  // DuckDB counts each NaN by itself.
  ["mode", (c) => c.type !== "number" || c.most < Infinity, "same", (x, only) => `mode(${x} ORDER BY _row)${only()}`],
  ["any", typed("boolean"), { type: "boolean" }, (x, only) => `bool_or(${x})${only()}`],
  ["all", typed("boolean"), { type: "boolean" }, (x, only) => `bool_and(${x})${only()}`],
  ["corr", below(1e70), { type: "number", second: below(1e70) }, (x, only, y) => `nullif(corr(${x}, ${y})${only()}, 'nan'::DOUBLE)`,
    (x, only, y) => `1 + ${spread(x, pair(x, y, only))} + ${spread(y, pair(x, y, only))}`],
  ["weighted_mean", below(1e70), { type: "number", second: (c) => c.type === "integer" && c.most <= 1e6 },
    (x, only, y) => `divide(sum(${x}::DOUBLE * ${y})${pair(x, y, only)}, sum(${y})${pair(x, y, only)})`,
    (x, only, y) => `sum(abs(${x}::DOUBLE * ${y}))${pair(x, y, only)} / abs(sum(${y})${pair(x, y, only)})`],
];
const NAMES = [...new Set(AGGREGATES.map(([name]) => name.split(",")[0]))];

exports.newQueries = (draw, tables) => {
  let columns = [], hasGrown = false; // of the table so far; it may be of more rows than it was
  const { expression, safe, formulaOf, valuesFor, begin } = newFormulas(draw, () => columns);

  const exactOf = (test = () => true) => columns.filter((c) => c.exact && test(c));
  const numeric = () => exactOf(isNumeric);
  // What is known of a column with what a table gives it.
  const known = (fields) => ({ most: Infinity, exact: fields.type !== "number", ...fields });

  // ---- Pieces of SQL ----

  const names = (list) => list.map((c) => c.name), lua = (list) => `{ ${list.map(luaText).join(", ")} }`;
  const own = (list, side = "") => list.flatMap((c) => (c.scale ? [c.name, c.scale] : [c.name])).map((n) => side + quoted(n)).join(", ");
  const select = (order, list, rest) => `SELECT row_number() OVER (ORDER BY ${order}) AS _row, ${list} FROM ${rest}`;
  const over = (by, more = "") => `OVER (${by.length ? `PARTITION BY ${by.map(quoted)} ` : ""}${more})`;
  const withColumn = (column) => {
    const at = columns.findIndex((c) => c.name === column.name);
    columns = at < 0 ? [...columns, column] : columns.map((c, i) => (i === at ? column : c));
  };
  // The columns so far, in their order, one of them replaced or added.
  const listWith = (column, sql, scale) => {
    const made = `${sql} AS ${quoted(column.name)}${scale ? `, ${scale} AS ${quoted(column.scale)}` : ""}`;
    const there = columns.some((c) => c.name === column.name);
    return columns.map((c) => (c.name === column.name ? made : own([c]))).concat(there ? [] : [made]).join(", ");
  };
  let made = 0;
  const newName = () => `r ${++made}`;
  const groupsOf = (most) => names(draw.some(exactOf(), 0, most));

  // A column computed beside the others: its verb, its SQL over the table.
  const beside = (tally, column, sql, scale) => {
    if (scale) column.scale = `scale of ${column.name}`;
    const list = listWith(column, `(${sql})::${SQL_TYPES[column.type]}`, scale);
    withColumn(column);
    return { tally, sql: [(from) => select("_row", list, from)] };
  };

  // ---- Groups ----

  const aggregate = () => {
    const condition = draw.chance(0.25) ? safe("boolean", 2) : null;
    const only = (...tests) => {
      const all = [...tests, ...(condition ? [condition.sql] : [])];
      return all.length ? ` FILTER (WHERE ${all.join(" AND ")})` : "";
    };
    const rows = { tally: condition ? `count(where ${condition.tally})` : "count()", sql: `count(*)${only()}`, ...known(COUNT) };
    const name = draw.one(["rows", ...NAMES]), column = exactOf()[0] && draw.one(exactOf());
    const found = column && AGGREGATES.filter((a) => a[0].split(",")[0] === name && a[1](column));
    if (!found || found.length === 0) return rows;
    const [written, , gives, sql, scale] = name === "quantile" ? draw.one(found) : found[0];
    const others = gives.second ? exactOf(gives.second) : [], other = others[0] && draw.one(others);
    if (gives.second && !other) return rows;
    const [, parameter] = written.split(", "), { type, most, grid } = column;
    const given = [quoted(column.name), only, other && quoted(other.name)];
    const inside = [inFormula(column.name), other && inFormula(other.name), parameter].filter(Boolean).join(", ");
    const sum = { type, most: most * 1e6, grid, exact: most < 1e5 || type === "integer" };
    const what = { same: { type, most, grid, exact: true }, sum };
    return { tally: `${name}(${inside}${condition ? ` where ${condition.tally}` : ""})`,
      sql: sql(...given), scale: scale && scale(...given), ...known(what[gives] || gives) };
  };

  // One, or two in a formula, where that is exact.
  const resultOf = () => {
    const a = aggregate(), b = aggregate();
    if (draw.chance(0.85) || [a, b].some((r) => r.type !== "integer" || r.most > 2 ** 62)) return a;
    const sql = `divide(100 * (${a.sql})::DOUBLE, ${b.sql})`;
    return { tally: `percent(${a.tally}, ${b.tally})`, sql, ...known({ type: "number", exact: true }) };
  };

  const grouped = (by, count) => {
    const results = [], formulas = [];
    begin();
    for (let i = 0; i < count; i++) {
      const found = resultOf(), name = newName();
      results.push({ ...found, name, scale: found.scale && `scale of ${name}`, scaled: found.scale });
      formulas.push(luaText(`${inFormula(name)} = ${found.tally}`));
    }
    const values = valuesFor(formulas);
    const list = results.map((r) => `(${r.sql})::${SQL_TYPES[r.type]} AS ${quoted(r.name)}`
      + (r.scaled ? `, ${r.scaled} AS ${quoted(r.scale)}` : ""));
    const keys = by.map((name) => columns.find((c) => c.name === name));
    columns = [...keys.map((c) => ({ ...c, values: undefined })), ...results];
    const all = own(columns), groupBy = by.length ? ` GROUP BY ${by.map(quoted)}` : "";
    const way = draw.chance(0.5) && by.length > 0 ? `:group_by(${lua(by)})` : "";
    const options = [...(way || by.length === 0 ? [] : [`by = ${lua(by)}`]), ...values].join(", ");
    return {
      tally: (t) => `${t}${way}:aggregate(${formulas.join(", ")}${options && `, { ${options} }`})`,
      sql: [(from) => select("_first", all, `(SELECT ${[...by.map(quoted), ...list]}, min(_row) AS _first FROM ${from}${groupBy})`)],
    };
  };

  // ---- Joins ----

  // How many rows match.
  const matches = (left, right, pairs) => {
    const keys = (table, side) => {
      const values = pairs.map((p) => p[side].values);
      return Array.from({ length: table.rows }, (_, row) => values.map((v) => String(v[row])).join("\0"));
    };
    const counts = {};
    for (const key of keys(right, 1)) counts[key] = (counts[key] || 0) + 1;
    return keys(left, 0).reduce((sum, key) => sum + (counts[key] || 0), 0);
  };

  const joinable = () => exactOf().flatMap((a) => tables[1].columns.filter((b) => a.type === b.type
    || isNumeric(a) && isNumeric(b) && fitsNumber(a) && fitsNumber(b)).map((b) => [a, b]));

  // Columns of right that are no keys, under the names they get, and those names in SQL.
  const joinedColumns = (right, pairs) => {
    const rest = right.columns.filter((c) => !pairs.some((p) => p[1].name === c.name));
    const nameOf = (c) => (columns.some((l) => l.name === c.name) ? `${c.name}_right` : c.name);
    return { added: rest.map((c) => ({ ...c, name: nameOf(c) })), sql: rest.map((c) => `r.${quoted(c.name)} AS ${quoted(nameOf(c))}`) };
  };

  // After other steps it is not known how many rows match.
  const join = (isLast, isFirst) => {
    const possible = joinable(), isSmall = tables[0].rows * tables[1].rows < 2e5;
    if (possible.length === 0 || !isFirst && (!isSmall || hasGrown)) return null;
    const pairs = draw.some(possible, 1, 2);
    if (pairs.length === 2 && (pairs[0][0] === pairs[1][0] || pairs[0][1] === pairs[1][1])) pairs.pop();
    const asOf = draw.chance(0.35) && possible.find(([a, b]) => a.type === b.type && ["integer", "number", "date"].includes(a.type)
      && !pairs.some((p) => p[0] === a || p[1] === b));
    const isMany = !isSmall && matches(...tables, pairs) > 2e5;
    if (asOf && isMany) return null;
    const kind = draw.one(asOf ? ["inner", "left", "semi", "anti"] : isMany ? ["semi", "anti"]
      : ["inner", "left", "right", "full", "semi", "anti"]);
    const matchMissing = draw.chance(0.3), by = asOf && isSmall && draw.chance(0.3) ? [] : pairs;
    const both = kind === "right" || kind === "full";
    const mixed = ([a, b]) => (a.type === b.type ? "" : "::DOUBLE");
    const sides = (p) => p.map((c, i) => `${"lr"[i]}.${quoted(c.name)}${mixed(p)}`);
    const rest = tables[1].columns.filter((c) => !by.some((p) => p[1].name === c.name));
    if (rest.some((c) => columns.some((l) => l.name === `${c.name}_right`))) return null;
    const tests = by.map((p) => sides(p).join(matchMissing ? " IS NOT DISTINCT FROM " : " = "));
    if (asOf) {
      const [a, b] = sides(asOf);
      tests.push(`${a} >= ${b}`, ...(asOf[0].type === "number" ? [`NOT isnan(${a})`, `NOT isnan(${b})`] : []));
    }
    const same = by.every(([a, b]) => a.name === b.name);
    const pairsIn = (list) => `{ ${list.map(([a, b]) => `[${luaText(a.name)}] = ${luaText(b.name)}`).join(", ")} }`;
    const options = [`kind = "${kind}"`, ...(by.length ? [`by = ${same ? lua(by.map((p) => p[0].name)) : pairsIn(by)}`] : []),
      ...(matchMissing ? ["match_missing = true"] : []), ...(asOf ? [`as_of = ${pairsIn([asOf])}`] : [])];
    const tally = (t) => `${t}:join(u, { ${options.join(", ")} })`, on = tests.join(" AND ");
    if (kind === "semi" || kind === "anti") {
      const list = own(columns), exists = `${kind === "anti" ? "NOT " : ""}EXISTS (SELECT 1 FROM u r WHERE ${on})`;
      return { tally, sql: [(from) => select("_row", list, `${from} l WHERE ${exists}`)] };
    }
    const { added, sql } = joinedColumns(tables[1], by);
    const keyOf = (c) => both && by.find((p) => p[0].name === c.name);
    const list = columns.map((c) => {
      const key = keyOf(c), name = quoted(c.name);
      return key ? `coalesce(${sides(key).join(", ")}) AS ${name}` : own([c], "l.");
    }).concat(sql);
    hasGrown = true;
    columns = columns.map((c) => {
      const key = keyOf(c);
      if (!key) return c;
      return { ...c, values: undefined, type: mixed(key) ? "number" : c.type, most: Math.max(c.most, key[1].most), grid: false, few: false };
    }).concat(added);
    const last = asOf ? ` QUALIFY r._row IS NULL
      OR row_number() OVER (PARTITION BY l._row ORDER BY ${sides(asOf)[1]} DESC, r._row DESC) = 1` : "";
    return { tally, sql: [(from) => select("l._row NULLS LAST, r._row", list, `${from} l ${kind} JOIN u r ON ${on}${last}`)] };
  };

  const append = (isLast, isFirst) => {
    if (!isFirst) return null;
    hasGrown = true;
    const [, right] = tables;
    const kept = right.columns.filter((c) => columns.every((l) => l.name !== c.name || l.type === c.type
      || isNumeric(l) && isNumeric(c) && fitsNumber(l) && fitsNumber(c)));
    if (kept.length === 0) return null;
    const of = (c, list) => list.find((o) => o.name === c.name);
    const all = [...columns, ...kept.filter((c) => !of(c, columns))].map((c) => {
      const both = [of(c, columns), of(c, kept)].filter(Boolean), type = both.some((b) => b.type !== c.type) ? "number" : c.type;
      return { ...c, values: undefined, type, most: Math.max(...both.map((b) => b.most)), grid: both.every((b) => b.grid),
        few: both.every((b) => b.few) };
    });
    const part = (list) => all.map((c) => `${of(c, list) ? quoted(c.name) : "NULL"}::${SQL_TYPES[c.type]} AS ${quoted(c.name)}`);
    columns = all;
    return {
      tally: (t) => `${t}:append(u:select(${lua(names(kept))}))`,
      sql: [(from) => select("_part, _row", own(all), `(SELECT 1 AS _part, _row, ${part(tables[0].columns)} FROM ${from}
        UNION ALL SELECT 2, _row, ${part(kept)} FROM u)`)],
    };
  };

  // ---- Verbs ----

  const placeOf = (func, column, by, descending) =>
    `CASE WHEN ${quoted(column.name)} IS NOT NULL THEN ${func}() ${over(by, `ORDER BY ${rank(column, descending)}`)} END`;

  const verbs = {
    join,
    append,

    filter: () => {
      const list = own(columns);
      if (draw.chance(0.15)) {
        const column = draw.one(exactOf((c) => c.type !== "number" && c.values));
        const values = column && column.values.filter((v) => v !== null && !String(v).includes("\0"));
        if (!values || values.length === 0) return null;
        const wanted = Array.from({ length: draw.integer(1, 3) }, () => draw.one(values));
        return {
          tally: (t) => `${t}:filter { [${luaText(column.name)}] = { ${wanted.map(luaValue).join(", ")} } }`,
          sql: [(from) => select("_row", list, `${from} WHERE ${quoted(column.name)} IN (${wanted.map((v) => literal(v, column.type))})`)],
        };
      }
      const formula = formulaOf(() => safe("boolean", 3));
      return { tally: (t) => `${t}:filter(${formula.lua()})`, sql: [(from) => select("_row", list, `${from} WHERE ${formula.sql}`)] };
    },

    derive: (isLast) => {
      const type = draw.one(["integer", "number", "number", "text", "date", "boolean"]);
      const formula = formulaOf(() => (isLast ? expression : safe)(type, 3, true));
      const replaced = draw.chance(0.15) && draw.one(columns).name, name = replaced || newName();
      return beside((t) => `${t}:derive(${formula.lua(`${inFormula(name)} = `)})`,
        { name, ...known({ type, exact: !formula.inexact, most: formula.most }) }, formula.sql);
    },

    fill: () => {
      const column = draw.one(exactOf((c) => c.type !== "date" && c.type !== "number"));
      if (!column) return null;
      const plain = { integer: 7n, text: "é", boolean: false }[column.type];
      return beside((t) => `${t}:fill(${luaText(column.name)}, ${luaValue(plain)})`,
        { ...column, values: undefined, most: Math.max(column.most, 7) },
        `coalesce(${quoted(column.name)}, ${literal(plain, column.type)})`);
    },

    aggregate: () => grouped(groupsOf(draw.integer(0, 4)), draw.integer(1, 3)),

    count: () => {
      const by = groupsOf(2);
      if (by.includes("n")) return null;
      columns = [...columns.filter((c) => by.includes(c.name)).sort((a, b) => by.indexOf(a.name) - by.indexOf(b.name)),
        { name: "n", ...known(COUNT) }];
      const list = own(columns), keys = by.map(quoted), groupBy = keys.length ? ` GROUP BY ${keys}` : "";
      return {
        tally: (t) => `${t}:count(${by.map(luaText).join(", ")})`,
        sql: [(from) => select("_first", list, `(SELECT ${[...keys, 'count(*) AS "n"', "min(_row) AS _first"]} FROM ${from}${groupBy})`)],
      };
    },

    sort: () => {
      const keys = draw.some(exactOf(), 1, 3).map((c) => ({ descending: draw.chance(0.5), column: c }));
      if (keys.length === 0) return null;
      const order = keys.map((k) => rank(k.column, k.descending));
      const written = keys.map((k) => luaText((k.descending ? "-" : "") + k.column.name));
      const list = own(columns);
      if (draw.chance(0.2)) {
        const type = draw.one(["integer", "text", "date", "number"]), descending = draw.chance(0.5);
        const formula = formulaOf(() => safe(type, 2)), key = rank({ name: "_key", type }, descending);
        return {
          tally: (t) => `${t}:sort(${formula.lua(descending ? "-" : "")})`,
          sql: [(from) => select(`${key}, _row`, list, `(SELECT *, ${formula.sql} AS _key FROM ${from})`)],
        };
      }
      return { tally: (t) => `${t}:sort(${written.join(", ")})`, sql: [(from) => select([...order, "_row"], list, from)] };
    },

    distinct: () => {
      const by = draw.some(exactOf(), 1, 3), all = draw.chance(0.3) && columns.every((c) => c.exact);
      if (by.length === 0) return null;
      const list = own(columns), keys = names(all ? columns : by);
      return {
        tally: (t) => `${t}:distinct(${all ? "" : lua(keys)})`,
        sql: [(from) => select("_row", list, `(SELECT * FROM ${from} QUALIFY row_number() ${over(keys, "ORDER BY _row")} = 1)`)],
      };
    },

    top: () => {
      if (numeric().length === 0) return null;
      const column = draw.one(numeric()), by = groupsOf(2), k = draw.integer(1, 4), list = own(columns);
      return {
        tally: (t) => `${t}:top(${k}, ${luaText(column.name)}, { by = ${lua(by)} })`,
        sql: [(from) => select("_first, _place", list, `(SELECT *, min(_row) ${over(by)} AS _first,
          row_number() ${over(by, `ORDER BY ${rank(column, true)}, _row`)} AS _place FROM ${from} QUALIFY _place <= ${k})`)],
      };
    },

    slice: () => {
      const by = groupsOf(1), list = own(columns), a = draw.integer(0, 4), b = draw.integer(0, 4);
      const [call, test] = draw.one([
        [`head(${a})`, `_place <= ${a}`], [`tail(${a})`, `_place > _rows - ${a}`],
        [`slice(${a + 1}, ${a + b})`, `_place BETWEEN ${a + 1} AND ${a + b}`],
        [`slice(${-a - b - 1}, ${-b - 1})`, `_place - _rows - 1 BETWEEN ${-a - b - 1} AND ${-b - 1}`],
      ]);
      return {
        tally: (t) => `${t}${by.length ? `:group_by(${lua(by)})` : ""}:${call}${by.length ? ":group_by()" : ""}`,
        sql: [(from) => select("_row", list, `(SELECT *, row_number() ${over(by, "ORDER BY _row")} AS _place, count(*) ${over(by)} AS _rows
          FROM ${from}) WHERE ${test}`)],
      };
    },

    // Missing values have no place.
    rank: () => {
      if (numeric().length === 0) return null;
      const column = draw.one(numeric()), by = groupsOf(2), dense = draw.chance(0.5), ascending = draw.chance(0.5), name = newName();
      const options = `{ by = ${lua(by)}, as = "${name}", dense = ${dense}, ascending = ${ascending} }`;
      return beside((t) => `${t}:rank(${luaText(column.name)}, ${options})`, { name, ...known(COUNT) },
        placeOf(dense ? "dense_rank" : "rank", column, by, !ascending));
    },

    percent: () => {
      const usable = numeric().filter((c) => c.type === "integer" || c.grid);
      if (usable.length === 0) return null;
      const column = draw.one(usable), of = groupsOf(2), name = newName(), x = quoted(column.name);
      return beside((t) => `${t}:percent(${luaText(column.name)}, { of = ${of.length ? lua(of) : '"total"'}, as = "${name}" })`,
        { name, ...known({ type: "number" }) }, `divide(100 * ${x}::DOUBLE, (sum(${x}) ${over(of)})::${SQL_TYPES[column.type]})`);
    },

    cumulative: () => {
      if (numeric().length === 0) return null;
      const column = draw.one(numeric()), by = groupsOf(2), name = newName(), isNumber = column.type === "number";
      const x = quoted(column.name), along = over(by, "ORDER BY _row");
      return beside((t) => `${t}:cumulative(${luaText(column.name)}, { by = ${lua(by)}, as = "${name}" })`,
        { name, ...known({ type: column.type, most: column.most * 1e6 }) },
        `CASE WHEN ${x} IS NOT NULL THEN sum(${x}) ${along} END`, isNumber && `sum(abs(${x})) ${along}`);
    },

    // Of the engine; the verbs are made of them.
    window: () => {
      const func = draw.one(["sum", "count", "min", "max", "first", "last", "lag", "lag", "row_number", "rank", "dense_rank"]);
      const usable = exactOf((c) => func !== "sum" || isNumeric(c));
      if (usable.length === 0) return null;
      const column = draw.one(usable), by = groupsOf(2), offset = draw.integer(-3, 3), name = newName(), x = quoted(column.name);
      const all = over(by), along = over(by, "ORDER BY _row"), isNumber = column.type === "number";
      const whole = over(by, "ORDER BY _row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
      const best = isNumber ? `coalesce(${func}(${x}) FILTER (WHERE NOT isnan(${x})) ${all}, ${func}(${x}) ${all})` : `${func}(${x}) ${all}`;
      const sql = { sum: `sum(${x}) ${all}`, count: `count(${x}) ${all}`, min: best, max: best,
        first: `first_value(${x} IGNORE NULLS) ${whole}`, last: `last_value(${x} IGNORE NULLS) ${whole}`,
        lag: `${offset < 0 ? "lead" : "lag"}(${x}, ${Math.abs(offset)}) ${along}`, row_number: `row_number() ${along}`,
        rank: placeOf(func, column, by, true), dense_rank: placeOf(func, column, by, true) }[func];
      const counts = ["count", "row_number", "rank", "dense_rank"].includes(func), isSum = func === "sum" && isNumber;
      return beside((t) => `window(${t}, "${name}", "${func}", ${luaText(column.name)}, ${lua(by)}, ${offset})`,
        { name, ...known(counts ? COUNT : { type: column.type, most: func === "sum" ? column.most * 1e6 : column.most, exact: !isSum }) },
        sql, isSum && `sum(abs(${x})) ${all}`);
    },

    // Some columns, and one of them under a new name, or two that take each other's.
    select: () => {
      columns = draw.some(columns, 1, 4);
      const old = names(columns), [a, b] = draw.some(columns.filter((c) => !c.scale), 2, 2), new_ = {};
      if (b && draw.chance(0.4)) Object.assign(new_, { [a.name]: b.name, [b.name]: a.name });
      else if (a && draw.chance(0.5)) new_[a.name] = newName();
      const turned = columns.map((c) => own([c]) + (new_[c.name] ? ` AS ${quoted(new_[c.name])}` : ""));
      const pairs = Object.entries(new_).map(([from, to]) => `[${luaText(to)}] = ${luaText(from)}`);
      columns = columns.map((c) => ({ ...c, name: new_[c.name] || c.name }));
      return {
        tally: (t) => `${t}:select(${lua(old)})${pairs.length ? `:rename { ${pairs.join(", ")} }` : ""}`,
        sql: [(from) => select("_row", turned, from)],
      };
    },

    unpivot: () => {
      const type = draw.one(Object.keys(SQL_TYPES)), turned = draw.some(exactOf(typed(type)), 1, 3);
      if (turned.length === 0 || columns.some((c) => c.name === "value")) return null;
      const kept = columns.filter((c) => !turned.includes(c));
      const choice = turned.map((c, i) => `WHEN ${i} THEN ${quoted(c.name)}`).join(" ");
      const labels = turned.map((c, i) => `(${i}, ${literal(c.name, "text")})`);
      const list = [...(kept.length ? [own(kept)] : []), '_label AS "name"', `CASE _place ${choice} END AS "value"`];
      columns = [...kept.map((c) => ({ ...c, values: undefined })), { name: "name", ...known({ type: "text", few: true }) },
        { name: "value", type, exact: true, most: Math.max(...turned.map((c) => c.most)), grid: turned.every((c) => c.grid) }];
      return {
        tally: (t) => `${t}:unpivot(${lua(names(turned))}, { names_to = "name", values_to = "value" })`,
        sql: [(from) => select("_row, _place", list, `${from}, (VALUES ${labels}) v(_place, _label)`)],
      };
    },

    // Of groups, so that there is one value for each cell. An empty text cannot be the name of a column; those of unpivot can.
    pivot: (isLast) => {
      const usable = exactOf((c) => c.few && c.type !== "number" && (c.type !== "text" || c.name === "name"));
      const from_ = usable[0] && draw.one(usable);
      if (!isLast || !from_) return null;
      const keys = groupsOf(2).filter((n) => n !== from_.name), { tally, sql } = grouped([...keys, from_.name], 1);
      const value = columns[columns.length - 1], x = quoted(from_.name);
      const wide = async (from, run) => {
        const [labels = []] = await run(`SELECT ${x}::VARCHAR FROM ${from} GROUP BY ${x} ORDER BY min(_row)`);
        const cell = (label) => `${x} IS NOT DISTINCT FROM ${label === null ? "NULL" : literal(label, from_.type)}`;
        const cells = labels.flatMap((label) => {
          const only = `FILTER (WHERE ${cell(label)})`, name = label === null ? "(missing)" : label;
          return [`first(${quoted(value.name)}) ${only} AS ${quoted(name)}`]
            .concat(value.scale ? [`first(${quoted(value.scale)}) ${only} AS ${quoted(`scale of ${name}`)}`] : []);
        });
        const groupBy = keys.length ? ` GROUP BY ${keys.map(quoted)}` : " HAVING count(*) > 0";
        const inner = `SELECT ${[...keys.map(quoted), ...cells, "min(_row) AS _first"]} FROM ${from}${groupBy}`;
        return select("_first", "* EXCLUDE (_first)", `(${inner})`);
      };
      return { tally: (t) => `${tally(t)}:pivot(${luaText(from_.name)}, ${luaText(value.name)})`, sql: [...sql, wide] };
    },
  };

  const WEIGHTS = { join: 8, append: 1, filter: 5, derive: 6, fill: 1, aggregate: 7, count: 1, sort: 4, distinct: 2, top: 2, slice: 2,
    rank: 2, percent: 1, cumulative: 2, window: 3, select: 2, unpivot: 1, pivot: 2 };

  return () => {
    columns = tables[0].columns.map((c) => ({ ...c }));
    hasGrown = false;
    const steps = [], count = draw.integer(1, 3);
    while (steps.length < count) {
      const before = columns, step = verbs[draw.weighted(WEIGHTS)](steps.length + 1 === count, steps.length === 0);
      if (step) steps.push(step);
      else columns = before;
    }
    return steps;
  };
};
