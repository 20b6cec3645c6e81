"""A visitor's battles in a list, as the page shows them; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from arena.rounds.views import BattleState
from db.codes import BattleKind, State
from db.outcome import Outcome
from db.queries import BattleSummary

OwnKind = Literal["battle", "named", "chat", "quick"]
OWN_KINDS: tuple[OwnKind, ...] = get_args(OwnKind)
PAGE_SIZE = 50
_KINDS: Mapping[BattleKind, OwnKind] = {
    BattleKind.BATTLE: "battle",
    BattleKind.CONTROL: "battle",  # it must look like any other
    BattleKind.NAMED: "named",
    BattleKind.CHAT: "chat",
    BattleKind.QUICK: "quick",
}
_STATES: Mapping[State, BattleState] = {
    State.OPEN: "open",
    State.VOTABLE: "votable",
    State.VOTED: "voted",
    State.VOID: "void",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which battles a visitor wants to see; None: any. `is_counted` is about their votes; with
    `is_shared` only those that are shared."""

    kind: OwnKind | None = None
    outcome: Outcome | None = None
    is_counted: bool | None = None
    is_shared: bool = False

    @property
    def codes(self) -> tuple[BattleKind, ...] | None:
        return None if self.kind is None else tuple(code for code, kind in _KINDS.items() if kind == self.kind)


@dataclass(frozen=True, slots=True)
class OwnBattle:
    """A battle in the list. `names` is None before the vote of a blind battle, `prompt` if it was deleted; `outcome` is
    None without a vote, and `reasons` are those of `arena.rules.ledger` why it does not count. `opened_at` is a Unix
    time in seconds."""

    battle_id: str
    share_id: str
    kind: OwnKind
    state: BattleState
    names: tuple[str, ...] | None
    prompt: str | None
    n_turns: int
    opened_at: float
    outcome: Outcome | None
    reasons: tuple[str, ...]
    is_shared: bool
    campaign: str | None = None
    """The name of the campaign that a quick battle belongs to."""


@dataclass(frozen=True, slots=True)
class OwnBattles:
    """A page of the list, the newest battle first. `older` is the battle before which the next page begins, None on the
    last page."""

    battles: tuple[OwnBattle, ...]
    older: str | None


def listed(found: list[BattleSummary]) -> OwnBattles:
    """Return the page of at most `PAGE_SIZE` battles, if one more was asked for."""
    shown = found[:PAGE_SIZE]
    return OwnBattles(tuple(map(_own, shown)), shown[-1].battle_id if len(found) > PAGE_SIZE else None)


def _own(one: BattleSummary) -> OwnBattle:
    return OwnBattle(
        battle_id=one.battle_id,
        share_id=one.share_id,
        kind=_KINDS[one.kind],
        state=_STATES[one.state],
        names=None if one.model_a is None else tuple(name for name in (one.model_a, one.model_b) if name is not None),
        prompt=one.prompt,
        n_turns=one.n_turns,
        opened_at=one.opened_at,
        outcome=one.outcome,
        reasons=tuple(reason.label for reason in one.reasons),
        is_shared=one.shared_at is not None,
        campaign=one.campaign,
    )
