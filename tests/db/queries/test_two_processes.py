"""The revision protocol under fire: two processes vote, withdraw, ban, un-ban and judge again at random, and read
boards, half of them from counts that it keeps. A replay of more than a few votes runs outside the ledger's lock.

Each logs what it did with the revision it got. Afterwards a model of the ledger in plain Python, which knows only that
log, says what every board must have shown at its revision and what every online rating must have been.
"""

import json
import multiprocessing
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from db import queries
from db.codes import BattleKind, Reason
from db.integrity import problems
from db.online_replay import bring_up_to_date
from db.outcome import Outcome
from db.queries import Tally
from db.queries.boards import online
from db.session import open_database
from tests.db.building import ELO, MODELS, add_models, judge_again, votable, vote

VISITORS = ("ann", "bo", "cy")
N_STEPS = 120


def _flagged(facts: Any, every: int) -> set[Reason]:
    return {Reason.FLAGGED} if facts["n"] % every == 0 else set()


def _work(url: str, seed: int, log_path: str) -> None:
    """One process: random steps, each in its own transaction, each logged once it is committed."""
    rng = random.Random(seed)
    online.LONG_REPLAY = 10
    database = open_database(url)
    log: list[dict[str, Any]] = []
    votes: list[tuple[str, str]] = []
    kept: Tally | None = None
    for n in range(N_STEPS):
        visitor = rng.choice(VISITORS)
        step = rng.choices(
            ["vote", "withdraw", "ban", "unban", "recompute", "refresh", "replay", "board"], [40, 6, 3, 6, 2, 4, 12, 30]
        )[0]
        entry: dict[str, Any] = {"step": step, "visitor": visitor}
        if step == "board":
            with database.read() as tx:
                state = queries.ledger_state(tx)
                cells, excluded = queries.cells(tx, None), queries.exclusions(tx, None)
                if n % 2:  # all votes here are of one kind
                    kept = queries.tally(tx, BattleKind.BATTLE, kept)
                    cells, excluded = kept.cells(queries.model_names(tx)), kept.exclusions
                entry["cells"] = [[*cell] for cell in cells]
                entry["excluded"] = {reason.label: count for reason, count in excluded.items()}
                stored = queries.elo_state(tx)
                entry["revision"] = state.revision
                if state.elo_revision == state.revision:
                    entry["ratings"] = {name: [one.rating, one.games] for name, one in stored.items()}
            log.append(entry)
            continue
        if step == "replay":
            bring_up_to_date(database, ELO)
            continue
        with database.write() as tx:
            if step == "vote":
                pair = tuple(rng.sample(MODELS, 2))
                battle_id = votable(tx, (pair[0], pair[1]), visitor)
                facts: dict[str, object] = {"n": rng.randrange(60)}
                outcome = rng.choice(list(Outcome))
                cast = vote(tx, battle_id, outcome, visitor, reasons=_flagged(facts, 7), facts=facts)
                entry |= {"battle": battle_id, "pair": pair, "outcome": outcome, "facts": facts}
                entry |= {
                    "reasons": [r.label for r in cast.reasons],
                    "after": cast.a and cast.b and [cast.a.after, cast.b.after],
                }
                entry |= {"revision": cast.revision, "changed": True}
                votes.append((battle_id, visitor))
            elif step == "withdraw" and votes:
                battle_id, visitor = votes.pop(rng.randrange(len(votes)))
                withdrawn = queries.withdraw_vote(tx, battle_id, visitor=visitor, reason=None, now=30.0)
                entry |= {"battle": battle_id, "revision": withdrawn.changed_revision, "changed": True}
            elif step == "ban":
                banned = queries.ban_visitor(tx, visitor, reason="test", now=30.0)
                entry |= {"revision": banned.revision, "changed": banned.n_changed > 0}
            elif step == "unban":
                unbanned = queries.unban_visitor(tx, visitor)
                entry |= {"revision": unbanned.revision, "changed": unbanned.n_changed > 0}
            elif step == "recompute":
                entry["every"] = every = rng.choice([3, 5, 7])
                judged = judge_again(tx, partial(_flagged, every=every), rules_version=every)
                entry |= {"revision": judged.revision, "changed": judged.n_changed > 0}
            elif step == "refresh":
                stored = queries.refresh_elo_state(tx, ELO)
                entry["ratings"] = {name: [one.rating, one.games] for name, one in stored.items()}
                entry["revision"] = queries.ledger_state(tx).revision
        log.append(entry)
    Path(log_path).write_text(json.dumps(log))
    database.close()


