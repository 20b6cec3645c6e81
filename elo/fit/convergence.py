"""The stopping rule of Newton's method."""

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats

CONVERGED = 1e-10
"""Largest step, in log-odds, at which a fit is done: 2e-8 points on the Elo scale."""
_ROUNDING = 1e-7


def has_converged(size: Floats, last: Floats, *, rounding: float | Floats = _ROUNDING) -> NDArray[np.bool_]:
    """Whether Newton's method has converged, from the sizes of its last two steps: below 1e-10, or below `rounding` and
    no longer shrinking.

    So close to the maximum each step would at least square the error; one that does not even halve it is rounding of
    large counts.
    """
    return (size < CONVERGED) | ((size < rounding) & (size > last / 2))
