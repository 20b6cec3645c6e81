"""The compared engines and tasks: `prepare` returns the call to time.

Before the clock starts, each engine gets the votes in its favourite form: `evalica` with names, as its documentation
shows, and `evalica-numbers` with the same index arrays as ours. Tasks:

    fit        votes -> Bradley-Terry ratings without a prior (the only task that all engines share)
    bootstrap  votes -> ratings of many resamples
    online     votes -> online Elo, K = 32, in their order

`fastchat` and `notebook` are the ways of FastChat's rating module and of the original Chatbot Arena notebook, rewritten
with their formulas, libraries and stopping rules, because no package has them any more.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from db.outcome import Outcome
from elo.battles import Cells, Floats, Votes
from elo.chance.intervals import intervals
from elo.fit import bradley_terry
from elo.online import replay
from elo.settings import Settings

ENGINES = ("ours", "choix", "arena-rank", "evalica", "evalica-numbers", "fastchat", "notebook")
PEER_PACKAGES = ("numpy", "scipy", "arena-rank", "evalica", "choix", "scikit-learn", "pandas", "jax")
SCORES = np.array([outcome.score for outcome in Outcome])
WINNERS = np.array(["model_a", "model_b", "tie", "both_bad"], dtype=object)

Run = Callable[[], Floats]
"""(K,) in log-odds with mean 0 for `fit`, on the Elo scale for `online`; anything for `bootstrap`."""


def prepare(task: str, engine: str, votes: Votes, n_rounds: int) -> Run | None:
    """The call to time; None if the engine does not have the task. `n_rounds` are those of the bootstrap."""
    maker = _MAKERS.get((task, engine))
    return None if maker is None else maker(votes, n_rounds)


def centred(values: Any) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    with_mean_0: Floats = values - values.mean()
    return with_mean_0


# Ours


def _fit(votes: Votes, _: int) -> Run:
    return lambda: bradley_terry.fit(Cells.from_votes(votes).pairs(), prior=0.0).ratings


def _bootstrap(votes: Votes, n_rounds: int) -> Run:
    settings = Settings(bootstrap=n_rounds)

    def run() -> Floats:
        pairs = Cells.from_votes(votes).pairs()
        found = intervals(pairs, bradley_terry.fit(pairs, prior=settings.prior), settings)
        assert found is not None
        return found.low

    return run


def _online(votes: Votes, _: int) -> Run:
    settings = Settings(method="elo")

    def run() -> Floats:
        states = replay(votes, settings)
        return np.array([states[model].rating for model in votes.models])

    return run


# choix


def _choix_fit(votes: Votes, _: int) -> Run:
    """Its fastest way: from a matrix of wins. Counting them is part of the time."""
    choix: Any = import_module("choix")
    K = len(votes.models)

    def run() -> Floats:
        score = SCORES[votes.outcome]
        first, second = votes.a.astype(np.int64), votes.b.astype(np.int64)
        wins = np.bincount(first * K + second, score, K * K) + np.bincount(second * K + first, 1 - score, K * K)
        return centred(choix.ilsr_pairwise_dense(wins.reshape(K, K)))

    return run


# arena-rank


def _arena_rank_fit(votes: Votes, _: int) -> Run:
    frame = numbered_frame(votes)
    return lambda: arena_rank_ratings(frame)


def numbered_frame(votes: Votes) -> Any:
    pd: Any = import_module("pandas")
    return pd.DataFrame({"model_a": votes.a, "model_b": votes.b, "winner": WINNERS[votes.outcome]})


def arena_rank_ratings(frame: Any, **options: float) -> Floats:
    bradley_terry: Any = import_module("arena_rank.models.bradley_terry")
    data_utils: Any = import_module("arena_rank.utils.data_utils")
    dataset = data_utils.PairDataset.from_pandas(frame)
    model = bradley_terry.BradleyTerry(len(dataset.competitors), **options)
    return centred(model.fit(dataset).params["ratings"])


# evalica


@dataclass(frozen=True, slots=True, eq=False)
class EvalicaVotes:
    """Sides, winners and the index of models in evalica's form: names, as its documentation shows, or numbers."""

    a: Any
    b: Any
    winners: Any
    index: Any

    @classmethod
    def of(cls, votes: Votes, *, has_names: bool) -> "EvalicaVotes":
        evalica: Any = import_module("evalica")
        pd: Any = import_module("pandas")
        spelled = np.array([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.Draw], dtype=object)
        winners = spelled[votes.outcome].tolist()
        if not has_names:
            return cls(votes.a, votes.b, winners, pd.RangeIndex(len(votes.models)))
        names = np.array(votes.models, dtype=object)
        return cls(names[votes.a].tolist(), names[votes.b].tolist(), winners, None)

    def fit(self, **options: float) -> Floats:
        evalica: Any = import_module("evalica")
        found = evalica.bradley_terry(self.a, self.b, self.winners, index=self.index, **options)
        return centred(np.log(found.scores.sort_index()))

    def online(self) -> Floats:
        evalica: Any = import_module("evalica")
        scores: Floats = (
            evalica.elo(self.a, self.b, self.winners, index=self.index, k=32.0).scores.sort_index().to_numpy()
        )
        return scores


