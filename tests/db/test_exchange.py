import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db import exchange, queries
from db.codes import BattleKind, Reason, Side, State
from db.errors import BadRecord, InvalidUrl, StorageFailed
from db.exchange import Exported
from db.integrity import problems
from db.outcome import Outcome
from db.queries import AnswerRecord, BoardFilter, Feedback, LedgerState, StyleCounts, Tag
from db.session import Database, open_database
from tests.db.building import ELO, MODELS, fight, judge_again, votable, votable_quick, vote
from tests.db.queries.decks.test_campaigns import campaign, judge


def _fill(database: Database) -> None:
    """Every sort of vote."""
    with database.write() as tx:
        fight(tx, ("ash", "birch"), Outcome.A)
        bos = fight(tx, ("birch", "cedar"), Outcome.BOTH_BAD, "bo")
        vote(tx, votable_quick(tx), Outcome.TIE)
        vote(tx, votable_quick(tx, ("birch", "ash"), "bo"), Outcome.B, "bo")
        vote(tx, votable(tx, ("ash", "cedar"), kind=BattleKind.NAMED), reasons=[Reason.NAMED])
        vote(tx, votable(tx, ("dogwood", "dogwood"), kind=BattleKind.CONTROL), reasons=[Reason.CONTROL])
        long = votable(tx, ("cedar", "dogwood"))
        turn = queries.add_turn(tx, long, "두 번째 질문\n🌲")
        queries.save_answer(tx, long, turn, AnswerRecord(Side.A, 1, "", error="timed_out"))
        queries.save_answer(tx, long, turn, AnswerRecord(Side.A, 2, 'He said "no"\u2028.', ttft_ms=0.1))
        thinking = AnswerRecord(Side.B, 1, "Yes.", reasoning="음, …", sent={"top_p": None, "stop": ["x", 2**70]})
        queries.save_answer(tx, long, turn, thinking)
        queries.set_battle_state(tx, long, State.VOTABLE, now=12.0)
        queries.set_consent(tx, "ann", is_given=True, now=10.0)
        vote(tx, long, Outcome.B, facts={"turns": [{"a": None}], "share": 0.1}, now=1_700_000_000.123456)
        queries.withdraw_vote(tx, long, visitor="ann", reason="misclick", now=1_700_000_009.5)
        for visitor, battle_id in (("ann", long), ("bo", bos)):
            said = Feedback((Tag.USEFUL, Tag.CLEAR), (Tag.WRONG,), f"{visitor} says so")
            queries.save_feedback(tx, battle_id, visitor=visitor, feedback=said)
            queries.share_battle(tx, battle_id, visitor=visitor, now=1_700_000_010.0)
        fight(tx, ("ash", "dogwood"), Outcome.TIE, "cy")
        queries.ban_visitor(tx, "cy", reason="spam", now=50.0)
        judge_again(tx, lambda _: None, rules_version=2)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def _write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def export(database: Database, tmp_path: Path) -> Path:
    _fill(database)
    path = tmp_path / "votes.jsonl"
    assert exchange.export_votes(database, path, all_texts=True) == Exported(8, 0)
    return path


def test_what_was_imported_exports_again_byte_for_byte(
    database: Database, other_database: Database, export: Path, tmp_path: Path
) -> None:
    assert exchange.import_votes(other_database, export) == 8
    again = tmp_path / "again.jsonl"
    exchange.export_votes(other_database, again, all_texts=True)
    assert again.read_bytes() == export.read_bytes()
    with database.read() as ours, other_database.write() as theirs:
        assert sorted(queries.cells(theirs, None)) == sorted(queries.cells(ours, None))
        assert queries.exclusions(theirs, None) == queries.exclusions(ours, None)
        assert queries.ledger_state(theirs).revision == queries.ledger_state(ours).revision
        assert [*queries.votes_in_order(theirs)] == [*queries.votes_in_order(ours)]
        assert queries.refresh_elo_state(theirs, ELO) == queries.replay(
            queries.votes_in_order(ours, BattleKind.BATTLE), ELO
        )
        assert problems(theirs, ELO) == []
        banned = queries.get_visitor(theirs, "cy")
        assert banned is not None
        assert banned.banned_at is not None


