"""The default length and number of conversations, for published models on cards of 24 and 80 GB."""

from dataclasses import replace

import pytest
import torch

from inference.engine.sharing.memory import GIB
from inference.engine.sharing.slot_sizes import Sized, default_lengths, divide_memory
from inference.model.config import ModelConfig

V03 = ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, 32768, max_seq_len=32768)
V01 = ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, 32000, sliding_window=4096, max_seq_len=32768)
NEMO = ModelConfig(5120, 40, 128, 14336, 32, 8, 1e-5, 131072, max_seq_len=128000)
BFLOAT16 = torch.bfloat16


def room(config: ModelConfig, card_gib: float) -> int:
    """Bytes for caches in bfloat16: half a gibibyte is CUDA's own, and one stays free."""
    return int((card_gib - 1.5) * GIB) - 2 * config.n_parameters


@pytest.mark.parametrize(
    ("card_gib", "max_len", "n_slots"),
    [(24, 4607, 16), (80, 32768, 16), (16, 2048, 3), (40, 12799, 16)],
)
def test_sixteen_conversations_of_mistral_7b_without_a_window_fit(card_gib: float, max_len: int, n_slots: int) -> None:
    sizes = divide_memory({"v0.3": Sized(V03, BFLOAT16)}, room(V03, card_gib), is_on_gpu=True, max_slots=2048)
    assert (sizes.max_len["v0.3"], sizes.n_slots) == (max_len, n_slots)


@pytest.mark.parametrize("n_bytes", [GIB, 5 * GIB + 77, 9 * GIB, 70 * GIB])
@pytest.mark.parametrize("config", [V03, NEMO])
def test_a_default_length_is_the_largest_that_fits(config: ModelConfig, n_bytes: int) -> None:
    model = Sized(config, BFLOAT16, row_bytes=1000, n_copies=2)
    (length,) = default_lengths({"x": model}, n_bytes).values()
    assert 2048 <= length <= config.max_seq_len
    assert length == 2048 or 16 * model.slot_bytes(length) <= n_bytes
    assert length == config.max_seq_len or 16 * model.slot_bytes(length + 1) > n_bytes


def test_windows_given_lengths_and_cpus_keep_theirs() -> None:
    models = {"given": Sized(V03, BFLOAT16, max_len=9000), "windowed": Sized(V01, BFLOAT16)}
    assert default_lengths(models, 9 * GIB) == {}
    on_cpu = divide_memory({"x": Sized(V03, BFLOAT16)}, 9 * GIB, is_on_gpu=False, max_slots=64)
    assert (on_cpu.max_len, on_cpu.n_slots) == ({"x": 32768}, 2)


@pytest.mark.parametrize(
    ("cache_gib", "n_slots", "max_len", "n_fitting"),
    [(9, None, 131072, 2), (4, None, 131072, 1), (3, None, 49152, 2), (3, 1, 98304, 1), (0.25, None, 4096, 2)],
)
def test_a_conversation_that_does_not_fit_on_a_cpu_is_shortened_by_default(
    cache_gib: float, n_slots: int | None, max_len: int, n_fitting: int
) -> None:
    """Llama 3.2 1B: a conversation of 131,072 tokens takes 4 GiB in bfloat16."""
    llama = ModelConfig(2048, 16, 64, 8192, 32, 8, 1e-5, 128256, max_seq_len=131072, tied_embeddings=True)
    models, n_bytes = {"x": Sized(llama, BFLOAT16)}, int(cache_gib * GIB)
    sizes = divide_memory(models, n_bytes, is_on_gpu=False, max_slots=64, n_slots=n_slots)
    assert (sizes.max_len["x"], sizes.n_slots) == (max_len, n_fitting)
    with pytest.raises(ValueError, match=r"raise --cache-gb or lower --max-len"):
        divide_memory({"x": Sized(llama, BFLOAT16, max_len=131072)}, 3 * GIB, is_on_gpu=False, max_slots=64)


def test_models_without_a_window_share_what_the_others_leave() -> None:
    models = {"a": Sized(V03, BFLOAT16), "windowed": Sized(V01, BFLOAT16), "b": Sized(V03, BFLOAT16)}
    sizes = divide_memory(models, 40 * GIB, is_on_gpu=True, max_slots=2048)
    assert sizes.max_len == {"a": 8192, "windowed": 32768, "b": 8192}
    assert sizes.n_slots == 16


def test_one_conversation_may_have_all_of_the_memory() -> None:
    sizes = divide_memory({"x": Sized(V03, BFLOAT16)}, room(V03, 24), is_on_gpu=True, max_slots=2048, n_slots=1)
    assert (sizes.max_len["x"], sizes.n_slots) == (32768, 1)


def test_a_window_of_some_layers_only_bounds_nothing() -> None:
    """Half of the layers have a window of 1,024, so a slot grows by half as much for each token."""
    mixed = ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, 32768, sliding_window=(1024, None), max_seq_len=32768)
    (length,) = default_lengths({"x": Sized(mixed, BFLOAT16)}, 9 * GIB).values()
    assert length == 2 * 4608 - 1024


def test_a_window_as_long_as_a_conversation_bounds_nothing() -> None:
    """Ministral 8B's config.json has a window of 32,768 and as many positions."""
    wide = replace(V03, sliding_window=32768)
    assert default_lengths({"x": Sized(wide, BFLOAT16)}, 9 * GIB) == {"x": 4608}


def test_slots_are_as_many_as_fit_with_their_rows() -> None:
    small = ModelConfig(64, 2, 16, 128, 4, 2, 1e-5, 1000, sliding_window=64, max_seq_len=512)
    n_bytes = Sized(small, BFLOAT16).slot_bytes(512)
    sizes = divide_memory(
        {"x": Sized(small, BFLOAT16, row_bytes=n_bytes)}, 600 * n_bytes, is_on_gpu=True, max_slots=2048
    )
    assert sizes.n_slots == 300
    assert divide_memory({"x": Sized(small, BFLOAT16)}, GIB, is_on_gpu=True, max_slots=2048).n_slots == 2048
