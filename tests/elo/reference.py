"""The public votes of tests/data, and what other projects compute on them."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elo.battles import Cells, Votes
from elo.votes.votes_file import read_votes

DATA = Path(__file__).parent.parent / "data"
OUTSIDE = Path(os.environ.get("ARENA_REFERENCE_DATA") or Path(__file__).parents[3] / "shared" / "data")
NAMES = ("simple", "food", "llmfao_crowd", "chatbot_arena_33k")


@dataclass(frozen=True)
class Reference:
    path: Path
    results: dict[str, Any]
    votes: Votes
    cells: Cells


@cache
def _read(path: Path, results: Path) -> Reference:
    votes = read_votes([path]).votes
    return Reference(path, json.loads(results.read_text(encoding="utf-8")), votes, Cells.from_votes(votes))


def load(name: str) -> Reference:
    """Skips the test where the votes may not be part of the repository and are not beside it."""
    folder, file = (OUTSIDE, f"{name}_human.csv") if name == "chatbot_arena_33k" else (DATA, f"{name}.csv")
    if not (folder / file).exists():
        pytest.skip(f"{file} states no licence and is not in the repository; put it into {folder} to run this test")
    return _read(folder / file, folder / "reference" / f"{name}.json")


def random_votes(rng: np.random.Generator, *, n_votes: int, n_models: int, spread: float = 0.7) -> tuple[Votes, Any]:
    """Votes from known ratings, in log-odds, all pairs alike, some without a winner. (votes, ratings)"""
    ratings = rng.normal(0, spread, n_models)
    ratings -= ratings.mean()
    a = rng.integers(0, n_models, n_votes)
    b = (a + rng.integers(1, n_models, n_votes)) % n_models
    # A tie is half a win for both: to keep the mean right it takes from both sides alike.
    p = 1 / (1 + np.exp(ratings[b] - ratings[a]))
    tie = 0.6 * np.minimum(p, 1 - p)
    u = rng.random(n_votes)
    outcome = np.where(u < p - tie / 2, 0, np.where(u < p + tie / 2, 2 + rng.integers(0, 2, n_votes), 1))
    names = tuple(f"model-{i:03}" for i in range(n_models))
    return Votes(names, a.astype(np.int32), b.astype(np.int32), outcome.astype(np.int8)), ratings
