"""How far chance alone could have moved the ratings.

intervals      bootstrap, sandwich, inverse Hessian and jackknife: one interval for each model
poisson        the bootstrap's random counts, the same on any number of threads
simultaneous   intervals that cover all models at once
short_records  models with too few points for the usual intervals
voters         whether intervals must allow for voters who cast many votes
"""
