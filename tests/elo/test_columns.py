from elo.columns import aligned


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned(["name", "n"], [["a", "10"], ["longer", "1"]]) == ["name     n", "a       10", "longer   1"]
    assert aligned(["n", "why"], [["10", "because"]], left=(1,)) == [" n  why", "10  because"]
