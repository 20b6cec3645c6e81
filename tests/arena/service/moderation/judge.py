"""A moderator whose verdicts are scripted by words of the judged text."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from arena.players.events import Finish, Request, Token
from arena.service.moderation import Moderator
from db.schema import checks
from tests.arena.service.house import NAMES, House

LETTERS = {"illegal": "A", "hateful": "B", "unqualified": "C"}
BLOCKS_ANSWERS: Mapping[str, Any] = {
    "answers_illegal": "block",
    "answers_hateful": "warn",
    "answers_unqualified": "log",
}
BLOCKS_PROMPTS: Mapping[str, Any] = {
    "prompts_illegal": "block",
    "prompts_hateful": "warn",
    "prompts_unqualified": "log",
}
BATTLE = {"pace": "equal", "max_chars_per_s": 100_000.0}


class Judge:
    """Answers with the letter of the first word of `LETTERS` in the text, else D; `failing` replaces its answers. Waits
    for `gate` first. `texts` are those that it was given."""

    def __init__(self, *, failing: str | Exception | None = None, letters: Mapping[str, str] = LETTERS) -> None:
        self.failing = failing
        self.letters = letters
        self.gate: asyncio.Event | None = None
        self.texts: list[str] = []
        self.n_at_once = self.most_at_once = 0

    async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        found = re.search(r"\nBEGIN (\w+)\n(.*)\nEND \1\n", request.messages[-1].content, re.DOTALL)
        assert found is not None
        self.texts.append(found[2])
        self.n_at_once += 1
        self.most_at_once = max(self.most_at_once, self.n_at_once)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            if isinstance(self.failing, Exception):
                raise self.failing
            letter = next((letter for word, letter in self.letters.items() if word in found[2]), "D")
            yield Token(self.failing or letter)
            yield Finish("stop", 1, 1, None, ttft_ms=1.0, duration_ms=1.0)
        finally:
            self.n_at_once -= 1


def house_with(
    folder: Path,
    judge: Judge,
    *,
    names: tuple[str, ...] = NAMES,
    timeout_s: float = 5.0,
    limits: Mapping[str, int] | None = None,
    **moderation: Any,
) -> House:
    """Return a house whose texts are judged by `judge`, under these settings of [moderation]."""
    settings = {"base_url": "http://127.0.0.1:9/v1", "model": "Judge", "timeout_s": timeout_s, **moderation}
    house = House(folder, names, moderation=settings, battle=BATTLE, limits=limits or {})
    house.moderator = Moderator("Judge", judge, house.settings.moderation, now=lambda: house.wall_s)
    return house


def stored(house: House) -> list[tuple[int, str | None, str, str]]:
    """Return the findings in the database, in their order: turn, side, category and action."""
    with house.database.read() as tx:
        rows = tx.execute(select(checks).order_by(checks.c.id)).all()
    return [(row.turn, None if row.side is None else row.side.label, row.category, row.action.label) for row in rows]
