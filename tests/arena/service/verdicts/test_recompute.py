"""Votes that an arena with version 1 of the rules stored are judged by the present ones, on both databases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from arena.players.events import Broken
from arena.rules import ledger
from arena.service import Outcome, Recomputed
from arena.service.verdicts import recompute
from arena.service.verdicts.recompute import recompute_verdicts
from arena.settings import Settings, load
from db import queries
from db.codes import Reason, Side
from db.integrity import problems
from db.queries import AnswerRecord, VoteRecord
from db.schema import answers
from db.session import Database
from tests.arena.service.house import House, battle, run, started
from tests.arena.service.verdicts.old_votes import ELO, SETTINGS_OF_ARENA, export, fill, old_facts, old_vote

# Session fixtures that start a server where there is one, and a database for each test
from tests.db.conftest import database, dialect, empty_postgresql, postgresql_server, used_postgresql  # noqa: F401


def _votes(on: Database, battles: Mapping[str, str]) -> dict[str, VoteRecord]:
    with on.read() as tx:
        found = {name: queries.get_battle(tx, battle_id).vote for name, battle_id in battles.items()}
    return {name: vote for name, vote in found.items() if vote is not None}


NEW_REASONS = {
    "good": [],
    "empty": ["no_answer"],
    "white": ["no_answer"],
    "both empty": ["no_answer"],
    "filtered": ["failed_side"],
    "all filtered": ["no_answer"],
    "failed alike": ["failed_side"],
    "identical": ["identical_answers"],
    "without facts": [],
    "banned": ["banned", "no_answer"],
    "withdrawn": ["withdrawn", "no_answer"],
}


def test_older_votes_get_the_verdict_of_the_present_rules(database: Database) -> None:  # noqa: F811
    battles = fill(database)
    found = recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    assert (found.n_votes, found.n_changed, found.n_kept) == (11, 8, 1)
    assert (found.n_newly_counted, found.n_no_longer_counted) == (0, 4)
    assert dict(found.changes) == {
        ((), ("no_answer",)): 3,
        ((), ("failed_side",)): 1,
        (("identical_answers",), ("no_answer",)): 1,
        (("failed_side", "identical_answers"), ("failed_side",)): 1,
        (("banned",), ("banned", "no_answer")): 1,
        (("withdrawn",), ("withdrawn", "no_answer")): 1,
    }
    votes = _votes(database, battles)
    assert {name: [reason.label for reason in vote.reasons] for name, vote in votes.items()} == NEW_REASONS
    assert {name for name, vote in votes.items() if vote.rules_version == 1} == {"without facts"}
    assert votes["without facts"].facts == {"source": "elsewhere"}
    with database.read() as tx:
        assert problems(tx, ELO) == []
        state = queries.ledger_state(tx)
        assert state.elo_revision == state.revision, "no vote has to wait for the replay"


def test_a_second_run_finds_nothing_to_do_and_needs_no_texts(database: Database, tmp_path: Path) -> None:  # noqa: F811
    battles = fill(database)
    recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    once = export(database, tmp_path / "once.jsonl")
    again = recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    assert (again.n_votes, again.n_changed, again.n_kept) == (11, 0, 1)
    assert export(database, tmp_path / "again.jsonl") == once
    with database.write() as tx:
        tx.execute(delete(answers))
    assert recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False).n_changed == 0
    assert {name: [r.label for r in vote.reasons] for name, vote in _votes(database, battles).items()} == NEW_REASONS


def test_a_dry_run_reports_the_same_and_stores_nothing(database: Database, tmp_path: Path) -> None:  # noqa: F811
    fill(database)
    before = export(database, tmp_path / "before.jsonl")
    dry = recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=True)
    assert export(database, tmp_path / "after.jsonl") == before
    assert recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False) == dry


def test_without_the_texts_old_facts_are_judged_as_they_are(database: Database) -> None:  # noqa: F811
    battles = fill(database)
    with database.write() as tx:
        tx.execute(delete(answers))
    recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    votes = _votes(database, battles)
    reasons = {name: [reason.label for reason in vote.reasons] for name, vote in votes.items()}
    assert reasons == {**NEW_REASONS, "white": [], "filtered": []}
    assert ledger.Facts.from_json(votes["white"].facts).has_version_1


def test_changed_texts_do_not_complete_old_facts(database: Database) -> None:  # noqa: F811
    battle_id = old_vote(database, "It is 4.")
    with database.write() as tx:
        tx.execute(answers.update().values(text=""))
    recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    assert _votes(database, {"one": battle_id})["one"].reasons == ()


def test_a_changed_limit_is_a_recomputation_too(database: Database) -> None:  # noqa: F811
    a, b = AnswerRecord(Side.A, 1, "It is 4.", 7), AnswerRecord(Side.B, 1, "It is four.", 8)
    for n in range(4):
        old_vote(database, a.text, facts=old_facts(a, b, Outcome.A, n_votes_before=n))
    strict: Settings = load({"limits": {"votes_per_hour": 2}}, {})
    assert recompute_verdicts(database, strict, is_dry_run=False).n_no_longer_counted == 2
    loose = recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False)
    assert dict(loose.changes) == {(("rate_limited",), ()): 2}
    assert loose.n_newly_counted == 2


def test_votes_can_be_cast_during_a_recomputation(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Judging does not lock the ledger: a vote from another connection is stored, and judged as well."""
    battles = fill(database)
    judge_stored = ledger.judge_stored
    cast: list[str] = []

    def judging(*given: Any) -> Any:
        if not cast:
            cast.append("begun")
            cast.append(old_vote(database, "Four, I think."))
            with database.write() as tx:
                queries.withdraw_vote(tx, battles["empty"], visitor="ann", reason=None, now=40.0)
        return judge_stored(*given)

    monkeypatch.setattr(ledger, "judge_stored", judging)
    assert recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False).n_votes == 12
    votes = _votes(database, {**battles, "cast": cast[1]})
    assert votes["empty"].reasons == (Reason.WITHDRAWN, Reason.NO_ANSWER)
    assert (votes["cast"].reasons, votes["cast"].rules_version) == ((), ledger.RULES_VERSION)
    with database.read() as tx:
        assert problems(tx, ELO) == []


