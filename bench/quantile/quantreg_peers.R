# R quantreg's solvers, for lib/python.mjs. Data: the folder in $BENCH_DATA.
suppressMessages(library(quantreg))
cat("quantreg", as.character(packageVersion("quantreg")), "\n")
folder <- Sys.getenv("BENCH_DATA")
table <- function(name, columns) {
  path <- file.path(folder, paste0(name, ".f64"))
  values <- matrix(readBin(path, "double", file.size(path) / 8), ncol = columns, byrow = TRUE)
  list(x = cbind(1, values[, -columns]), y = values[, columns])
}
engel <- table("engel", 2)
large <- table("linear", 11)
taus <- list(engel = c(0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95), linear = (1:9) / 10)
solve <- list(
  br = function(tau) rq.fit.br(engel$x, engel$y, tau),
  fn = function(tau) rq.fit.fnb(large$x, large$y, tau),
  pfn = function(tau) rq.fit.pfn(large$x, large$y, tau))
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  words <- strsplit(line, " ")[[1]]
  fit <- solve[[words[1]]]
  levels <- if (words[1] == "br") taus$engel else taus$linear
  if (words[2] == "check") {
    values <- unlist(lapply(levels, function(tau) fit(tau)$coefficients))
    cat("[", paste(sprintf("%.17g", values), collapse = ","), "]\n", sep = "")
  } else {
    took <- system.time(for (i in seq_len(as.integer(words[2]))) for (tau in levels) fit(tau))
    cat(took[["elapsed"]], "\n")
  }
}
