"""Boards under a filter, against the same choice made vote by vote from what an export has."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from db import queries
from db.codes import BattleKind, Reason, Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, BattleRecord, BoardFilter, NewBattle
from db.schema import visitors
from db.session import Database
from db.side_sums import NOT_PACKED
from tests.db.building import ELO, SETTINGS, add_models, votable_quick, vote
from tests.db.queries.decks.test_campaigns import campaign, judge

_DAY = 86_400.0


def _fill(tx: Connection) -> None:
    add_models(tx)
    prompts = ["Hi", "Code, please", "세 단어로", "A much longer prompt than all the others"]
    for n in range(16):
        new = NewBattle(
            "ann" if n % 3 else "bo", "ash", "birch" if n % 2 else "cedar", SETTINGS,
            language=("en", "ko", None)[n % 3], tags=("code", "short")[: n % 3],
        )  # fmt: skip
        battle_id = queries.open_battle(tx, new, now=n * _DAY)
        for turn in range(1, 2 + (n % 4 == 0)):
            queries.add_turn(tx, battle_id, prompts[n % 4], tags=["turns"] if turn > 1 else [])
            for side in Side:
                sent = {"top_p": None} if n % 5 == 0 and side is Side.A else None
                answer = AnswerRecord(side, 1, f"**{n}**\n- it", completion_tokens=n, duration_ms=0.1 * n, sent=sent)
                queries.save_answer(tx, battle_id, turn, answer)
        queries.set_battle_state(tx, battle_id, State.VOTABLE, now=n * _DAY)
        reasons = [Reason.STOPPED, Reason.RATE_LIMITED][: n % 7 == 6 and 2]
        vote(tx, battle_id, Outcome(n % 4), new.visitor, reasons=reasons, now=n * _DAY + 1)
    vote(tx, votable_quick(tx), Outcome.B)
    judge(tx, campaign(tx)[1], "ann", Outcome.A)


_Q, _B = BattleKind.QUICK, BattleKind.BATTLE
_CASES: list[tuple[BoardFilter, Callable[[BattleRecord], bool]]] = [
    (BoardFilter(), lambda one: one.kind is _B),
    (BoardFilter(kinds=frozenset({_Q})), lambda one: one.kind is _Q and one.campaign is None),
    (BoardFilter(kinds=frozenset({_B, _Q})), lambda one: one.campaign is None),
    (BoardFilter(kinds=frozenset({_Q}), campaign="autumn"), lambda one: one.campaign == "autumn"),
    (BoardFilter(kinds=frozenset({_Q}), campaign="nope"), lambda one: False),
    (BoardFilter(language="ko"), lambda one: one.kind is _B and one.language == "ko"),
    (BoardFilter(tag="code"), lambda one: one.kind is _B and "code" in one.tags),
    (BoardFilter(tag="turns"), lambda one: one.kind is _B and "turns" in one.tags),
    (BoardFilter(turns="one"), lambda one: one.kind is _B and one.n_turns == 1),
    (BoardFilter(turns="many"), lambda one: one.kind is _B and one.n_turns > 1),
    (BoardFilter(prompt_chars_low=5, prompt_chars_high=12), lambda one: one.kind is _B and 5 <= one.prompt_chars <= 12),
    (BoardFilter(since=3 * _DAY, until=9 * _DAY), lambda one: one.kind is _B and 3 * _DAY <= _cast(one) < 9 * _DAY),
    (BoardFilter(decisive_only=True), lambda one: one.kind is _B and _outcome(one) in (Outcome.A, Outcome.B)),
    (BoardFilter(same_parameters_only=True), lambda one: one.kind is _B and one.same_sent is True),
    (BoardFilter(visitor="bo"), lambda one: one.kind is _B and one.visitor == "bo"),
    (BoardFilter(visitor="bo", language="en", tag="turns"), lambda one: one.visitor == "bo" and "turns" in one.tags
     and one.language == "en"),
]  # fmt: skip


def _cast(battle: BattleRecord) -> float:
    assert battle.vote is not None
    return battle.vote.cast_at


def _outcome(battle: BattleRecord) -> Outcome:
    assert battle.vote is not None
    return battle.vote.outcome


def test_a_filter_counts_the_votes_that_it_chooses(database: Database) -> None:
    with database.write() as tx:
        _fill(tx)
    with database.read() as tx:
        battles = list(queries.voted_battles(tx))
        ids = {name: number for number, name in queries.model_names(tx).items()}
        for chosen, is_chosen in _CASES:
            own = [one for one in battles if is_chosen(one)]
            counted = [one for one in own if one.vote is not None and one.vote.counted]
            found = queries.filtered_tally(tx, chosen)
            expected = Counter((one.model_a, one.model_b, _outcome(one)) for one in counted)
            assert {cell[:3]: cell.n for cell in found.cells} == expected, chosen
            assert (found.totals.counted, found.totals.excluded) == (len(counted), len(own) - len(counted)), chosen
            reasons = Counter(reason for one in own if one.vote is not None for reason in one.vote.reasons)
            assert found.exclusions == reasons, chosen
            rows = [row for batch in queries.filtered_votes(tx, chosen, ["cast_at", "n_tokens_b"]) for row in batch]
            assert [tuple(row) for row in rows] == [
                (ids[one.model_a], ids[one.model_b or ""], _outcome(one), _cast(one), _tokens(one)) for one in counted
            ], chosen
        assert found.revision == queries.ledger_state(tx).revision


def _tokens(battle: BattleRecord) -> int | None:
    return None if battle.vote is None else battle.vote.sums_b.n_tokens


def test_the_choices_are_what_votes_have(database: Database) -> None:
    with database.write() as tx:
        _fill(tx)
        found = queries.filter_choices(tx)
    assert found.languages == {"en": 6, "ko": 5}
    assert found.tags == {"code": 10, "short": 5, "turns": 4}
    assert found.campaigns == ("autumn",)


def test_voters_and_prompts_come_with_single_votes(database: Database) -> None:
    with database.write() as tx:
        _fill(tx)
        quick = BoardFilter(kinds=frozenset({_Q}))
        ((row,),) = queries.filtered_votes(tx, quick, ["prepared", "voter", "draw_probability"])
        assert row[3] is not None
        assert row[4] == tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == "ann"))


def test_one_index_answers_a_filter(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's")
    with database.write() as tx:
        _fill(tx)
    statements: list[tuple[str, Any]] = []
    with database.read() as tx:
        event.listen(
            tx, "before_cursor_execute", lambda _, cursor, sql, values, *rest: statements.append((sql, values))
        )
        queries.filtered_tally(tx, BoardFilter(language="en", turns="one", prompt_chars_low=1, since=0.0))
    with database.read() as tx:
        (grouped,) = [one for one in statements if "GROUP BY" in one[0] and "vote_reasons" not in one[0]]
        plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {grouped[0]}", grouped[1]).all()
        assert [row[3] for row in plan] == ["SCAN votes USING COVERING INDEX votes_filters"]


def test_each_day_has_the_votes_up_to_its_end(database: Database) -> None:
    with database.write() as tx:
        _fill(tx)
        days = list(queries.daily_cells(tx))
        cells = queries.cells(tx)
        assert [day.day for day in days] == [n for n in range(16) if n % 7 != 6]
        assert sorted(days[-1].cells) == sorted(cells)
        for day in days:
            assert sorted(day.cells) == sorted(queries.cells(tx, until=day.ends_at))
        assert queries.refresh_elo_state(tx, ELO)


@pytest.mark.parametrize("has_prompts", [False, True])
def test_packed_rows_are_as_many_as_the_votes_on_both_databases(database: Database, has_prompts: bool) -> None:
    with database.write() as tx:
        _fill(tx)
    with database.read() as tx:
        found = queries.StyledVotes(tx, BoardFilter(), has_prompts=has_prompts)
        rows = [row for batch in found.packed() for row in batch]
        n_not_packed = sum(row[1] == NOT_PACKED for row in rows)
        assert len(rows) == queries.filtered_tally(tx, BoardFilter()).totals.counted > 0
        assert len([row for batch in found.not_packed() for row in batch]) == n_not_packed
