from collections.abc import Callable
from pathlib import Path

import pytest

from bench.rating import votes
from bench.rating.votes import Cell
from db import queries
from db.integrity import problems
from db.session import open_database
from elo.battles import Cells
from elo.votes.votes_file import read_votes

SMALL = Cell(600, 5)


def test_a_cell_is_votes_by_models() -> None:
    assert Cell.parse("1e6x100") == Cell(1_000_000, 100)
    assert str(Cell(1_000_000, 100)) == "1000000x100"
    assert Cell.parse(str(SMALL)) == SMALL


@pytest.mark.parametrize("text", ["", "100", "ax5", "5xb"])
def test_text_that_is_not_a_cell_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not votes and models, such as 1e6x100"):
        Cell.parse(text)


def cells_of(found: Cells) -> list[list[int]]:
    return [found.a.tolist(), found.b.tolist(), found.outcome.tolist(), found.count.tolist()]


def test_arrays_file_and_database_hold_the_same_votes(tmp_path: Path) -> None:
    arrays = Cells.from_votes(votes.load(votes.arrays(SMALL, tmp_path)))
    assert arrays.n_votes == 600
    assert len(arrays.models) == 5
    file = read_votes([votes.csv(SMALL, tmp_path)])
    assert cells_of(Cells.from_votes(file.votes)) == cells_of(arrays)
    database = open_database(f"sqlite:///{votes.database(SMALL, tmp_path)}", create=False)
    with database.read() as tx:
        assert cells_of(Cells.from_counts(queries.cells(tx))) == cells_of(arrays)
        assert queries.ledger_state(tx).revision == 600
        assert not problems(tx)
    database.close()


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    for make in (votes.arrays, votes.csv, votes.database):
        path = make(SMALL, tmp_path)
        stamp = path.stat().st_mtime_ns
        assert make(SMALL, tmp_path) == path
        assert path.stat().st_mtime_ns == stamp
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("make", [votes.arrays, votes.csv, votes.database])
def test_each_form_makes_its_folder(make: Callable[[Cell, Path], Path], tmp_path: Path) -> None:
    assert make(SMALL, tmp_path / "new" / "folder").exists()
