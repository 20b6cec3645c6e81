"""The choice of a device, with what torch would report on other machines."""

import pytest
import torch

from inference.model.config import CheckpointError
from inference.model.gpu.cards import check_dtype, choose_device, make_current, sixteen_bits


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """An H100 and a T4. Before CUDA is initialized, torch counts two more, as it does where cards are divided."""
    found = [4]
    monkeypatch.setattr(torch.cuda, "init", lambda: found.insert(0, 2))
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found[0])
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda device: ((9, 0), (7, 5))[torch.device(device).index]
    )


@pytest.mark.usefixtures("two_cards")
def test_the_first_gpu_is_the_default_and_each_device_has_a_name() -> None:
    names = [None, "cuda", "cuda:1", "cpu"]
    assert [str(choose_device(name)) for name in names] == ["cuda:0", "cuda:0", "cuda:1", "cpu"]
    assert [sixteen_bits(f"cuda:{index}") for index in (0, 1)] == [torch.bfloat16, torch.float16]


@pytest.mark.usefixtures("two_cards")
def test_a_gpu_that_is_not_there_is_refused_with_the_number_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="--device cuda:2: torch found 2 GPUs; cuda:0 to cuda:1 was expected"):
        choose_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match="--device cuda:2: torch found 1 GPU; cuda:0 was expected"):
        choose_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="found no GPU; check the driver"):
        choose_device("cuda")
    assert choose_device(None) == choose_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    with pytest.raises(ValueError, match="is built without CUDA; install a build with CUDA"):
        choose_device("cuda")


def test_a_gpu_becomes_current_and_sums_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    current = list[torch.device]()
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_fp16_reduced_precision_reduction
    try:
        make_current(torch.device("cpu"))
        assert matmul.allow_fp16_reduced_precision_reduction == before
        make_current(torch.device("cuda", 1))
        assert not matmul.allow_fp16_reduced_precision_reduction
    finally:
        matmul.allow_fp16_reduced_precision_reduction = before
    assert current == [torch.device("cuda", 1)]


def test_dtypes_are_refused_where_they_do_not_help() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda:0")
    with pytest.raises(CheckpointError, match=r"float16 is for GPUs .* choose bfloat16 or float32"):
        check_dtype(torch.float16, cpu)
    with pytest.raises(CheckpointError, match=r"int8 is for CPUs, and this model runs on cuda:0.*--device cpu"):
        check_dtype(torch.int8, gpu)
    for dtype in (None, torch.float32, torch.bfloat16):
        check_dtype(dtype, cpu)
        check_dtype(dtype, gpu)
