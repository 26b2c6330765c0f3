// DuckDB. What each task prints is said in bench/run.
const { path, numbers, text, now, peakMemory, run, ask, form, joins, tables, pathOf } = require("./common.js");
const { DuckDBInstance, version } = require("@duckdb/node-api");

const connect = async () => {
  const database = await DuckDBInstance.create(":memory:", { threads: process.env.BENCH_THREADS });
  return database.connect();
};

const rows = async (connection, query) => (await connection.runAndReadAll(query)).getRows();

const load = (connection, from = path, table = "t") =>
  connection.run(`CREATE TABLE ${table} AS SELECT * FROM read_csv('${from}')`);

const report = async (seconds, peak, connection, table) => {
  const sums = numbers.map((name) => `sum(${name})::DOUBLE`);
  const [check] = await rows(connection,
    `SELECT count(*)::DOUBLE, ${sums}, count(DISTINCT ${text})::DOUBLE FROM ${table}`);
  console.log(seconds.toFixed(4), peak, check.join(" "));
};

// As the db-benchmark has it where that form is asked for: text with few values as ENUM, whole numbers of 32 bits.
const loadTyped = async (connection) => {
  if (!form) return load(connection);
  await connection.run(`CREATE TABLE y(id1 VARCHAR, id2 VARCHAR, id3 VARCHAR, id4 INT, id5 INT, id6 INT, v1 INT, v2 INT, v3 DOUBLE)`);
  await connection.run(`COPY y FROM '${path}' (AUTO_DETECT TRUE)`);
  for (const key of ["id1", "id2"]) await connection.run(`CREATE TYPE e_${key} AS ENUM (SELECT ${key} FROM y WHERE ${key} IS NOT NULL)`);
  await connection.run(`CREATE TABLE t(id1 e_id1, id2 e_id2, id3 VARCHAR, id4 INT, id5 INT, id6 INT, v1 INT, v2 INT, v3 DOUBLE)`);
  await connection.run("INSERT INTO t SELECT * FROM y");
  await connection.run("DROP TABLE y");
};

const JOIN_TYPES = {
  id1: "INT", id2: "INT", id3: "INT", id4: "e_id4", id5: "e_id5", id6: "VARCHAR", v1: "DOUBLE", v2: "DOUBLE",
};

const loadJoined = async (connection) => {
  for (const table of Object.keys(tables)) await load(connection, pathOf(table), table);
  if (!form) return;
  for (const key of ["id4", "id5"]) {
    const having = Object.keys(tables).filter((table) => tables[table].includes(key));
    const values = having.map((table) => `SELECT ${key} FROM ${table}`).join(" UNION ");
    await connection.run(`CREATE TYPE e_${key} AS ENUM (${values})`);
  }
  for (const [table, columns] of Object.entries(tables)) {
    const typed = columns.map((name) => `${name}::${JOIN_TYPES[name]} AS ${name}`);
    await connection.run(`CREATE TABLE typed AS SELECT ${typed} FROM ${table}`);
    await connection.run(`DROP TABLE ${table}`);
    await connection.run(`ALTER TABLE typed RENAME TO ${table}`);
  }
};

const digits = (key) => (["id1", "id2", "id3"].includes(key) ? `substr(${key}::VARCHAR, 3)::DOUBLE` : `${key}::DOUBLE`);

const GROUP_QUESTIONS = {
  gb1: ["SELECT id1, sum(v1) AS v1 FROM t GROUP BY id1", ["v1"], "id1"],
  gb2: ["SELECT id1, id2, sum(v1) AS v1 FROM t GROUP BY id1, id2", ["v1"], "id2"],
  gb3: ["SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM t GROUP BY id3", ["v1", "v3"], "id3"],
  gb4: ["SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM t GROUP BY id4", ["v1", "v2", "v3"], "id4"],
  gb5: ["SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM t GROUP BY id6", ["v1", "v2", "v3"], "id6"],
  gb6: ["SELECT id4, id5, quantile_cont(v3, 0.5) AS m, stddev(v3) AS s FROM t GROUP BY id4, id5", ["m", "s"], "id5"],
  gb7: ["SELECT id3, max(v1) - min(v2) AS r FROM t GROUP BY id3", ["r"], "id3"],
  gb8: ["SELECT id6, unnest(max(v3, 2)) AS v3 FROM t WHERE v3 IS NOT NULL GROUP BY id6", ["v3"], "id6"],
  gb9: ["SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM t GROUP BY id2, id4", ["r2"], "id4"],
  gb10: ["SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS n FROM t GROUP BY ALL", ["v3", "n"], "id6"],
};

// The answer is a table, as it is with the others.
const answering = (connection, query) => async () => {
  await connection.run("DROP TABLE IF EXISTS answer");
  const start = now();
  await connection.run(`CREATE TABLE answer AS ${query}`);
  return now() - start;
};

run({
  groupby: async () => {
    const connection = await connect(), questions = {};
    await loadTyped(connection);
    for (const [name, [query, values, key]] of Object.entries(GROUP_QUESTIONS))
      questions[name] = { ask: answering(connection, query), values, key };
    await ask(questions, async (_, { values, key }) => (await rows(connection,
      `SELECT count(*)::DOUBLE, ${values.map((name) => `sum(${name})::DOUBLE`)}, sum(${values[0]} * ${digits(key)})::DOUBLE FROM answer`))[0]);
  },

  sort: async () => {
    const connection = await connect(), questions = {};
    await loadTyped(connection);
    for (const key of ["id6", "id3"]) questions[`sort ${key}`] = { ask: answering(connection, `SELECT * FROM t ORDER BY ${key}`), key };
    await ask(questions, async (_, { key }) => {
      const [[count, sum]] = await rows(connection, "SELECT count(*)::DOUBLE, sum(v3) FROM answer"), quarters = [];
      for (const quarter of [1, 2, 3]) {
        const [[value]] = await rows(connection, `SELECT ${digits(key)} FROM answer WHERE rowid = ${Math.floor(count * quarter / 4)}`);
        quarters.push(value);
      }
      return [count, ...quarters, sum];
    });
  },

  join: async () => {
    const connection = await connect(), questions = {};
    await loadJoined(connection);
    for (const [name, [other, kind, key]] of Object.entries(joins))
      questions[name] = { ask: answering(connection, `SELECT * FROM t ${kind} JOIN ${other} USING (${key})`) };
    const check = "SELECT count(*)::DOUBLE, sum(v1), sum(v2), sum(v1 * v2) FROM answer";
    await ask(questions, async () => (await rows(connection, check))[0]);
  },

  version: () => console.log("DuckDB", version().replace("v", "")),

  load: async () => {
    const connection = await connect();
    const start = now();
    await load(connection);
    await report(now() - start, peakMemory(), connection, "t");
  },

  write: async () => {
    const connection = await connect();
    await load(connection);
    const start = now();
    await connection.run(`COPY t TO '${path}.written.csv' (FORMAT csv)`);
    const seconds = now() - start, peak = peakMemory();
    await load(connection, `${path}.written.csv`, "written");
    await report(seconds, peak, connection, "written");
  },

  start: async () => {
    const connection = await connect();
    await load(connection);
    console.log(String((await rows(connection, "SELECT count(*) FROM t"))[0][0]));
  },

  oneshot: async () => {
    const result = await rows(await connect(), `
      SELECT coalesce(domicile, ''), level, count(*) AS n,
        round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY domicile), 2)
      FROM read_csv('${path}') GROUP BY domicile, level`);
    console.log(result.map((row) => row.join("\t")).join("\n"));
  },
});
