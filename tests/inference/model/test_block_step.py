import pytest
import torch
from torch.nn.functional import rms_norm

from inference.model.block_step import normalized, padded


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_norm_equals_torchs(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight = torch.randn(48).to(dtype)
    x = torch.randn(5, 48) * torch.tensor([1e-3, 1.0, 1e3, 0.0, 1.0])[:, None]
    out = normalized(x, weight, 1e-3)
    expected = rms_norm(x, (48,), weight.float(), 1e-3).to(dtype)
    assert out.dtype == dtype
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5 if dtype == torch.float32 else 1e-2)


def test_rows_are_padded_with_zeros_to_a_number() -> None:
    x = torch.ones(2, 3)
    assert padded(x, 4).tolist() == [[1] * 3, [1] * 3, [0] * 3, [0] * 3]
    assert padded(x, 2) is x
    assert padded(x, 1) is x
