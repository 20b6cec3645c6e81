"""A battle in memory, with its models, and its reveal once there is a vote."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arena.rounds.battle import Battle
from arena.rounds.views import BattleState, BattleView, Kind, Reveal, SharedSettings, Withdrawal
from arena.rules import guardrails, limits
from arena.service.refusal import Refusal
from arena.service.reveals.reveal import withdrawal_of
from arena.service.verdicts.notices import warning
from db.codes import BattleKind, Reason
from db.queries import StoredSettings

KINDS: Mapping[BattleKind, Kind] = {
    BattleKind.BATTLE: "battle",
    BattleKind.CONTROL: "battle",
    BattleKind.NAMED: "named",
    BattleKind.CHAT: "chat",
}
"""The kinds of battles that are written while their visitor watches. A control battle looks like any other until its
vote is stored."""


@dataclass(slots=True)
class Live:
    """A battle in memory, with its models and its reveal. `lock` keeps its steps in order: send, retry, regenerate,
    vote, withdraw, leave. Every `now` is a Unix time in seconds."""

    battle: Battle
    kind: Kind
    models: tuple[str, ...]
    settings: SharedSettings
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    successor: str | None = None
    """The battle that pages go on to: another pair was drawn for the same prompt."""
    reveal: Reveal | None = None
    voted_at: float = 0.0
    withdrawals: limits.Withdrawals | None = None
    """What the visitor had withdrawn at the time of the vote."""
    is_left: bool = False

    def refuse_unless(self, *states: BattleState) -> None:
        state = self.battle.state
        if state not in states:
            raise Refusal({"void": "battle_void", "voted": "already_voted"}.get(state, "not_yet"))

    @property
    def is_replaced(self) -> bool:
        """Whether its successor stands for it, because a side failed before any text was shown."""
        return self.successor is not None and self.battle.notice == "replaced"

    def is_current(self, now: float) -> bool:
        """Whether the visitor has not left it, and it is being written, waits for a vote, or can be withdrawn."""
        is_fresh = self.battle.state == "voted" and self.can_withdraw_s(now) > 0
        return not self.is_left and (is_fresh or self.battle.state in ("open", "votable"))

    def can_withdraw_s(self, now: float) -> float:
        if self.reveal is None or Reason.WITHDRAWN.label in self.reveal.reasons:
            return 0.0
        return limits.can_withdraw_s(voted_at=self.voted_at, now=now)

    def timed(self, shown: Reveal, now: float) -> Reveal:
        return replace(shown, can_withdraw_s=self.can_withdraw_s(now), withdrawal=self._withdrawal(now))

    def _withdrawal(self, now: float) -> Withdrawal | None:
        done, within_s = self.withdrawals, self.can_withdraw_s(now)
        return None if done is None or within_s == 0 else withdrawal_of(done, within_s)

    def complete(self, view: BattleView, now: float) -> BattleView:
        """Add to the battle's own view its kind and settings, the notice of the rules, the reveal if there is a vote,
        and the names if they may be shown."""
        is_revealed = view.state == "voted" and self.reveal is not None
        names = None if self.kind == "battle" and not is_revealed else self.models
        view = replace(view, kind=self.kind, names=names, settings=self.settings)
        if view.state == "votable":
            notice, is_tie_only = warning(self.battle, self.kind)
            return replace(view, notice=notice, is_tie_only=is_tie_only)
        if view.state == "voted" and self.reveal is not None:
            return replace(view, reveal=self.timed(self.reveal, now))
        return view


def shared_settings(stored: StoredSettings) -> SharedSettings:
    """Return the arena's own settings of a battle."""
    text = stored.system_prompt or ""
    return SharedSettings(
        text, guardrails.has_guardrails(text), stored.temperature, stored.top_p, stored.max_tokens, stored.pace
    )
