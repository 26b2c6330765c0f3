# data.table. What each task prints is said in bench/run.
library(data.table)
setDTthreads(as.integer(Sys.getenv("BENCH_THREADS")))
arguments <- commandArgs(TRUE)
path <- arguments[2]

load <- function(from = path, ...) fread(from, showProgress = FALSE, na.strings = "", ...)

peak_memory <- function() {
  gsub("[^0-9]", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE))
}

seconds_since <- function(start) as.numeric(difftime(Sys.time(), start, units = "secs"))

report <- function(seconds, peak, t) {
  numbers <- strsplit(arguments[3], ",")[[1]]
  sums <- vapply(numbers, function(name) sum(as.numeric(t[[name]]), na.rm = TRUE), 0)
  texts <- uniqueN(t[[arguments[4]]], na.rm = TRUE)
  cat(sprintf("%.4f", seconds), peak, sprintf("%.17g", c(nrow(t), sums, texts)), "\n")
}

# Text is held as factors. With BENCH_FORM=collapse the package of that name does the work.
form <- Sys.getenv("BENCH_FORM")
if (form == "collapse") {
  library(collapse)
  set_collapse(nthreads = as.integer(Sys.getenv("BENCH_THREADS")))
}

digits <- function(x) if (is.factor(x)) as.numeric(substring(levels(x), 3))[as.integer(x)] else as.numeric(x)
total <- function(x) sum(as.numeric(x), na.rm = TRUE)

# Each question several times; a line of it: its name, the least time, the peak memory, and what shows that the answer is right.
ask <- function(questions, check) {
  for (name in names(questions)) {
    best <- Inf
    for (i in seq_len(as.integer(Sys.getenv("BENCH_ASKED", "3")))) {
      answer <- NULL
      invisible(gc())
      start <- Sys.time()
      answer <- questions[[name]]()
      best <- min(best, seconds_since(start))
    }
    cat(name, sprintf("%.4f", best), peak_memory(), paste(sprintf("%.17g", check(answer, name)), collapse = " "), sep = "\t")
    cat("\n")
  }
}

values_of <- list(gb1 = "v1", gb2 = "v1", gb3 = c("v1", "v3"), gb4 = c("v1", "v2", "v3"), gb5 = c("v1", "v2", "v3"), gb6 = c("m", "s"),
                  gb7 = "r", gb8 = "v3", gb9 = "r2", gb10 = c("v3", "n"))
key_of <- list(gb1 = "id1", gb2 = "id2", gb3 = "id3", gb4 = "id4", gb5 = "id6", gb6 = "id5", gb7 = "id3", gb8 = "id6", gb9 = "id4",
               gb10 = "id6")

check_groups <- function(t, name) {
  values <- values_of[[name]]
  c(nrow(t), vapply(values, function(v) total(t[[v]]), 0), total(as.numeric(t[[values[1]]]) * digits(t[[key_of[[name]]]])))
}

check_order <- function(t, name) {
  keys <- digits(t[[sub("sort ", "", name)]])
  c(nrow(t), keys[(nrow(t) * 1:3) %/% 4 + 1], total(t$v3))
}

groups_by_datatable <- function(x) list(
  gb1 = function() x[, .(v1 = sum(v1, na.rm = TRUE)), by = id1],
  gb2 = function() x[, .(v1 = sum(v1, na.rm = TRUE)), by = .(id1, id2)],
  gb3 = function() x[, .(v1 = sum(v1, na.rm = TRUE), v3 = mean(v3, na.rm = TRUE)), by = id3],
  gb4 = function() x[, lapply(.SD, mean, na.rm = TRUE), by = id4, .SDcols = v1:v3],
  gb5 = function() x[, lapply(.SD, sum, na.rm = TRUE), by = id6, .SDcols = v1:v3],
  gb6 = function() x[, .(m = median(v3, na.rm = TRUE), s = sd(v3, na.rm = TRUE)), by = .(id4, id5)],
  gb7 = function() x[, .(r = max(v1, na.rm = TRUE) - min(v2, na.rm = TRUE)), by = id3],
  gb8 = function() x[order(-v3, na.last = NA), .(v3 = head(v3, 2L)), by = id6],
  gb9 = function() x[, .(r2 = cor(v1, v2, use = "na.or.complete")^2), by = .(id2, id4)],
  gb10 = function() x[, .(v3 = sum(v3, na.rm = TRUE), n = .N), by = id1:id6])

