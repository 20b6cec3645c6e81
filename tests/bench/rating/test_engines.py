"""Everybody computes the same. Peers that are not installed: `python -m bench.ratings --tasks exact`."""

from importlib.util import find_spec

import numpy as np
import pytest

from bench.rating import engines, forms
from elo.battles import Cells
from elo.fit import bradley_terry
from elo.online import replay
from elo.settings import Settings
from elo.simulate import Scenario, simulate

VOTES = simulate(Scenario(votes=3000, models=6, seed=4)).votes
NEEDS = {"choix": "choix", "choix-dense": "choix", "arena-rank": "arena_rank", "evalica": "evalica",
         "evalica-numbers": "evalica", "fastchat": "scipy", "notebook": "sklearn"}  # fmt: skip


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


@pytest.mark.parametrize(("task", "engine"), forms.MAKERS)
def test_all_engines_give_the_same_ratings_from_one_form(task: str, engine: str) -> None:
    """Of choix's pairs only the votes with a winner are left."""
    if engine in NEEDS and find_spec(NEEDS[engine]) is None:
        pytest.skip(f"{engine} is not installed")
    if "frame" in task:
        pytest.importorskip("pandas")
    votes = VOTES.select(VOTES.outcome < 2) if task == "fit-pairs" else VOTES
    expected = bradley_terry.fit(Cells.from_votes(votes).pairs(), prior=0.0).ratings
    if task == "online-frame":
        states = replay(votes, Settings(method="elo"))
        expected = np.array([states[model].rating for model in sorted(states)])
    run = engines.prepare(task, engine, VOTES, 1)
    assert run is not None
    found = run()
    if engine == "choix-dense" and task == "fit-counts":  # in the order of numbers, not of names
        found = found[np.argsort(np.array(VOTES.models, dtype=object))]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 if task == "online-frame" else 1e-4)


def test_a_bootstrap_of_the_plain_way_spreads_as_ours_does() -> None:
    rounds = engines.prepare("bootstrap", "fastchat", VOTES, 200)
    low = engines.prepare("bootstrap", "ours", VOTES, 1000)
    assert rounds is not None
    assert low is not None
    np.testing.assert_allclose(np.quantile(rounds(), 0.025, axis=0), low(), atol=0.03)


def test_what_an_engine_has_not_is_none() -> None:
    assert engines.prepare("bootstrap", "choix", VOTES, 1) is None
