// Polars; POLARS_MAX_THREADS says how many threads. What each task prints is said in bench/run.
const { path, numbers, text, now, peakMemory, run, ask, form, joins, tables, pathOf } = require("./common.js");
const polars = require("nodejs-polars");

const { col } = polars;

const report = (seconds, peak, t) => {
  const sums = t.select(...numbers.map((name) => col(name).cast(polars.Float64).sum())).row(0);
  const texts = t.getColumn(text).dropNulls().nUnique();
  console.log(seconds.toFixed(4), peak, t.height, ...sums, texts);
};

// Text as categories, and whole numbers of 32 bits, where a form is asked for; in the one called "streaming", that engine answers.
const loadTyped = (from, whole, texts) => {
  if (!form) return polars.readCSV(from).rechunk();
  const dtypes = Object.fromEntries(whole.map((name) => [name, polars.Int32]));
  const categories = texts.map((name) => col(name).cast(polars.Categorical));
  return polars.readCSV(from, { dtypes }).withColumns(...categories).rechunk();
};
const loadGroups = () => loadTyped(path, ["id4", "id5", "id6", "v1", "v2"], ["id1", "id2", "id3"]);

const loadJoined = (table) => {
  const among = (names) => names.filter((name) => tables[table].includes(name));
  return loadTyped(pathOf(table), among(["id1", "id2", "id3"]), among(["id4", "id5", "id6"]));
};

const digits = (key) => (["id1", "id2", "id3"].includes(key) ? col(key).cast(polars.Utf8).str.slice(2) : col(key)).cast(polars.Float64);
const engine = form === "streaming" ? "streaming" : "in-memory";

// Rows, the sum of each value, and of the first value times the last key.
const checkGroups = (t, { values, key }) => {
  const products = t.withColumns(digits(key).alias("digits"), ...values.map((name) => col(name).cast(polars.Float64).fillNan(null)))
    .select(...values.map((name) => col(name).sum()), col(values[0]).mul(col("digits")).sum().alias("products")).row(0);
  return [t.height, ...products];
};

const checkOrder = (t, { key }) => {
  const keys = t.select(digits(key).alias("digits")).getColumn("digits");
  return [t.height, ...[1, 2, 3].map((quarter) => keys.get(Math.floor(t.height * quarter / 4))), t.select(col("v3").sum()).row(0)[0]];
};

const groupQuestions = (t) => {
  const by = (...names) => t.lazy().groupBy(names);
  const of = (asked, values, key) => ({ ask: () => asked().collectSync({ engine }), values, key });
  const sum = (name) => col(name).sum(), mean = (name) => col(name).mean();
  return {
    gb1: of(() => by("id1").agg(sum("v1")), ["v1"], "id1"),
    gb2: of(() => by("id1", "id2").agg(sum("v1")), ["v1"], "id2"),
    gb3: of(() => by("id3").agg(sum("v1"), mean("v3")), ["v1", "v3"], "id3"),
    gb4: of(() => by("id4").agg(mean("v1"), mean("v2"), mean("v3")), ["v1", "v2", "v3"], "id4"),
    gb5: of(() => by("id6").agg(sum("v1"), sum("v2"), sum("v3")), ["v1", "v2", "v3"], "id6"),
    gb6: of(() => by("id4", "id5").agg(col("v3").median().alias("m"), col("v3").std().alias("s")), ["m", "s"], "id5"),
    gb7: of(() => by("id3").agg(col("v1").max().minus(col("v2").min()).alias("r")), ["r"], "id3"),
    gb8: of(() => t.lazy().select("id6", "v3").dropNulls("v3").groupBy("id6").agg(col("v3").sort({ descending: true }).head(2)).explode("v3"),
      ["v3"], "id6"),
    gb9: of(() => by("id2", "id4").agg(polars.pearsonCorr(col("v1").cast(polars.Float64), col("v2").cast(polars.Float64)).pow(2).alias("r2")),
      ["r2"], "id4"),
    gb10: of(() => by("id1", "id2", "id3", "id4", "id5", "id6").agg(sum("v3"), polars.len().alias("n")), ["v3", "n"], "id6"),
  };
};

run({
  groupby: () => ask(groupQuestions(loadGroups()), checkGroups),

  sort: () => {
    const t = loadGroups();
    const by = (key) => ({ ask: () => t.lazy().sort(key).collectSync({ engine }), key });
    return ask({ "sort id6": by("id6"), "sort id3": by("id3") }, checkOrder);
  },

  join: () => {
    const loaded = {}, questions = {};
    for (const table of Object.keys(tables)) loaded[table] = loadJoined(table);
    for (const [name, [other, how, on]] of Object.entries(joins))
      questions[name] = { ask: () => loaded.t.lazy().join(loaded[other].lazy(), { on, how }).collectSync({ engine }) };
    const sums = [col("v1").sum(), col("v2").sum(), col("v1").mul(col("v2")).sum().alias("products")];
    return ask(questions, (t) => [t.height, ...t.select(...sums).row(0)]);
  },

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
