"""The votes under a filter: counted by pair and outcome from one index, or one by one where ratings need that."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    false,
    func,
    select,
    true,
)

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries.boards.ledger import CODE, ledger_state
from db.queries.roster import model_names
from db.records.boards import BoardFilter, FilterChoices, FilteredTally
from db.records.votes import Cell, VoteTotals
from db.schema import battles, campaigns, labels, visitors, vote_reasons, votes
from db.side_sums import SUM_COLUMNS

_OUTCOMES = tuple(Outcome)
_BATCH = 20_000


def filtered_tally(tx: Connection, chosen: BoardFilter) -> FilteredTally:
    """Count the votes under a filter at the ledger's revision."""
    which = _conditions(tx, chosen)
    names = model_names(tx)
    by = (votes.c.counted, votes.c.model_a, votes.c.model_b)
    grouped = _of(select(*by, CODE, func.count()).group_by(*by, votes.c.outcome), chosen).where(*which)
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
        grouped = _of(because, chosen).group_by(vote_reasons.c.reason).order_by(vote_reasons.c.reason)
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
    if {"voter", "prepared", "draw_probability"} & set(columns) and chosen.visitor is None:
        page = page.join(battles, votes.c.battle_id == battles.c.id)
    page = _of(page, chosen).where(votes.c.counted != false(), *_conditions(tx, chosen))
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


def _of(query: Select[Any], chosen: BoardFilter) -> Select[Any]:
    if chosen.visitor is None:
        return query
    return (
        query.join(battles, votes.c.battle_id == battles.c.id)
        .join(visitors)
        .where(visitors.c.pseudonym == chosen.visitor)
    )


def _conditions(tx: Connection, chosen: BoardFilter) -> list[ColumnElement[bool]]:
    """What a vote has to satisfy, on columns of the index `votes_filters`."""
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
    if chosen.is_decisive:
        which.append(votes.c.outcome.in_((Outcome.A, Outcome.B)))
    if chosen.is_same_parameters:
        which.append(votes.c.same_sent == true())
    return which
