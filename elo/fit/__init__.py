"""Fits: the likeliest ratings for given votes.

bradley_terry  the fit, by Newton's method on counts
ties           Davidson's and Rao and Kupper's models, in which a tie is a third outcome
contextual     the fit with covariates of the answers, over rows (`battle_rows`, `row_likelihood`)
covariates     the differences between two answers; `coefficient` is the estimate of one
clusters       votes that depend on each other, and the jackknife over them
weights        the weight of each vote
gauge          how the scale is fixed
pointwise      how many standard errors an interval of one model reaches
linear         sums over the pairs of each model, and Cholesky, without SciPy
"""
