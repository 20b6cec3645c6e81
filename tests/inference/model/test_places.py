"""The rules of the rolling buffer against a plain simulation: a list of positions for each ring."""

import random

import pytest
import torch

from inference.model.cache import RingCache
from inference.model.places import band, hidden_rows, n_past, n_rows, n_written, past_rows, targets
from tests.inference.model.builders import tiny_config

CPU = torch.device("cpu")


def test_a_ring_has_a_row_for_each_visible_key_and_never_more_than_the_text() -> None:
    assert [n_rows(window, 20) for window in (None, 5, 20, 64)] == [20, 5, 20, 20]


@pytest.mark.parametrize("n_slots", [1, 3])
def test_targets_count_rows_of_the_ring_as_it_is_indexed(n_slots: int) -> None:
    cache = RingCache(tiny_config(sliding_window=7), n_slots=n_slots, max_len=50, dtype=torch.float32)
    ring = cache.rings[0]
    slots, positions = torch.tensor([n_slots - 1, 0]), torch.tensor([23, 6])
    ring.view(-1, ring.shape[-1])[targets(slots, positions, ring).flatten()] = 1.0
    expected = torch.zeros_like(ring)
    expected[:, n_slots - 1, :, 23 % 7] = 1.0
    expected[:, 0, :, 6] = 1.0
    assert torch.equal(ring, expected)


@pytest.mark.parametrize("window", [None, 1, 3, 8])
def test_what_is_seen_is_what_a_ring_has_stored(window: int | None) -> None:
    """A text grows in random chunks; each query finds exactly the keys that it sees, in the ring or in its chunk."""
    rng, max_len = random.Random(0), 40
    n_ring = n_rows(window, max_len)
    ring: list[int | None] = [None] * n_ring
    start = 0
    while start < max_len:
        n = min(rng.choice([1, 1, 2, 5, 11]), max_len - start)
        if n == 1:
            ring[start % n_ring] = start
            seen = ring[: int(n_written(torch.tensor(start), n_ring))]
            assert sorted(key for key in seen if key is not None) == visible_keys(start, window)
            assert None not in seen
        else:
            past = n_past(start, window, n_ring)
            keys = [ring[row] for row in past_rows(start, past, n_ring, CPU).tolist()] + list(range(start, start + n))
            mask = band(n, past + n, window, CPU)
            for query in range(n):
                is_seen = [key <= past + query for key in range(past + n)] if mask is None else mask[query].tolist()
                found = [key for key, is_one in zip(keys, is_seen, strict=True) if is_one]
                assert found == visible_keys(start + query, window)
            for position in range(start, start + n):
                ring[position % n_ring] = position
        start += n


def visible_keys(query: int, window: int | None) -> list[int]:
    """Rule 2, in plain Python."""
    return [key for key in range(query + 1) if window is None or query - key < window]


def test_rows_that_are_not_yet_written_are_hidden() -> None:
    ring = torch.zeros(2, 4, 2, 6, 8)
    bias = hidden_rows(torch.tensor([0, 2, 99]), 6, ring)
    assert bias.shape == (6, 1, 6)
    assert (bias[:, 0] == 0).sum(dim=1).tolist() == [1, 1, 3, 3, 6, 6]
    assert bias[2, 0].tolist() == [0, 0, 0, *[float("-inf")] * 3]
