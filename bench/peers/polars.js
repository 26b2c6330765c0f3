// Polars; POLARS_MAX_THREADS says how many threads. What each task prints is said in bench/run.
const { path, numbers, text, now, peakMemory, run } = require("./common.js");
const polars = require("nodejs-polars");

const { col } = polars;

const report = (seconds, peak, t) => {
  const sums = t.select(...numbers.map((name) => col(name).cast(polars.Float64).sum())).row(0);
  const texts = t.getColumn(text).dropNulls().nUnique();
  console.log(seconds.toFixed(4), peak, t.height, ...sums, texts);
};

run({
  version: () => console.log("Polars", require("nodejs-polars/package.json").version, "(nodejs-polars)"),

  load: () => {
    const start = now();
    const t = polars.readCSV(path);
    report(now() - start, peakMemory(), t);
  },

  write: () => {
    const t = polars.readCSV(path);
    const start = now();
    t.writeCSV(`${path}.written.csv`);
    const seconds = now() - start;
    report(seconds, peakMemory(), polars.readCSV(`${path}.written.csv`));
  },

  start: () => console.log(polars.readCSV(path).height),

  oneshot: () => {
    const counts = polars.scanCSV(path).groupBy(["domicile", "level"]).agg(polars.len().alias("n"))
      .collectSync({ engine: "streaming" }).select("domicile", "level", "n").rows();
    const totals = new Map();
    for (const [domicile, , n] of counts) totals.set(domicile, (totals.get(domicile) || 0) + n);
    console.log(counts.map(([domicile, level, n]) =>
      [domicile ?? "", level, n, (100 * n / totals.get(domicile)).toFixed(2)].join("\t")).join("\n"));
  },
});
