import pytest
import torch

from inference.model.cache import Chunk, RingCache
from inference.model.plan import check_chunks, plan_step
from tests.inference.model.builders import tiny_config

CONFIG = tiny_config(sliding_window=(7, None))


def new_cache() -> RingCache:
    return RingCache(CONFIG, n_slots=6, max_len=20, dtype=torch.float32)


def test_single_tokens_come_first_by_slot_and_neighbours_form_runs() -> None:
    plan = plan_step(
        CONFIG, [Chunk(5, 0, [50]), Chunk(0, 0, [1, 2, 3]), Chunk(3, 0, [30]), Chunk(2, 0, [20])], new_cache()
    )
    assert plan.ids.tolist() == [20, 30, 50, 1, 2, 3]
    assert [(run.rows, run.slots) for run in plan.windows[0].runs] == [
        (slice(0, 2), slice(2, 4)),
        (slice(2, 3), slice(5, 6)),
    ]
    assert [(chunk.rows, chunk.slot) for chunk in plan.windows[0].prefills] == [(slice(3, 6), 0)]


def test_results_are_in_the_order_of_the_chunks() -> None:
    plan = plan_step(CONFIG, [Chunk(0, 0, [1, 2, 3]), Chunk(5, 0, [50]), Chunk(2, 0, [20])], new_cache())
    assert plan.ids[plan.last_rows].tolist() == [3, 50, 20]
    assert plan.ids[plan.all_rows].tolist() == [1, 2, 3, 50, 20]


def test_layers_with_the_same_window_share_a_plan() -> None:
    config = tiny_config(sliding_window=(7, None), n_layers=4)
    cache = RingCache(config, n_slots=1, max_len=20, dtype=torch.float32)
    windows = plan_step(config, [Chunk(0, 0, [1, 2])], cache).windows
    assert windows[0] is windows[2]
    assert windows[1] is windows[3]
    assert windows[0] is not windows[1]


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "a step without chunks"),
        ([Chunk(6, 0, [1])], "slot 6 does not exist; the cache has slots 0 to 5"),
        ([Chunk(-1, 0, [1])], "slot -1 does not exist"),
        ([Chunk(1, 0, [1]), Chunk(1, 1, [2])], "two chunks for slot 1 in one step"),
        ([Chunk(1, 0, [])], "an empty chunk for slot 1"),
        ([Chunk(1, 3, [1])], "the chunk for slot 1 starts at 3, but the slot has 0 tokens"),
        ([Chunk(1, 0, [1] * 21)], "slot 1 would have 21 tokens; at most 20 fit"),
        ([Chunk(1, 0, [5, 97])], "token id 97 in slot 1; ids 0 to 96 were expected"),
        ([Chunk(1, 0, [-1])], "token id -1 in slot 1; ids 0 to 96"),
    ],
)
def test_a_chunk_that_does_not_continue_its_slot_is_refused(chunks: list[Chunk], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_chunks(CONFIG, chunks, new_cache())
