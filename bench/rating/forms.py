"""The same votes in one form for all engines: each starts the clock with the same object in hand.

    fit-pairs     a list of (winner, loser), numbers, of the votes with a winner: the form of choix's documentation
    fit-rows      a list of (model_a, model_b, winner), names and labels
    fit-frame     a pandas DataFrame with these three columns, as `pandas.read_csv` returns it
    fit-counts    the votes counted: our wins, losses and ties by pair, and for choix the matrix of points
    online-frame  the DataFrame

What an engine cannot read is converted on the clock. `choix` gets the list of pairs of its documentation, in which a
tie is a win for each and other votes count twice; `choix-dense` the matrix of points, which it does not make itself and
we count in the fastest way that we found. Ratings are in order of names.
"""

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

import elo
from bench.rating.runs import SCORES, WINNERS, Run, centred
from elo.battles import Cells, Floats, Votes
from elo.fit import bradley_terry
from elo.online import replay
from elo.settings import Settings

TASKS = ("fit-pairs", "fit-rows", "fit-frame", "fit-counts", "online-frame")
_LABELS = WINNERS.tolist()
_SCORE_OF = dict(zip(_LABELS, SCORES.tolist(), strict=True))
Rows = list[tuple[str, str, str]]


def rows_of(votes: Votes) -> Rows:
    names = np.array(votes.models, dtype=object)
    return list(zip(names[votes.a].tolist(), names[votes.b].tolist(), WINNERS[votes.outcome].tolist(), strict=True))


def pairs_of(votes: Votes) -> list[tuple[int, int]]:
    """(winner, loser), of the votes with a winner, with models numbered by name."""
    by_name = np.argsort(np.argsort(np.array(votes.models, dtype=object)))
    a, b = by_name[votes.a], by_name[votes.b]
    first, second = np.where(votes.outcome == 0, a, b), np.where(votes.outcome == 0, b, a)
    decided = votes.outcome < 2
    return list(zip(first[decided].tolist(), second[decided].tolist(), strict=True))


def frame_of(votes: Votes) -> Any:
    pd: Any = import_module("pandas")
    return pd.DataFrame(rows_of(votes), columns=["model_a", "model_b", "winner"])


# Ours


def _fit(votes: Votes) -> Floats:
    return bradley_terry.fit(Cells.from_votes(votes).pairs(), prior=0.0).ratings


def _ours_from_pairs(votes: Votes) -> Run:
    pairs, models = pairs_of(votes), tuple(sorted(votes.models))

    def run() -> Floats:
        numbers = np.fromiter(chain.from_iterable(pairs), dtype=np.int32, count=2 * len(pairs)).reshape(-1, 2)
        return _fit(elo.Votes(models, numbers[:, 0], numbers[:, 1], np.zeros(len(pairs), dtype=np.int8)))

    return run


def _ours_from_rows(votes: Votes) -> Run:
    rows = rows_of(votes)
    return lambda: _fit(elo.read_votes(rows).votes)


def _ours_from_frame(votes: Votes) -> Run:
    frame = frame_of(votes)
    return lambda: _fit(elo.read_votes(frame).votes)


def _ours_from_counts(votes: Votes) -> Run:
    pairs = Cells.from_votes(votes).pairs()
    return lambda: bradley_terry.fit(pairs, prior=0.0).ratings


def _ours_online(votes: Votes) -> Run:
    frame, settings = frame_of(votes), Settings(method="elo")

    def run() -> Floats:
        states = replay(elo.read_votes(frame).votes, settings)
        return np.array([states[model].rating for model in sorted(states)])

    return run


# choix


def _choix_from_pairs(votes: Votes) -> Run:
    choix: Any = import_module("choix")
    pairs, K = pairs_of(votes), len(votes.models)
    return lambda: centred(choix.ilsr_pairwise(K, pairs))


def _pairs_with_ties(rows: Rows) -> tuple[int, list[tuple[int, int]]]:
    number = {name: i for i, name in enumerate(sorted({row[0] for row in rows} | {row[1] for row in rows}))}
    pairs: list[tuple[int, int]] = []
    for a, b, winner in rows:
        i, j = number[a], number[b]
        if winner == "model_a":
            pairs += ((i, j), (i, j))
        elif winner == "model_b":
            pairs += ((j, i), (j, i))
        else:
            pairs += ((i, j), (j, i))
    return len(number), pairs


def _choix_from_rows(votes: Votes) -> Run:
    choix: Any = import_module("choix")
    rows = rows_of(votes)
    return lambda: centred(choix.ilsr_pairwise(*_pairs_with_ties(rows)))


def _choix_from_frame(votes: Votes) -> Run:
    choix: Any = import_module("choix")
    frame = frame_of(votes)
    columns = ("model_a", "model_b", "winner")

    def run() -> Floats:
        rows = list(zip(*(frame[name].tolist() for name in columns), strict=True))
        return centred(choix.ilsr_pairwise(*_pairs_with_ties(rows)))

    return run