class _Model:
    """The ledger in a few lines: what counts after each revision."""

    def __init__(self) -> None:
        self.votes: dict[str, dict[str, Any]] = {}

    def apply(self, entry: dict[str, Any]) -> None:
        match entry["step"]:
            case "vote":
                self.votes[entry["battle"]] = {**entry, "reasons": set(entry["reasons"])}
            case "withdraw":
                self.votes[entry["battle"]]["reasons"].add("withdrawn")
            case "ban" | "unban":
                for one in self.votes.values():
                    if one["visitor"] == entry["visitor"]:
                        one["reasons"] = one["reasons"] - {"banned"} | ({"banned"} if entry["step"] == "ban" else set())
            case "recompute":
                for one in self.votes.values():
                    judged = {reason.label for reason in _flagged(one["facts"], entry["every"])}
                    one["reasons"] = judged | (one["reasons"] & {"banned", "withdrawn"})

    def cells(self) -> Counter[tuple[str, str, int]]:
        return Counter((*one["pair"], one["outcome"]) for one in self.votes.values() if not one["reasons"])

    def excluded(self) -> Counter[str]:
        return Counter(reason for one in self.votes.values() for reason in one["reasons"])

    def ratings(self) -> dict[str, list[float]]:
        ratings: dict[str, list[float]] = {}
        for one in self.votes.values():  # in order of revision: that is the order they were applied in
            if not one["reasons"]:
                a, b = (ratings.get(name, [1000.0, 0]) for name in one["pair"])
                after = ELO.update(a[0], b[0], Outcome(one["outcome"]))
                ratings |= dict(zip(one["pair"], ([after[0], a[1] + 1], [after[1], b[1] + 1]), strict=True))
        return ratings


def test_boards_and_online_elo_agree_with_one_order_of_all_changes(url: str, tmp_path: Path) -> None:
    database = open_database(url)
    with database.write() as tx:
        add_models(tx)
        for visitor in VISITORS:
            queries.get_or_create_visitor(tx, visitor, now=1.0)

    spawn = multiprocessing.get_context("spawn")
    logs = [tmp_path / f"log{seed}" for seed in (1, 2)]
    workers = [spawn.Process(target=_work, args=(url, seed, str(log))) for seed, log in enumerate(logs, start=1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    entries = [entry for log in logs for entry in json.loads(log.read_text())]

    changes = sorted((entry for entry in entries if entry.get("changed")), key=lambda entry: entry["revision"])
    assert [entry["revision"] for entry in changes] == list(range(1, len(changes) + 1)), "one change, one revision"
    model = _Model()
    expected = [(model.cells(), model.excluded(), model.ratings())]
    for entry in changes:
        model.apply(entry)
        expected.append((model.cells(), model.excluded(), model.ratings()))
        if entry["step"] == "vote":
            start = [1000.0, 0]
            after = [model.ratings().get(name, start)[0] for name in entry["pair"]]
            assert entry["after"] in (None, after) or entry["reasons"]

    boards = [entry for entry in entries if entry["step"] == "board"]
    for entry in boards:
        cells, excluded, _ = expected[entry["revision"]]
        assert Counter({(a, b, outcome): n for a, b, outcome, n in entry["cells"]}) == cells
        assert entry["excluded"] == excluded
    rated = [entry for entry in entries if "ratings" in entry]
    for entry in rated:
        assert entry["ratings"] == expected[entry["revision"]][2]
    assert len(boards) > 20
    assert len(rated) > 10
    votes = [entry for entry in changes if entry["step"] == "vote"]
    assert 5 < sum(entry["after"] is None for entry in votes) < len(votes) - 5
    assert {entry["step"] for entry in changes} == {"vote", "withdraw", "ban", "unban", "recompute"}

    with database.write() as tx:
        queries.refresh_elo_state(tx, ELO)
    with database.read() as tx:
        assert problems(tx, ELO) == []
        assert queries.elo_state(tx) == queries.replay(queries.votes_in_order(tx), ELO)
    database.close()
