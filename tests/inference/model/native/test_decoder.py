"""Compiled decoding against torch's operators, with the same model."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from inference.model import places
from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig, YarnScaling
from inference.model.native.decoder import can_decode
from inference.model.serving import ServedModel
from tests.inference.model.builders import packed_weights, random_ids, served_model, tiny_config
from tests.inference.model.native.needs import needs_compiler

pytestmark = needs_compiler


def decoded(model: ServedModel, n_sequences: int, dtype: torch.dtype, *, by_torch: bool = False) -> Tensor:
    """Log-probabilities (tokens, sequences, V) after prompts of different lengths, then one token each a step."""
    cache = RingCache(model.config, n_slots=n_sequences + 1, max_len=64, dtype=dtype)
    for slot in range(n_sequences):
        model.step([Chunk(slot, 0, random_ids(9 + slot, seed=slot), by_torch)], cache)
    steps = []
    for i in range(12):
        chunks = [Chunk(s, cache.lengths[s], [random_ids(30, seed=s)[i]], by_torch) for s in range(n_sequences)]
        steps.append(model.step(chunks, cache).log_softmax(-1))
    return torch.stack(steps)


CONFIGS = [
    tiny_config(sliding_window=7),
    tiny_config(sliding_window=None, n_heads=8, n_kv_heads=1),
    replace(tiny_config(sliding_window=5, n_heads=2, n_kv_heads=2, head_dim=64), dim=72, hidden_dim=136),
    tiny_config(sliding_window=(3, None), n_heads=6, n_kv_heads=3, head_dim=10),
    tiny_config(n_heads=2, n_kv_heads=1, head_dim=128),
    replace(tiny_config(), rope_scaling=YarnScaling(8.0, 16, attention_factor=1.2)),
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("n_sequences", [1, 6, 7, 8, 11])
def test_compiled_decoding_equals_torchs_in_float32(config: ModelConfig, n_sequences: int) -> None:
    model = served_model(config)
    torchs = decoded(model, n_sequences, torch.float32, by_torch=True)
    assert model._decoder is None
    difference = decoded(model, n_sequences, torch.float32) - torchs
    assert model._decoder is not None
    assert float(difference.abs().max()) < 1e-4


@pytest.mark.parametrize("is_int8", [False, True])
@pytest.mark.parametrize("n_sequences", [1, 8])
def test_compiled_decoding_stays_near_torchs_in_bfloat16(n_sequences: int, is_int8: bool) -> None:
    model = served_model(CONFIGS[0], dtype=torch.bfloat16, int8=is_int8)
    torchs = decoded(model, n_sequences, torch.bfloat16, by_torch=True)
    difference = decoded(model, n_sequences, torch.bfloat16) - torchs
    assert model._decoder is not None
    assert float(difference.abs().mean()) < 0.03  # prompts too: compiled code does not round their activations


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("is_int8", [False, True])
def test_a_row_has_the_same_bits_in_any_company_and_on_any_number_of_threads(dtype: torch.dtype, is_int8: bool) -> None:
    config = replace(tiny_config(sliding_window=7), hidden_dim=512)
    model = served_model(config, dtype=dtype, int8=is_int8)
    crowd = decoded(model, 9, dtype)
    assert all(torch.equal(decoded(model, n, dtype), crowd[:, :n]) for n in (1, 2, 6, 7, 8))
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(decoded(model, 9, dtype), crowd)
    finally:
        torch.set_num_threads(n_threads)


@pytest.mark.parametrize("window", [None, 1, 7, (64, 7)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiled_code_follows_the_rules_of_places(
    window: int | tuple[int | None, ...] | None, dtype: torch.dtype
) -> None:
    """Each key and value goes to its target and nowhere else, and rows that are not yet written (NaN) are not read."""
    model = served_model(tiny_config(sliding_window=window), dtype=dtype)
    cache = RingCache(model.config, n_slots=3, max_len=24, dtype=dtype)
    lengths = [5, 20, 0]
    model.step([Chunk(slot, 0, random_ids(n, seed=slot)) for slot, n in enumerate(lengths) if n], cache)
    slots, positions = torch.arange(3), torch.tensor(lengths)
    for ring in cache.rings:
        for slot, n in enumerate(lengths):
            ring[:, slot, :, n:].fill_(float("nan"))
    before = [ring.clone() for ring in cache.rings]
    logits = model.step([Chunk(slot, n, [slot + 9]) for slot, n in enumerate(lengths)], cache)
    assert model._decoder is not None
    assert logits.isfinite().all()
    for old, ring in zip(before, cache.rings, strict=True):
        rows, old_rows = ring.view(-1, ring.shape[-1]), old.view(-1, ring.shape[-1])
        changed = (~torch.isclose(rows, old_rows, rtol=0, atol=0, equal_nan=True)).any(dim=1).nonzero().flatten()
        assert changed.tolist() == sorted(places.targets(slots, positions, ring).flatten().tolist())


def test_nan_in_one_sequence_stays_there() -> None:
    model = served_model(tiny_config(sliding_window=7))
    caches = [RingCache(model.config, n_slots=2, max_len=20, dtype=torch.float32) for _ in range(2)]
    for cache in caches:
        model.step([Chunk(0, 0, [1, 2, 3]), Chunk(1, 0, [4, 5])], cache)
    caches[0].rings[0][0, 0].fill_(float("nan"))
    chunks = [Chunk(0, 3, [7]), Chunk(1, 2, [8])]
    poisoned, sound = model.step(chunks, caches[0]), model.step(chunks, caches[1])
    assert poisoned[0].isnan().all()
    assert torch.equal(poisoned[1], sound[1])


def test_weights_of_two_kinds_are_decoded_by_torch() -> None:
    quantized, plain = (packed_weights(served_model(tiny_config(), int8=int8)) for int8 in (True, False))
    assert can_decode(quantized)
    assert can_decode(plain)
    mixed = replace(quantized, head=plain.head)
    assert not can_decode(mixed)
    model = ServedModel(mixed)
    assert decoded(model, 1, torch.float32).isfinite().all()
    assert model._decoder is None
