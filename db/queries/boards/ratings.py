"""Single votes with everything that a rating may use.

Each has its voter, time, prepared pair, draw probability and both answers. Most boards need only counts:
`ledger.cells`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, false, select

from db.codes import BattleKind
from db.outcome import Outcome
from db.queries.boards.battle_columns import BattleColumns
from db.queries.boards.ledger import CODE, of_votes
from db.queries.decks.prompts import prepared_id
from db.queries.load import reasons_of
from db.records.votes import ExcludedVote, RatedVote, ShownAnswer
from db.schema import battles, deck_prompts, models, visitors, votes
from db.side_sums import SUM_COLUMNS, SUMS, SideSums

_BATCH = 10_000
_OUTCOMES = tuple(Outcome)
_VOTES = (
    select(
        votes.c.battle_id,
        votes.c.revision,
        votes.c.model_a,
        votes.c.model_b,
        CODE,
        votes.c.cast_at,
        battles.c.visitor_id,
        battles.c.deck_prompt_id,
        battles.c.draw_probability,
        *(votes.c[name] for name in SUM_COLUMNS),
    )
    .join(battles, votes.c.battle_id == battles.c.id)
    .where(votes.c.counted != false())  # `= true` would tempt SQLite to read by votes_board and sort
    .order_by(votes.c.revision)
)

_EXCLUDED = (
    select(votes.c.id, votes.c.battle_id, votes.c.revision).where(votes.c.counted == false()).order_by(votes.c.revision)
)


def rated_votes(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
    with_answers: bool = False,
    with_style: bool = False,
    further: Sequence[str] = (),
) -> Iterator[RatedVote]:
    """Yield the counted votes of a kind (None: any) in order of revision, cast at `since` or later and before `until`.
    The columns named in `further`, some of `BATTLE_COLUMNS`, are read only if requested."""
    chosen = of_votes(_VOTES, kind, since, until)
    columns = BattleColumns(tx, further)
    # There are few names and many votes: a look-up here costs less than joins.
    names, pseudonyms, keys = (
        dict(tx.execute(select(table.c.id, name)).all())
        for table, name in (
            (models, models.c.name),
            (visitors, visitors.c.pseudonym),
            (deck_prompts, deck_prompts.c.key),
        )
    )
    for page in _pages(tx, chosen, _BATCH):
        values = columns.of([row.battle_id for row in page])
        for battle, _, a, b, code, cast_at, visitor, prompt, chance, *sums in page:
            shown_a: tuple[ShownAnswer, ...] = ()
            shown_b: tuple[ShownAnswer, ...] = ()
            if with_answers:
                shown_a = _shown(sums[: len(SUMS)], with_style=with_style)
                shown_b = _shown(sums[len(SUMS) :], with_style=with_style)
            subject = None if prompt is None else prepared_id(keys[prompt], names[a], names[b])
            yield RatedVote(
                names[a], names[b], _OUTCOMES[code], cast_at, pseudonyms[visitor], subject, chance,
                shown_a, shown_b, values.get(battle, ()),
            )  # fmt: skip


def excluded_votes(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
    further: Sequence[str] = (),
) -> Iterator[ExcludedVote]:
    """Yield the votes of a kind (None: any) that do not count, in order of revision, with the columns named in
    `further`, some of `BATTLE_COLUMNS`."""
    columns = BattleColumns(tx, further)
    for page in _pages(tx, of_votes(_EXCLUDED, kind, since, until), _BATCH):
        values = columns.of([row.battle_id for row in page])
        reasons = reasons_of(tx, [row.id for row in page])
        for row in page:
            yield ExcludedVote(tuple(sorted(reasons[row.id])), values.get(row.battle_id, ()))


def _pages(tx: Connection, chosen: Select[Any], n_rows: int) -> Iterator[Sequence[Any]]:
    """Yield pages of `n_rows` rows. No cursor is open between pages, so that other queries may run."""
    last = 0
    while page := tx.execute(chosen.where(votes.c.revision > last).limit(n_rows)).all():
        yield page
        last = page[-1].revision


def _shown(values: Sequence[Any], *, with_style: bool) -> tuple[ShownAnswer, ...]:
    """All answers of one side, as one with their sums; none if nothing is known of them."""
    sums = SideSums(*values)
    if sums == SideSums():
        return ()
    return (ShownAnswer(sums.style if with_style else None, sums.n_tokens, sums.duration_ms),)
