import pytest
import torch

from inference.model.operators import linear
from inference.model.operators.linear import MIN_ROWS, Product, _lies_in_known_blocks
from tests.inference.model.native.needs import has_known_blocks


def weight(dtype: torch.dtype, n_in: int = 64) -> torch.Tensor:
    return torch.randn(80, n_in, generator=torch.Generator().manual_seed(0)).mul_(n_in**-0.5).to(dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("n_rows", [1, 2, 33])
def test_a_product_agrees_with_torchs(dtype: torch.dtype, tolerance: float, n_rows: int) -> None:
    x = torch.randn(n_rows, 64, dtype=dtype)
    expected = torch.nn.functional.linear(x, weight(dtype))
    torch.testing.assert_close(Product(weight(dtype))(x), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("n_in", [64, 2048])
def test_a_row_has_the_same_bits_in_any_batch(dtype: torch.dtype, n_in: int) -> None:
    product, x = Product(weight(dtype, n_in)), torch.randn(70, n_in, dtype=dtype)
    if not product.is_blocked:
        pytest.skip("this processor has no blocked layout for this dtype; plain products promise no bits")
    whole = product(x)
    assert all(torch.equal(product(x[:n]), whole[:n]) for n in range(MIN_ROWS, 70))


def test_without_the_private_operators_the_plain_product_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such operator here")

    monkeypatch.setattr(linear, "_blocked_product", absent)
    product, x = Product(weight(torch.float32)), torch.randn(3, 64)
    assert not product.is_blocked
    assert torch.equal(product(x), torch.nn.functional.linear(x, weight(torch.float32)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_in_other_blocks_are_not_given_to_compiled_code(dtype: torch.dtype) -> None:
    """oneDNN also chooses by shape and number of threads. decode.c would read other numbers, without an error."""
    if not has_known_blocks(dtype):
        pytest.skip("this processor has other blocks")
    plain = torch.arange(72 * 40).view(72, 40).to(dtype)
    blocked = torch.ops.mkldnn._reorder_linear_weight(plain, 16)
    assert _lies_in_known_blocks(plain, blocked)
    assert not _lies_in_known_blocks(plain.view(40, 72), blocked)
    assert not _lies_in_known_blocks(plain.flip(1), blocked)
