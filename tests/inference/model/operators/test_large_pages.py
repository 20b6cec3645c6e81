from pathlib import Path

import pytest
import torch

from inference.model.operators.large_pages import use_large_pages

THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")
SIZE = 1 << 24


def in_large_pages(address: int) -> int:
    """Return the kilobytes in large pages of the mapping with this address."""
    mapping = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, *rest = line.split()
        if not name.endswith(":"):
            first, end = (int(part, 16) for part in name.split("-"))
            mapping = first <= address < end
        elif mapping and name == "AnonHugePages:":
            return int(rest[0])
    raise AssertionError("no such mapping")


@pytest.mark.skipif(
    not THP.exists() or "[never]" in THP.read_text(), reason="no large pages on request on this machine"
)
@pytest.mark.parametrize("is_written", [False, True])
def test_memory_moves_to_large_pages_and_keeps_its_numbers(is_written: bool) -> None:
    numbers = torch.empty(SIZE // 4)
    if is_written:
        numbers.copy_(torch.arange(len(numbers)))
    use_large_pages(numbers.data_ptr(), numbers.nbytes)
    if not is_written:
        numbers.copy_(torch.arange(len(numbers)))
    assert torch.equal(numbers, torch.arange(len(numbers)).float())
    release = tuple(int(part) for part in Path("/proc/sys/kernel/osrelease").read_text().split("-")[0].split(".")[:2])
    if not is_written or release >= (6, 1):
        assert in_large_pages(numbers.data_ptr() + (1 << 21)) > 0


def test_less_than_a_page_is_left_alone() -> None:
    use_large_pages(4096 + 8, 100)
