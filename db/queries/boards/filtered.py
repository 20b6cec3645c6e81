"""The votes under a filter: counted by pair and outcome from one index, or one by one where ratings need that."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries.boards.ledger import CODE, PACKED, ledger_state
from db.queries.roster import model_names
from db.records.boards import BoardFilter, FilterChoices, FilteredTally
from db.records.votes import Cell, VoteTotals
from db.schema import battles, campaigns, labels, visitors, vote_reasons, votes
from db.side_sums import LENGTH_BITS, NOT_PACKED, NOTHING_KNOWN, PACKED_STYLE, STYLE_BITS, SUM_COLUMNS

Length = Literal["n_tokens", "n_chars"]
_OUTCOMES = tuple(Outcome)
_BATCH = 20_000
_MANY = 100_000
_FEW = 1_000
"""Rows that stay in the processor's cache until they are in an array."""


def filtered_tally(tx: Connection, chosen: BoardFilter) -> FilteredTally:
    """Count the votes under a filter at the ledger's revision."""
    which = conditions(tx, chosen)
    names = model_names(tx)
    by = (votes.c.counted, votes.c.model_a, votes.c.model_b)
    grouped = of_filter(select(*by, CODE, func.count()).group_by(*by, votes.c.outcome), chosen).where(*which)
    cells: list[Cell] = []
    n_excluded = 0
    for is_counted, a, b, code, n in tx.execute(grouped):
        if is_counted:
            cells.append(Cell(names[a], names[b], _OUTCOMES[code], n))
        else:
            n_excluded += n
    reasons: dict[Reason, int] = {}
    if n_excluded:
        because = select(vote_reasons.c.reason, func.count()).join(votes).where(votes.c.counted == false(), *which)
        grouped = of_filter(because, chosen).group_by(vote_reasons.c.reason).order_by(vote_reasons.c.reason)
        reasons = dict(tx.execute(grouped).all())
    totals = VoteTotals(sum(cell.n for cell in cells), n_excluded)
    return FilteredTally(ledger_state(tx).revision, cells, totals, reasons)