def _points(K: int, a: NDArray[Any], b: NDArray[Any], score: Floats, weight: Floats | float = 1.0) -> Floats:
    """(K, K): the points of each model against each other."""
    points = np.zeros((K, K))
    points += np.bincount(a * K + b, score * weight, K * K).reshape(K, K)
    points += np.bincount(b * K + a, (1 - score) * weight, K * K).reshape(K, K)
    return points


def _dense_from_rows(votes: Votes) -> Run:
    choix: Any = import_module("choix")
    rows = rows_of(votes)

    def run() -> Floats:
        counts = Counter(rows)
        number = {name: i for i, name in enumerate(sorted({row[0] for row in counts} | {row[1] for row in counts}))}
        a, b = (np.array([number[row[side]] for row in counts]) for side in (0, 1))
        score, n = np.array([_SCORE_OF[row[2]] for row in counts]), np.array([*counts.values()], dtype=np.float64)
        return centred(choix.ilsr_pairwise_dense(_points(len(number), a, b, score, n)))

    return run


def _dense_from_frame(votes: Votes) -> Run:
    choix, pd = import_module("choix"), import_module("pandas")
    frame = frame_of(votes)

    def run() -> Floats:
        (a, of_a), (b, of_b), (winner, labels) = (pd.factorize(frame[name]) for name in frame)
        names = np.union1d(np.asarray(of_a, dtype=object), np.asarray(of_b, dtype=object))
        a, b = np.searchsorted(names, np.asarray(of_a))[a], np.searchsorted(names, np.asarray(of_b))[b]
        score = np.array([_SCORE_OF[label] for label in labels])[winner]
        return centred(choix.ilsr_pairwise_dense(_points(len(names), a, b, score)))

    return run


def _dense_from_counts(votes: Votes) -> Run:
    choix: Any = import_module("choix")
    score = SCORES[votes.outcome]
    points = _points(len(votes.models), votes.a.astype(np.int64), votes.b.astype(np.int64), score)
    return lambda: centred(choix.ilsr_pairwise_dense(points))


# evalica


def _winners(labels: Any) -> Any:
    evalica: Any = import_module("evalica")
    X, Y, draw = evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw
    meaning = dict(zip(_LABELS, (X, Y, draw, draw), strict=True))
    return labels.map(meaning) if hasattr(labels, "map") else [*map(meaning.__getitem__, labels)]


def _evalica_from_pairs(votes: Votes) -> Run:
    evalica, pd = import_module("evalica"), import_module("pandas")
    pairs, index = pairs_of(votes), pd.RangeIndex(len(votes.models))

    def run() -> Floats:
        winners, losers = zip(*pairs, strict=True)
        first_won = [evalica.Winner.X] * len(pairs)
        return centred(np.log(evalica.bradley_terry(winners, losers, first_won, index=index).scores.sort_index()))

    return run


def _evalica_from_rows(votes: Votes) -> Run:
    evalica: Any = import_module("evalica")
    rows = rows_of(votes)

    def run() -> Floats:
        a, b, labels = zip(*rows, strict=True)
        return centred(np.log(evalica.bradley_terry(a, b, _winners(labels)).scores.sort_index()))

    return run


def _evalica_from_frame(votes: Votes) -> Run:
    evalica: Any = import_module("evalica")
    frame = frame_of(votes)

    def run() -> Floats:
        found = evalica.bradley_terry(frame["model_a"], frame["model_b"], _winners(frame["winner"]))
        return centred(np.log(found.scores.sort_index()))

    return run


def _evalica_online(votes: Votes) -> Run:
    evalica: Any = import_module("evalica")
    frame = frame_of(votes)

    def run() -> Floats:
        found = evalica.elo(frame["model_a"], frame["model_b"], _winners(frame["winner"]), k=32.0)
        scores: Floats = found.scores.sort_index().to_numpy()
        return scores

    return run


MAKERS: dict[tuple[str, str], Callable[[Votes], Run]] = {
    ("fit-pairs", "ours"): _ours_from_pairs,
    ("fit-pairs", "choix"): _choix_from_pairs,
    ("fit-pairs", "evalica"): _evalica_from_pairs,
    ("fit-rows", "ours"): _ours_from_rows,
    ("fit-rows", "choix"): _choix_from_rows,
    ("fit-rows", "choix-dense"): _dense_from_rows,
    ("fit-rows", "evalica"): _evalica_from_rows,
    ("fit-frame", "ours"): _ours_from_frame,
    ("fit-frame", "choix"): _choix_from_frame,
    ("fit-frame", "choix-dense"): _dense_from_frame,
    ("fit-frame", "evalica"): _evalica_from_frame,
    ("fit-counts", "ours"): _ours_from_counts,
    ("fit-counts", "choix-dense"): _dense_from_counts,
    ("online-frame", "ours"): _ours_online,
    ("online-frame", "evalica"): _evalica_online,
}
