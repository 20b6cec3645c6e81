"""What all engines share: the call to time, and how votes are spelled."""

from collections.abc import Callable
from typing import Any

import numpy as np

from db.outcome import Outcome
from elo.battles import Floats

SCORES = np.array([outcome.score for outcome in Outcome])
WINNERS = np.array(["model_a", "model_b", "tie", "both_bad"], dtype=object)

Run = Callable[[], Floats]
"""(K,) in log-odds with mean 0 for fits, on the Elo scale for online Elo; anything for `bootstrap`."""


def centred(values: Any) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    with_mean_0: Floats = values - values.mean()
    return with_mean_0
