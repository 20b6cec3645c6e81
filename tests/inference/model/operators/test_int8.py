import pytest
import torch

from inference.model.operators import blocks
from inference.model.operators.int8 import quantized


def dequantized(weight: torch.Tensor) -> torch.Tensor:
    """By hand, row by row, in float64."""
    scale = weight.double().abs().amax(dim=1, keepdim=True) / 127
    return (weight.double() / scale).round() * scale


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.1)])
@pytest.mark.parametrize("n_rows", [1, 6, 40])
def test_a_product_is_that_of_the_quantized_weights(
    n_rows: int, dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_WIDENED_AT_A_TIME", 64 * 80)
    torch.manual_seed(0)
    weight, x = torch.randn(200, 72), torch.randn(n_rows, 72).to(dtype)
    out = quantized(weight).multiply(x)
    assert out.dtype == dtype
    torch.testing.assert_close(out.double(), x.double() @ dequantized(weight).T, atol=tolerance, rtol=0.01)


def test_a_row_of_zeros_stays_zero() -> None:
    weight = torch.randn(3, 64)
    weight[1] = 0
    assert (quantized(weight).multiply(torch.randn(7, 64))[:, 1] == 0).all()