def _evalica_fit(votes: Votes, _: int) -> Run:
    return EvalicaVotes.of(votes, has_names=True).fit


def _evalica_fit_of_numbers(votes: Votes, _: int) -> Run:
    return EvalicaVotes.of(votes, has_names=False).fit


def _evalica_online(votes: Votes, _: int) -> Run:
    return EvalicaVotes.of(votes, has_names=True).online


def _evalica_online_of_numbers(votes: Votes, _: int) -> Run:
    return EvalicaVotes.of(votes, has_names=False).online


def _evalica_bootstrap(votes: Votes, n_rounds: int) -> Run:
    given = EvalicaVotes.of(votes, has_names=False)
    winners, rng = np.array(given.winners, dtype=object), np.random.default_rng(0)

    def run() -> Floats:
        rounds = []
        for _ in range(n_rounds):
            drawn = rng.integers(0, len(votes), len(votes))
            resample = EvalicaVotes(votes.a[drawn], votes.b[drawn], winners[drawn].tolist(), given.index)
            rounds.append(resample.fit())
        return np.array(rounds)

    return run


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


def _fastchat_fit(votes: Votes, _: int) -> Run:
    return lambda: lbfgs(*unique_rows(votes), len(votes.models))


def _fastchat_bootstrap(votes: Votes, n_rounds: int) -> Run:
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


def _notebook_fit(votes: Votes, _: int) -> Run:
    frame = named_frame(votes)
    return lambda: logistic(frame)


def _notebook_bootstrap(votes: Votes, n_rounds: int) -> Run:
    frame = named_frame(votes)
    return lambda: np.array([logistic(frame.sample(frac=1.0, replace=True, random_state=i)) for i in range(n_rounds)])


def _notebook_online(votes: Votes, _: int) -> Run:
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


_MAKERS: dict[tuple[str, str], Callable[[Votes, int], Run]] = {
    ("fit", "ours"): _fit,
    ("fit", "choix"): _choix_fit,
    ("fit", "arena-rank"): _arena_rank_fit,
    ("fit", "evalica"): _evalica_fit,
    ("fit", "evalica-numbers"): _evalica_fit_of_numbers,
    ("fit", "fastchat"): _fastchat_fit,
    ("fit", "notebook"): _notebook_fit,
    ("bootstrap", "ours"): _bootstrap,
    ("bootstrap", "evalica"): _evalica_bootstrap,
    ("bootstrap", "fastchat"): _fastchat_bootstrap,
    ("bootstrap", "notebook"): _notebook_bootstrap,
    ("online", "ours"): _online,
    ("online", "evalica"): _evalica_online,
    ("online", "evalica-numbers"): _evalica_online_of_numbers,
    ("online", "notebook"): _notebook_online,
}
