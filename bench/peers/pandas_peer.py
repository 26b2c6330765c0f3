# pandas (it uses one thread). What each task prints is said in bench/run.
import os
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


# Asks each question several times, and prints a line of it: its name, the least time, the peak memory, and what shows that the
# answer is right.
def ask(questions, check):
    for name, question in questions.items():
        best = float("inf")
        for _ in range(int(os.environ.get("BENCH_ASKED", "3"))):
            answer = None
            start = time.perf_counter()
            answer = question()
            best = min(best, time.perf_counter() - start)
        shown = " ".join("%.17g" % value for value in check(answer, name))
        print("%s\t%.4f\t%s\t%s" % (name, best, peak_memory(), shown), flush=True)


def digits(keys):
    return pandas.to_numeric(keys.str[2:]) if keys.dtype == object else keys.astype(float)


GROUP_VALUES = {"gb1": ["v1"], "gb2": ["v1"], "gb3": ["v1", "v3"], "gb4": ["v1", "v2", "v3"], "gb5": ["v1", "v2", "v3"],
                "gb6": ["m", "s"], "gb7": ["r"], "gb8": ["v3"], "gb9": ["r2"], "gb10": ["v3", "n"]}
GROUP_KEYS = {"gb1": "id1", "gb2": "id2", "gb3": "id3", "gb4": "id4", "gb5": "id6", "gb6": "id5", "gb7": "id3", "gb8": "id6",
              "gb9": "id4", "gb10": "id6"}


def check_groups(t, name):
    values = GROUP_VALUES[name]
    return [len(t), *(t[value].sum() for value in values), (t[values[0]] * digits(t[GROUP_KEYS[name]])).sum()]


def check_order(t, name):
    keys = digits(t[name.replace("sort ", "")])
    return [len(t), *(keys.iloc[len(t) * quarter // 4] for quarter in (1, 2, 3)), t.v3.sum()]


def check_join(t, _):
    return [len(t), t.v1.sum(), t.v2.sum(), (t.v1 * t.v2).sum()]


def groupby():
    t = pandas.read_csv(path)

    def by(*keys):
        return t.groupby(list(keys), as_index=False, sort=False, dropna=False)

    def correlation(group):
        return pandas.Series({"r2": group.v1.corr(group.v2) ** 2})

    ask({
        "gb1": lambda: by("id1").agg({"v1": "sum"}),
        "gb2": lambda: by("id1", "id2").agg({"v1": "sum"}),
        "gb3": lambda: by("id3").agg({"v1": "sum", "v3": "mean"}),
        "gb4": lambda: by("id4").agg({"v1": "mean", "v2": "mean", "v3": "mean"}),
        "gb5": lambda: by("id6").agg({"v1": "sum", "v2": "sum", "v3": "sum"}),
        "gb6": lambda: by("id4", "id5").agg(m=("v3", "median"), s=("v3", "std")),
        "gb7": lambda: by("id3").agg({"v1": "max", "v2": "min"}).assign(r=lambda groups: groups.v1 - groups.v2),
        "gb8": lambda: t.loc[t.v3.notna(), ["id6", "v3"]].sort_values("v3", ascending=False)
            .groupby("id6", sort=False, dropna=False).head(2),
        "gb9": lambda: by("id2", "id4")[["v1", "v2"]].apply(correlation),
        "gb10": lambda: by("id1", "id2", "id3", "id4", "id5", "id6").agg(v3=("v3", "sum"), n=("v3", "size")),
    }, check_groups)


def sort():
    t = pandas.read_csv(path)
    ask({"sort " + key: lambda key=key: t.sort_values(key, ignore_index=True) for key in ("id6", "id3")}, check_order)


def join():
    left = pandas.read_csv(path)
    small, medium, big = (pandas.read_csv(path[:-4] + "_" + size + ".csv") for size in ("small", "medium", "big"))
    ask({
        "join1": lambda: left.merge(small, on="id1"),
        "join2": lambda: left.merge(medium, on="id2"),
        "join3": lambda: left.merge(medium, on="id2", how="left"),
        "join4": lambda: left.merge(medium, on="id5"),
        "join5": lambda: left.merge(big, on="id3"),
    }, check_join)


tasks = [version, load, write, start, groupby, sort, join, oneshot]
{function.__name__: function for function in tasks}[task]()
