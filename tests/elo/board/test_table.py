from db.outcome import Outcome
from elo import Cells, Settings, rate, rate_online
from elo.board.table import aligned, columns, table

COUNTS = [
    ("wren", "lark", Outcome.A, 20),
    ("wren", "lark", Outcome.B, 10),
    ("lark", "wren", Outcome.TIE, 4),
    ("new", "lark", Outcome.A, 2),
]


def test_a_line_a_model_and_the_notes_below() -> None:
    board = rate(Cells.from_counts(COUNTS), Settings(bootstrap=100, seed=3), listed=["finch"])
    lines = table(board.sourced(revision=41, excluded={"withdrawn": 1, "banned": 2})).splitlines()
    assert lines[0].split() == ["rank", "model", "rating", "95", "%", "interval", "battles", "win", "rate"]
    assert lines[1].split()[:2] == ["1-3", "new"]
    assert lines[1].split()[5].endswith("*")
    assert lines[4] == ""
    assert lines[5].startswith("36 votes, 3 models, ledger revision 41: Bradley-Terry fit; ")
    assert lines[-2:] == ["Without votes: finch.", "How to read this table: docs/ratings.md"]
    assert {len(line) for line in lines[:4]} == {len(lines[0])}


def test_a_rank_is_a_span() -> None:
    sure = [
        ("a", "b", Outcome.A, 400),
        ("b", "a", Outcome.A, 100),
        ("b", "c", Outcome.A, 51),
        ("c", "b", Outcome.A, 50),
    ]
    rows = columns(rate(Cells.from_counts(sure), Settings(bootstrap=200)))
    assert [row[:2] for row in rows] == [["rank", "model"], ["1", "a"], ["2-3", "b"], ["2-3", "c"]]


def test_groups_are_a_column() -> None:
    told = table(rate(Cells.from_counts([*COUNTS, ("x", "y", Outcome.TIE, 3)]), Settings(bootstrap=10)))
    assert told.splitlines()[0].endswith("group")


def test_ratings_without_weights_are_a_column_where_they_differ() -> None:
    rows = [("a", "b", Outcome.A, 4000), ("b", "a", Outcome.A, 2000), ("c", "a", Outcome.A, 150)]
    rows += [("b", "c", Outcome.A, 100), ("c", "b", Outcome.A, 50), ("a", "c", Outcome.A, 50)]
    board = rate(Cells.from_counts(rows), Settings(weights="pair"))
    cells = columns(board)
    assert cells[0][-1] == "unweighted"
    assert [row[-1] for row in cells[1:]] == [f"{board.plain[row.model]:.1f}" for row in board.rows]


def test_without_intervals_there_are_dashes() -> None:
    told = table(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert told.splitlines()[1].split() == ["1", "a", "1004.0", "-", "1", "100.0", "%"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned(["name", "n"], [["a", "10"], ["longer", "1"]]) == ["name     n", "a       10", "longer   1"]
    assert aligned(["n", "why"], [["10", "because"]], left=(1,)) == [" n  why", "10  because"]
