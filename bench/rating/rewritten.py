"""The ways of FastChat's rating module and of the original Chatbot Arena notebook.

They are rewritten with their formulas, libraries and stopping rules, because no package has them any more.
"""

import math
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from bench.rating.runs import SCORES, WINNERS, Run, centred
from elo.battles import Floats, Votes

# FastChat's way: unique (a, b, outcome) rows with their counts, L-BFGS-B on the sum of their losses


def unique_rows(votes: Votes) -> tuple[NDArray[np.int64], Floats, Floats]:
    rows = np.column_stack([votes.a, votes.b, (2 * SCORES[votes.outcome]).astype(np.int32)])
    unique, counts = np.unique(rows, return_counts=True, axis=0)
    return unique[:, :2].astype(np.int64), unique[:, 2] / 2, counts.astype(np.float64)


def lbfgs(pairs: NDArray[np.int64], scores: Floats, counts: Floats, n_models: int, *, gtol: float = 1e-6) -> Floats:
    alpha = math.log(10) / 400

    def loss(ratings: Floats) -> tuple[float, Any]:
        p = expit(alpha * (ratings[pairs[:, 0]] - ratings[pairs[:, 1]]))
        value = -((np.log(p) * scores + np.log1p(-p) * (1 - scores)) * counts).sum()
        slopes = -alpha * counts * (scores - p)
        gradient = np.bincount(pairs[:, 0], slopes, n_models) - np.bincount(pairs[:, 1], slopes, n_models)
        return float(value), gradient

    options = {"maxiter": 100_000 if gtol < 1e-6 else 100, "gtol": gtol, **({"ftol": 1e-16} if gtol < 1e-6 else {})}
    found = minimize(loss, np.zeros(n_models), jac=True, method="L-BFGS-B", options=options)
    return centred(alpha * found.x)


def fastchat_fit(votes: Votes, _: int) -> Run:
    return lambda: lbfgs(*unique_rows(votes), len(votes.models))


def fastchat_bootstrap(votes: Votes, n_rounds: int) -> Run:
    def run() -> Floats:
        pairs, scores, counts = unique_rows(votes)
        drawn = np.random.default_rng(0).multinomial(len(votes), counts / len(votes), size=n_rounds)
        return np.array([lbfgs(pairs, scores, row.astype(np.float64), len(votes.models)) for row in drawn])

    return run


# The notebook's loops: pandas pivots and a logistic regression; a Python loop over the rows of a frame


def named_frame(votes: Votes) -> Any:
    pd: Any = import_module("pandas")
    names = np.array(votes.models, dtype=object)
    return pd.DataFrame({"model_a": names[votes.a], "model_b": names[votes.b], "winner": WINNERS[votes.outcome]})


def logistic(frame: Any, *, tol: float = 1e-6) -> Floats:
    pd: Any = import_module("pandas")
    linear_model: Any = import_module("sklearn.linear_model")

    def pivot(rows: Any) -> Any:
        return pd.pivot_table(rows, index="model_a", columns="model_b", aggfunc="size", fill_value=0)

    models = sorted(set(frame["model_a"]) | set(frame["model_b"]))
    won_a, won_b = pivot(frame[frame["winner"] == "model_a"]), pivot(frame[frame["winner"] == "model_b"])
    tied = pivot(frame[frame["winner"].isin(["tie", "both_bad"])])
    a, b, ties = (table.reindex(index=models, columns=models, fill_value=0) for table in (won_a, won_b, tied))
    wins = a * 2 + b.T * 2 + ties + ties.T
    place = {model: i for i, model in enumerate(models)}
    X = np.zeros((2 * len(models) * (len(models) - 1), len(models)))
    y, weights, row = np.zeros(len(X)), [], 0
    for model_a in models:
        for model_b in models:
            if model_a == model_b:
                continue
            for score, count in ((1.0, wins.loc[model_a, model_b]), (0.0, wins.loc[model_b, model_a])):
                X[row, place[model_a]], X[row, place[model_b]] = math.log(10), -math.log(10)
                y[row] = score
                weights.append(count)
                row += 1
    max_iter = 100 if tol == 1e-6 else 100_000
    regression = linear_model.LogisticRegression(fit_intercept=False, C=math.inf, tol=tol, max_iter=max_iter)
    regression.fit(X, y, sample_weight=np.array(weights))
    return centred(regression.coef_[0] * math.log(10))


def notebook_fit(votes: Votes, _: int) -> Run:
    frame = named_frame(votes)
    return lambda: logistic(frame)


def notebook_bootstrap(votes: Votes, n_rounds: int) -> Run:
    frame = named_frame(votes)
    return lambda: np.array([logistic(frame.sample(frac=1.0, replace=True, random_state=i)) for i in range(n_rounds)])


def notebook_online(votes: Votes, _: int) -> Run:
    frame = named_frame(votes)

    def run() -> Floats:
        ratings: dict[str, float] = dict.fromkeys(votes.models, 1000.0)
        for _, model_a, model_b, winner in frame[["model_a", "model_b", "winner"]].itertuples():
            ra, rb = ratings[model_a], ratings[model_b]
            ea = 1 / (1 + 10 ** ((rb - ra) / 400))
            eb = 1 / (1 + 10 ** ((ra - rb) / 400))
            sa = 1.0 if winner == "model_a" else 0.0 if winner == "model_b" else 0.5
            ratings[model_a] += 32 * (sa - ea)
            ratings[model_b] += 32 * (1 - sa - eb)
        return np.array([ratings[model] for model in votes.models])

    return run
