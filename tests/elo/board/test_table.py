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
    header = "rank  model  rating  95 %  interval  battles  win  rate  by  difference  places"
    assert lines[0].split() == header.split()
    assert lines[1].split()[:2] == ["1", "new"]
    assert lines[1].split()[5].endswith("*")
    assert lines[4:6] == ["", "36 votes, 3 models, ledger revision 41."]
    assert lines[-2:] == [
        "Without votes: finch.",
        "rank: 1 + the models that are better for sure, whose interval lies above this one's; by difference: the same "
        "by the interval of the two ratings' difference, which is sharper; places: the model's in 95 % of the "
        "bootstrap's rounds.",
    ]
    assert {len(line) for line in lines[:4]} == {len(lines[0])}


def test_ranks_and_places_have_a_column() -> None:
    sure = [
        ("a", "b", Outcome.A, 400),
        ("b", "a", Outcome.A, 100),
        ("b", "c", Outcome.A, 51),
        ("c", "b", Outcome.A, 50),
    ]
    rows = columns(rate(Cells.from_counts(sure), Settings(bootstrap=200)))
    assert [[row[0], row[1], *row[6:]] for row in rows] == [
        ["rank", "model", "by difference", "places"],
        ["1", "a", "1", "1"],
        ["2", "b", "2", "2 to 3"],
        ["2", "c", "2", "2 to 3"],
    ]


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


def test_without_intervals_there_are_dashes_and_no_places() -> None:
    told = table(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert "places" not in told
    assert told.splitlines()[1].split() == ["1", "a", "1004.0", "-", "1", "100.0", "%"]


def test_places_say_what_they_come_from() -> None:
    cells = Cells.from_counts(COUNTS)
    told = table(rate(cells, Settings(interval="sandwich", bootstrap=70, level=0.9)))
    assert told.endswith("places: the model's in 90 % of 70 draws from the ratings' covariance.")
    told = table(rate(cells, Settings(interval="sandwich", bootstrap=0)))
    assert told.endswith("places: the model's that the intervals leave open.")


def test_places_of_short_records_come_from_the_bootstrap_where_that_was_made() -> None:
    """A young arena: all intervals are the inverse Hessian's, and rounds were drawn all the same."""
    board = rate(Cells.from_counts([("a", "b", Outcome.A, 2), ("b", "a", Outcome.A, 1)]), Settings(bootstrap=20))
    assert {row.interval for row in board.rows} == {"hessian"}
    assert table(board).endswith("places: the model's in 95 % of the bootstrap's rounds.")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned(["name", "n"], [["a", "10"], ["longer", "1"]]) == ["name     n", "a       10", "longer   1"]
    assert aligned(["n", "why"], [["10", "because"]], left=(1,)) == [" n  why", "10  because"]
