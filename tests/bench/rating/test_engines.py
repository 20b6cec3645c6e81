"""Everybody computes the same. Peers that are not installed: `python -m bench.ratings --tasks exact`."""

from importlib.util import find_spec

import numpy as np
import pytest

from bench.rating import engines
from elo.simulate import Scenario, simulate

VOTES = simulate(Scenario(votes=3000, models=6, seed=4)).votes
NEEDS = {"choix": "choix", "arena-rank": "arena_rank", "evalica": "evalica", "evalica-numbers": "evalica",
         "fastchat": "scipy", "notebook": "sklearn"}  # fmt: skip


@pytest.mark.parametrize("peer", engines.ENGINES[1:])
@pytest.mark.parametrize("task", ["fit", "online"])
def test_a_peer_gives_our_ratings(task: str, peer: str) -> None:
    if find_spec(NEEDS[peer]) is None:
        pytest.skip(f"{peer} is not installed")
    ours, theirs = (engines.prepare(task, engine, VOTES, 1) for engine in ("ours", peer))
    if theirs is None:
        pytest.skip(f"{peer} has no {task}")
    assert ours is not None
    np.testing.assert_allclose(theirs(), ours(), rtol=0, atol=1e-3 if task == "fit" else 1e-9)


def test_a_bootstrap_of_the_plain_way_spreads_as_ours_does() -> None:
    rounds = engines.prepare("bootstrap", "fastchat", VOTES, 200)
    low = engines.prepare("bootstrap", "ours", VOTES, 1000)
    assert rounds is not None
    assert low is not None
    np.testing.assert_allclose(np.quantile(rounds(), 0.025, axis=0), low(), atol=0.03)


def test_what_an_engine_has_not_is_none() -> None:
    assert engines.prepare("bootstrap", "choix", VOTES, 1) is None
