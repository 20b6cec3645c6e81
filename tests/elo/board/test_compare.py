"""Two boards held against each other: what moved, and whether it can have been chance."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elo import Cells, Settings, Votes, rate
from elo.board.compare import BoardFileError, SavedBoard, compare, read_board
from elo.board.comparison import Place
from elo.simulate import Scenario, simulate


def board(ratings: dict[str, float], error: float | None = 10.0, **options: object) -> SavedBoard:
    places = {model: Place(rank, rating, error, 1, 10) for rank, (model, rating) in enumerate(ratings.items(), start=1)}
    settings = {"prior": 1.0, "level": 0.95} | options
    return SavedBoard(places, settings, votes=100, sha256=None)


FIELD = {f"m{i:02}": 1000.0 for i in range(20)}


def part(votes: Votes, chosen: slice) -> Votes:
    return Votes(votes.models, votes.a[chosen], votes.b[chosen], votes.outcome[chosen])


def written(votes: Votes, path: Path, settings: Settings | None = None) -> SavedBoard:
    found = rate(Cells.from_votes(votes), settings or Settings(interval="sandwich", bootstrap=2))
    path.write_text(json.dumps(found.to_json()), encoding="utf-8")
    return read_board(path)


def test_a_model_that_moved_far_moved_by_more_than_chance() -> None:
    found = compare(board(FIELD), board(FIELD | {"m03": 1095.0, "m04": 967.0}))
    first, second = found.moves[:2]
    assert (first.model, first.verdict) == ("m03", "yes")
    assert first.change == pytest.approx(95 - 3.1)
    assert first.error == pytest.approx(math.hypot(10, 10))
    assert (second.model, second.verdict) == ("m04", "perhaps")  # z = 2.55: one of twenty may well do that
    assert {move.verdict for move in found.moves[2:]} == {"no"}
    assert found.shift == pytest.approx((95 - 33) / 20)
    assert found.n_moved == 1


def test_what_all_move_by_together_is_the_scale_and_no_move() -> None:
    found = compare(board(FIELD), board({model: rating + 40 for model, rating in FIELD.items()} | {"new": 200.0}))
    assert found.shift == pytest.approx(40)
    assert all(move.change == pytest.approx(0) for move in found.moves)
    assert found.came == ("new",)
    assert compare(board(FIELD | {"old": 1.0}), board(FIELD)).went == ("old",)


def test_groups_without_a_path_of_battles_move_apart() -> None:
    def split(low: float) -> SavedBoard:
        places = {"a": Place(1, 1100, 5.0, 1, 9), "b": Place(2, 900, 5.0, 1, 9), "c": Place(1, low, 5.0, 2, 9)}
        return SavedBoard(places, {}, 10, None)

    found = compare(split(1000), split(1500))
    assert all(move.change == pytest.approx(0) for move in found.moves)


def test_different_settings_are_listed() -> None:
    found = compare(board(FIELD, ties="half"), board(FIELD, prior=0.0, ties="half", gauge="mean"))
    assert [(one.name, one.before, one.after) for one in found.settings] == [
        ("gauge", None, "mean"),
        ("prior", 1.0, 0.0),
    ]


def test_a_grown_board_has_less_room_for_chance() -> None:
    before, after = board(FIELD, error=10.0), replace(board(FIELD | {"m00": 1020.0}, error=8.0), votes=110)
    apart, grown = compare(before, after), compare(before, after, grown=True)
    assert (apart.shared, grown.shared) == ("nothing", "first")
    assert grown.moves[0].error == pytest.approx(6.0)
    assert apart.moves[0].error == pytest.approx(math.hypot(10, 8))
    with pytest.raises(ValueError, match="the second board has 100 votes and the first 110, so it did not grow from"):
        compare(after, before, grown=True)


def test_a_few_new_votes_are_not_lost_in_the_noise_of_intervals() -> None:
    """Two bootstraps of nearly the same votes are as wide but for noise: v1 - v2 may be 0 or below, and then anything
    was called more than chance. So it is at least v1 times the share of new votes, of the board's or of the model's."""
    before, after = board(FIELD, error=10.0), replace(board(FIELD | {"m00": 1001.0}, error=10.1), votes=101)
    found = compare(before, after, grown=True)
    assert {move.verdict for move in found.moves} == {"no"}
    assert found.moves[0].error == pytest.approx(10 * math.sqrt(1 / 101))
    busy = replace(after, places={**after.places, "m00": replace(after.places["m00"], battles=11)})
    assert compare(before, busy, grown=True).moves[0].error == pytest.approx(10 * math.sqrt(1 / 11))


def test_an_anchor_has_no_verdict() -> None:
    def anchored(rating: float) -> SavedBoard:
        places = {"anchor": Place(1, 1200, 0.0, 1, 9), "other": Place(2, rating, 5.0, 1, 9)}
        return SavedBoard(places, {}, 10, None)

    verdicts = {move.model: move.verdict for move in compare(anchored(1000), anchored(1001)).moves}
    assert verdicts == {"anchor": "unknown", "other": "no"}


def test_points_of_different_scales_are_not_compared() -> None:
    with pytest.raises(
        ValueError, match=r"scale is 400\.0 on the first board and 100\.0 on the second.* other's scale"
    ):
        compare(board(FIELD, scale=400.0), board(FIELD, scale=100.0))


def test_boards_of_the_same_votes_differ_by_settings_and_never_by_chance() -> None:
    one = replace(board(FIELD), sha256="ab")
    found = compare(one, replace(board(FIELD | {"m00": 1500.0}), sha256="ab"))
    assert found.shared == "all"
    assert {move.verdict for move in found.moves} == {"unknown"}


def test_without_intervals_nothing_is_known_of_chance() -> None:
    found = compare(board(FIELD, error=None), board(FIELD))
    assert {(move.error, move.verdict) for move in found.moves} == {(None, "unknown")}


def test_equal_boards_have_not_moved() -> None:
    assert {move.verdict for move in compare(board(FIELD), board(FIELD), grown=True).moves} == {"no"}
    assert compare(board({}), board({})).moves == ()


@pytest.mark.parametrize("grown", [False, True])
def test_chance_alone_is_called_chance(tmp_path: Path, grown: bool) -> None:
    """Boards of one arena: from two halves of its votes, and from the first half and all. Seldom is any of twelve
    models said to have moved, and one in twenty is `perhaps`."""
    n_false, perhaps = 0, []
    for seed in range(60):
        votes = simulate(Scenario(votes=4000, models=12, seed=seed)).votes
        before = written(part(votes, slice(0, 2000)), tmp_path / "a.json")
        after = written(votes if grown else part(votes, slice(2000, None)), tmp_path / "b.json")
        found = compare(before, after, grown=grown)
        n_false += found.n_moved > 0
        perhaps += [move.verdict in ("yes", "perhaps") for move in found.moves]
    assert n_false <= 8
    assert np.mean(perhaps) == pytest.approx(0.05, abs=0.03)


def test_a_board_of_recompute_is_read(tmp_path: Path) -> None:
    votes = simulate(Scenario(votes=3000, models=5)).votes
    path = tmp_path / "board.json"
    found = written(votes, path)
    content = json.loads(path.read_text())
    first = content["models"][0]
    assert found.votes == 3000
    assert found.sha256 == content["source"]["sha256"]
    place = found.places[first["model"]]
    assert (place.rating, place.rank, place.rank_worst) == (first["rating"], first["rank"], first["rank_worst"])
    assert place.error is not None
    assert first["rating"] + 1.959964 * place.error == pytest.approx(first["high"], abs=1e-4)
    assert written(votes, path, Settings(bootstrap=0)).places[first["model"]].error is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a board"),
        (
            '{"by": "tags", "boards": {}, "not_rated": {}}',
            "is not a board: it has a board for each tags; write one with --where instead of --by; expected what",
        ),
        (
            "{}",
            "is not a board: settings is missing, not an object; expected what `python -m elo recompute --json` writes",
        ),
        (
            '{"settings": {"level": 0.95}, "models": [{}], "votes": 1}',
            "not a board: model is missing; expected the name",
        ),
        (
            '{"settings": {"level": 0.95}, "models": [3], "votes": 1}',
            "not a board: a row of models is 3, not an object",
        ),
        (
            '{"settings": {"level": 0.95}, "models": {"x": 1}, "votes": 1}',
            "not a board: models is {'x': 1}, not a list",
        ),
        ('{"settings": 3, "models": [], "votes": 1}', "is not a board: settings is 3, not an object"),
        ('{"settings": {"level": "x"}, "models": [], "votes": 1}', "is not a board: level is 'x', not a number"),
        ('{"settings": {"level": 2}, "models": [], "votes": 1}', "is not a board: level is 2, not between 0 and 1"),
        ('{"settings": {}, "reach": 0, "models": [], "votes": 1}', "is not a board: reach is 0, not above 0"),
        ('{"settings": {}, "reach": 2, "models": [], "votes": "x"}', "is not a board: votes is 'x', not a number"),
        ('{"settings": {}, "reach": 2, "models": [], "votes": NaN}', "is not JSON: NaN is not a finite number"),
        ('{"settings": {}, "reach": 1e999, "models": [], "votes": 1}', "is not JSON: 1e999 is not a finite number"),
        (f'{{"settings": {{}}, "reach": 2, "models": [], "votes": {"9" * 400}}}', "is not a finite number"),
    ],
)
def test_a_file_without_a_board_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "board.json"
    path.write_text(text)
    with pytest.raises(BoardFileError) as error:
        read_board(path)
    assert message in str(error.value)
    with pytest.raises(BoardFileError, match="cannot be read: No such file"):
        read_board(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rating": "abc"}, "rating is 'abc', not a number"),
        ({"rank": None}, "rank is missing, not a number"),
        ({"low": 2000.0, "high": 1.0}, "low is 2000.0 and high is 1.0, which is below it"),
        ({"model": "model-2"}, "model 'model-2' appears twice"),
        ({"model": "x\n"}, "model is 'x\\n'; expected a name without control characters"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "board.json"
    written(simulate(Scenario(votes=300, models=5)).votes, path)
    content = json.loads(path.read_text())
    next(row for row in content["models"] if row["model"] == "model-1").update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(BoardFileError) as error:
        read_board(path)
    assert f"is not a board: {message}" in str(error.value)
