// DuckDB. What each task prints is said in bench/run.
const { path, numbers, text, now, peakMemory, run } = require("./common.js");
const { DuckDBInstance, version } = require("@duckdb/node-api");

const connect = async () => {
  const database = await DuckDBInstance.create(":memory:", { threads: process.env.BENCH_THREADS });
  return database.connect();
};

const rows = async (connection, query) => (await connection.runAndReadAll(query)).getRows();

const load = (connection) => connection.run(`CREATE TABLE t AS SELECT * FROM read_csv('${path}')`);

run({
  version: () => console.log("DuckDB", version().replace("v", "")),

  load: async () => {
    const connection = await connect();
    const start = now();
    await load(connection);
    const seconds = now() - start;
    const peak = peakMemory();
    const sums = numbers.map((name) => `sum(${name})::DOUBLE`);
    const [check] = await rows(connection, `SELECT count(*)::DOUBLE, ${sums}, count(DISTINCT ${text})::DOUBLE FROM t`);
    console.log(seconds.toFixed(4), peak, check.join(" "));
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
