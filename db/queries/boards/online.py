"""The stored online-Elo state, and replays of the votes that made it: those on battles, as on the official board.

The state is up to date if the ledger's `elo_revision` equals its `revision` and it was computed with this Elo formula.
A vote extends such a state by one step. A change of older votes sets `elo_revision` to 0; then the votes are replayed
from the first one. A short replay runs in the transaction that needs the state. A long one would keep every voter
waiting for the ledger's lock (1 s for a million votes), so it runs outside (`db.online_replay`), and votes cast
meanwhile have no online change.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, exists, false, func, select, update

from db.codes import BattleKind
from db.outcome import Outcome
from db.queries.boards.ledger import LockedLedger, ledger_state, lock_ledger, packed_in_order, unpacked
from db.records.votes import EloState, OnlineElo, OrderedVote
from db.schema import elo_state as elo_table
from db.schema import ledger, models, votes

RATED = BattleKind.BATTLE
"""The kind of the votes that move online ratings."""
LONG_REPLAY = 10_000
"""A replay of more counted votes does not run under the ledger's lock."""
_OUTCOMES = tuple(Outcome)


@dataclass(slots=True)
class Replay:
    """The online Elo after the counted votes up to `revision`, by row number of the model."""

    elo: OnlineElo
    revision: int = 0
    ratings: list[float] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """Of each model in `ratings`."""
    steps: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """By packed vote: the places of both models, and the outcome's code."""
    met: Counter[int] = field(default_factory=Counter)
    """How often each packed vote came."""

    def add(self, numbers: Iterable[int]) -> None:
        """Add packed votes, in order."""
        numbers = list(numbers)
        for number in {*numbers} - self.steps.keys():
            a, b, code = unpacked(number)
            self.steps[number] = self._place(a), self._place(b), code
        self.met.update(numbers)
        self.elo.extend(self.ratings, map(self.steps.__getitem__, numbers))

    def _place(self, model_id: int) -> int:
        if model_id not in self.places:
            self.places[model_id] = len(self.ratings)
            self.ratings.append(self.elo.start)
        return self.places[model_id]

    @property
    def games(self) -> list[int]:
        """By place."""
        games = [0] * len(self.ratings)
        for number, n in self.met.items():
            a, b, _ = self.steps[number]
            games[a] += n
            games[b] += n
        return games


def elo_state(tx: Connection) -> Mapping[str, EloState]:
    """Return the stored online-Elo state by model name. `ledger_state` shows whether it is up to date; see
    `refresh_elo_state`."""
    stored = select(models.c.name, elo_table.c.rating, elo_table.c.games).join(models).order_by(models.c.name)
    return {name: EloState(rating, games) for name, rating, games in tx.execute(stored)}


def refresh_elo_state(tx: Connection, elo: OnlineElo) -> Mapping[str, EloState]:
    """Return the online-Elo state, after a replay of all counted votes if it is out of date or made with another
    Elo formula. Needs a write transaction, and keeps the ledger locked however long it takes."""
    locked = lock_ledger(tx)
    if not locked.has_right_state(elo):
        replay_locked(tx, locked, elo)
    return elo_state(tx)


def replay(ordered: Iterable[OrderedVote], elo: OnlineElo) -> dict[str, EloState]:
    """Compute the online-Elo state after these votes, without models that have none."""
    ratings: dict[str, float] = {}
    games: dict[str, int] = {}
    for a, b, outcome in ordered:
        ratings[a], ratings[b] = elo.update(ratings.get(a, elo.start), ratings.get(b, elo.start), outcome)
        games[a] = games.get(a, 0) + 1
        games[b] = games.get(b, 0) + 1
    return {name: EloState(ratings[name], games[name]) for name in sorted(ratings)}


def is_long_replay(tx: Connection, *, after: int = 0) -> bool:
    """Whether so many counted votes follow a revision that they are not replayed under the lock."""
    # `<> false`, because with `= true` SQLite would read all of votes_board to find the newest votes.
    newer = (votes.c.counted != false(), votes.c.revision > after, votes.c.kind == RATED)
    some = select(votes.c.id).where(*newer).limit(LONG_REPLAY + 1)
    return (tx.scalar(select(func.count()).select_from(some.subquery())) or 0) > LONG_REPLAY


def extended(tx: Connection, so_far: Replay) -> Replay:
    """Return the replay up to the ledger's revision: from where it is, or from the first vote if an older one
    changed."""
    revision = ledger_state(tx).revision
    if not _is_still_right(tx, so_far, revision):
        so_far = Replay(so_far.elo)
    _add_votes(tx, so_far, revision)
    return so_far


def store_replay(tx: Connection, so_far: Replay) -> bool:
    """Store the state after a few more votes, and return whether the stored state is up to date. It is not if an older
    vote changed, or many were cast or imported, since the replay was extended."""
    locked = lock_ledger(tx)
    if locked.has_right_state(so_far.elo):
        return True
    if not _is_still_right(tx, so_far, locked.revision) or is_long_replay(tx, after=so_far.revision):
        return False
    _finish(tx, locked, so_far)
    return True


def replay_locked(tx: Connection, locked: LockedLedger, elo: OnlineElo) -> None:
    """Replay all counted votes under the lock and store the state (for other queries)."""
    _finish(tx, locked, Replay(elo))


def _is_still_right(tx: Connection, so_far: Replay, revision: int) -> bool:
    """Whether no vote of the replay has changed since."""
    # `+ 0`, or SQLite would read the old votes by their revision, instead of the few changed ones.
    older = (votes.c.changed_revision > so_far.revision, votes.c.revision + 0 <= so_far.revision)
    return so_far.revision <= revision and not tx.scalar(select(exists().where(*older)))


def _add_votes(tx: Connection, so_far: Replay, revision: int) -> None:
    for numbers in packed_in_order(tx, RATED, after=so_far.revision):
        so_far.add(numbers)
    so_far.revision = revision


def _finish(tx: Connection, locked: LockedLedger, so_far: Replay) -> None:
    _add_votes(tx, so_far, locked.revision)
    tx.execute(elo_table.delete())
    games = so_far.games
    rows = [
        {"model_id": model_id, "rating": so_far.ratings[place], "games": games[place]}
        for model_id, place in so_far.places.items()
    ]
    if rows:
        tx.execute(elo_table.insert(), rows)
    tx.execute(update(ledger).values(elo_revision=locked.revision, elo_name=so_far.elo.name))
