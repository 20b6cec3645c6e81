"""Votes read with packed sums are those that are read column by column."""

import numpy as np
import pytest
from sqlalchemy import select, update

from arena.standings.styled import styled
from db import queries
from db.codes import BattleKind
from db.queries import BoardFilter
from db.schema import votes
from db.session import Database
from elo.settings import Settings
from tests.arena.standings.test_filtered import opened, store

_NAMES = ("n_tokens", "n_headings", "n_list_items", "n_bold")
_KNOWN: dict[str, int | None] = {f"{name}_{side}": n for side in "ab" for n, name in enumerate(_NAMES, start=3)}
_CASES: list[dict[str, int | None]] = [
    _KNOWN,
    _KNOWN | {"n_tokens_a": 2**24 - 1, "n_bold_b": 2**12 - 1, "n_list_items_a": 0},
    _KNOWN | {"n_tokens_b": 2**24},
    _KNOWN | {"n_headings_a": 2**12},
    _KNOWN | {"n_bold_b": 2**40, "n_tokens_a": None},
    _KNOWN | {"n_tokens_a": None},
    _KNOWN | {"n_tokens_a": None, "n_tokens_b": None},
    _KNOWN | {"n_headings_a": None, "n_list_items_a": None, "n_bold_a": None},
    dict.fromkeys(_KNOWN),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    found = opened(tmp_path_factory.mktemp("styled"))
    store(found, 60)
    return found


@pytest.mark.parametrize("has_tokens", [True, False], ids=["tokens", "characters"])
def test_packed_sums_are_the_columns(database: Database, has_tokens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.filtered._MANY", 7)
    monkeypatch.setattr("db.queries.boards.filtered._FEW", 3)
    length = "n_tokens" if has_tokens else "n_chars"
    with database.write() as tx:
        for number, vote in enumerate(tx.scalars(select(votes.c.id)).all()):
            case = dict(_CASES[number % len(_CASES)])
            if not has_tokens:
                case |= {f"n_chars_{side}": case[f"n_tokens_{side}"] for side in "ab"}
                case |= {f"n_tokens_{side}": None for side in "ab"}
            tx.execute(update(votes).where(votes.c.id == vote).values(case))
    both = BoardFilter(kinds=frozenset({BattleKind.BATTLE, BattleKind.QUICK}))
    names = [f"{name}_{side}" for name in (length, *_NAMES[1:]) for side in "ab"]
    with database.read() as tx:
        plain = [row for rows in queries.filtered_votes(tx, both, ["prepared", *names]) for row in rows]
        models = queries.model_names(tx)
        found = styled(tx, both, Settings(control=("length", "style")))
    assert found.features is not None
    assert list(found.features) == ["tokens" if has_tokens else "characters", "headers", "lists", "bold"]
    assert found.prepared is not None
    columns = np.column_stack([found.a, found.b, found.outcome, found.prepared >= 0, *found.features.values()])
    expected = [
        [found.models.index(models[a]), found.models.index(models[b]), code, prompt is not None, *sums]
        for a, b, code, prompt, *sums in plain
    ]
    assert len(expected) > 40
    assert _sorted(columns) == _sorted(np.array(expected, dtype=np.float64))


def _sorted(rows: np.ndarray) -> list[list[float]]:
    return sorted(np.nan_to_num(rows, nan=-1.0).tolist())
