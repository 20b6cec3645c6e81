"""Each answer is read once, however many pages show it."""

from dataclasses import replace

import pytest

from arena.service import SideView
from arena.ui.conversation import Answers
from arena.ui.markup import GrowingMarkup
from tests.arena.ui.test_showing import VOTABLE, WRITING


def test_pages_that_watch_one_battle_share_its_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    n_read = 0
    read = GrowingMarkup._read

    def counted(self: GrowingMarkup) -> None:
        nonlocal n_read
        n_read += 1
        read(self)

    monkeypatch.setattr(GrowingMarkup, "_read", counted)
    answers = Answers()
    view = replace(WRITING, a=SideView("writing", "x"))
    shown = [answers.of(view) for _ in range(50)]
    assert n_read == 1, "B has nothing yet"
    assert all(one["a"] is shown[0]["a"] for one in shown)


def test_the_latest_battles_are_kept() -> None:
    answers = Answers(max_answers=2)
    first = answers.of(VOTABLE)
    assert answers.of(VOTABLE)["a"] is first["a"]
    assert first["a"].done == '<p dir="auto">tenalp</p>\n\n'
    assert first["a"].rest == ""
    answers.of(replace(VOTABLE, battle_id="b2"))
    assert answers.of(VOTABLE)["a"] is not first["a"]
