// What the peers that run in node share.
const fs = require("fs");

const [task, path, numbers, text] = process.argv.slice(2);

exports.path = path;
exports.numbers = (numbers || "").split(",");
exports.text = text;
exports.now = () => Number(process.hrtime.bigint()) / 1e9;
exports.peakMemory = () => /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];

exports.form = process.env.BENCH_FORM || ""; // in which the peer holds the table: "" as it finds it

// The tables of the joins, the left one first, and their columns; the others stand beside it under the names of their sizes.
exports.tables = {
  t: ["id1", "id2", "id3", "id4", "id5", "id6", "v1"],
  small: ["id1", "id4", "v2"],
  medium: ["id1", "id2", "id4", "id5", "v2"],
  big: ["id1", "id2", "id3", "id4", "id5", "id6", "v2"],
};
exports.pathOf = (table) => (table === "t" ? path : path.replace(/\.csv$/, `_${table}.csv`));

// To which of them the left one is joined, how, and by which key.
exports.joins = {
  join1: ["small", "inner", "id1"],
  join2: ["medium", "inner", "id2"],
  join3: ["medium", "left", "id2"],
  join4: ["medium", "inner", "id5"],
  join5: ["big", "inner", "id3"],
};

// Asks each question several times, and prints a line of it: its name, the least time, the peak memory, and what shows that the
// answer is right.
exports.ask = async (questions, check) => {
  for (const [name, question] of Object.entries(questions)) {
    let best = Infinity, answer = null;
    for (let i = 0; i < Number(process.env.BENCH_ASKED || 3); i++) {
      answer = null;
      if (global.gc) global.gc();
      const start = exports.now();
      answer = await question.ask(); // or the time it took by itself
      best = Math.min(best, typeof answer === "number" ? answer : exports.now() - start);
    }
    console.log([name, best.toFixed(4), exports.peakMemory(), (await check(answer, question)).join(" ")].join("\t"));
  }
};

exports.run = async (tasks) => {
  await tasks[task]();
  process.exit(0);
};