groups_by_collapse <- function(x) list(
  gb1 = function() collap(x, v1 ~ id1, fsum, sort = FALSE),
  gb2 = function() collap(x, v1 ~ id1 + id2, fsum, sort = FALSE),
  gb3 = function() collap(x, ~ id3, custom = list(fsum = "v1", fmean = "v3"), sort = FALSE),
  gb4 = function() fmean(fgroup_by(x, id4, sort = FALSE)[c("id4", "v1", "v2", "v3")]),
  gb5 = function() fsum(fgroup_by(x, id6, sort = FALSE)[c("id6", "v1", "v2", "v3")]),
  gb6 = function() {
    g <- GRP(x, c("id4", "id5"), sort = FALSE)
    cbind(g$groups, m = fmedian(x$v3, g, use.g.names = FALSE), s = fsd(x$v3, g, use.g.names = FALSE))
  },
  gb7 = function() {
    g <- GRP(x, "id3", sort = FALSE)
    cbind(g$groups, r = fmax(x$v1, g, use.g.names = FALSE) - fmin(x$v2, g, use.g.names = FALSE))
  })

load_joined <- function(size) load(sub("\\.csv$", paste0("_", size, ".csv"), path), stringsAsFactors = TRUE)

joins <- function(x, small, medium, big) list(
  join1 = function() x[small, on = "id1", nomatch = NULL],
  join2 = function() x[medium, on = "id2", nomatch = NULL],
  join3 = function() medium[x, on = "id2"],
  join4 = function() x[medium, on = "id5", nomatch = NULL],
  join5 = function() x[big, on = "id3", nomatch = NULL])

check_join <- function(t, name) c(nrow(t), total(t$v1), total(t$v2), total(t$v1 * t$v2))

switch(arguments[1],
  version = if (form == "collapse") cat("collapse", format(packageVersion("collapse")), "\n") else
    cat("data.table", format(packageVersion("data.table")), "with R", format(getRversion()), "\n"),
  groupby = {
    t <- load(stringsAsFactors = TRUE, data.table = form != "collapse")
    ask(if (form == "collapse") groups_by_collapse(t) else groups_by_datatable(t), check_groups)
  },
  sort = {
    t <- load(stringsAsFactors = TRUE, data.table = form != "collapse")
    ask(if (form == "collapse") list(`sort id6` = function() roworder(t, id6), `sort id3` = function() roworder(t, id3)) else
      list(`sort id6` = function() t[order(id6)], `sort id3` = function() t[order(id3)]), check_order)
  },
  join = ask(joins(load(stringsAsFactors = TRUE), load_joined("small"), load_joined("medium"), load_joined("big")), check_join),
  load = {
    start <- Sys.time()
    t <- load()
    report(seconds_since(start), peak_memory(), t)
  },
  write = {
    t <- load()
    written <- paste0(path, ".written.csv")
    start <- Sys.time()
    fwrite(t, written, showProgress = FALSE)
    seconds <- seconds_since(start)
    peak <- peak_memory()
    report(seconds, peak, load(written))
  },
  start = cat(nrow(load()), "\n"),
  oneshot = {
    t <- load(select = c("level", "domicile"))
    counts <- t[, .(n = .N), by = .(domicile, level)][, share := 100 * n / sum(n), by = domicile]
    counts[is.na(domicile), domicile := ""]
    cat(sprintf("%s\t%s\t%d\t%.2f\n", counts$domicile, counts$level, counts$n, counts$share), sep = "")
  }
)
