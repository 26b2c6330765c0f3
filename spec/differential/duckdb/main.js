// Runs the cases: makes them, asks both programs, compares, and cuts down what differs.
const fs = require("fs"), os = require("os"), path = require("path"), readline = require("readline");
const { spawn } = require("child_process");
const { newDraw, randomTable, withoutRows, waysIn, luaTable, fileOf } = require("./tables.js");
const { connect, load, fetch } = require("./sql.js");
const { newQueries } = require("./queries.js");

const TOLERANCE = 1e-12, LEAST = 1e-300;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tally-duckdb-"));

// ---- Cases ----

// More rows than a chunk of the engine has, at times.
const sizeOf = (draw) => Number(draw.weighted({ 0: 3, 1: 5, 2: 8, 10: 44, 1000: 38, 70000: 1.5 }));

const newCase = (seed, number) => {
  const draw = newDraw(seed * 1000003 + number);
  const left = randomTable(draw, sizeOf(draw)), right = randomTable(draw, sizeOf(draw));
  const tables = [left, right], ways = tables.map((t) => draw.one(waysIn(t)));
  return { tables, ways, steps: newQueries(draw, tables)() };
};

// ---- Asking ----

const startTally = () => {
  const child = spawn("lua5.4", [path.join(__dirname, "answer.lua")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (file) => {
      child.stdin.write(`${file}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`tally's process ended over ${file}`);
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
};

// The chunk of Lua that gives the answer; `t` and `u` are the tables.
const chunkOf = ({ tables, ways, steps }) => `local tally = require "tally"
local t = ${luaTable(tables[0], ways[0], path.join(folder, `t.${ways[0]}`))}
local u = ${luaTable(tables[1], ways[1], path.join(folder, `u.${ways[1]}`))}
return ${steps.reduce((expression, step) => step.tally(expression), "t")}
`;

// The answer of DuckDB, or { error }; what was run is noted in `log`.
const askDuck = async (connection, { tables, steps }, log) => {
  await load(connection, "t", tables[0]);
  await load(connection, "u", tables[1]);
  const run = async (sql) => (await connection.runAndReadAll(sql)).getColumns();
  let from = "t", number = 0;
  try {
    for (const query of steps.flatMap((step) => step.sql)) {
      const sql = await query(from, run), to = `step_${++number}`;
      log.push(`${to}: ${sql}`);
      await connection.run(`CREATE OR REPLACE TABLE ${to} AS ${sql}`);
      from = to;
    }
    return await fetch(connection, from);
  } catch (error) {
    return { error: error.message };
  }
};

// ---- Comparing ----

const asNumber = (text) => (/nan/.test(text) ? NaN : Number(text.replace("inf", "Infinity")));

const sameNumber = (a, b, scale) => {
  if (a === b || Number.isNaN(a) && Number.isNaN(b)) return true;
  const size = Math.max(Math.abs(a), Math.abs(b), typeof scale === "number" ? scale : 0);
  const rounding = typeof scale === "number" ? LEAST : 0; // what a sum of the least numbers may lose
  return Math.abs(a - b) <= TOLERANCE * size + rounding && Number.isFinite(a - b);
};

const sameValue = (type, tally, duck, scale) => {
  if (tally === null || duck === null) return tally === duck;
  return type === "number" ? sameNumber(asNumber(tally), duck, scale) : tally === String(duck);
};

const isOverflow = ({ error }) => error && /overflow|out of range|does not fit 64 bits/i.test(error);

// What differs, or null.
const difference = (tally, duck) => {
  if (isOverflow(tally) && isOverflow(duck)) return null;
  if (tally.error || duck.error) return `tally: ${tally.error || "an answer"}\nDuckDB: ${duck.error || "an answer"}`;
  const columnsOf = ({ names, types, columns }) => names.map((name, i) => ({ name, type: types[i], values: columns[i] }));
  const ours = columnsOf(tally), all = columnsOf(duck), theirs = all.filter((c) => !c.name.startsWith("scale of "));
  const [head, other] = [ours, theirs].map((list) => list.map((c) => `${c.name}:${c.type}`).join(" | "));
  if (head !== other) return `columns of tally: ${head}\nof DuckDB: ${other}`;
  for (const [i, { name, type, values }] of ours.entries()) {
    const others = theirs[i].values, scale = all.find((c) => c.name === `scale of ${name}`);
    if (values.length !== others.length) return `tally has ${values.length} rows, DuckDB ${others.length}`;
    const row = values.findIndex((value, r) => !sameValue(type, value, others[r], scale && scale.values[r]));
    if (row >= 0) return `row ${row + 1}, column '${name}': tally ${values[row]}, DuckDB ${others[row]}`;
  }
  return null;
};

// ---- Running ----

const check = async (sides, one) => {
  const file = path.join(folder, "case.lua"), log = [], chunk = chunkOf(one);
  fs.writeFileSync(file, chunk);
  const [tally, duck] = [await sides.tally.ask(file), await askDuck(sides.duck, one, log)];
  const found = difference(tally, duck);
  const files = one.ways.map((way, i) => (way === "columns" ? "" : `${"tu"[i]}.${way}:\n${fileOf(one.tables[i], way)}`));
  return { found: found && `${found}\n${chunk}${files.join("")}${log.join("\n")}`, bothFail: !found && Boolean(tally.error) };
};

// The same case with as few steps and rows as still differ; not from a file unless it has to be.
const reduced = async (sides, one) => {
  const differs = async (other) => Boolean((await check(sides, other)).found);
  for (const side of [0, 1]) {
    const ways = one.ways.map((way, i) => (i === side ? "columns" : way));
    if (await differs({ ...one, ways })) one = { ...one, ways };
  }
  for (let count = 1; count < one.steps.length; count++) {
    const shorter = { ...one, steps: one.steps.slice(0, count) };
    if (await differs(shorter)) { one = shorter; break; }
  }
  for (const side of [1, 0]) {
    for (let size = Math.ceil(one.tables[side].rows / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < one.tables[side].rows;) {
        const tables = [...one.tables];
        tables[side] = withoutRows(one.tables[side], from, size);
        const fewer = { ...one, tables };
        if (await differs(fewer)) one = fewer;
        else from += size;
      }
    }
  }
  return one;
};

// What tally does not hold, so that there is nothing to compare: text that is not UTF-8. A file is read all the same, and said to have it.
const checkRefusal = async (sides) => {
  const file = path.join(folder, "refused.lua");
  const ask = (expression) => {
    fs.writeFileSync(file, `local tally = require "tally"\nreturn ${expression}\n`);
    return sides.tally.ask(file);
  };
  const { error } = await ask('tally.from_columns { { "a", { "x\\255" } } }');
  const found = await ask('tally.read_csv({ text = "a,b\\nx\\255,1\\n" }, { encoding = "UTF-8", quiet = true }):problems():select "what"');
  const isSaid = /not valid UTF-8/.test(error) && !found.error && found.columns[0].join() === "bytes are not valid in the encoding";
  if (!isSaid) throw new Error("tally did not say that a text is not UTF-8");
};

const main = async () => {
  const [count, seed, only] = [2000, 1, 0].map((value, i) => Number(process.argv[2 + i] || value));
  const sides = { tally: startTally(), duck: await connect() };
  await checkRefusal(sides);
  let passed = 0, bothFail = 0;
  const numbers = only ? [only] : Array.from({ length: count }, (_, i) => i + 1);
  for (const number of numbers) {
    const one = newCase(seed, number), result = await check(sides, one);
    passed += !result.found;
    bothFail += result.bothFail;
    if (result.found) console.log(`---- case ${number} of seed ${seed} ----\n${(await check(sides, await reduced(sides, one))).found}`);
    if (only) console.log(chunkOf(one).slice(-2000));
  }
  sides.tally.stop();
  fs.rmSync(folder, { recursive: true });
  if (bothFail) console.log(`${bothFail} queries past 64 bits, which both refuse`);
  console.log(`${passed} of ${numbers.length}`);
  process.exit(passed === numbers.length ? 0 : 1);
};

main();
