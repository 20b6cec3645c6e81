"""Rules that stored data must always satisfy.

`python -m db check` applies them, and so do tests, some of them after a crash. Nothing is repaired. Each finding is one
sentence with a number and an example.
"""

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Text, cast, exists, func, or_, select, text

from db.codes import Reason, State
from db.queries.boards.ledger import ledger_state, votes_in_order
from db.queries.boards.online import RATED, elo_state, replay
from db.records.votes import OnlineElo
from db.schema import battles, campaign_pairs, labels, ledger, turns, visitors, vote_reasons, votes


def problems(tx: Connection, elo: OnlineElo | None = None) -> list[str]:
    """Return all findings; an empty list means that there is no problem.

    With `elo`, a stored online-Elo state that was made by it and is marked as up to date is compared with a replay of
    the votes, rating by rating. Otherwise only its numbers of games are checked.
    """
    found = _file_problems(tx) if tx.dialect.name == "sqlite" else []
    voted = votes.join(battles).join(visitors)
    by_battle = select(battles.c.uuid)
    n_turns = select(func.count()).where(turns.c.battle_id == battles.c.id).scalar_subquery()
    is_marked_banned = _has(Reason.BANNED)
    rules: list[tuple[str, Select[tuple[str]]]] = [
        (
            "battles have state voted but no vote",
            by_battle.where(battles.c.state == State.VOTED, ~exists().where(votes.c.battle_id == battles.c.id)),
        ),
        ("votes belong to a battle whose state is not voted", _broken(voted, battles.c.state != State.VOTED)),
        (
            "votes have other models or another kind than their battle",
            _broken(
                voted,
                or_(
                    votes.c.kind != battles.c.kind,
                    votes.c.model_a != battles.c.model_a,
                    votes.c.model_b.is_distinct_from(battles.c.model_b),
                ),
            ),
        ),
        (
            "votes have another campaign, language, tags, number of turns, length or parameters than their battle",
            _broken(
                voted.outerjoin(labels).outerjoin(campaign_pairs, battles.c.campaign_pair_id == campaign_pairs.c.id),
                or_(
                    votes.c.campaign_id.is_distinct_from(campaign_pairs.c.campaign_id),
                    labels.c.language.is_distinct_from(battles.c.language),
                    func.coalesce(cast(labels.c.tags, Text), "[]") != func.coalesce(cast(battles.c.tags, Text), "[]"),
                    votes.c.n_turns != battles.c.n_turns,
                    votes.c.prompt_chars != battles.c.prompt_chars,
                    votes.c.same_sent.is_distinct_from(battles.c.same_sent),
                ),
            ),
        ),
        (
            "battles of a campaign have another prompt or other models than their pair",
            by_battle.select_from(battles.join(campaign_pairs)).where(
                or_(
                    battles.c.deck_prompt_id != campaign_pairs.c.deck_prompt_id,
                    battles.c.model_a.not_in((campaign_pairs.c.model_x, campaign_pairs.c.model_y)),
                    battles.c.model_b.not_in((campaign_pairs.c.model_x, campaign_pairs.c.model_y)),
                )
            ),
        ),
        (
            "votes count with a reason against them, or do not count without one",
            _broken(voted, votes.c.counted == exists().where(vote_reasons.c.vote_id == votes.c.id)),
        ),
        (
            "votes are withdrawn without that reason, or have it without being withdrawn",
            _broken(voted, _has(Reason.WITHDRAWN) == votes.c.withdrawn_at.is_(None)),
        ),
        (
            "votes of a banned visitor lack the reason banned, or other votes have it",
            _broken(voted, is_marked_banned == visitors.c.banned_at.is_(None)),
        ),
        (
            "votes have a revision after the ledger's",
            _broken(
                voted,
                func.coalesce(votes.c.changed_revision, votes.c.revision) > select(ledger.c.revision).scalar_subquery(),
            ),
        ),
        (
            "battles that were replaced are not void",
            by_battle.where(battles.c.replaced_by.is_not(None), battles.c.state != State.VOID),
        ),
        (
            "battles have another number of turns than was counted",
            by_battle.where(battles.c.deck_prompt_id.is_(None), battles.c.n_turns != n_turns),
        ),
        (
            "battles are shared without a vote",
            by_battle.where(battles.c.shared_at.is_not(None), battles.c.state != State.VOTED),
        ),
    ]
    for claim, query in rules:
        broken = list(tx.scalars(query))
        if broken:
            found.append(f"{len(broken):,} {claim} (battle {broken[0]})")
    return found + _elo_problems(tx, elo)


def _broken(voted: FromClause, is_broken: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(battles.c.uuid).select_from(voted).where(is_broken).order_by(votes.c.revision)


def _has(reason: Reason) -> ColumnElement[bool]:
    return exists().where(vote_reasons.c.vote_id == votes.c.id, vote_reasons.c.reason == reason)


def _file_problems(tx: Connection) -> list[str]:
    found = [str(row[0]) for row in tx.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    for table, _, parent, _ in tx.execute(text("PRAGMA foreign_key_check")):
        found.append(f"a row of {table} refers to a row of {parent} that does not exist")
    return found


def _elo_problems(tx: Connection, elo: OnlineElo | None) -> list[str]:
    state = ledger_state(tx)
    if state.elo_revision != state.revision:
        return []  # not up to date: the next vote replays it
    stored = elo_state(tx)
    if elo is not None and elo.name == tx.scalar(select(ledger.c.elo_name)):
        expected = replay(votes_in_order(tx, RATED), elo)
        wrong = [name for name in sorted({*stored, *expected}) if stored.get(name) != expected.get(name)]
        claim = "differs from its replay"
    else:
        games: dict[str, int] = {}
        for vote in votes_in_order(tx, RATED):
            games[vote.model_a] = games.get(vote.model_a, 0) + 1
            games[vote.model_b] = games.get(vote.model_b, 0) + 1
        wrong = [
            name for name in sorted({*stored, *games}) if name not in stored or stored[name].games != games.get(name)
        ]
        claim = "has another number of games than the counted votes"
    return [f"the online-Elo state of {len(wrong):,} models {claim} ({wrong[0]})"] if wrong else []
