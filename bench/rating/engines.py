"""The compared engines and tasks: `prepare` returns the call to time.

Before the clock starts, each engine gets the votes in its favourite form: `evalica` with names, as its documentation
shows, and `evalica-numbers` with the same index arrays as ours. Tasks:

    fit        votes -> Bradley-Terry ratings without a prior (the only task that all engines share)
    bootstrap  votes -> ratings of many resamples
    online     votes -> online Elo, K = 32, in their order
    fit-pairs, fit-rows, fit-frame, fit-counts, online-frame      the same from one form for all engines (`forms`)

`fastchat` and `notebook` are in `rewritten`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bench.rating import forms, rewritten
from bench.rating.runs import SCORES, WINNERS, Run, centred
from elo.battles import Cells, Floats, Votes
from elo.chance.intervals import intervals
from elo.fit import bradley_terry
from elo.online import replay
from elo.settings import Settings

ENGINES = ("ours", "choix", "choix-dense", "arena-rank", "evalica", "evalica-numbers", "fastchat", "notebook")
TASKS = ("fit", "bootstrap", "online", *forms.TASKS)
PEER_PACKAGES = ("numpy", "scipy", "arena-rank", "evalica", "choix", "scikit-learn", "pandas", "jax")


def prepare(task: str, engine: str, votes: Votes, n_rounds: int) -> Run | None:
    """The call to time; None if the engine does not have the task. `n_rounds` are those of the bootstrap."""
    maker = _MAKERS.get((task, engine))
    return None if maker is None else maker(votes, n_rounds)


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


def _in_form(make: Callable[[Votes], Run]) -> Callable[[Votes, int], Run]:
    return lambda votes, _: make(votes)


_MAKERS: dict[tuple[str, str], Callable[[Votes, int], Run]] = {
    ("fit", "ours"): _fit,
    ("fit", "choix"): _choix_fit,
    ("fit", "arena-rank"): _arena_rank_fit,
    ("fit", "evalica"): _evalica_fit,
    ("fit", "evalica-numbers"): _evalica_fit_of_numbers,
    ("fit", "fastchat"): rewritten.fastchat_fit,
    ("fit", "notebook"): rewritten.notebook_fit,
    ("bootstrap", "ours"): _bootstrap,
    ("bootstrap", "evalica"): _evalica_bootstrap,
    ("bootstrap", "fastchat"): rewritten.fastchat_bootstrap,
    ("bootstrap", "notebook"): rewritten.notebook_bootstrap,
    ("online", "ours"): _online,
    ("online", "evalica"): _evalica_online,
    ("online", "evalica-numbers"): _evalica_online_of_numbers,
    ("online", "notebook"): rewritten.notebook_online,
    **{key: _in_form(make) for key, make in forms.MAKERS.items()},
}
