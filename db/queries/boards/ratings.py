"""Single votes with everything that a rating may use.

Each has its voter, time, prepared pair, draw probability and both answers. Most boards need only counts:
`ledger.cells`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, false, null, select

from db.codes import BattleKind, Side
from db.outcome import Outcome
from db.queries.boards.battle_columns import BattleColumns
from db.queries.boards.ledger import CODE, of_votes
from db.queries.decks.prompts import prepared_id
from db.queries.load import reasons_of
from db.records.votes import ExcludedVote, RatedVote, ShownAnswer
from db.schema import answers, battles, deck_answers, deck_prompts, models, visitors, votes
from db.style import StyleCounts

_BATCH = 10_000
_BATCH_WITH_ANSWERS = 500
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
    Answers, their style, and the columns named in `further`, some of `BATTLE_COLUMNS`, are read only if requested."""
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
    for page in _pages(tx, chosen, _BATCH_WITH_ANSWERS if with_answers else _BATCH):
        live = _live_answers(tx, page, with_style=with_style) if with_answers else {}
        prepared = _prepared_answers(tx, page, with_style=with_style) if with_answers else {}
        values = columns.of([row.battle_id for row in page])
        for battle, _, a, b, code, cast_at, visitor, prompt, chance in page:
            answers_a = live.get((battle, Side.A), ()) if prompt is None else prepared.get((prompt, a), ())
            answers_b = live.get((battle, Side.B), ()) if prompt is None else prepared.get((prompt, b), ())
            subject = None if prompt is None else prepared_id(keys[prompt], names[a], names[b])
            yield RatedVote(
                names[a], names[b], _OUTCOMES[code], cast_at, pseudonyms[visitor], subject, chance,
                answers_a, answers_b, values.get(battle, ()),
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


def _live_answers(
    tx: Connection, rows: Sequence[Any], *, with_style: bool
) -> Mapping[tuple[int, Side], tuple[ShownAnswer, ...]]:
    """Return the last attempt of each turn, which is the one that was shown, by battle and side."""
    wanted = select(
        answers.c.battle_id,
        answers.c.turn,
        answers.c.side,
        answers.c.completion_tokens,
        answers.c.duration_ms,
        *(answers.c[name] if with_style else null().label(name) for name in StyleCounts._fields),
    )
    ids = [row.battle_id for row in rows if row.deck_prompt_id is None]
    in_order = (answers.c.battle_id, answers.c.turn, answers.c.side, answers.c.attempt)
    shown: dict[tuple[int, Side], dict[int, ShownAnswer]] = defaultdict(dict)
    for row in tx.execute(wanted.where(answers.c.battle_id.in_(ids)).order_by(*in_order)):
        counts = (row.n_chars, row.n_headings, row.n_list_items, row.n_bold)
        style = None if None in counts else StyleCounts(*counts)
        answer = ShownAnswer(style, row.completion_tokens, row.duration_ms)
        shown[row.battle_id, row.side][row.turn] = answer
    return {subject: tuple(by_turn.values()) for subject, by_turn in shown.items()}


def _prepared_answers(
    tx: Connection, rows: Sequence[Any], *, with_style: bool
) -> Mapping[tuple[int, int], tuple[ShownAnswer, ...]]:
    """Return prepared answers by prompt and model."""
    wanted = select(
        deck_answers.c.deck_prompt_id,
        deck_answers.c.model_id,
        deck_answers.c.text if with_style else null().label("text"),
        deck_answers.c.completion_tokens,
    )
    prompts = {row.deck_prompt_id for row in rows if row.deck_prompt_id is not None}
    found = tx.execute(wanted.where(deck_answers.c.deck_prompt_id.in_(prompts))) if prompts else ()
    return {
        (row.deck_prompt_id, row.model_id): (
            ShownAnswer(None if row.text is None else StyleCounts.of(row.text), row.completion_tokens, None),
        )
        for row in found
    }
