"""The answers of the battles that are watched, as HTML: each is read once, however many pages show it."""

from __future__ import annotations

from collections.abc import Mapping

from arena.service import BattleView, Side, SideView
from arena.ui.markup import GrowingMarkup, Markup

MAX_ANSWERS = 1000
_ENDED = ("done", "stopped", "failed")


class Answers:
    """The latest `max_answers` that were asked for."""

    def __init__(self, max_answers: int = MAX_ANSWERS) -> None:
        self._max_answers = max_answers
        self._growing: dict[tuple[str, Side], GrowingMarkup] = {}

    def of(self, view: BattleView) -> Mapping[Side, Markup]:
        """Both answers of the current turn."""
        return {"a": self._read(view.battle_id, "a", view.a), "b": self._read(view.battle_id, "b", view.b)}

    def _read(self, battle_id: str, side: Side, answer: SideView) -> Markup:
        return self._find(battle_id, side).show(answer.text, is_whole=answer.state in _ENDED)

    def _find(self, battle_id: str, side: Side) -> GrowingMarkup:
        growing = self._growing.pop((battle_id, side), None) or GrowingMarkup()
        self._growing[battle_id, side] = growing  # the last one now
        if len(self._growing) > self._max_answers:
            del self._growing[next(iter(self._growing))]
        return growing
