"""Let a crowd hold battles, play quick rounds and judge a campaign in a running arena."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from arena.crowd import questions
from arena.crowd.pages import CrowdError, Visitor
from arena.crowd.prepared import judge
from arena.crowd.voters import Manner, choose, manners

_REFUSALS_IN_A_ROW = 3
_ALL = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """`n_battles` and `n_screens` of quick rounds by `n_voters`, of whom `n_at_once` are on the pages at a time; with
    the link's token of a `campaign`, each also judges all of it. `careless` and `left` are shares of the voters."""

    n_battles: int
    n_voters: int
    n_at_once: int
    careless: float
    left: float
    seed: int
    n_screens: int = 0
    campaign: str = ""


@dataclass(slots=True)
class Found:
    """What the crowd saw of one kind: right and all checked answers of each model, its votes by verdict ("counted", or
    a reason), and the board."""

    right: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    board: dict[str, Any] = field(default_factory=dict)

    def accuracy(self, model: str) -> float:
        """The share of the model's answers that were right."""
        return self.right[model] / self.answers[model]


@dataclass(slots=True)
class Crowd:
    """What the crowd saw. `n_votes` were cast on battles; `n_judged` are the screens of the campaign by voter."""

    battles: Found = field(default_factory=Found)
    quick: Found = field(default_factory=Found)
    refusals: Counter[str] = field(default_factory=Counter)
    n_votes: int = 0
    n_judged: list[int] = field(default_factory=list)


async def visit(url: str, plan: Plan, progress: Callable[[int], None]) -> Crowd:
    """Hold the battles; `progress` is called with the number of votes so far. Raises CrowdError."""
    crowd, turns = Crowd(), asyncio.Semaphore(plan.n_at_once)
    every = manners(plan.n_voters, careless=plan.careless, left=plan.left)
    async with asyncio.TaskGroup() as group:
        for number, manner in enumerate(every):
            member = _Member(url, plan, number, manner, crowd)
            group.create_task(member.visit(turns, progress))
    visitor = await Visitor.arrive(url)
    try:
        crowd.battles.board = await visitor.board("battle")
        crowd.quick.board = await visitor.board("quick")
    finally:
        await visitor.leave()
    return crowd


def _share(total: int, plan: Plan, number: int) -> int:
    """Return one voter's part of a total.

    >>> [_share(10, Plan(0, 4, 1, 0.0, 0.0, 0), number) for number in range(4)]
    [3, 3, 2, 2]
    """
    return total // plan.n_voters + (number < total % plan.n_voters)


class _Member:
    def __init__(self, url: str, plan: Plan, number: int, manner: Manner, crowd: Crowd) -> None:
        self._url = url
        self._plan = plan
        self._number = number
        self._manner = manner
        self._crowd = crowd
        self._rng = Random(f"{plan.seed} {number}")

    async def visit(self, turns: asyncio.Semaphore, progress: Callable[[int], None]) -> None:
        async with turns:
            visitor = await Visitor.arrive(self._url)
            try:
                await self._battle(visitor, progress)
                n_screens = _share(self._plan.n_screens, self._plan, self._number)
                await judge(visitor, self._manner, self._rng, n_screens=n_screens)
                if self._plan.campaign:
                    campaign = self._plan.campaign
                    n_judged = await judge(visitor, self._manner, self._rng, n_screens=_ALL, campaign=campaign)
                    self._crowd.n_judged.append(n_judged)
                for battle in await visitor.battles():
                    self._add(battle)
            finally:
                await visitor.leave()

    async def _battle(self, visitor: Visitor, progress: Callable[[int], None]) -> None:
        n_battles, n_refused = _share(self._plan.n_battles, self._plan, self._number), 0
        while n_battles and n_refused < _REFUSALS_IN_A_ROW:
            question = questions.draw(self._rng)
            try:
                battle = await visitor.ask(question.text)
            except CrowdError as refusal:
                self._crowd.refusals[str(refusal)] += 1
                n_refused += 1
                continue
            n_battles, n_refused = n_battles - 1, 0
            a, b = _texts(battle)
            button = choose(
                self._manner,
                self._rng,
                is_a_right=question.is_right(a),
                is_b_right=question.is_right(b),
                are_equal=a.strip() == b.strip(),
            )
            await visitor.vote(battle["id"], button)
            self._crowd.n_votes += 1
            progress(self._crowd.n_votes)

    def _add(self, battle: dict[str, Any]) -> None:
        """Add a battle whose names are known now. Names of an unfinished campaign are not."""
        is_quick = battle["kind"] == "quick"
        found = self._crowd.quick if is_quick else self._crowd.battles
        if battle["vote"] is None:
            found.verdicts["no vote was stored"] += 1
            return
        found.verdicts.update(battle["vote"]["reasons"] or ["counted"])
        if is_quick:
            prompt = battle["prepared_prompt"]["text"]
            shown = [(one["model"], one["text"]) for one in battle["prepared_answers"] or ()]
        else:
            prompt = battle["turns"][0]["prompt"]
            shown = list(zip(battle["models"] or (), _texts(battle), strict=False))
        question = questions.checked(prompt)
        if question is None:
            return
        for model, text in shown:
            found.answers[model] += 1
            found.right[model] += question.is_right(text)


def _texts(battle: dict[str, Any]) -> tuple[str, str]:
    last = {answer["side"]: answer["text"] for answer in battle["turns"][0]["answers"]}
    return last.get("a", ""), last.get("b", "")
