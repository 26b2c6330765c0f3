# pandas (it uses one thread). What each task prints is said in bench/run.
import re
import sys
import time

import pandas

task, path, numbers, text = (sys.argv[1:] + [""] * 3)[:4]


def peak_memory():
    with open("/proc/self/status") as status:
        return re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)


def version():
    print("pandas", pandas.__version__, "with Python", sys.version.split()[0])


def report(seconds, peak, t):
    sums = [float(t[name].sum()) for name in numbers.split(",")]
    print("%.4f" % seconds, peak, len(t), *sums, t[text].nunique())


def load():
    start = time.perf_counter()
    t = pandas.read_csv(path)
    report(time.perf_counter() - start, peak_memory(), t)


def write():
    t = pandas.read_csv(path)
    start = time.perf_counter()
    t.to_csv(path + ".written.csv", index=False)
    seconds = time.perf_counter() - start
    report(seconds, peak_memory(), pandas.read_csv(path + ".written.csv"))


def start():
    print(len(pandas.read_csv(path)))


def oneshot():
    t = pandas.read_csv(path, usecols=["level", "domicile"], dtype="category", keep_default_na=False)
    counts = t.groupby(["domicile", "level"], observed=True).size()
    shares = 100 * counts / counts.groupby(level=0, observed=True).transform("sum")
    for (domicile, level), n in counts.items():
        print("%s\t%s\t%d\t%.2f" % (domicile, level, n, shares[domicile, level]))


{"version": version, "load": load, "write": write, "start": start, "oneshot": oneshot}[task]()
