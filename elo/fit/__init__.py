"""Counts or votes  ->  the likeliest ratings.

bradley_terry  the fit, by Newton's method on counts
ties           Davidson's and Rao and Kupper's models, in which a tie is a third outcome
contextual     the fit with covariates of the answers, on rows (`battle_rows`)
covariates     what differs between two answers, scaled; `coefficient` is what it was worth
clusters       votes that depend on each other, and the jackknife over them
weights        votes that weigh more or less
gauge          where the scale is fixed
pointwise      how many standard errors an interval of one model reaches
"""
