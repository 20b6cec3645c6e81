"""Guess the slower side from what a page receives: events to features, features to guesses.

Features are everything that a page can measure: the lengths, times, gaps, step sizes, paces, states and ends of each
side, their differences, those of the side with the longer text, and what both sides share. Each appears twice, the
second time with the sign of which text is longer. So a linear classifier can also learn "the longer one stalls" or "a
long wait for a short text".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.blind.page import Event

N_FOLDS = 5
_SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
_MOMENTS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_STATES = ("waiting", "thinking", "writing")

Features = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Sample:
    """Battles and their swapped copies. `is_a_slow` is to be guessed; rows of one `group` stay in one fold."""

    features: Features
    is_a_slow: NDArray[np.bool_]
    group: NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Guess:
    """Shares of correct guesses."""

    regression: float
    forest: float

    @property
    def best(self) -> float:
        return max(self.regression, self.forest)


def guess(sample: Sample, seed: int = 0) -> Guess:
    """Guess by cross-validation with five folds; a battle and its swapped copy are in the same fold."""
    classifiers = (
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        RandomForestClassifier(50, min_samples_leaf=3, random_state=seed),
    )
    folds = list(
        GroupKFold(N_FOLDS, shuffle=True, random_state=seed).split(sample.features, sample.is_a_slow, sample.group)
    )
    shares = []
    for classifier in classifiers:
        n_right = 0
        for train, test in folds:
            classifier.fit(sample.features[train], sample.is_a_slow[train])
            n_right += int((classifier.predict(sample.features[test]) == sample.is_a_slow[test]).sum())
        shares.append(n_right / len(sample.is_a_slow))
    return Guess(*shares)


def later_end(events: Sequence[Event]) -> float:
    """Return A's delay from its last text to its visible end, minus B's."""
    last_s = [_last_text_s(events, side) for side in (0, 1)]
    return (_end_s(events, 0) - last_s[0]) - (_end_s(events, 1) - last_s[1])


def features(events: Sequence[Event]) -> Features:
    """Return the features of one battle."""
    n_chars = np.array([event.n_chars for event in events], dtype=float)
    times_s = np.array([event.at_s for event in events])
    total = n_chars[-1]
    shorter = total.min()
    of = [_of_side(times_s, n_chars[:, side], shorter, events, side) for side in (0, 1)]
    longer = float(np.sign(total[0] - total[1]))
    joint = np.concatenate(([len(events), times_s[-1], times_s[-1] * total[0], times_s[-1] * total[1]], _gaps(times_s)))
    a, b = of
    return np.concatenate((a, b, a - b, longer * (a if longer >= 0 else b), longer * (a + b), joint, [longer]))


def _of_side(
    times_s: NDArray[np.floating], n_chars: NDArray[np.floating], shorter: float, events: Sequence[Event], side: int
) -> Features:
    steps = np.diff(n_chars, prepend=0.0)
    grown = np.flatnonzero(steps > 0)
    total, end_s = n_chars[-1], _end_s(events, side)
    at_s, steps, n_chars = times_s[grown], steps[grown], n_chars[grown]
    first_s, last_s = (at_s[0], at_s[-1]) if len(at_s) else (end_s, end_s)
    is_rest = n_chars > shorter
    common_s, rest_s = at_s[~is_rest], at_s[is_rest]
    common_for_s = max(common_s[-1] - common_s[0], 0.1) if len(common_s) else 0.1
    rest_for_s = max(last_s - common_s[-1], 0.1) if len(common_s) else 0.1
    paces = [shorter / common_for_s, (total - shorter) / rest_for_s]
    reached = np.interp(np.array(_SHARES) * shorter, np.r_[0, n_chars], np.r_[first_s, at_s]) - first_s
    moments = np.interp(_MOMENTS_S, np.r_[0, at_s], np.r_[0, n_chars])
    changes = [next((event.at_s for event in events if event.states[side] == state), end_s) for state in _STATES]
    ends = [end_s, end_s - last_s, float(events[-1].errors[side] is not None)]
    return np.concatenate(
        (
            [total, first_s, last_s, *ends, *changes, len(grown), *paces, paces[1] / max(paces[0], 1e-9)],
            _gaps(at_s),
            _gaps(rest_s),
            [steps.max(initial=0.0), steps.mean() if len(steps) else 0.0, steps.std() if len(steps) else 0.0],
            reached,
            moments,
        )
    )


def _gaps(at_s: NDArray[np.floating]) -> Features:
    gaps = np.diff(at_s) if len(at_s) > 1 else np.zeros(1)
    return np.array([gaps.max(), gaps.mean(), gaps.std(), np.quantile(gaps, 0.9), float((gaps > 0.15).sum())])


def _end_s(events: Sequence[Event], side: int) -> float:
    return next(event.at_s for event in events if event.states[side] not in _STATES)


def _last_text_s(events: Sequence[Event], side: int) -> float:
    return next(event.at_s for event in events if event.n_chars[side] == events[-1].n_chars[side])
