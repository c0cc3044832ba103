# Writes censored-kernel.json: quantreg's crq (Powell, Portnoy) and kernlab's kqr on small seeded samples.
# Usage: Rscript censored-kernel.R > censored-kernel.json
suppressMessages({library(quantreg); library(survival); library(kernlab); library(jsonlite)})
out <- list(origin = paste("R", getRversion(), "quantreg", packageVersion("quantreg"), "kernlab", packageVersion("kernlab"), "script censored-kernel.R beside this file"))

set.seed(7); n <- 100
x <- round(runif(n), 3); event <- round(1 + 2 * x + (.5 + x) * rnorm(n), 4); limit <- round(2.2 + 1.5 * x + rnorm(n), 4)
y <- pmin(event, limit); observed <- as.integer(event <= limit)
portnoy <- crq(Surv(y, observed) ~ x, method = "Portnoy", grid = "pivot")$sol
out$random <- list(x = x, y = y, observed = observed, portnoy_pivots = list(tau = portnoy[1, ], intercept = portnoy[2, ], slope = portnoy[3, ]))

set.seed(3); n <- 150
x <- round(cbind(rnorm(n), runif(n)), 3); y <- pmax(round(.5 + x[, 1] - x[, 2] + rnorm(n), 4), 0)
loss <- function(b, tau) { r <- y - pmax(0, cbind(1, x) %*% b); sum(r * (tau - (r < 0))) }
out$fixed <- list(x = x, y = y, fits = lapply(c(.3, .5, .7), function(tau) {
  local <- as.numeric(suppressWarnings(coef(crq(Curv(y, rep(0, n), ctype = "left") ~ x, taus = tau, method = "Powell"))))
  global <- as.numeric(quantreg:::crq.fit.pow(cbind(1, x), y, rep(0, n), tau, start = "global")$coefficients)
  list(tau = tau, local_objective = loss(local, tau), global_coefficients = global, global_objective = loss(global, tau))
}))

set.seed(5); n <- 60
x <- round(runif(n, -2, 2), 3); y <- round(sin(2 * x) + (.2 + .2 * abs(x)) * rnorm(n), 4); at <- seq(-2, 2, by = .5)
fit <- kqr(as.matrix(x), y, tau = .7, C = 3, kernel = "rbfdot", kpar = list(sigma = 1.5), scaled = FALSE)
out$kernel <- list(x = x, y = y, tau = .7, cost = 3, gamma = 1.5, at = at, prediction = as.numeric(predict(fit, as.matrix(at))))
cat(toJSON(out, digits = 12, auto_unbox = TRUE), "\n")
