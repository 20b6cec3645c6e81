"""Judge every vote again after a rule has changed.

An arena may run meanwhile. Votes are read and judged in pages without a lock. Verdicts that stay are noted in short
transactions; those that change are stored together at the end, so that boards move once. More than `STEP` changes are
stored in several steps, each with its own revision, so that no vote waits long for the ledger.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from arena.rules import ledger
from arena.service.verdicts.facts import completed, is_incomplete
from arena.settings import Settings
from arena.standings.online import online_elo
from db import queries
from db.codes import Reason
from db.online_replay import bring_up_to_date
from db.queries import NewVerdict, StoredVerdict
from db.session import Database

STEP = 20_000
Labels = tuple[str, ...]


@dataclass(slots=True)
class Recomputed:
    """What judging all votes again changed, or would change.

    Of `n_votes` votes, `n_kept` keep their old verdict because their facts lack what the rules need. `changes` counts
    the others whose reasons changed, by reasons before and after; a vote without a reason counts.
    """

    rules_version: int = ledger.RULES_VERSION
    n_votes: int = 0
    n_kept: int = 0
    changes: Counter[tuple[Labels, Labels]] = field(default_factory=Counter)

    @property
    def n_changed(self) -> int:
        return self.changes.total()

    @property
    def n_newly_counted(self) -> int:
        return sum(n for (_, after), n in self.changes.items() if not after)

    @property
    def n_no_longer_counted(self) -> int:
        return sum(n for (before, _), n in self.changes.items() if not before)


def recompute_verdicts(
    database: Database, settings: Settings, *, is_dry_run: bool, progress: Callable[[int], None] | None = None
) -> Recomputed:
    """Judge every vote again. `progress` gets the number of votes done, after each page of 1,000.

    With `is_dry_run` nothing is written. Raises `db.errors.DatabaseError`; the verdicts stored until then are correct,
    and a second run judges the rest.
    """
    rules = ledger.Rules.of(settings.limits)
    found = Recomputed()
    changed: list[NewVerdict] = []
    after = 0
    while page := _page(database, after):
        after = page[-1].revision
        kept: list[NewVerdict] = []
        for vote in page:
            verdict = _verdict(vote, rules)
            if verdict is None:
                found.n_kept += 1
            elif verdict.reasons != vote.reasons:
                changed.append(verdict)
                found.changes[_labels(vote.reasons), _labels(verdict.reasons)] += 1
            elif verdict.facts is not vote.facts or vote.rules_version != ledger.RULES_VERSION:
                kept.append(verdict)
        if kept and not is_dry_run:
            with database.write() as tx:
                queries.keep_verdicts(tx, kept, rules_version=ledger.RULES_VERSION)
        found.n_votes += len(page)
        if progress is not None:
            progress(found.n_votes)
    if not is_dry_run:
        _store(database, changed, settings)
    return found


def _page(database: Database, after: int) -> list[StoredVerdict]:
    with database.read() as tx:
        return queries.votes_to_judge(tx, after=after, needs_answers=is_incomplete)


def _verdict(vote: StoredVerdict, rules: ledger.Rules) -> NewVerdict | None:
    """Return the new verdict, or None if the old one stays."""
    facts = completed(vote.facts, vote.turns)
    judged = ledger.judge_stored(facts, rules)
    if judged is None:
        return None
    return NewVerdict(vote.revision, tuple(sorted(queries.with_standing(judged, vote.reasons))), facts)


def _store(database: Database, changed: list[NewVerdict], settings: Settings) -> None:
    n_flipped = 0
    for start in range(0, len(changed), STEP):
        with database.write() as tx:
            batch = changed[start : start + STEP]
            n_flipped += queries.store_verdicts(tx, batch, rules_version=ledger.RULES_VERSION).n_flipped
    if n_flipped:  # now, or the next vote would wait for the replay
        bring_up_to_date(database, online_elo(settings.elo))


def _labels(reasons: tuple[Reason, ...]) -> Labels:
    return tuple(reason.label for reason in reasons)
