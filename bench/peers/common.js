// What the peers that run in node share.
const fs = require("fs");

const [task, path, numbers, text] = process.argv.slice(2);

exports.path = path;
exports.numbers = (numbers || "").split(",");
exports.text = text;
exports.now = () => Number(process.hrtime.bigint()) / 1e9;
exports.peakMemory = () => /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];

exports.form = process.env.BENCH_FORM || ""; // in which the peer holds the table: "" as it finds it

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
