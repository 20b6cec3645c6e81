import numpy as np
import pyarrow
import pytest

from elo.votes.files.chunks import ArrowCells, Coder


@pytest.mark.parametrize("n_names", [500, 3_000, 40_000])
def test_each_text_has_one_code_over_all_blocks(n_names: int) -> None:
    """Blocks of voters, also where most were met before, where few come, and where some are missing."""
    rng = np.random.default_rng(n_names)
    coder = Coder()
    for n_rows in (4_000, 4_000, 50, 3_000, 20_000):
        names = [f"voter-{n}" for n in rng.integers(0, n_names, n_rows)]
        listed: list[str | None] = [None, *names] if n_rows == 3_000 else [*names]
        codes = ArrowCells(pyarrow.array(listed).dictionary_encode()).coded(coder)
        assert [coder.found[code] for code in codes.tolist()] == listed
    assert len(coder.found) == len(set(coder.found))
