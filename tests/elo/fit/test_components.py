"""Models are in one group if a path of battles connects them."""

from db.outcome import Outcome
from elo.battles import Cells
from elo.fit.components import components


def test_components_are_numbered_by_size_then_name() -> None:
    edges = ["gh", "ab", "cd", "de", "ef"]
    pairs = Cells.from_counts([(edge[0], edge[1], Outcome.TIE, 1) for edge in edges]).pairs()
    assert dict(zip(pairs.models, components(pairs).tolist(), strict=True)) == {
        **dict.fromkeys("cdef", 1),
        **dict.fromkeys("ab", 2),
        **dict.fromkeys("gh", 3),
    }
