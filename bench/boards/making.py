"""A database of N votes on K models, with decks, made once and kept.

The rows are those that the arena's queries write, put in many at a time: votes by 2,000 visitors over a year, in three
languages, with tags, one to four turns, and 5 % that do not count. The first 50,000 are drawn, and the rest are copies
of them at later times. Prompts and answers are there for the first 20,000 of each 50,000.
"""

import random
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Table, text, update

from arena.standings.online import online_elo
from db.codes import BattleKind, Policy, Reason, Side, State
from db.derived import digest, label_key
from db.online_replay import bring_up_to_date
from db.outcome import Outcome
from db.queries import (
    CampaignPair,
    DeckPrompt,
    ModelInfo,
    StoredSettings,
    add_deck_prompt,
    create_campaign,
    set_deck,
    upsert_models,
)
from db.schema import (
    answers,
    battles,
    deck_answers,
    feedback,
    labels,
    ledger,
    turns,
    visitors,
    vote_reasons,
    votes,
)
from db.session import Database, open_database
from db.side_sums import SUM_COLUMNS
from elo.settings import Settings

DECK, CAMPAIGN = "bench", "review"
N_PROMPTS, N_DECK_MODELS, N_CAMPAIGN_PROMPTS = 1_000, 10, 80
N_VISITORS = 2_000
_N_DRAWN, _N_WITH_TEXTS = 50_000, 20_000
_DAYS = 365
_BATCH = 10_000
_LABELS = [
    (language, list(tags))
    for language in ("en", "ko", "fr", None)
    for tags in ((), ("code",), ("number",), ("code", "long prompt"), ("number", "several turns"), ("story",))
]
_RANGES = {"n_tokens": (10, 900), "n_chars": (50, 4_000), "duration_ms": (200, 40_000)}
_SETTINGS = StoredSettings(None, 0.7, 1.0, 512, "equal")


def bench_database(folder: Path, n_votes: int, n_models: int) -> Database:
    """Open the database of so many votes and models in a folder. If it is not there, make and fill it first."""
    path = folder / f"{n_votes}x{n_models}.sqlite"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        database = open_database(f"sqlite:///{part.absolute()}")
        _fill(database, n_votes, n_models)
        bring_up_to_date(database, online_elo(Settings()))
        database.close()
        part.rename(path)
    return open_database(f"sqlite:///{path.absolute()}", create=False)


def names(n_models: int) -> list[str]:
    return [f"model-{number:02}" for number in range(n_models)]