def _fill_decks(database: Database) -> None:
    """A vote of a live deck and one of a campaign, and one of a deck that is not live."""
    with database.write() as tx:
        pairs = campaign(tx)
        judge(tx, pairs[0], "ann", Outcome.A)
        judge(tx, pairs[0], "bo", Outcome.B, is_swapped=True)
        vote(tx, votable_quick(tx), Outcome.TIE)


def test_votes_of_a_campaign_come_back_with_it(database: Database, other_database: Database, tmp_path: Path) -> None:
    _fill_decks(database)
    first, again = tmp_path / "first.jsonl", tmp_path / "again.jsonl"
    assert exchange.export_votes(database, first, all_texts=True) == Exported(3, 0)
    lines = _lines(first)
    assert [line["campaign"] for line in lines] == ["autumn", "autumn", None]
    assert (lines[0]["n_chars_a"], lines[0]["n_chars_b"], lines[0]["same_sent"]) == (8, 8, True)
    assert (lines[0]["tags"], lines[0]["language"], lines[0]["n_turns"]) == (["nature"], "en", 1)
    exchange.import_votes(other_database, first)
    exchange.export_votes(other_database, again, all_texts=True)
    assert again.read_bytes() == first.read_bytes()
    with database.read() as ours, other_database.read() as theirs:
        assert queries.campaign_votes(theirs, "autumn") == queries.campaign_votes(ours, "autumn")
        assert not queries.campaign_by_name(theirs, "autumn").is_open
        assert queries.campaign_by_name(theirs, "autumn").token != queries.campaign_by_name(ours, "autumn").token
        chosen = BoardFilter(kinds=frozenset({BattleKind.QUICK}), tag="nature")
        assert queries.filtered_tally(theirs, chosen).cells == queries.filtered_tally(ours, chosen).cells
        assert problems(theirs, ELO) == []


def test_the_texts_of_a_live_deck_are_left_out_and_all_else_stays(
    database: Database, other_database: Database, tmp_path: Path
) -> None:
    _fill_decks(database)
    full, path, again = (tmp_path / name for name in ("full.jsonl", "votes.jsonl", "again.jsonl"))
    exchange.export_votes(database, full, all_texts=True)
    done = exchange.export_votes(database, path)
    assert (done.n_of_live_decks, done.live_decks) == (2, ("trees",))  # its campaign is open
    for whole, line in zip(_lines(full), _lines(path), strict=True):
        if whole["deck_prompt"]["deck"] == "trees":
            whole |= {"deck_prompt": {**whole["deck_prompt"], "text": None}, "deck_answers": []}
        assert line == {**whole, "share_id": None}
    exchange.import_votes(other_database, path)
    exchange.export_votes(other_database, again)
    assert again.read_bytes() == path.read_bytes()
    with other_database.read() as tx:
        assert queries.deal_candidates(tx, "trees", "cy") == []
        assert problems(tx, ELO) == []
    with database.write() as tx:  # where the texts are known, they stay
        tx.execute(text("UPDATE campaigns SET closed_at = 9.0"))
        assert queries.live_decks(tx) == set()
    assert exchange.export_votes(database, again).n_of_live_decks == 0


def test_an_import_goes_into_either_database(database: Database, other_database: Database, tmp_path: Path) -> None:
    _fill(other_database)
    first, again = tmp_path / "first.jsonl", tmp_path / "again.jsonl"
    exchange.export_votes(other_database, first, all_texts=True)
    exchange.import_votes(database, first)
    exchange.export_votes(database, again, all_texts=True)
    assert again.read_bytes() == first.read_bytes()


