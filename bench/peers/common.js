// What the peers that run in node share.
const fs = require("fs");

const [task, path, numbers, text] = process.argv.slice(2);

exports.path = path;
exports.numbers = (numbers || "").split(",");
exports.text = text;
exports.now = () => Number(process.hrtime.bigint()) / 1e9;
exports.peakMemory = () => /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1];

exports.run = async (tasks) => {
  await tasks[task]();
  process.exit(0);
};
