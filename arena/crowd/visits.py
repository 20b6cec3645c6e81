"""Let a crowd hold battles in a running arena."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from arena.crowd import questions
from arena.crowd.pages import CrowdError, Visitor
from arena.crowd.voters import Manner, choose, manners

_REFUSALS_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """`n_battles` by `n_voters`, of whom `n_at_once` are on the pages at a time. `careless` and `left` are shares of
    the voters."""

    n_battles: int
    n_voters: int
    n_at_once: int
    careless: float
    left: float
    seed: int


@dataclass(slots=True)
class Found:
    """What the crowd saw: right and all answers of each model, and its votes by verdict ("counted", or a reason)."""

    right: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    board: dict[str, Any] = field(default_factory=dict)

    def accuracy(self, model: str) -> float:
        """The share of the model's answers that were right."""
        return self.right[model] / self.answers[model]


async def visit(url: str, plan: Plan, progress: Callable[[int], None]) -> Found:
    """Hold the battles; `progress` is called with the number of votes so far. Raises CrowdError."""
    found, turns = Found(), asyncio.Semaphore(plan.n_at_once)
    shares = [plan.n_battles // plan.n_voters + (n < plan.n_battles % plan.n_voters) for n in range(plan.n_voters)]
    every = manners(plan.n_voters, careless=plan.careless, left=plan.left)
    async with asyncio.TaskGroup() as group:
        for number, (manner, n_battles) in enumerate(zip(every, shares, strict=True)):
            rng = Random(f"{plan.seed} {number}")
            group.create_task(_one(url, manner, n_battles, rng, found, turns, progress))
    visitor = await Visitor.arrive(url)
    try:
        found.board = await visitor.board()
    finally:
        await visitor.leave()
    return found


async def _one(
    url: str,
    manner: Manner,
    n_battles: int,
    rng: Random,
    found: Found,
    turns: asyncio.Semaphore,
    progress: Callable[[int], None],
) -> None:
    async with turns:
        visitor = await Visitor.arrive(url)
        asked: dict[str, questions.Question] = {}
        n_refused = 0
        try:
            while len(asked) < n_battles and n_refused < _REFUSALS_IN_A_ROW:
                question = questions.draw(rng)
                try:
                    battle = await visitor.ask(question.text)
                except CrowdError as refusal:
                    found.refusals[str(refusal)] += 1
                    n_refused += 1
                    continue
                n_refused = 0
                asked[battle["id"]] = question
                a, b = (question.is_right(text) for text in _texts(battle))
                await visitor.vote(battle["id"], choose(manner, rng, is_a_right=a, is_b_right=b))
                found.verdicts[""] += 1
                progress(found.verdicts[""])
            for battle in await visitor.battles():
                _add(battle, asked[battle["id"]], found)
        finally:
            await visitor.leave()


def _texts(battle: dict[str, Any]) -> tuple[str, str]:
    last = {answer["side"]: answer["text"] for answer in battle["turns"][0]["answers"]}
    return last.get("a", ""), last.get("b", "")


def _add(battle: dict[str, Any], question: questions.Question, found: Found) -> None:
    """Add a battle whose names are known now."""
    if battle["vote"] is None:
        found.verdicts["no vote was stored"] += 1
        return
    for model, text in zip(battle["models"], _texts(battle), strict=True):
        found.answers[model] += 1
        found.right[model] += question.is_right(text)
    found.verdicts.update(battle["vote"]["reasons"] or ["counted"])
