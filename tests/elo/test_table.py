from db.outcome import Outcome
from elo import Cells, Settings, rate, rate_online
from elo.table import table

COUNTS = [
    ("wren", "lark", Outcome.A, 20),
    ("wren", "lark", Outcome.B, 10),
    ("lark", "wren", Outcome.TIE, 4),
    ("new", "lark", Outcome.A, 2),
]


def test_the_table_says_how_it_was_made() -> None:
    board = rate(Cells.from_counts(COUNTS), Settings(bootstrap=100, seed=3), listed=["finch"])
    lines = table(board.sourced(revision=41, excluded={"withdrawn": 1, "banned": 2})).splitlines()
    assert lines[0].split() == ["rank", "model", "rating", "95", "%", "interval", "battles", "win", "rate"]
    assert lines[1].split()[:2] == ["1", "new"]
    assert lines[1].split()[5].endswith("*")
    assert lines[1].split()[-3:] == ["2", "100.0", "%"]
    assert lines[4:] == [
        "",
        "36 votes, 3 models, ledger revision 41.",
        "Bradley-Terry; ties and both-bad are half a win each; prior: 1 virtual tie against an average opponent; "
        "mean 1000; 400 points are odds of 10 to 1.",
        "Intervals: percentile bootstrap, 100 rounds, seed 3.",
        "* fewer than 3 points won or lost: a wide interval from the inverse Hessian.",
        "Left out: banned 2, withdrawn 1.",
        "Without votes: finch.",
    ]


def test_groups_are_a_column_and_a_warning() -> None:
    told = table(rate(Cells.from_counts([*COUNTS, ("x", "y", Outcome.TIE, 3)]), Settings(bootstrap=10)))
    assert told.splitlines()[0].endswith("group")
    assert "Ratings can be compared within a group only" in told


def test_other_intervals_are_named() -> None:
    cells = Cells.from_counts([*COUNTS[:3], ("new", "lark", Outcome.TIE, 1)])
    assert "Intervals: sandwich.\n" in table(rate(cells, Settings(interval="sandwich"))) + "\n"
    told = table(rate(cells, Settings(prior=0, bootstrap=100)))
    assert "no prior: exact maximum likelihood" in told
    assert "Intervals: sandwich, because a round of the bootstrap has no finite ratings without a prior." in told
    assert "Intervals" not in table(rate(cells, Settings(bootstrap=0, prior=2)))
    assert "prior: 2 virtual ties" in table(rate(cells, Settings(bootstrap=0, prior=2)))


def test_the_online_table_names_its_k() -> None:
    told = table(rate_online([("a", "b", Outcome.A)], Settings(method="elo", k=8)))
    assert told.splitlines()[1].split() == ["1", "a", "1004.0", "-", "1", "100.0", "%"]
    assert "Online Elo in the order of the votes: K = 8, start 1000; 400 points are odds of 10 to 1." in told
