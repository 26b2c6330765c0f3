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

switch(arguments[1],
  version = cat("data.table", format(packageVersion("data.table")), "with R", format(getRversion()), "\n"),
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
