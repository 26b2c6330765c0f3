// DuckDB. What each task prints is said in bench/run.
const { path, numbers, text, now, peakMemory, run } = require("./common.js");
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

run({
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
