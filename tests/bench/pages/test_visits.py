"""The table of visits, and the votes that are stored before them."""

from pathlib import Path

from bench.pages.peer import ratings, vote
from bench.pages.visits import store_votes, table
from db import queries
from db.session import open_database


def _visit(factor: float, request_ms: float | None = None) -> dict[str, float | None]:
    seconds = {"cold_s": 1.0 * factor, "warm_s": 0.25 * factor, "cold_listens_s": 2.0, "warm_listens_s": 0.5}
    return {
        **seconds,
        "n_requests": 30 * factor,
        "n_kb": 250 * factor,
        "reveal_ms": 50 * factor,
        "request_ms": request_ms,
    }


def test_a_ratio_is_the_median_of_the_rounds_and_a_queue_has_no_request() -> None:
    visits = {"ours": [_visit(1.0, 20.0)] * 3, "peer": [_visit(2.0), _visit(4.0), _visit(10.0)]}
    rows = table({"visits": visits, "n_votes": 1000, "load_before": 9.5}).splitlines()
    assert "| first visit: a prompt can be typed, s | 1 | 2 | 4 | 0.25 |" in rows
    assert "| of it the request, ms | 20 |  | | |" in rows
    assert rows[-1].startswith("3 rounds, 1,000 votes")
    assert "load of the machine 9.5" in rows[-1]


def test_the_votes_of_the_database_count(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store_votes(tmp_path, 8)
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'arena.sqlite'}")
    with database.read() as tx:
        assert len([*queries.voted_battles(tx)]) == 8
    database.close()


def test_the_peer_names_both_models_and_moves_ratings_by_half_of_k() -> None:
    assert vote(("one", "two"), 1.0) == "A was one (1016), B was two (984)"
    assert sum(ratings.values()) == 2000
