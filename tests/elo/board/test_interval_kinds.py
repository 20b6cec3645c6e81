import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Settings, rate
from elo.battles import Floats
from elo.board.interval_kinds import bounds_by_kind
from elo.estimate import fit, spread
from tests.elo import reference


def kinds_of(cells: Cells, settings: Settings) -> dict[str, tuple[Floats, Floats]]:
    fitted = fit(cells, settings)
    return bounds_by_kind(fitted, spread(fitted))


def test_the_first_kind_is_the_boards_own() -> None:
    cells = reference.load("llmfao_crowd").cells
    settings = Settings(bootstrap=100)
    kinds = kinds_of(cells, settings)
    assert list(kinds) == ["bootstrap", "sandwich", "inverse Hessian"]
    low, high = kinds["bootstrap"]
    rows = {row.model: row for row in rate(cells, settings).rows}
    for m, model in enumerate(cells.models):
        assert (low[m], high[m]) == pytest.approx((rows[model].low, rows[model].high), abs=1e-9)


def test_the_sandwich_is_the_board_of_a_sandwich() -> None:
    cells = reference.load("llmfao_crowd").cells
    settings = Settings(bootstrap=100, level=0.9)
    low, high = kinds_of(cells, settings)["sandwich"]
    rows = {row.model: row for row in rate(cells, Settings(interval="sandwich", level=0.9)).rows}
    for m, model in enumerate(cells.models):
        assert (low[m], high[m]) == pytest.approx((rows[model].low, rows[model].high), abs=1e-6)


def test_kinds_disagree_on_a_model_that_never_lost() -> None:
    field = [("b", "c", outcome, 40) for outcome in (Outcome.A, Outcome.B)]
    cells = Cells.from_counts([("a", "b", Outcome.A, 5), *field])
    settings = Settings(interval="bootstrap", bootstrap=100)
    widths = {kind: high - low for kind, (low, high) in kinds_of(cells, settings).items()}
    assert widths["inverse Hessian"][0] > 1.3 * widths["sandwich"][0]
    np.testing.assert_array_less(0, widths["bootstrap"])


def test_without_intervals_there_is_nothing_to_compare() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.A, 5)])
    settings = Settings(bootstrap=0)
    assert kinds_of(cells, settings) == {}


def test_one_kind_is_there_once() -> None:
    cells = reference.load("food").cells
    settings = Settings(interval="sandwich")
    assert list(kinds_of(cells, settings)) == ["sandwich", "inverse Hessian"]