def filtered_votes(tx: Connection, chosen: BoardFilter, columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the counted votes under a filter in order of revision, in batches of rows: the row numbers of the models on
    sides A and B, the outcome's code, and these columns, some of `cast_at`, `voter` (a row number), `prepared` (that of
    the prompt, None if there is none), `draw_probability` and `SUM_COLUMNS`."""
    named: dict[str, ColumnElement[Any]] = {
        "cast_at": votes.c.cast_at,
        "voter": battles.c.visitor_id,
        "prepared": battles.c.deck_prompt_id,
        "draw_probability": battles.c.draw_probability,
        **{name: votes.c[name] for name in SUM_COLUMNS},
    }
    page = select(votes.c.model_a, votes.c.model_b, CODE, *(named[name] for name in columns), votes.c.revision)
    page = _counted(tx, page, chosen, with_battles=bool({"voter", "prepared", "draw_probability"} & set(columns)))
    page, after = page.order_by(votes.c.revision).limit(_BATCH), 0
    while True:
        found = tx.execute(page.where(votes.c.revision > after))
        assert found.cursor is not None
        rows = found.cursor.fetchall()  # the driver's, as in `ledger.packed_in_order`
        found.close()
        if not rows:
            return
        after = rows[-1][-1]
        yield [row[:-1] for row in rows]


class StyledVotes:
    """The counted votes under a filter, in any order, with the length and the style of their answers in few integers: a
    million take half the time of the same columns of `filtered_votes`. With `has_prompts` each row ends with the row
    number of the prepared prompt, -1 without one."""

    def __init__(self, tx: Connection, chosen: BoardFilter, *, has_prompts: bool) -> None:
        self._tx = tx
        self._page = _counted(tx, select(PACKED), chosen, with_battles=has_prompts)
        self._prompt = [func.coalesce(battles.c.deck_prompt_id, -1)] if has_prompts else []
        has_tokens = or_(votes.c.n_tokens_a.is_not(None), votes.c.n_tokens_b.is_not(None))
        self.length: Length = "n_tokens" if tx.scalar(select(exists(self._page.where(has_tokens)))) else "n_chars"
        """Tokens, or characters if the tokens of no answer are known."""

    def packed(self) -> Iterator[Sequence[Sequence[int]]]:
        """Yield batches of rows: models and outcome for `unpacked`, and the sums of sides A and B as `db.side_sums`
        packs them. Side B's mean nothing where side A's are below 0."""
        yield from self._batches(self._page.add_columns(*_packed(self.length), *self._prompt))

    def not_packed(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the rows that `packed` marks as NOT_PACKED: models and outcome, the length and the counts of
        `PACKED_STYLE` of side A, and those of side B. None: unknown."""
        sums = [votes.c[f"{name}_{side}"] for side in "ab" for name in (self.length, *PACKED_STYLE)]
        is_not_packed = _packed(self.length)[0] == NOT_PACKED
        yield from self._batches(self._page.add_columns(*sums, *self._prompt).where(is_not_packed))

    def _batches(self, page: Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
        last = self._tx.scalar(select(func.max(votes.c.id))) or 0
        for after in range(0, last, _MANY):  # PostgreSQL's driver keeps the rows of a statement in memory
            found = self._tx.execute(page.where(votes.c.id > after, votes.c.id <= after + _MANY))
            assert found.cursor is not None
            while rows := found.cursor.fetchmany(_FEW):  # the driver's, as in `ledger.packed_in_order`
                yield rows
            found.close()


def _packed(length: Length) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The integers of both sides. The first branch is most votes', and quick; the second is for unknown lengths."""
    n_a, n_b = (votes.c[f"{length}_{side}"] for side in "ab")
    counts: list[ColumnElement[int]] = [votes.c[f"{name}_{side}"] for side in "ab" for name in PACKED_STYLE]
    too_large: ColumnElement[int] = reduce(_either, counts).bitwise_rshift(_bits(STYLE_BITS))
    lengths: list[ColumnElement[int]] = [func.coalesce(n, 0).bitwise_rshift(_bits(LENGTH_BITS - 1)) for n in (n_a, n_b)]
    return case(
        (_either(too_large, _either(n_a, n_b).bitwise_rshift(_bits(LENGTH_BITS - 1))) == 0, _joined("a", n_a + 1)),
        (reduce(_either, lengths, too_large) == 0, _joined("a", func.coalesce(n_a + 1, 0))),
        (func.coalesce(n_a, n_b, *counts).is_(None), NOTHING_KNOWN),
        else_=NOT_PACKED,
    ), func.coalesce(_joined("b", func.coalesce(n_b + 1, 0)), 0)


def _joined(side: str, length: ColumnElement[int]) -> ColumnElement[int]:
    return reduce(
        _either, (votes.c[f"{name}_{side}"].bitwise_lshift(_bits(bit)) for name, bit in PACKED_STYLE.items()), length
    )


def _bits(n: int) -> ColumnElement[int]:
    """PostgreSQL shifts a BIGINT by an INTEGER only."""
    return literal(n, Integer)


def _either(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return one.bitwise_or(other)


def _counted(tx: Connection, page: Select[Any], chosen: BoardFilter, *, with_battles: bool = False) -> Select[Any]:
    if with_battles and chosen.visitor is None:
        page = page.join(battles, votes.c.battle_id == battles.c.id)
    return of_filter(page, chosen).where(votes.c.counted != false(), *conditions(tx, chosen))


def filter_choices(tx: Connection, kinds: Sequence[BattleKind] = (BattleKind.BATTLE,)) -> FilterChoices:
    """Return what votes of these kinds can be filtered by."""
    known = {row.id: row for row in tx.execute(select(labels))}
    grouped = select(votes.c.label_id, func.count()).where(
        votes.c.counted.in_((False, True)), votes.c.kind.in_(kinds), votes.c.label_id.is_not(None)
    )
    languages: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    for label_id, n in tx.execute(grouped.group_by(votes.c.label_id)):
        if known[label_id].language is not None:
            languages[known[label_id].language] += n
        for tag in known[label_id].tags:
            tags[tag] += n
    named = tuple(tx.scalars(select(campaigns.c.name).order_by(campaigns.c.id.desc())))
    return FilterChoices(dict(languages.most_common()), dict(tags.most_common()), named)


def of_filter(query: Select[Any], chosen: BoardFilter) -> Select[Any]:
    """Join what a filter by visitor needs (also for other queries)."""
    if chosen.visitor is None:
        return query
    return (
        query.join(battles, votes.c.battle_id == battles.c.id)
        .join(visitors)
        .where(visitors.c.pseudonym == chosen.visitor)
    )


def conditions(tx: Connection, chosen: BoardFilter) -> list[ColumnElement[bool]]:
    """Return what a vote has to satisfy (also for other queries), on columns of the index `votes_filters`."""
    which: list[ColumnElement[bool]] = [votes.c.kind.in_(chosen.kinds)]
    if chosen.campaign is None:
        which.append(votes.c.campaign_id.is_(None))
    else:
        named = select(campaigns.c.id).where(campaigns.c.name == chosen.campaign).scalar_subquery()
        which.append(votes.c.campaign_id == named)
    if chosen.language is not None or chosen.tag is not None:
        rows = tx.execute(select(labels.c.id, labels.c.language, labels.c.tags)).all()
        fitting = [
            row.id
            for row in rows
            if chosen.language in (None, row.language) and (chosen.tag is None or chosen.tag in row.tags)
        ]
        which.append(votes.c.label_id.in_(fitting))
    if chosen.turns is not None:
        which.append(votes.c.n_turns == 1 if chosen.turns == "one" else votes.c.n_turns >= 2)
    if chosen.prompt_chars_low is not None:
        which.append(votes.c.prompt_chars >= chosen.prompt_chars_low)
    if chosen.prompt_chars_high is not None:
        which.append(votes.c.prompt_chars <= chosen.prompt_chars_high)
    if chosen.since is not None:
        which.append(votes.c.cast_at >= chosen.since)
    if chosen.until is not None:
        which.append(votes.c.cast_at < chosen.until)
    if chosen.decisive_only:
        which.append(votes.c.outcome.in_((Outcome.A, Outcome.B)))
    if chosen.same_parameters_only:
        which.append(votes.c.same_sent == true())
    return which
