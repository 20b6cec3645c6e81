"""The moderator as the `Screen` of a battle: both sides are judged in parallel."""

import asyncio
from collections.abc import Mapping

from arena.rounds.turns.screening import Answered, Finding
from arena.rounds.views import Side
from arena.service.moderation.moderator import Moderator


class AnswerScreen:
    def __init__(self, moderator: Moderator) -> None:
        self._moderator = moderator

    @property
    def holds(self) -> bool:
        return self._moderator.policy.can_block("answer")

    async def judge(self, answers: Mapping[Side, Answered]) -> Mapping[Side, Finding]:
        judge = self._moderator.judge
        found = await asyncio.gather(*(judge("answer", one.text, one.reasoning) for one in answers.values()))
        return dict(zip(answers, found, strict=True))


def screen_of(moderator: Moderator | None) -> AnswerScreen | None:
    """Return the screen of a new battle; None where answers are not judged."""
    return AnswerScreen(moderator) if moderator is not None and moderator.policy.asks("answer") else None
