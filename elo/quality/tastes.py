"""How far honest groups of votes differ in their liking of models, estimated robustly.

A group is the votes of one voter, or of one day. For group u and each of the K_u models it met, S are the points won by
the model beyond those expected, I = sum p (1 - p), and V the error variance of its rating. If likings are normal around
0 with standard deviation tau, S has the variance I + I^2 (tau^2 + V), and

    Q_u(tau) = (K_u - 1) / K_u  sum over models of  S^2 / (I + I^2 (tau^2 + V))

is about chi-squared with K_u - 1 degrees of freedom (the S of a group sum to 0). The estimate is the tau at which the
median over groups of the chi-squared probability of Q_u is a half. It is a median, so that groups that push a model do
not pass for a liking unless they are many.
"""

import numpy as np
from scipy.special import gammainc

from elo.battles import Floats, Index

_GRID = np.linspace(0, 3, 121)


def taste(S: Floats, information: Floats, V: Floats, group: Index) -> float:
    """In log-odds, from 0 to 3; 0 if no group met two models. S, I, V and the number of the group: (cells,) each."""
    models = np.bincount(group, minlength=1)
    is_used = models > 1
    if not is_used.any():
        return 0.0
    freedom = (models - 1)[is_used]

    def median(tau: float) -> float:
        Q = np.bincount(group, S**2 / (information + information**2 * (tau**2 + V)), len(models))[is_used]
        return float(np.median(gammainc(freedom / 2, Q * freedom / (freedom + 1) / 2)))

    low, high = 0, len(_GRID) - 1  # the median falls as tau grows
    while low < high:
        middle = (low + high) // 2
        if median(float(_GRID[middle])) <= 0.5:
            high = middle
        else:
            low = middle + 1
    return float(_GRID[low])
