import pytest
import torch
from torch.nn.functional import linear as plain_product

from inference.model.operators import linear
from inference.model.operators.blocks import in_blocks
from inference.model.operators.linear import MIN_ROWS, Product, _lies_in_blocks, n_filled
from tests.inference.model.operators.layout import numbered

HAS_AVX512 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def weight(dtype: torch.dtype, n_in: int = 64) -> torch.Tensor:
    return torch.randn(80, n_in, generator=torch.Generator().manual_seed(0)).mul_(n_in**-0.5).to(dtype)


@pytest.fixture(params=[False, True], ids=["ours", "onednn"])
def is_onednns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whose tensor has the weights: ours everywhere, oneDNN's only where it lies in blocks."""
    if not request.param:
        monkeypatch.setattr(linear, "_packed", lambda _weight: None)
    elif not HAS_AVX512:
        pytest.skip("oneDNN is not used without AVX-512")
    return bool(request.param)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("n_rows", [1, 2, 33])
@pytest.mark.parametrize("n_in", [64, 71])
@pytest.mark.usefixtures("is_onednns")
def test_a_product_agrees_with_torchs(dtype: torch.dtype, tolerance: float, n_rows: int, n_in: int) -> None:
    x = torch.randn(n_rows, n_in, dtype=dtype)
    expected = plain_product(x, weight(dtype, n_in))
    torch.testing.assert_close(Product(weight(dtype, n_in))(x), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("n_in", [64, 2048])
@pytest.mark.usefixtures("is_onednns")
def test_a_row_has_the_same_bits_in_any_batch(dtype: torch.dtype, n_in: int) -> None:
    product, x = Product(weight(dtype, n_in)), torch.randn(80, n_in, dtype=dtype)
    whole = product(x)
    for n in {n_filled(n) for n in range(MIN_ROWS, 80)}:
        assert torch.equal(product(x[:n]), whole[:n])


def test_a_weight_that_is_not_for_blocks_stays_plain() -> None:
    product, x = Product(weight(torch.float64)), torch.randn(3, 64, dtype=torch.float64)
    assert product.for_native() is None
    assert torch.equal(product(x), plain_product(x, weight(torch.float64)))


def test_eight_bits_on_a_gpu_are_refused() -> None:
    with pytest.raises(ValueError, match=r"int8 on meta.*use bfloat16"):
        Product(torch.zeros(64, 64, device="meta"), int8=True)


def test_without_the_private_operators_our_own_tensor_has_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such operator here")

    monkeypatch.setattr(linear, "_packed_product", absent)
    found = Product(weight(torch.float32)).for_native()
    assert found is not None
    assert torch.equal(found.owner, in_blocks(weight(torch.float32)))


@pytest.mark.skipif(not HAS_AVX512, reason="oneDNN is not used without AVX-512")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tensor_of_onednn_in_other_blocks_is_not_kept(dtype: torch.dtype) -> None:
    """oneDNN also chooses by shape and number of threads. The code would read other numbers, without an error."""
    plain = numbered(72, 40).to(dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(plain, 16)
    assert _lies_in_blocks(plain, packed)
    assert not _lies_in_blocks(plain.view(40, 72), packed)
    assert not _lies_in_blocks(plain.flip(1), packed)
