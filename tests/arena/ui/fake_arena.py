"""A small honest arena for the pages' tests: the methods of `arena.service.Arena`, canned answers, no database and no
model.

It keeps the rules that a page can see: one visitor's battle is nobody else's, one vote per battle, names only after
the vote.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from arena.rounds.quick_rounds import Round
from arena.service import (
    OFFICIAL,
    BattleView,
    Board,
    Choices,
    Chosen,
    Held,
    Kind,
    ModelCard,
    Outcome,
    OwnBattles,
    OwnBoard,
    Refusal,
    Reveal,
    RevealSide,
    RoundView,
    SharedSettings,
    Side,
    SideView,
    Status,
    TurnView,
    View,
    Withdrawal,
    WithdrawReason,
)
from elo.board.fragility import Fragility
from elo.board.leaderboard import BoardRow, Leaderboard, Source
from elo.settings import Settings as EloSettings

NAMES = ("Wren Sol", "Moss Tarn", "Fen Quill", "Ash Lark")
_SETTINGS = SharedSettings("Be brief.", False, 0.7, 1.0, 1024, "equal")


@dataclass(slots=True)
class _Turn:
    prompt: str
    texts: dict[str, str] = field(default_factory=lambda: {"a": "", "b": ""})
    states: dict[str, str] = field(default_factory=lambda: {"a": "waiting", "b": "waiting"})


@dataclass(slots=True)
class _Battle:
    visitor: str
    battle_id: str
    turns: list[_Turn] = field(default_factory=list)
    state: str = "open"
    reveal: Reveal | None = None
    has_left: bool = False
    kind: Kind = "battle"
    models: tuple[str, ...] = NAMES[:2]
    has_guardrails: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    n_changes: int = 0
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)


class FakeVisitors:
    """The decisions of visitors, a set of those who allow publishing; nobody has battles."""

    def __init__(self) -> None:
        self.consenting: dict[str, float] = {}
        self.refusal: Refusal | None = None

    async def consent(self, visitor: str) -> float | None:
        return self.consenting.get(visitor)

    async def board(self, visitor: str) -> OwnBoard:
        return OwnBoard(0, 0, 0, 0, (), None)

    async def battles(self, visitor: str, chosen: Chosen, before: str | None = None) -> OwnBattles:
        return OwnBattles((), None)

    async def set_consent(self, visitor: str, *, is_given: bool) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.consenting.pop(visitor, None)
        if is_given:
            self.consenting[visitor] = time.time()


class FakeQuick:
    """Quick rounds of which nobody has played one."""

    async def view(self, visitor: str | None) -> RoundView:
        return RoundView(None, Round(10), n_left=3, n_seen=0)


class FakePrompts:
    """Prompts without a battle."""

    def __init__(self) -> None:
        self.waiting: dict[str, Held] = {}
        self.interruptions: dict[str, str] = {}

    def hold(self, visitor: str, text: str) -> Held:
        self.waiting[visitor] = Held(text)
        return self.waiting[visitor]

    def held(self, visitor: str) -> Held | None:
        return self.waiting.get(visitor)

    def let_go(self, visitor: str) -> Held | None:
        return self.waiting.pop(visitor, None)

    def interrupted(self, visitor: str, kind: Kind = "battle") -> str | None:
        return self.interruptions.get(visitor) if kind == "battle" else None


class FakeBoards:
    """One board, whatever the view."""

    def __init__(self, arena: "FakeArena") -> None:
        self._arena = arena

    async def choices(self) -> Choices:
        return Choices(("en", "ko"), ("code",))

    async def older(self, view: View, visitor: str | None) -> tuple[Board | None, int]:
        return self._arena.board, 0

    async def newest(self, view: View = OFFICIAL, *, visitor: str | None = None, address: str | None = None) -> Board:
        return self._arena.board


class FakeArena:
    """`answers` maps a prompt to the two sides' words; None as an answer is a side that fails (and works when tried
    again)."""

    def __init__(
        self,
        *,
        answers: dict[str, tuple[str | None, str | None]] | None = None,
        word_s: float = 0.02,
        n_ready: int = 4,
        board: Board | None = None,
        reasons: tuple[str, ...] = (),
    ) -> None:
        self.visitors = FakeVisitors()
        self.quick = FakeQuick()
        self.answers = answers or {}
        self.word_s = word_s
        self.n_ready = n_ready
        self.n_failed = 0
        self.prompts = FakePrompts()
        self.boards = FakeBoards(self)
        self.pulses: dict[str, int] = {}
        self.board = board or empty_board()
        self.reasons = reasons
        self.n_votes = 0
        self.max_prompt_chars = 4000
        self.battles: dict[str, _Battle] = {}

    async def status(self) -> Status:
        n_counted = 0 if self.reasons else self.n_votes
        n_loading = len(NAMES) - self.n_ready - self.n_failed
        return Status(len(NAMES), self.n_ready, n_loading, self.n_failed, self.n_votes, n_counted)

    def pulse(self, visitor: str) -> int:
        return self.pulses.get(visitor, 0)

    def contestants(self) -> tuple[ModelCard, ...]:
        return tuple(ModelCard(name, "This project", None, None, None, False) for name in NAMES)

    async def open_named(
        self,
        visitor: str,
        text: str,
        *,
        models: Sequence[str],
        has_guardrails: bool,
        address: str | None = None,
    ) -> str:
        if not set(models) <= set(NAMES[: self.n_ready]):
            raise Refusal("model_not_ready")
        battle = self._open(visitor)
        battle.kind, battle.models = ("named" if len(models) == 2 else "chat"), tuple(models)
        battle.has_guardrails = has_guardrails
        return await self.send(visitor, battle.battle_id, text)

    async def send(
        self,
        visitor: str,
        battle_id: str | None,
        text: str,
        *,
        address: str | None = None,
    ) -> str:
        if not text.strip():
            raise Refusal("prompt_empty")
        if len(text) > self.max_prompt_chars:
            raise Refusal("prompt_too_long", length=len(text), limit=self.max_prompt_chars)
        if len(NAMES) - self.n_failed < 2:
            raise Refusal("models_failed", n_failed=self.n_failed, n_models=len(NAMES))
        if self.n_ready < 2:
            raise Refusal("models_loading", n_ready=self.n_ready, n_models=len(NAMES))
        battle = self._own(visitor, battle_id) if battle_id else self._open(visitor)
        if battle.state == "voted":
            raise Refusal("already_voted")
        battle.turns.append(_Turn(text))
        self._ask(battle)
        return battle.battle_id

    def _ask(self, battle: _Battle) -> None:
        turn = battle.turns[-1]
        battle.state = "open"
        text = turn.prompt
        answers = self.answers.get(text, (f"You wrote: {text}", f"I read “{text}”, and that is all that I can say."))
        battle.tasks = [
            asyncio.create_task(self._write(battle, turn, side, answer))
            for side, answer in zip("ab"[: len(battle.models)], answers, strict=False)
        ]

    async def regenerate(self, visitor: str, battle_id: str) -> None:
        battle = self._own(visitor, battle_id)
        if battle.state != "votable":
            raise Refusal("cannot_regenerate")
        battle.turns[-1] = _Turn(battle.turns[-1].prompt)
        self._ask(battle)

    async def another_pair(self, visitor: str, battle_id: str, *, address: str | None = None) -> str:
        prompt = self._own(visitor, battle_id).turns[0].prompt
        await self.leave(visitor, battle_id)
        return await self.send(visitor, None, prompt)

    async def follow(self, visitor: str, battle_id: str) -> AsyncIterator[BattleView]:
        battle = self._own(visitor, battle_id)
        while True:
            view, n_changes = self._view(battle), battle.n_changes
            yield view
            if view.state != "open":
                return
            async with battle.changed:
                while battle.n_changes == n_changes:
                    await battle.changed.wait()

    async def view(self, visitor: str, battle_id: str) -> BattleView:
        return self._view(self._own(visitor, battle_id))

    async def current(self, visitor: str, kind: Kind = "battle") -> str | None:
        battles = [one for one in self.battles.values() if one.visitor == visitor and one.kind == kind]
        mine = [one for one in battles if not one.has_left]
        return mine[-1].battle_id if mine else None

    async def stop(self, visitor: str, battle_id: str) -> None:
        battle = self._own(visitor, battle_id)
        if battle.state != "open":
            raise Refusal("not_yet")
        for task in battle.tasks:
            task.cancel()
        for side, state in battle.turns[-1].states.items():
            if state in ("waiting", "writing"):
                battle.turns[-1].states[side] = "stopped"
        await self._settle(battle)

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        battle = self._own(visitor, battle_id)
        turn = battle.turns[-1]
        if turn.states[side] != "failed":
            raise Refusal("not_yet")
        turn.texts[side], turn.states[side], battle.state = "", "waiting", "open"
        battle.tasks.append(asyncio.create_task(self._write(battle, turn, side, "Here is the answer after all.")))

    async def leave(self, visitor: str, battle_id: str) -> None:
        battle = self._own(visitor, battle_id)
        battle.has_left = True
        for task in battle.tasks:
            task.cancel()
        if battle.state != "voted":
            battle.state = "void"
        await self._tell(battle)

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> Reveal:
        battle = self._own(visitor, battle_id)
        if battle.state == "open":
            raise Refusal("not_yet")
        if battle.reveal is not None:
            if battle.reveal.outcome is not outcome:
                raise Refusal("already_voted")
            return battle.reveal
        self.n_votes += 1
        battle.state = "voted"
        change = 32 * (outcome.score - 0.5)
        battle.reveal = Reveal(
            outcome=outcome,
            a=RevealSide(NAMES[0], 1018.0, 1018.0 + change, 2, 3, 42, 180.0, 61.0),
            b=RevealSide(NAMES[1], 990.0, 990.0 - change, 4, 4, 37, 240.0, 48.0),
            is_counted=not self.reasons,
            reasons=self.reasons,
            can_withdraw_s=60.0,
            withdrawal=Withdrawal(60.0, n_left=1, next_at=20),
            expected_a=0.54,
            share_id="5" * 32,
        )
        return battle.reveal

    async def withdraw(self, visitor: str, battle_id: str, reason: WithdrawReason) -> Reveal:
        battle = self._own(visitor, battle_id)
        if battle.reveal is None:
            raise Refusal("not_yet")
        before = battle.reveal
        battle.reveal = Reveal(before.outcome, before.a, before.b, False, ("withdrawn",), 0.0)
        return battle.reveal

    def _open(self, visitor: str) -> _Battle:
        battle = _Battle(visitor, uuid.uuid4().hex)
        self.battles[battle.battle_id] = battle
        return battle

    def _own(self, visitor: str, battle_id: str) -> _Battle:
        battle = self.battles.get(battle_id)
        if battle is None or battle.visitor != visitor:
            raise Refusal("battle_not_found")
        return battle

    async def _write(self, battle: _Battle, turn: _Turn, side: str, answer: str | None) -> None:
        words = (answer or "Half an answer").split(" ")
        for n in range(1, len(words) + 1):
            await asyncio.sleep(self.word_s)
            turn.texts[side], turn.states[side] = " ".join(words[:n]), "writing"
            await self._tell(battle)
        turn.states[side] = "done" if answer is not None else "failed"
        await self._settle(battle)

    async def _settle(self, battle: _Battle) -> None:
        states = battle.turns[-1].states
        if not {"waiting", "writing"} & {states[side] for side in "ab"[: len(battle.models)]}:
            battle.state = "votable"
        await self._tell(battle)

    async def _tell(self, battle: _Battle) -> None:
        async with battle.changed:
            battle.n_changes += 1
            battle.changed.notify_all()

    def _view(self, battle: _Battle) -> BattleView:
        *earlier, turn = battle.turns
        is_open, failed = battle.state == "open", "failed" in turn.states.values()
        is_named, is_chat = battle.kind != "battle", battle.kind == "chat"
        notice = "wont_count_failed_side" if failed and battle.state == "votable" else None
        return BattleView(
            battle_id=battle.battle_id,
            state=battle.state,  # type: ignore[arg-type]
            turns=tuple(TurnView(one.prompt, one.texts["a"], None if is_chat else one.texts["b"]) for one in earlier),
            prompt=turn.prompt,
            a=self._side(turn, "a", battle),
            b=None if is_chat else self._side(turn, "b", battle),
            can_send=battle.state == "votable" and not failed,
            can_vote=battle.state == "votable" and not is_chat,
            can_stop=is_open,
            notice="left" if battle.state == "void" else notice,
            reveal=battle.reveal,
            kind=battle.kind,
            names=battle.models if is_named or battle.reveal else None,
            can_regenerate=battle.state == "votable",
            settings=replace(_SETTINGS, has_guardrails=battle.has_guardrails),
        )

    def _side(self, turn: _Turn, side: str, battle: _Battle) -> SideView:
        has_failed = turn.states[side] == "failed"
        return SideView(
            state=turn.states[side],  # type: ignore[arg-type]
            text=turn.texts[side],
            can_retry=has_failed and battle.state in ("open", "votable"),
            error="side_failed" if has_failed else None,
        )


def empty_board() -> Board:
    return _board((), NAMES, 0, 0, {})


def full_board(*, revision: int = 843) -> Board:
    """Four models with 812 votes, of which one has a rare kind of interval."""
    rows = (
        BoardRow("Wren Sol", 1, 1087.2, 1061.0, 1114.4, "bootstrap", 412, 0.64, 1, 2),
        BoardRow("Moss Tarn", 1, 1064.4, 1039.0, 1090.1, "bootstrap", 398, 0.58, 1, 2),
        BoardRow("Fen Quill", 3, 951.0, 927.3, 974.0, "bootstrap", 405, 0.41, 1, 4),
        BoardRow("Ash Lark", 4, 897.4, 802.0, 940.0, "hessian", 9, 0.22, 1, 4),
    )
    return _board(rows, (), revision, 812, {"stopped": 18, "identical_answers": 9, "identity_leak": 4})


def _board(
    rows: tuple[BoardRow, ...], unrated: tuple[str, ...], revision: int, n: int, exclusions: dict[str, int]
) -> Board:
    settings = EloSettings()
    fragility = Fragility(rows[0].model, rows[1].model, 17, ()) if rows else None
    return Board(
        leaderboard=Leaderboard(rows=rows, unrated=unrated, settings=settings, source=Source(n), fragility=fragility),
        models={name: ModelCard(name, "This project", "Mistral", "Apache-2.0", 1_000_000, False) for name in NAMES},
        revision=revision,
        computed_at=time.time(),
        n_counted=n,
        n_excluded=sum(exclusions.values()),
        exclusions=exclusions,
        average_win_rates={row.model: row.win_rate for row in rows},
    )