def test_texts_without_consent_are_left_out_and_all_else_stays(
    database: Database, other_database: Database, tmp_path: Path
) -> None:
    _fill(database)
    full, path, again = (tmp_path / name for name in ("full.jsonl", "votes.jsonl", "again.jsonl"))
    exchange.export_votes(database, full, all_texts=True)
    assert exchange.export_votes(database, path) == Exported(8, n_without_texts=2)
    for whole, line in zip(_lines(full), _lines(path), strict=True):
        if line["visitor"] == "ann" or not line["turns"]:
            assert line == whole if line["visitor"] == "ann" else line == {**whole, "share_id": None}
            continue
        for turn in whole["turns"]:
            turn["prompt"] = None
            for answer in turn["answers"]:
                assert answer["n_chars"] == len(answer["text"])
                answer |= {"text": None, "reasoning": None}
        if whole["feedback"]:
            whole["feedback"]["comment"] = None
        assert line == {**whole, "share_id": None, "shared_at": None}
    assert "bo says so" not in path.read_text()

    assert exchange.import_votes(other_database, path) == 8
    assert exchange.export_votes(other_database, again) == Exported(8, n_without_texts=0)
    assert again.read_bytes() == path.read_bytes()
    with other_database.read() as tx:
        bare = [battle for battle in queries.voted_battles(tx) if not battle.has_texts]
        assert {battle.visitor for battle in bare} == {"bo", "cy"}
        assert all(battle.turns[0].answers[0].style == (8, 0, 0, 0) for battle in bare)
        assert queries.consent_at(tx, "ann") == 10.0
        assert problems(tx, ELO) == []


def test_an_import_keeps_the_consent_of_a_visitor_who_is_known(other_database: Database, export: Path) -> None:
    with other_database.write() as tx:
        queries.set_consent(tx, "bo", is_given=True, now=11.0)
        queries.get_or_create_visitor(tx, "ann", now=1.0)
    exchange.import_votes(other_database, export)
    with other_database.read() as tx:
        assert (queries.consent_at(tx, "ann"), queries.consent_at(tx, "bo")) == (None, 11.0)


def test_a_line_has_the_columns_of_public_votes_files(export: Path) -> None:
    lines = _lines(export)
    assert list(lines[0])[:5] == ["model_a", "model_b", "winner", "tstamp", "anony"]
    assert [line["winner"] for line in lines][:3] == ["model_a", "both_bad", "tie"]
    assert [line["revision"] for line in lines] == [1, 2, 3, 4, 5, 6, 7, 9]
    assert {line["ledger_revision"] for line in lines} == {10}
    assert [line["kind"] for line in lines] == [
        *["battle"] * 2,
        *["quick"] * 2,
        "named",
        "control",
        *["battle"] * 2,
    ]
    assert [line["anony"] for line in lines] == [True] * 4 + [False] + [True] * 3
    assert [line["counted"] for line in lines] == [True] * 4 + [False] * 4
    assert [line["reasons"] for line in lines[4:]] == [["named"], ["control"], ["withdrawn"], ["banned"]]
    assert lines[2]["prepared_id"] == lines[3]["prepared_id"], "one prompt, one unordered pair"
    assert lines[2]["prepared_id"].endswith(":ash|birch")
    assert lines[6]["tstamp"] == 1_700_000_000.123456
    assert lines[6]["facts"] == {"turns": [{"a": None}], "share": 0.1}
    assert lines[6]["turns"][1]["prompt"] == "두 번째 질문\n🌲"
    answers = lines[6]["turns"][1]["answers"]
    assert [answer["attempt"] for answer in answers] == [1, 2, 1]
    assert [answer["reasoning"] for answer in answers] == [None, None, "음, …"]
    assert [answer["sent"] for answer in answers] == [None, None, {"top_p": None, "stop": ["x", 2**70]}]
    assert "cafe" not in export.read_text(), "addresses stay in the database"


