# data.table. What each task prints is said in bench/run.
library(data.table)
setDTthreads(as.integer(Sys.getenv("BENCH_THREADS")))
arguments <- commandArgs(TRUE)
path <- arguments[2]

load <- function(...) fread(path, showProgress = FALSE, na.strings = "", ...)

peak_memory <- function() {
  gsub("[^0-9]", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE))
}

switch(arguments[1],
  version = cat("data.table", format(packageVersion("data.table")), "with R", format(getRversion()), "\n"),
  load = {
    start <- Sys.time()
    t <- load()
    seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
    peak <- peak_memory()
    numbers <- strsplit(arguments[3], ",")[[1]]
    sums <- vapply(numbers, function(name) sum(as.numeric(t[[name]]), na.rm = TRUE), 0)
    texts <- uniqueN(t[[arguments[4]]], na.rm = TRUE)
    cat(sprintf("%.4f", seconds), peak, sprintf("%.17g", c(nrow(t), sums, texts)), "\n")
  },
  start = cat(nrow(load()), "\n"),
  oneshot = {
    t <- load(select = c("level", "domicile"))
    counts <- t[, .(n = .N), by = .(domicile, level)][, share := 100 * n / sum(n), by = domicile]
    counts[is.na(domicile), domicile := ""]
    cat(sprintf("%s\t%s\t%d\t%.2f\n", counts$domicile, counts$level, counts$n, counts$share), sep = "")
  }
)
