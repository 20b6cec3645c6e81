import pytest
import torch
from torch import nn

from inference.model.operators import linear
from inference.model.operators.linear import MIN_ROWS, Product, _lies_in_known_blocks, has_known_blocks


def modules(dtype: torch.dtype, n_in: int = 64) -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    return nn.Linear(n_in, 48, bias=False, dtype=dtype), nn.Linear(n_in, 32, bias=False, dtype=dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("n_rows", [1, 2, 33])
def test_packed_and_plain_agree(dtype: torch.dtype, tolerance: float, n_rows: int) -> None:
    first, second = modules(dtype)
    product, x = Product(first, second), torch.randn(n_rows, 64, dtype=dtype)
    expected = torch.cat([first(x), second(x)], dim=-1)
    assert torch.equal(product(x), expected)
    product.pack()
    torch.testing.assert_close(product(x), expected, atol=tolerance, rtol=0)


def test_packing_drops_the_plain_weights_but_an_embeddings() -> None:
    first, second = modules(torch.float32)
    Product(first, second).pack()
    assert first.weight is None
    assert second.weight is None
    embedding = nn.Embedding(10, 64)
    Product(embedding).pack()
    assert embedding.weight.shape == (10, 64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("n_in", [64, 2048])
def test_a_packed_row_has_the_same_bits_whatever_stands_beside_it(dtype: torch.dtype, n_in: int) -> None:
    product, x = Product(*modules(dtype, n_in)), torch.randn(70, n_in, dtype=dtype)
    product.pack()
    if not product.is_blocked:
        pytest.skip("this processor has no blocked layout for this dtype; plain products promise no bits")
    whole = product(x)
    assert all(torch.equal(product(x[:n]), whole[:n]) for n in range(MIN_ROWS, 70))


def test_without_the_private_operators_the_plain_product_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such operator here")

    monkeypatch.setattr(linear, "_blocked_product", absent)
    first, second = modules(torch.float32)
    product, x = Product(first, second), torch.randn(3, 64)
    expected = product(x)
    product.pack()
    assert not product.is_blocked
    torch.testing.assert_close(product(x), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_that_lie_in_other_blocks_are_not_given_to_compiled_code(dtype: torch.dtype) -> None:
    """oneDNN chooses by shape and number of threads too; it then would read other numbers, without an error."""
    if not has_known_blocks(dtype):
        pytest.skip("this processor has other blocks")
    weight = torch.arange(72 * 40).view(72, 40).to(dtype)
    blocked = torch.ops.mkldnn._reorder_linear_weight(weight, 16)
    assert _lies_in_known_blocks(weight, blocked)
    assert not _lies_in_known_blocks(weight.view(40, 72), blocked)
    assert not _lies_in_known_blocks(weight.flip(1), blocked)
