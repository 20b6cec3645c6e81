"""Battles that their visitors share: read-only pages under a share id.

Nothing is public until its visitor shares it, and taking it back makes the link dead for good. The visitor's own
battles can be opened before that too, by the visitor alone; names are in them only after the vote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from arena.rounds.battle import STATES
from arena.rounds.turns.attempt import resumed
from arena.rounds.views import BattleState, Kind, RevealSide, SharedSettings, SideView
from arena.service.battles.live import KINDS, shared_settings
from arena.service.battles.memory import LiveBattles
from arena.service.refusal import Refusal
from arena.service.reveals.ranks import Ranks
from arena.service.reveals.reveal import side_of
from arena.service.storage.access import in_database
from db import queries
from db.codes import Side
from db.errors import NoSuchBattle, NotAllowedNow, NotYours
from db.outcome import Outcome
from db.queries import BattleRecord, TurnRecord
from db.session import Database


@dataclass(frozen=True, slots=True)
class SharedTurn:
    """A prompt and the answers that were shown, as they ended; a chat has no side b."""

    prompt: str
    a: SideView
    b: SideView | None


@dataclass(frozen=True, slots=True)
class SharedBattle:
    """A battle as its page shows it.

    `names` has the model of each side, None before the vote of a blind battle; `models` then is empty, else it says how
    each was asked, what it thought and how fast it was, without ratings. `outcome` is None without a vote;
    `reasons` are those of `arena.rules.ledger` why it does not count. `own_id` is the battle's id if its own visitor
    reads the page. `opened_at` is a Unix time in seconds.
    """

    share_id: str
    kind: Kind
    state: BattleState
    names: tuple[str, ...] | None
    outcome: Outcome | None
    reasons: tuple[str, ...]
    turns: tuple[SharedTurn, ...]
    settings: SharedSettings | None
    opened_at: float
    language: str | None
    is_shared: bool
    own_id: str | None = None
    models: tuple[RevealSide, ...] = ()


class Sharing:
    """The use cases; `Arena.sharing`. `visitor` is a pseudonym, as everywhere in the service."""

    def __init__(self, database: Database, battles: LiveBattles, now: Callable[[], float]) -> None:
        self._database = database
        self._battles = battles
        self._now = now

    async def share(self, visitor: str, battle_id: str) -> str:
        """Let everybody who knows the link read the battle; return its share id.

        Raises:
            Refusal: `battle_not_found` (also for one of another visitor), `not_shareable` (it has no vote),
                `not_stored`.
        """
        share_id = await in_database(partial(self._change, visitor, battle_id, is_shared=True))
        self._battles.note_sharing(battle_id, share_id, is_shared=True)
        return share_id

    async def take_back(self, visitor: str, battle_id: str) -> str:
        """Stop sharing the battle; return the share id under which its own visitor can read it. Raises as `share`."""
        share_id = await in_database(partial(self._change, visitor, battle_id, is_shared=False))
        self._battles.note_sharing(battle_id, share_id, is_shared=False)
        return share_id

    async def page(self, share_id: str, visitor: str | None) -> SharedBattle:
        """Return the battle of a share id: a shared one to everybody, any other only to its own visitor.

        Raises:
            Refusal: `share_not_found` (unknown, not shared, taken back, or its texts were deleted), `not_stored`.
        """
        record = await in_database(partial(self._read, share_id, visitor))
        if record is None or record.kind not in KINDS or not record.has_texts:
            raise Refusal("share_not_found")
        return shown(record, is_own=record.visitor == visitor)

    def _change(self, visitor: str, battle_id: str, *, is_shared: bool) -> str:
        try:
            with self._database.write() as tx:
                if is_shared:
                    return queries.share_battle(tx, battle_id, visitor=visitor, now=self._now())
                queries.unshare_battle(tx, battle_id, visitor=visitor)
                return queries.get_battle(tx, battle_id).share_id
        except NotAllowedNow as error:
            raise Refusal("not_shareable") from error
        except (NoSuchBattle, NotYours) as error:
            raise Refusal("battle_not_found") from error

    def _read(self, share_id: str, visitor: str | None) -> BattleRecord | None:
        with self._database.read() as tx:
            try:
                return queries.shared_battle(tx, share_id)
            except NoSuchBattle:
                return None if visitor is None else queries.own_battle(tx, share_id, visitor=visitor)


def shown(record: BattleRecord, *, is_own: bool) -> SharedBattle:
    """Return what the page of a stored battle shows."""
    models = (record.model_a,) if record.model_b is None else (record.model_a, record.model_b)
    is_blind = KINDS[record.kind] == "battle" and record.vote is None
    return SharedBattle(
        share_id=record.share_id,
        kind=KINDS[record.kind],
        state=STATES[record.state],
        names=None if is_blind else models,
        outcome=record.vote.outcome if record.vote else None,
        reasons=tuple(reason.label for reason in record.vote.reasons) if record.vote else (),
        turns=tuple(_turn(turn, has_b=len(models) > 1) for turn in record.turns),
        settings=shared_settings(record.settings) if record.settings else None,
        opened_at=record.opened_at,
        language=record.language,
        is_shared=record.shared_at is not None,
        own_id=record.battle_id if is_own else None,
        models=()
        if is_blind
        else tuple(
            side_of(record, side, model, None, Ranks()) for side, model in zip((Side.A, Side.B), models, strict=False)
        ),
    )


def _turn(turn: TurnRecord, *, has_b: bool) -> SharedTurn:
    a, b = (resumed(turn.shown(side)).view("writing") for side in (Side.A, Side.B))
    return SharedTurn(turn.prompt, a, b if has_b else None)
