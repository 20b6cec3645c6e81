from db.outcome import Outcome
from elo.battles import Cells
from elo.board.planning import plan
from elo.estimate import fit, spread
from elo.settings import Settings


def told(*counts: tuple[str, str, Outcome, int], **settings: int) -> list[str]:
    chosen = Settings(**{"bootstrap": 100, **settings})  # type: ignore[arg-type]
    fitted = fit(Cells.from_counts(counts), chosen)
    return str(plan(fitted, spread(fitted))).split("\n")


def test_neighbours_are_separated_or_equal_or_some_battles_away() -> None:
    lines = told(
        ("strong", "even", Outcome.A, 300),
        ("even", "strong", Outcome.A, 50),
        ("even", "too", Outcome.A, 40),
        ("too", "even", Outcome.A, 40),
        ("strong", "too", Outcome.A, 300),
        ("too", "strong", Outcome.A, 50),
        ("too", "weak", Outcome.A, 32),
        ("weak", "too", Outcome.A, 30),
        ("even", "weak", Outcome.A, 32),
        ("weak", "even", Outcome.A, 30),
    )
    assert " ".join(lines[0].split()) == "model next below gap error battles of the two or of all pairs"
    assert lines[1].split()[:2] == ["strong", "even"]
    assert lines[1].split()[-2:] == ["separated", "separated"]
    assert lines[2].split()[:3] == ["even", "too", "0.0"]
    assert lines[2].split()[-2:] == ["equal", "equal"]
    direct, arena_wide = (int(number.replace(",", "")) for number in lines[3].split()[-2:])
    assert 100 < direct < arena_wide
    assert lines[4].startswith(
        "The last two columns: how many more battles would separate the ranks of the two models with 80 % probability"
    )
    assert "with pairs drawn as in the 904 votes so far. Ranks are separate if the gap is more than 2.57" in lines[4]


def test_connected_models_and_bridges_are_named() -> None:
    lines = told(
        ("a", "b", Outcome.A, 3), ("b", "c", Outcome.A, 1), ("c", "a", Outcome.TIE, 2), ("c", "d", Outcome.B, 1)
    )
    assert "All models are connected by battles: 4 of 6 pairs of models have met." in lines
    assert "Only 1 battle of c and d connects d to the others." in lines


def test_groups_without_battles_between_them_are_named() -> None:
    lines = told(("a", "b", Outcome.A, 3), ("b", "c", Outcome.A, 1), ("x", "y", Outcome.TIE, 2))
    start = lines.index(
        "The models form 2 groups with no rated battles between them: 3 of 10 pairs of models have met."
    )
    assert lines[start + 1 : start + 3] == ["  a, b, c", "  x, y"]
    assert "Only 2 battles of x and y connect x to the others." in lines


def test_many_names_are_cut() -> None:
    lines = told(*((f"m{i:02}", f"m{i + 1:02}", Outcome.TIE, 2) for i in range(11)), ("x", "y", Outcome.A, 1))
    assert "  m00, m01, m02, m03, m04, m05, m06, m07 and 4 more" in lines


def test_lessons_are_a_table_and_without_intervals_all_there_is_beside_the_groups() -> None:
    lines = told(("a", "b", Outcome.A, 3), ("b", "c", Outcome.A, 1), bootstrap=0)
    assert lines[0].startswith("All models are connected by battles")
    table = lines.index("most informative  against   share")
    assert [line.split()[:2] for line in lines[table + 1 : table + 4]] == [["b", "c"], ["a", "c"], ["a", "b"]]
    assert lines[-1] == "Share: how much one more battle reduces the summed variance of all ratings."
