"""Whom the members of a crowd vote for."""

from collections.abc import Mapping
from random import Random
from typing import Literal

Manner = Literal["knowing", "careless", "left"]
"""knowing: votes for the right answer, for a tie if both are right, and for neither if none is; careless: any of the
four, by chance; left: always A."""
Choice = Literal["vote-a", "vote-tie", "vote-bad", "vote-b"]
_EVERY: tuple[Choice, ...] = ("vote-a", "vote-tie", "vote-bad", "vote-b")
_KNOWN: Mapping[tuple[bool, bool], Choice] = {
    (True, False): "vote-a",
    (True, True): "vote-tie",
    (False, False): "vote-bad",
    (False, True): "vote-b",
}


def choose(manner: Manner, rng: Random, *, is_a_right: bool, is_b_right: bool, are_equal: bool = False) -> Choice:
    """Return the button that a voter clicks; each is the id of its element on the page. Of two equal answers none can
    be called better: the voter clicks “tie” instead."""
    if manner == "left":
        button: Choice = "vote-a"
    else:
        button = rng.choice(_EVERY) if manner == "careless" else _KNOWN[is_a_right, is_b_right]
    return "vote-tie" if are_equal and button in ("vote-a", "vote-b") else button


def manners(n: int, *, careless: float, left: float) -> list[Manner]:
    """Return the manners of `n` voters, in these shares; the others know.

    >>> manners(10, careless=0.2, left=0.1)
    ['careless', 'careless', 'left', 'knowing', 'knowing', 'knowing', 'knowing', 'knowing', 'knowing', 'knowing']
    """
    n_careless, n_left = round(n * careless), round(n * left)
    every: list[Manner] = ["knowing"] * n
    every[:n_careless] = ["careless"] * n_careless
    every[n_careless : n_careless + n_left] = ["left"] * n_left
    return every
