#!/usr/bin/env python3
"""tally's reader against Python's csv module, told the same dialect: random tables in random dialects, written by Python, must come
back cell by cell from both.

    ./spec/differential/against_python.py [how many] [seed]        (10000 and 1; needs python3 and a build in ./build)

Every case goes through spec/support/conformance, which reads everything as text. Exits with 1 after the first differences.
"""
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

PIECES = ["a", "B", "7", " ", "é", "€", "😀", "xyz", "12,5", ";", "\t", "|", ":", '"', "'", "\n", "\r\n", "\\", '""', ",", "#", "-"]


def random_dialect(draw):
    escaped, end = draw.random() < 0.25, draw.choice(["\n", "\r\n", "\r"])
    # With an escape, Python escapes outside quotes, too, which no other program reads; lines that end with CR it does not guard
    # against LF in a cell.
    quoting = csv.QUOTE_ALL if escaped or end == "\r" else draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    return {
        "delimiter": draw.choice([",", ";", "\t", "|", ":", " ", "^"]),
        "quotechar": draw.choice(['"', '"', '"', "'", "~"]),
        "doublequote": not escaped,
        "escapechar": "\\" if escaped else None,
        "lineterminator": end,
        "quoting": quoting,
    }


def random_table(draw):
    columns, rows = draw.randint(1, 8), draw.randint(1, 30)

    def cell():
        return "".join(draw.choice(PIECES) for _ in range(draw.choice([0, 1, 1, 2, 3, 8])))

    return [[cell() for _ in range(columns)] for _ in range(rows)]


def write(path, table, dialect):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, **dialect).writerows(table)


def read(path, dialect):
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.reader(file, strict=True, **{k: v for k, v in dialect.items() if k != "quoting"})]


def request(path, dialect):
    params = {"delimiter": dialect["delimiter"], "quotechar": dialect["quotechar"], "encoding": "utf-8"}
    if dialect["escapechar"]:
        params["escapechar"] = dialect["escapechar"]
    return json.dumps({"file": path, "params": params})


def main():
    count, seed = (int(a) for a in (sys.argv[1:] + ["10000", "1"])[:2]) if len(sys.argv) != 2 else (int(sys.argv[1]), 1)
    draw, wrong = random.Random(seed), 0
    reader = subprocess.Popen(["./spec/support/conformance"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.csv")
        for case in range(count):
            dialect, table = random_dialect(draw), random_table(draw)
            write(path, table, dialect)
            reader.stdin.write(request(path, dialect) + "\n")
            reader.stdin.flush()
            answer, expected = json.loads(reader.stdout.readline()), read(path, dialect)
            if answer.get("rows") != expected:
                wrong += 1
                print(f"case {case}: {dialect}\n  python {expected!r}\n  tally  {answer!r}", file=sys.stderr)
    reader.stdin.close()
    print(f"{count - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


sys.exit(main())
