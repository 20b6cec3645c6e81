import pytest
import torch
from torch import nn

from inference.model.block_step import filled_up, normalized


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_norm_equals_torchs(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    norm = nn.RMSNorm(48, 1e-3, dtype=dtype)
    norm.weight.data.normal_()
    x = torch.randn(5, 48) * torch.tensor([1e-3, 1.0, 1e3, 0.0, 1.0])[:, None]
    with torch.no_grad():
        out = normalized(x, norm)
        expected = nn.functional.rms_norm(x, (48,), norm.weight.float(), norm.eps).to(dtype)
    assert out.dtype == dtype
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5 if dtype == torch.float32 else 1e-2)


def test_rows_are_filled_up_with_zeros_to_a_number() -> None:
    x = torch.ones(2, 3)
    assert filled_up(x, 4).tolist() == [[1] * 3, [1] * 3, [0] * 3, [0] * 3]
    assert filled_up(x, 2) is x
    assert filled_up(x, 1) is x
