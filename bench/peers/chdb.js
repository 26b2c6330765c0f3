// chDB: ClickHouse in the process. What each task prints is said in bench/run.
const { path, now, run, ask, form, joins, tables, pathOf } = require("./common.js");
const { Session } = require("chdb");

const session = new Session(); // in a folder of its own
process.on("exit", () => session.cleanup());
const query = (sql) => session.query(sql, "TSV");
const values = (sql) => query(sql).trim().split("\t").map((value) => (value === "\\N" ? NaN : Number(value)));

const threads = `max_threads = ${process.env.BENCH_THREADS}`;
const inserting = `${threads}, max_insert_threads = ${process.env.BENCH_THREADS}`;
const create = (table, rows, settings = inserting) =>
  query(`CREATE TABLE ${table} ENGINE = Memory AS ${rows} SETTINGS ${settings}`);

// Types are found by ClickHouse, which then lets every column have missing values; or, with the form "lc", text with few values is
// of LowCardinality and whole numbers have 32 bits.
const load = (table, from, types) => {
  const columns = Object.entries(types).map(([name, type]) => `${name} ${type}`);
  create(table, `SELECT * FROM file('${from}', 'CSVWithNames'${form && `, '${columns}'`})`);
};

const loadGroups = () => {
  const maybe = (type) => (/_5\.csv$/.test(path) ? `Nullable(${type})` : type); // that file has missing values
  const few = `LowCardinality(${maybe("String")})`, many = maybe("String"), whole = maybe("Int32"), number = maybe("Float64");
  load("t", path, { id1: few, id2: few, id3: many, id4: whole, id5: whole, id6: whole, v1: whole, v2: whole, v3: number });
};

const JOIN_TYPES = {
  id1: "Int32", id2: "Int32", id3: "Int32",
  id4: "LowCardinality(String)", id5: "LowCardinality(String)", id6: "String",
  v1: "Float64", v2: "Float64",
};

const loadJoined = () => {
  for (const [table, columns] of Object.entries(tables))
    load(table, pathOf(table), Object.fromEntries(columns.map((name) => [name, JOIN_TYPES[name]])));
};

// The answer is a table, as it is with the others.
const answering = (sql, settings) => () => {
  query("DROP TABLE IF EXISTS answer SYNC");
  const start = now();
  create("answer", sql, settings);
  return now() - start;
};

const isText = (key) => ["id1", "id2", "id3"].includes(key);
const digits = (key) => (isText(key) ? `toFloat64OrNull(substring(toString(${key}), 3))` : `toFloat64(${key})`);

const GROUP_QUESTIONS = {
  gb1: ["SELECT id1, sum(v1) AS v1 FROM t GROUP BY id1", ["v1"], "id1"],
  gb2: ["SELECT id1, id2, sum(v1) AS v1 FROM t GROUP BY id1, id2", ["v1"], "id2"],
  gb3: ["SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM t GROUP BY id3", ["v1", "v3"], "id3"],
  gb4: ["SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM t GROUP BY id4", ["v1", "v2", "v3"], "id4"],
  gb5: ["SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM t GROUP BY id6", ["v1", "v2", "v3"], "id6"],
  gb6: ["SELECT id4, id5, quantileExactInclusive(0.5)(v3) AS m, stddevSamp(v3) AS s FROM t GROUP BY id4, id5", ["m", "s"], "id5"],
  gb7: ["SELECT id3, max(v1) - min(v2) AS r FROM t GROUP BY id3", ["r"], "id3"],
  gb8: ["SELECT id6, arrayJoin(arraySlice(arrayReverseSort(groupArray(v3)), 1, 2)) AS top FROM t WHERE v3 IS NOT NULL GROUP BY id6",
    ["top"], "id6"],
  gb9: ["SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM t GROUP BY id2, id4", ["r2"], "id4"],
  gb10: ["SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count() AS n FROM t GROUP BY id1, id2, id3, id4, id5, id6",
    ["v3", "n"], "id6"],
};

run({
  groupby: () => {
    const questions = {};
    loadGroups();
    for (const [name, [sql, names, key]] of Object.entries(GROUP_QUESTIONS)) questions[name] = { ask: answering(sql), names, key };
    return ask(questions, (_, { names, key }) =>
      values(`SELECT count(), ${names.map((name) => `sum(toFloat64(${name}))`)}, sum(${names[0]} * ${digits(key)}) FROM answer`));
  },

  // The rows of a table in memory have an order while one thread writes and reads them.
  sort: () => {
    const questions = {};
    loadGroups();
    for (const key of ["id6", "id3"])
      questions[`sort ${key}`] = { ask: answering(`SELECT * FROM t ORDER BY ${key}`, `${threads}, max_insert_threads = 1`), key };
    return ask(questions, (_, { key }) => {
      const [count, sum] = values("SELECT count(), sum(v3) FROM answer");
      const at = (row) => values(`SELECT ${digits(key)} FROM answer LIMIT ${row}, 1 SETTINGS max_threads = 1`)[0];
      return [count, ...[1, 2, 3].map((quarter) => at(Math.floor(count * quarter / 4))), sum];
    });
  },

  join: () => {
    const questions = {};
    loadJoined();
    const settings = `${inserting}, join_use_nulls = 1`;
    for (const [name, [other, kind, key]] of Object.entries(joins))
      questions[name] = { ask: answering(`SELECT * FROM t ${kind} JOIN ${other} USING (${key})`, settings) };
    return ask(questions, () => values("SELECT count(), sum(v1), sum(v2), sum(v1 * v2) FROM answer"));
  },

  version: () => console.log("chDB", query("SELECT chdb()").trim()),
});