def _fill(database: Database, n_votes: int, n_models: int) -> None:
    models = names(n_models)
    with database.write() as tx:
        upsert_models(tx, [ModelInfo(name, organisation="bench", licence="Apache-2.0") for name in models], now=0.0)
        ids = [{"pseudonym": f"visitor-{n}", "created_at": 0.0, "consent_at": 0.0 if n % 2 else None}
               for n in range(N_VISITORS)]  # fmt: skip
        tx.execute(visitors.insert(), ids)
        tx.execute(
            labels.insert(),
            [{"language": one, "tags": tags, "key": label_key(one, tags)} for one, tags in _LABELS if one or tags],
        )
        _fill_deck(tx, models[:N_DECK_MODELS])
    n_drawn = min(n_votes, _N_DRAWN)
    span_s = _DAYS * 86_400 * n_drawn / n_votes
    with database.write() as tx:
        rows = _rows(n_drawn, n_models, span_s)
        while batch := list(islice(rows, _BATCH)):
            _store(tx, batch)
    for n_before in range(n_drawn, n_votes, n_drawn):
        with database.write() as tx:
            _copy(tx, min(n_drawn, n_votes - n_before), n_before, span_s * (n_before // n_drawn))
    with database.write() as tx:
        tx.execute(update(ledger).values(revision=n_votes))


def _copy(tx: Connection, n_votes: int, n_before: int, later_s: float) -> None:
    """Store the first votes again, as so many more, with all that belongs to them."""
    moved = {
        "battles": {"uuid": "lower(hex(randomblob(16)))", "share_id": "lower(hex(randomblob(16)))"},
        "votes": {
            "revision": f"revision + {n_before}",
            **{f"n_tokens_{side}": f"n_tokens_{side} + {n_before // n_votes}" for side in "ab"},  # no two are the same
        },
    }
    for table, key in ((battles, "id"), (turns, "battle_id"), (answers, "battle_id"), (votes, "id"),
                       (vote_reasons, "vote_id"), (feedback, "battle_id")):  # fmt: skip
        changed = {
            **{name: f"{name} + {n_before}" for name in (key, "battle_id") if name in table.c},
            **{name: f"{name} + {later_s!r}" for name in ("opened_at", "closed_at", "cast_at") if name in table.c},
            **moved.get(table.name, {}),
        }
        names = [column.name for column in table.c if (table.name, column.name) != ("feedback", "id")]
        values = ", ".join(changed.get(name, name) for name in names)
        tx.execute(
            text(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} WHERE {key} <= :n"),
            {"n": n_votes},
        )


def _fill_deck(tx: Connection, models: Sequence[str]) -> None:
    set_deck(tx, DECK, is_live=True, settings=_SETTINGS)
    keys = [add_deck_prompt(tx, DeckPrompt(DECK, f"Prompt {number}: what comes next?", ("code",), "en"))
            for number in range(N_PROMPTS)]  # fmt: skip
    rows = []
    for prompt in range(N_PROMPTS):
        for model in range(len(models)):
            text = f"Answer {prompt if model < 2 else (prompt, model)} " * 40  # two models agree
            rows.append({"deck_prompt_id": prompt + 1, "model_id": model + 1, "text": text, "digest": digest(text)})
    tx.execute(deck_answers.insert(), rows)
    pairs = [CampaignPair(key, models[0], models[2]) for key in keys[:N_CAMPAIGN_PROMPTS]]
    create_campaign(tx, CAMPAIGN, deck=DECK, pairs=pairs, max_people=5, now=0.0)


def _rows(n_votes: int, n_models: int, span_s: float) -> Iterator[dict[str, object]]:
    """Everything of each vote in one row, by the columns of `battles` and `votes`."""
    draw = random.Random(0)
    strength = [draw.gauss(0, 0.8) for _ in range(n_models)]
    start, step = time.time() - _DAYS * 86_400, span_s / n_votes
    first_label = {index: number for number, (index, _) in enumerate(
        ((i, one) for i, one in enumerate(_LABELS) if one[0] or one[1]), start=1)}  # fmt: skip
    for number in range(n_votes):
        a, b = draw.sample(range(n_models), 2)
        side = 1 / (1 + 2.718281828 ** (strength[b] - strength[a]))
        what = draw.random()
        outcome = Outcome.TIE if what < 0.15 else Outcome.BOTH_BAD if what < 0.25 else None
        label = draw.randrange(len(_LABELS))
        n_turns = 1 if draw.random() < 0.8 else draw.randint(2, 4)
        cast_at = start + number * step
        yield {
            "number": number + 1,
            "visitor_id": 1 + draw.randrange(N_VISITORS),
            "model_a": a + 1,
            "model_b": b + 1,
            "outcome": outcome if outcome is not None else Outcome.A if draw.random() < side else Outcome.B,
            "label_id": first_label.get(label),
            "language": _LABELS[label][0],
            "tags": _LABELS[label][1] or None,
            "n_turns": n_turns,
            "prompt_chars": int(draw.lognormvariate(4.5, 1)) + 1,
            "same_sent": draw.random() < 0.9,
            "cast_at": cast_at,
            "counted": draw.random() >= 0.05,
            "has_texts": number < _N_WITH_TEXTS,
            **{name: draw.randint(*_RANGES.get(name[:-2], (0, 20))) for name in SUM_COLUMNS},
        }


def _store(tx: Connection, batch: Sequence[dict[str, object]]) -> None:
    with_texts = [row for row in batch if row["has_texts"]]
    settings = {"system_prompt": None, "temperature": 0.7, "top_p": 1.0, "max_tokens": 512, "pace": "equal"}
    _insert(tx, battles, [
        {
            "id": row["number"], "uuid": uuid.uuid4().hex, "share_id": uuid.uuid4().hex, "kind": BattleKind.BATTLE,
            "policy": Policy.UNIFORM, "draw_probability": 0.001, "settings": settings, "state": State.VOTED,
            "opened_at": float(str(row["cast_at"])) - 30, "closed_at": row["cast_at"],
            **{name: row[name] for name in ("visitor_id", "model_a", "model_b", "language", "tags", "n_turns",
                                            "prompt_chars", "same_sent")},
        }
        for row in batch
    ])  # fmt: skip
    _insert(tx, votes, [
        {
            "id": row["number"], "battle_id": row["number"], "kind": BattleKind.BATTLE, "revision": row["number"],
            "rules_version": 1, "facts": {"kind": "battle", "turns": [{"a": {}, "b": {}, "is_identical": False}]},
            **{name: row[name] for name in ("model_a", "model_b", "outcome", "cast_at", "counted", "label_id",
                                            "n_turns", "prompt_chars", "same_sent", *SUM_COLUMNS)},
        }
        for row in batch
    ])  # fmt: skip
    why = Reason.STOPPED
    _insert(tx, vote_reasons, [{"vote_id": row["number"], "reason": why} for row in batch if not row["counted"]])
    tagged = [row for row in batch if int(str(row["number"])) % 10 == 0]
    _insert(tx, feedback, [{"battle_id": row["number"], "side": Side.A, "tag": "clear"} for row in tagged])
    _insert(tx, turns, [
        {"battle_id": row["number"], "n": n, "prompt": "What is it?"}
        for row in with_texts for n in range(1, int(str(row["n_turns"])) + 1)
    ])  # fmt: skip
    _insert(tx, answers, [
        {"battle_id": row["number"], "turn": n, "side": side, "attempt": 1, "text": "It is this. " * 20}
        for row in with_texts for n in range(1, int(str(row["n_turns"])) + 1) for side in Side
    ])  # fmt: skip


def _insert(tx: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        tx.execute(table.insert(), list(rows))