def test_a_file_of_the_first_arena_is_taken_and_counted(
    database: Database, other_database: Database, export: Path, tmp_path: Path
) -> None:
    """It knew no reasoning, no counts and no feedback."""
    lines = _lines(export)
    for line in lines:
        for name in ("n_turns", "prompt_chars", "tags", "feedback", "consent_at", "shared_at"):
            del line[name]
        for turn in line["turns"]:
            del turn["asked_at"]
            turn["answers"] = [
                {
                    name: value
                    for name, value in answer.items()
                    if name not in ("reasoning", "sent", *StyleCounts._fields)
                }
                for answer in turn["answers"]
            ]
    old = _write(tmp_path / "old.jsonl", lines)
    assert exchange.import_votes(other_database, old) == 8
    with other_database.read() as tx, database.read() as ours:
        for here, there in zip(queries.voted_battles(tx), queries.voted_battles(ours), strict=True):
            assert (here.n_turns, here.prompt_chars, here.tags) == (there.n_turns, there.prompt_chars, there.tags)
            for turn, original in zip(here.turns, there.turns, strict=True):
                assert [one.style for one in turn.answers] == [one.style for one in original.answers]
        answers = [answer for one in queries.voted_battles(tx) for turn in one.turns for answer in turn.answers]
        assert {(answer.reasoning, answer.sent) for answer in answers} == {(None, None)}


def test_votes_are_added_behind_those_that_are_there(
    database: Database, other_database: Database, export: Path
) -> None:
    with other_database.write() as tx:
        fight(tx, ("cedar", "ash"), visitor="cy")
        fight(tx, ("cedar", "birch"), visitor="dee")
    assert exchange.import_votes(other_database, export) == 8
    with other_database.read() as tx:
        revisions = [battle.vote.revision for battle in queries.voted_battles(tx) if battle.vote]
        assert revisions == list(range(1, 11))
        # Eight votes, and the ban of cy, after which the vote that was here before no longer counts.
        assert queries.ledger_state(tx) == LedgerState(11, 0)
        assert next(queries.votes_in_order(tx))[:2] == ("cedar", "birch")
        assert problems(tx, ELO) == []


def test_votes_of_a_visitor_who_is_banned_here_do_not_count(other_database: Database, export: Path) -> None:
    with other_database.write() as tx:
        queries.get_or_create_visitor(tx, "bo", now=1.0)
        queries.ban_visitor(tx, "bo", reason="x", now=1.0)
    exchange.import_votes(other_database, export)
    with other_database.read() as tx:
        assert queries.exclusions(tx, None)[Reason.BANNED] == 3
        assert problems(tx, ELO) == []


def test_an_empty_export_imports_as_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    assert exchange.export_votes(database, path) == Exported(0, 0)
    assert path.read_text() == ""
    assert exchange.import_votes(database, path) == 0