def test_many_changes_are_stored_in_steps_of_one_revision_each(
    database: Database,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    battles = fill(database)
    monkeypatch.setattr(recompute, "STEP", 3)
    with database.read() as tx:
        before = queries.ledger_state(tx).revision
    counts: list[int] = []
    recompute_verdicts(database, SETTINGS_OF_ARENA, is_dry_run=False, progress=counts.append)
    stamps = [vote.changed_revision for vote in _votes(database, battles).values() if vote.rules_version == 2]
    assert counts == [11]
    assert {stamp for stamp in stamps if stamp and stamp > before} == {before + 1, before + 2, before + 3}
    with database.read() as tx:
        assert queries.ledger_state(tx).revision == before + 3
        assert problems(tx, ELO) == []


def test_judging_all_votes_again_changes_nothing_until_a_rule_does(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.streams["Wren Sol"].scripts = (["fine"], ["half", Broken("cut")], ["I am Wren Sol."], ["fine again"])

    def judged(votes_per_hour: int) -> Recomputed:
        settings = load({"limits": {"votes_per_hour": votes_per_hour}}, {})
        return recompute_verdicts(house.database, settings, is_dry_run=False)

    async def main() -> None:
        arena = await started(house)
        for _ in range(4):
            last = await battle(arena)
            await arena.vote("visitor", last, Outcome.A)
        await arena.withdraw("visitor", last)
        before = (await arena.boards.newest()).exclusions
        again = judged(votes_per_hour=60)
        assert (again.n_votes, again.n_changed, again.n_kept) == (4, 0, 0)
        assert (await arena.boards.newest()).exclusions == before
        assert dict(before) == {"failed_side": 1, "identity_leak": 1, "withdrawn": 1}
        assert judged(votes_per_hour=3).n_changed == 1
        assert (await arena.boards.newest()).exclusions == {**before, "rate_limited": 1}

    run(main())
