"""Krippendorff's alpha against published examples and against the definition, pair of votes by pair of votes."""

from itertools import permutations

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Floats
from elo.quality.agreement import Agreement, Judgement, alpha

A, B, TIE, BOTH_BAD = Outcome

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units.
TABLE: list[list[int | None]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def counted(table: list[list[int | None]], n_values: int) -> Floats:
    counts = np.zeros((len(table[0]), n_values))
    for row in table:
        for unit, value in enumerate(row):
            if value is not None:
                counts[unit, value - 1] += 1
    return counts


def test_alpha_is_that_of_the_published_example() -> None:
    counts = counted(TABLE, 5)
    nominal, ordinal = alpha(counts, "nominal"), alpha(counts, "ordinal")
    assert nominal is not None
    assert ordinal is not None
    assert (round(nominal.value, 3), round(ordinal.value, 3)) == (0.743, 0.815)


def test_alpha_is_one_minus_observed_over_expected_disagreement() -> None:
    """By the definition, on random votes: the mean disagreement within pairs, over that of all votes."""
    generator = np.random.default_rng(3)
    units = [generator.integers(0, 4, size=generator.integers(2, 7)).tolist() for _ in range(40)]
    counts = np.array([[values.count(value) for value in range(4)] for values in units], dtype=float)
    total = sum(map(len, units))
    observed = sum(sum(x != y for x, y in permutations(values, 2)) / (len(values) - 1) for values in units) / total
    values = [value for unit in units for value in unit]
    expected = sum(x != y for x, y in permutations(values, 2)) / (total * (total - 1))
    found = alpha(counts, "nominal")
    assert found is not None
    assert found.value == pytest.approx(1 - observed / expected, abs=1e-12)
    assert found.low < found.value < found.high


def test_sides_make_no_difference_and_one_vote_says_nothing() -> None:
    judgements = [
        Judgement("1", "ann", "x", "y", A),
        Judgement("1", "bob", "y", "x", B),
        Judgement("2", "ann", "y", "x", A),
        Judgement("2", "bob", "y", "x", A),
        Judgement("2", "bob", "y", "x", TIE),
        Judgement("3", "ann", "x", "y", TIE),
    ]
    found = Agreement.of(judgements)
    assert (found.n_pairs, found.n_single, found.n_votes, found.n_voters, found.n_repeated) == (2, 1, 4, 2, 1)
    assert found.nominal is not None
    assert found.nominal.value == 1.0


def test_ties_are_in_the_middle_and_are_one_rank_with_both_bad() -> None:
    def ordinal(*pairs: tuple[Outcome, Outcome]) -> float:
        votes = [
            Judgement(str(i), voter, "x", "y", outcome)
            for i, pair in enumerate(pairs)
            for voter, outcome in zip("pq", pair, strict=True)
        ]
        found = Agreement.of(votes).ordinal
        assert found is not None
        return found.value

    same = [(A, A), (B, B), (TIE, TIE)] * 3
    assert ordinal(*same, (TIE, BOTH_BAD)) == 1.0
    assert ordinal(*same, (A, B)) < ordinal(*same, (A, TIE)) < 1.0


def test_names_make_no_difference() -> None:
    """Two voters for the better model everywhere agree, whether its name is the first one in all pairs or in half."""
    generator = np.random.default_rng(1)

    def measured(names: list[tuple[str, str]]) -> Agreement:
        careless = generator.spawn(1)[0]
        return Agreement.of(
            Judgement(str(i), voter, *pair, B if careless.random() < 0.2 else A)
            for i, pair in enumerate(names)
            for voter in "pqr"
        )

    sorted_names = measured([("a", "b")] * 40)
    generator = np.random.default_rng(1)
    mixed_names = measured([("a", "b"), ("b", "a")] * 20)
    assert sorted_names.nominal == mixed_names.nominal
    assert sorted_names.ordinal == mixed_names.ordinal
    assert sorted_names.nominal is not None
    assert sorted_names.nominal.value == pytest.approx(1 - 2 * 2 * 0.2 * 0.8, abs=0.15)  # even odds by chance


def test_votes_that_are_all_the_same_have_no_alpha() -> None:
    votes = [Judgement(str(i), voter, "x", "y", TIE) for i in range(5) for voter in "pq"]
    found = Agreement.of(votes)
    assert (found.n_pairs, found.nominal, found.ordinal) == (5, None, None)
    decided = Agreement.of(one._replace(outcome=A) for one in votes)
    assert decided.nominal is not None
    assert decided.nominal.value == 1.0
    assert Agreement.of([]).nominal is None


def test_the_interval_covers_the_alpha_of_all_pairs() -> None:
    """Voters who agree in 60 % of pairs: 95 % of the intervals of 80 pairs contain the alpha of very many pairs."""
    generator = np.random.default_rng(5)

    def votes(n: int) -> Floats:
        truth = generator.integers(0, 3, size=n)
        given = np.where(generator.random((n, 5)) < 0.6, truth[:, None], generator.integers(0, 3, size=(n, 5)))
        return np.stack([(given == value).sum(axis=1) for value in range(3)], axis=1).astype(float)

    all_pairs = alpha(votes(200_000), "nominal", rounds=1)
    assert all_pairs is not None
    found = [alpha(votes(80), "nominal", rounds=400, seed=seed) for seed in range(200)]
    covered = np.mean([one is not None and one.low <= all_pairs.value <= one.high for one in found])
    assert 0.9 <= covered <= 0.985


def test_the_order_of_the_votes_changes_no_digit() -> None:
    votes = [Judgement(str(i % 7), f"v{i // 7}", "x", "y", Outcome(i * i % 4)) for i in range(35)]
    assert Agreement.of(votes) == Agreement.of(reversed(votes))
