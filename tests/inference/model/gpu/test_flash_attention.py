"""The calls of the flash kernel, which runs only on a GPU. Here its documented behaviour replaces it.

On a GPU, `agrees` checks the kernel itself; it is tested here too.
"""

import logging
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.model import block_step
from inference.model.cache import Chunk, RingCache
from inference.model.gpu import flash_attention
from inference.model.gpu.flash_attention import agrees, can_fuse
from inference.model.serving import ServedModel
from tests.inference.model.builders import random_ids, served_model, tiny_config
from tests.inference.model.gpu.flash import flash

CPU = torch.device("cpu")


def read(model: ServedModel, sizes: list[int]) -> Tensor:
    cache = RingCache(model.config, n_slots=3, max_len=sum(sizes), dtype=torch.float32)
    logits, start = [], 0
    for n in sizes:
        chunks = [Chunk(slot, start, random_ids(sum(sizes), seed=slot)[start : start + n]) for slot in (2, 0)]
        logits.append(model.step(chunks, cache, every_token=True))
        start += n
    return torch.cat(logits)


@pytest.mark.parametrize("window", [None, 1, 7, (64, 7)])
def test_chunks_of_a_prompt_see_what_the_window_shows(
    monkeypatch: pytest.MonkeyPatch, window: int | tuple[int | None, ...] | None
) -> None:
    model, sizes = served_model(tiny_config(sliding_window=window)), [5, 8, 2, 30, 3]
    monkeypatch.setattr(block_step, "can_attend", lambda heads: False)
    expected = read(model, sizes)
    monkeypatch.setattr(block_step, "can_fuse", lambda *shape: True)
    monkeypatch.setattr(flash_attention, "_flash", flash)
    torch.testing.assert_close(read(model, sizes), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(4, 4, 16), (8, 2, 32), (8, 1, 16)])
def test_a_kernel_as_documented_agrees(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, shape: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(flash_attention, "_flash", flash)
    assert agrees(CPU, dtype, *shape)


@pytest.mark.parametrize("fault", ["n_used", "is_causal", "window"])
def test_a_kernel_that_ignores_an_argument_is_detected(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    def wrong(*args: Any, **options: Any) -> Tensor:
        if fault == "n_used" and options.get("n_used") is not None:
            options["n_used"] = torch.full_like(options["n_used"], 100)
        if fault == "is_causal":
            options["is_causal"] = False
        if fault == "window":
            options["window"] = None
        return flash(*args, **options)

    monkeypatch.setattr(flash_attention, "_flash", wrong)
    assert not agrees(CPU, torch.bfloat16, 8, 2, 16)
    assert "plain products are used" in caplog.text


def test_a_kernel_that_returns_nan_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash_attention, "_flash", lambda q, *args, **options: torch.full_like(q, float("nan")))
    assert not agrees(CPU, torch.bfloat16, 8, 2, 16)


def test_torchs_own_kernel_is_called_by_its_argument_names_and_is_missing_here(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It has no code for a CPU. The arguments are known to it, or the log would have a TypeError."""
    with caplog.at_level(logging.WARNING):
        assert not agrees(CPU, torch.bfloat16, 8, 2, 16)
    assert "flash attention does not work here" in caplog.text
    assert "Could not run 'aten::_flash_attention_forward'" in caplog.text


def test_it_is_used_only_on_a_gpu_since_ampere_and_with_sixteen_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash_attention, "agrees", lambda *shape: True)
    gpu, old = torch.device("cuda"), torch.device("cuda:1")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5) if device == old else (8, 9))
    assert can_fuse(gpu, torch.bfloat16, 32, 8, 128)
    assert not can_fuse(gpu, torch.float32, 32, 8, 128)
    assert not can_fuse(old, torch.float16, 32, 8, 128)
    assert not can_fuse(CPU, torch.bfloat16, 32, 8, 128)
    can_fuse.cache_clear()
