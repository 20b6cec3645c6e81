"""Fits in decimal arithmetic of 90 digits, with derivatives by differences: slow, and right for any prior."""

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext

import numpy as np

from elo.battles import Floats, Pairs

_DIGITS = 90
_H = Decimal(10) ** -20
_HALF = Decimal("0.5")
Number = Decimal
LogChances = Callable[[Number, Number], tuple[Number, Number, Number]]
"""Log P(won), log P(lost), log P(tied) for a difference d and a tie parameter t."""


def half(d: Number, t: Number) -> tuple[Number, Number, Number]:
    won, lost = -(1 + (-d).exp()).ln(), -(1 + d.exp()).ln()
    return won, lost, (won + lost) / 2


def davidson(d: Number, t: Number) -> tuple[Number, Number, Number]:
    total = ((d / 2).exp() + (-d / 2).exp() + t.exp()).ln()
    return d / 2 - total, -d / 2 - total, t - total


def rao_kupper(d: Number, t: Number) -> tuple[Number, Number, Number]:
    won, lost = -(1 + (t - d).exp()).ln(), -(1 + (t + d).exp()).ln()
    return won, lost, ((2 * t).exp() - 1).ln() + won + lost


MODELS: dict[str, LogChances] = {"half": half, "davidson": davidson, "rao-kupper": rao_kupper}


def exact(pairs: Pairs, model: str, r: Floats, t: float, *, prior: float) -> tuple[Floats, float, Floats]:
    """(ratings (K,), t, sandwich covariance (K, K)), both with mean 0, by Newton's method from r and t."""
    with localcontext() as context:
        context.prec = _DIGITS
        K, P, log_chances = len(r), len(r) + (model != "half"), MODELS[model]
        theta = [*(Decimal(float(x)) for x in r), *([Decimal(t)] * (P - K))]
        c = Decimal(prior)
        for _ in range(40):
            gradient, hessian, squares = _sums(pairs, log_chances, theta, c, K)
            inverse = _inverse(hessian)
            step = [sum((a * g for a, g in zip(row, gradient, strict=True)), Decimal(0)) for row in inverse]
            theta = [x + s for x, s in zip(theta, step, strict=True)]
            if max(map(abs, step)) < Decimal(10) ** -30:
                break
        else:
            raise ArithmeticError("the exact fit has not converged; begin nearer to the maximum")
        covariance = _product(_product(inverse, squares), inverse)
        centre = [[Decimal(i == j) - Decimal(1) / K for j in range(K)] for i in range(K)]
        centred = _product(_product(centre, [row[:K] for row in covariance[:K]]), centre)
        mean = sum(theta[:K], Decimal(0)) / K
        return (
            np.array([float(x - mean) for x in theta[:K]]),
            float(theta[K]) if P > K else 0.0,
            np.array([[float(value) for value in row] for row in centred]),
        )


def _sums(
    pairs: Pairs, log_chances: LogChances, theta: list[Number], c: Number, K: int
) -> tuple[list[Number], list[list[Number]], list[list[Number]]]:
    """The gradient, minus the Hessian, and the sum of squared scores."""
    P = len(theta)
    t = theta[K] if P > K else Decimal(0)
    gradient = [Decimal(0)] * P
    hessian, squares = ([[Decimal(0)] * P for _ in range(P)] for _ in range(2))
    for a, b, *counts in zip(pairs.a, pairs.b, pairs.won, pairs.lost, pairs.tied, strict=True):
        at = [(a, Decimal(1)), (b, Decimal(-1)), *([(K, Decimal(0))] if P > K else [])]
        for outcome, count in enumerate(counts):
            if not count:
                continue
            n = Decimal(float(count))

            def f(x: Number, y: Number, outcome: int = outcome) -> Number:
                return log_chances(x, y)[outcome]

            d = theta[a] - theta[b]
            middle, up, down = f(d, t), f(d + _H, t), f(d - _H, t)
            slope, bend = (up - down) / (2 * _H), -(up - 2 * middle + down) / _H**2
            tie_slope = mixed = tie_bend = Decimal(0)
            if P > K:
                above, below = f(d, t + _H), f(d, t - _H)
                tie_slope, tie_bend = (above - below) / (2 * _H), -(above - 2 * middle + below) / _H**2
                corners = f(d + _H, t + _H) - f(d + _H, t - _H) - f(d - _H, t + _H) + f(d - _H, t - _H)
                mixed = -corners / (4 * _H**2)
            for i, z in at:
                own = slope * z + (tie_slope if i == K and P > K else 0)
                gradient[i] += n * own
                for j, y in at:
                    other = slope * y + (tie_slope if j == K and P > K else 0)
                    squares[i][j] += n * own * other
                    if P > K and K in (i, j):
                        hessian[i][j] += n * (tie_bend if i == j else mixed * (z + y))
                    else:
                        hessian[i][j] += n * bend * z * y
    for m in range(K):
        p = 1 / (1 + (-theta[m]).exp())
        gradient[m] += c * (_HALF - p)
        hessian[m][m] += c * p * (1 - p)
        squares[m][m] += c * (_HALF - p) ** 2
    return gradient, hessian, squares


def _inverse(matrix: Sequence[Sequence[Number]]) -> list[list[Number]]:
    """Gauss and Jordan, with the largest pivot of each column."""
    n = len(matrix)
    rows = [[*row, *(Decimal(i == j) for j in range(n))] for i, row in enumerate(matrix)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        pivot = rows[k][k]
        rows[k] = [value / pivot for value in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows]


def _product(a: Sequence[Sequence[Number]], b: Sequence[Sequence[Number]]) -> list[list[Number]]:
    columns = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, col, strict=True)), Decimal(0)) for col in columns] for row in a]
