import pytest
import torch

from inference.model.operators.blocks import in_blocks
from tests.inference.model.operators.layout import from_blocks, numbered

DTYPES = [torch.float32, torch.bfloat16, torch.int8]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_out", "n_in"), [(1, 1), (64, 32), (65, 33), (130, 71), (200, 96)])
def test_a_weight_comes_back_from_its_blocks_and_the_padding_is_zero(dtype: torch.dtype, n_out: int, n_in: int) -> None:
    weight = numbered(n_out, n_in).to(dtype) - 63
    blocks = in_blocks(weight)
    assert blocks.is_contiguous()
    assert torch.equal(from_blocks(blocks, n_out, n_in), weight)
    multiple = 32 if dtype == torch.bfloat16 else 16
    assert blocks.numel() == -(-n_out // 64) * 64 * -(-n_in // multiple) * multiple
    assert int(blocks.count_nonzero()) == int(weight.count_nonzero())


def test_weights_that_begin_between_two_pairs_are_copied_too() -> None:
    """As a slice of a file may: two bfloat16 numbers are moved as one of 32 bits."""
    weight = numbered(1, 64 * 32 + 1).bfloat16().flatten()[1:].view(64, 32)
    assert torch.equal(from_blocks(in_blocks(weight), 64, 32), weight)