def test_long_work_reports_its_progress(
    database: Database, other_database: Database, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PROGRESS_STEP", 3)
    told: list[int] = []
    exchange.export_votes(database, export, progress=told.append)
    exchange.import_votes(other_database, export, progress=told.append)
    assert told == [3, 6, 3, 6]


def test_more_votes_than_one_batch_keep_their_order(
    database: Database, other_database: Database, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.votes.transfer._BATCH", 3)
    exchange.import_votes(other_database, export)
    again = tmp_path / "again.jsonl"
    exchange.export_votes(other_database, again, all_texts=True)
    assert again.read_bytes() == export.read_bytes()


@pytest.mark.parametrize(
    ("line", "changes", "message"),
    [
        (1, {"winner": "model_c"}, r"line 2: winner: outcome 'model_c' is not one of a, model_a"),
        (1, {"winner": ["a"]}, r"line 2: winner: outcome \['a'\] is not one of a, model_a"),
        (1, {"winner": {"a": 1}}, r"line 2: winner: outcome \{'a': 1\} is not one of a, model_a"),
        (0, {"kind": "duel"}, r"line 1: kind: kind 'duel' is not one of battle"),
        (0, {"reasons": ["lazy"], "counted": False}, r"line 1: reasons\[0\]: reason 'lazy' is not one of failed_side"),
        (0, {"tstamp": "now"}, r'line 1: tstamp is "now", not a valid number'),
        (0, {"revision": 1.5}, r"line 1: revision is 1.5, not a valid integer"),
        (0, {"counted": 1}, r"line 1: counted is 1, not a valid boolean"),
        (0, {"turns": {}}, r"line 1: turns is \{\}, not a valid array"),
        (0, {"turns": [{"n": 1}]}, r"line 1: turns\[0\]\.prompt is missing"),
        (0, {"facts": []}, r"line 1: facts is \[\], not an object"),
        (0, {"visitor": None}, r"line 1: visitor is null, not a valid string"),
        (0, {"visitor": ["x" * 99]}, r'line 1: visitor is \["x+\.\.\., not a valid string'),
        (0, {"colour": "red"}, r"line 1: colour is unknown"),
        (0, {"feedback": {"a": ["nice"]}}, r"line 1: feedback\.a\[0\] is \"nice\", not 'useful', 'correct'"),
        (0, {"n_turns": -1}, r"line 1: n_turns is -1, not greater than or equal to 0"),
        (0, {"counted": False}, r"line 1: counted is False, but there are 0 reasons"),
        (4, {"anony": True}, r"line 5: anony is True, but kind is named"),
        (2, {"prepared_id": "x"}, r"line 3: prepared_id is 'x', but prompt and pair make"),
        (3, {"ledger_revision": 11}, r"line 4: ledger_revision is 11, on the first line 10"),
        (1, {"model_a": "cedar"}, r"vote 2: 'cedar' battles itself"),
        (
            4,
            {"model_a": "cedar", "counted": True, "reasons": []},
            r"vote 5: 'cedar' battles itself and the vote",
        ),
        (5, {"model_a": "ash"}, r"vote 6: a control battle has one model on both sides"),
        (0, {"kind": "chat", "anony": False}, r"vote 1: a vote needs two sides"),
        (0, {"kind": "quick"}, r"vote 1: a quick battle has a prepared prompt"),
        (0, {"withdrawn_at": 3.0}, r"vote 1: withdrawn_at and the reason withdrawn need each other"),
        (0, {"visitor": "\ud800"}, r"line 1: not JSON: .* hex escape at line 1 column \d+"),
        (0, {"language": "\0"}, r"line 1: language: contains a NUL"),
        (
            0,
            {"rules_version": 2**63},
            r"line 1: rules_version is \d+, not less than 9223372036854775808",
        ),
        (0, {"opened_at": float("inf")}, r"line 1: opened_at is Infinity, not a finite number"),
        (
            0,
            {"facts": {"turns": [{"share": float("nan")}]}},
            r"line 1: facts: contains a NUL or a number that is not finite",
        ),
        (0, {"facts": {"\ud800": 1}}, r"line 1: not JSON: .* hex escape"),
        (0, {"prepared_id": "x" * 9999}, r"line 1: prepared_id is 'x{200,300}\.\.\.; expected a line of"),
        (0, {"draw_probability": 0.0}, r"vote 1: draw_probability 0.0 is not above 0"),
        (0, {"n_turns": 2}, r"vote 1: n_turns is 2, but there are 1 turns"),
        (0, {"revision": 0}, r"vote 1: revision 0 is not above 0"),
        (2, {"changed_revision": 3}, r"vote 3: changed_revision 3 is not above revision 3"),
        (1, {"revision": 1}, r"vote 2: revision 1 is not after 1"),
        (7, {"changed_revision": 11}, r"vote 8: revision 11 is after the ledger's, 10"),
    ],
)
def test_a_bad_line_stops_the_import_and_nothing_is_stored(
    other_database: Database, export: Path, line: int, changes: dict[str, Any], message: str
) -> None:
    lines = _lines(export)
    lines[line] |= changes
    _write(export, lines)
    with pytest.raises(BadRecord, match=message) as caught:
        exchange.import_votes(other_database, export)
    assert str(caught.value).startswith(f"{export}, ")
    assert "nothing was imported" in str(caught.value)
    with other_database.read() as tx:
        assert queries.vote_totals(tx, None) == queries.VoteTotals(0, 0)
        assert queries.list_models(tx) == ()


def test_an_export_with_a_byte_order_mark_and_empty_lines_is_imported(other_database: Database, export: Path) -> None:
    export.write_bytes(b"\xef\xbb\xbf" + export.read_bytes().replace(b"\n", b"\r\n\r\n") + b" \n")
    assert exchange.import_votes(other_database, export) == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"model_a,model_b,winner\nash,birch,a\n", "line 1: not JSON: expected value"),
        (b"[1]\n", r"line 1: the line is \[1\], not an object; expected a line of `python -m db export`"),
        (b'{"model_a": "ash", "model_b": "birch", "winner": "a"}\n', "line 1: tstamp is missing"),
        (b"\xff\xfe\n", "line 1: not JSON"),
    ],
)
def test_a_file_of_another_sort_is_refused(database: Database, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadRecord, match=message):
        exchange.import_votes(database, path)


