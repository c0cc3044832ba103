# Writes quantreg.json: what R's quantreg answers on Engel, yacht and concrete.
# Usage: Rscript quantreg.R <folder with engel.csv, yacht.txt, concrete.txt> > quantreg.json
suppressMessages({library(quantreg); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
tables <- list(
  engel = as.matrix(read.csv(file.path(folder, "engel.csv"))),
  yacht = as.matrix(read.table(file.path(folder, "yacht.txt"))),
  concrete = as.matrix(read.table(file.path(folder, "concrete.txt"))))
taus <- c(0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
loss <- function(r, tau) sum(r * (tau - (r < 0)))
matrixOf <- function(s) unname(as.matrix(coef(s)))
out <- list(origin = paste("R", getRversion(), "quantreg", packageVersion("quantreg"), "script quantreg.R beside this file"), taus = taus)
for (name in names(tables)) {
  d <- ncol(tables[[name]]) - 1
  y <- tables[[name]][, d + 1]; X <- tables[[name]][, 1:d, drop = FALSE]; colnames(X) <- paste0("x", 1:d)
  w <- 1 + (seq_along(y) %% 3)
  fits <- lapply(taus, function(tau) suppressWarnings(rq(y ~ X, tau = tau, method = "br")))
  se <- function(kind, at) lapply(at, function(tau) suppressWarnings(matrixOf(summary(rq(y ~ X, tau = tau), se = kind))))
  weighted <- suppressWarnings(rq(y ~ X, tau = 0.3, weights = w))
  out[[name]] <- list(
    coefficients = lapply(fits, function(f) unname(coef(f))),
    objective = sapply(seq_along(taus), function(k) loss(residuals(fits[[k]]), taus[k])),
    intercept_only_objective = sapply(taus, function(tau) loss(residuals(suppressWarnings(rq(y ~ 1, tau = tau))), tau)),
    no_intercept = list(tau = 0.4, coefficients = I(unname(coef(suppressWarnings(rq(y ~ X - 1, tau = 0.4)))))),
    weighted = list(tau = 0.3, coefficients = unname(coef(weighted)), objective = loss(residuals(weighted) * w, 0.3),
      nid = suppressWarnings(matrixOf(summary(weighted, se = "nid")))),
    iid = se("iid", c(0.25, 0.5, 0.75)), nid = se("nid", c(0.25, 0.5, 0.75)), kernel = se("ker", c(0.25, 0.5, 0.75)),
    rank_iid = lapply(c(0.25, 0.5, 0.75), function(tau) unname(suppressWarnings(rq.fit.br(cbind(1, X), y, tau, ci = TRUE, alpha = 0.1))$coefficients)),
    rank_nid = lapply(c(0.25, 0.5, 0.75), function(tau) unname(suppressWarnings(rq.fit.br(cbind(1, X), y, tau, ci = TRUE, alpha = 0.1, iid = FALSE))$coefficients)))
}
process <- rq(y ~ x, tau = -1, data = data.frame(x = tables$engel[, 1], y = tables$engel[, 2]))$sol
out$engel_process <- list(tau = unname(process[1, ]), intercept = unname(process[4, ]), slope = unname(process[5, ]))
concrete <- tables$concrete
out$concrete_lasso <- lapply(c(10, 300, 1000), function(lambda) {
  f <- rq.fit.lasso(cbind(1, concrete[, 1:8]), concrete[, 9], tau = 0.5, lambda = c(0, rep(lambda, 8)), eps = 1e-12, beta = 0.9995)
  list(lambda = lambda, coefficients = unname(f$coefficients), objective = loss(residuals(f), 0.5) + lambda / 2 * sum(abs(f$coefficients[-1])))
})
# Numbers anyone can make again: the minimal standard generator, states exact in double precision.
n <- 20000; state <- 1; u <- numeric(16 * n)
for (i in seq_along(u)) { state <- (state * 16807) %% 2147483647; u[i] <- state / 2147483647 }
u <- matrix(u, n, 16, byrow = TRUE)
noise <- rowSums(u[, 5:16]) - 6; X <- u[, 1:4]
y <- 1 + X[, 1] - 2 * X[, 2] + (0.5 + X[, 3]) * noise
out$lehmer <- lapply(c(0.1, 0.5, 0.97), function(tau) {
  f <- rq.fit.fnb(cbind(1, X), y, tau = tau, eps = 1e-13)
  list(tau = tau, coefficients = unname(f$coefficients), objective = loss(f$residuals, tau))
})
cat(toJSON(out, digits = 17, auto_unbox = TRUE), "\n")
