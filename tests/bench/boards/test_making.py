"""The database of the benchmark is one that the arena could have written."""

from pathlib import Path

import pytest

from bench.boards.making import CAMPAIGN, DECK, bench_database
from db import queries
from db.integrity import problems


def test_the_made_votes_are_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, n in (("_N_DRAWN", 50), ("_N_WITH_TEXTS", 50), ("N_PROMPTS", 3), ("N_CAMPAIGN_PROMPTS", 2)):
        monkeypatch.setattr(f"bench.boards.making.{name}", n)
    database = bench_database(tmp_path, 120, 4)
    with database.read() as tx:
        assert problems(tx) == []
        found = queries.filtered_tally(tx, queries.BoardFilter())
        assert found.totals.counted + found.totals.excluded == 120
        assert len(queries.deal_candidates(tx, DECK, "visitor-7")) == 3
        assert len(queries.remaining_pairs(tx, CAMPAIGN, "visitor-7")) == 2
        assert len(queries.model_samples(tx, "model-01", 2)) == 2
    database.close()