def test_nothing_is_imported_twice(other_database: Database, export: Path) -> None:
    exchange.import_votes(other_database, export)
    with pytest.raises(BadRecord, match=r"vote 1: battle .* is in the database or earlier in the file"):
        exchange.import_votes(other_database, export)
    lines = _lines(export)
    with pytest.raises(BadRecord, match=r"vote 2: battle .* earlier in the file"):
        exchange.import_votes(other_database, _write(export, [{**lines[0], "battle": "new", "share_id": "s"}] * 2))


def test_the_file_appears_complete_or_not_at_all(
    database: Database, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export.read_bytes()

    def fail(_: int) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(exchange, "PROGRESS_STEP", 2)
    with pytest.raises(RuntimeError, match="disk full"):
        exchange.export_votes(database, export, progress=fail)
    assert export.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "jsonl" in path.name] == ["votes.jsonl"]
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing for votes.jsonl; create it first"):
        exchange.export_votes(database, tmp_path / "missing" / "votes.jsonl")


def test_exports_and_backups_can_be_read_by_their_owner_only(database: Database, tmp_path: Path) -> None:
    """Prompts are in them. A file that is replaced loses the mode that it had."""
    before = os.umask(0)
    try:
        for name in ("new", "old"):
            path = tmp_path / name
            if name == "old":
                path.touch()
            exchange.export_votes(database, path)
            assert path.stat().st_mode & 0o777 == 0o600
            if database.path is not None:
                exchange.backup(database, path)
                assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_a_file_that_is_not_regular_is_not_replaced(database: Database, tmp_path: Path) -> None:
    """Renaming onto /dev/stdout, as root, took the device away."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match="pipe is not a regular file and would be replaced by one"):
        exchange.export_votes(database, pipe)
    assert pipe.is_fifo()


def test_a_backup_is_a_database_like_the_first(other_database: Database, tmp_path: Path) -> None:
    _fill(other_database)
    copy = tmp_path / "copy.sqlite"
    with other_database.read():  # others may read and write meanwhile
        exchange.backup(other_database, copy)
    opened = open_database(f"sqlite:///{copy}", create=False)
    with opened.read() as tx, other_database.read() as original:
        assert [*queries.voted_battles(tx)] == [*queries.voted_battles(original)]
        assert problems(tx, ELO) == []
    opened.close()


def test_a_backup_that_fails_leaves_the_old_one(
    other_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_text("old")

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("db.exchange.sqlite3.connect", fail)
    with pytest.raises(StorageFailed, match=r"the backup to .*copy.sqlite failed: disk I/O error"):
        exchange.backup(other_database, copy)
    assert copy.read_text() == "old"


def test_postgresql_has_its_own_backup(used_postgresql: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidUrl, match="back it up with pg_dump"):
        exchange.backup(used_postgresql, tmp_path / "copy")


def test_models_of_an_import_are_there_by_name(other_database: Database, export: Path) -> None:
    exchange.import_votes(other_database, export)
    with other_database.read() as tx:
        assert tuple(model.info.name for model in queries.list_models(tx)) == MODELS
        assert tx.scalar(text("SELECT count(*) FROM deck_answers")) == 2
