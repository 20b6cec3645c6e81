"""Whether all engines give the same ratings, on public data and random tournaments without a prior.

Each peer runs to convergence, and once more with its own stopping rule.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.rating import engines, rewritten
from bench.rating.records import Difference
from bench.rating.runs import SCORES, centred
from elo.battles import Cells, Floats, Votes
from elo.fit import bradley_terry
from elo.settings import Settings
from elo.simulate import Scenario, simulate
from elo.votes.votes_file import read_votes

_PEERS = ("choix", "arena-rank", "evalica", "fastchat", "notebook")
_DATA = Path(__file__).parents[2] / "tests" / "data"
_PUBLIC = ("simple", "food", "llmfao_crowd")
_TOURNAMENTS = tuple((seed, n_models) for seed in range(3) for n_models in (5, 20, 50))


def differences() -> Iterator[Difference]:
    for name in _PUBLIC:
        yield from _compared(name, read_votes([_DATA / f"{name}.csv"]).votes)
    for seed, n_models in _TOURNAMENTS:
        votes = simulate(Scenario(votes=100 * n_models, models=n_models, seed=seed)).votes
        yield from _compared(f"tournament {seed} of {n_models} models, {100 * n_models} votes", votes)


def _compared(name: str, votes: Votes) -> Iterator[Difference]:
    pairs = Cells.from_votes(votes).pairs()
    ours = dict(zip(pairs.models, bradley_terry.fit(pairs, prior=0.0).ratings.tolist(), strict=True))
    mine = np.array([ours[model] for model in votes.models])
    for peer in _PEERS:
        for is_tight in (True, False):
            theirs = _tight(peer, votes) if is_tight else _usual(peer, votes)
            points = Settings().points_per_logit * float(np.abs(theirs - mine).max())
            yield Difference(name, peer, points, is_tight)


def _usual(peer: str, votes: Votes) -> Floats:
    run = engines.prepare("fit", peer, votes, 1)
    assert run is not None
    return _in_order(peer, run(), votes)


def _in_order(peer: str, ratings: Floats, votes: Votes) -> Floats:
    """evalica and the notebook's way sort models by name; the others keep their numbers."""
    if peer not in ("notebook", "evalica"):
        return ratings
    return ratings[np.argsort(np.argsort(np.array(votes.models, dtype=object)))]


def _tight(peer: str, votes: Votes) -> Floats:
    K = len(votes.models)
    if peer == "fastchat":
        return rewritten.lbfgs(*rewritten.unique_rows(votes), K, gtol=1e-12)
    if peer == "notebook":
        return _in_order(peer, rewritten.logistic(rewritten.named_frame(votes), tol=1e-12), votes)
    return {"choix": _tight_choix, "evalica": _tight_evalica, "arena-rank": _tight_arena_rank}[peer](votes)


def _tight_choix(votes: Votes) -> Floats:
    choix: Any = import_module("choix")
    K = len(votes.models)
    wins = np.zeros((K, K))
    scores = SCORES[votes.outcome]
    np.add.at(wins, (votes.a, votes.b), scores)
    np.add.at(wins, (votes.b, votes.a), 1 - scores)
    return centred(choix.ilsr_pairwise_dense(wins, max_iter=100_000, tol=1e-12))


def _tight_evalica(votes: Votes) -> Floats:
    return engines.EvalicaVotes.of(votes, has_names=False).fit(tolerance=1e-12, limit=20_000)


def _tight_arena_rank(votes: Votes) -> Floats:
    return engines.arena_rank_ratings(engines.numbered_frame(votes), max_iter=100_000, ftol=0.0, gtol=1e-14)
