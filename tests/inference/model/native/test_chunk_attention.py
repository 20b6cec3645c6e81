from dataclasses import dataclass

import pytest
import torch

from inference.model import places
from inference.model.native.chunk_attention import attend_chunk, can_attend
from inference.model.operators.attention import attend
from tests.inference.model.native.needs import needs_compiler

pytestmark = needs_compiler

CPU = torch.device("cpu")


@dataclass
class Piece:
    start: int
    n_past: int
    window: int | None


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 4e-2)])
@pytest.mark.parametrize("head_dim", [4, 32, 64, 80, 128])
@pytest.mark.parametrize(
    ("n_rows", "start", "window", "n_ring"),
    [(2, 0, None, 300), (13, 0, 5, 5), (70, 100, None, 300), (70, 500, 90, 90), (200, 64, 65, 65), (3, 7, 1, 1)],
)
def test_a_chunk_attends_as_with_a_mask(
    n_rows: int, start: int, window: int | None, n_ring: int, head_dim: int, dtype: torch.dtype, tolerance: float
) -> None:
    n_heads, n_kv_heads = 6, 2
    torch.manual_seed(0)
    heads = torch.randn(n_rows, n_heads + 2 * n_kv_heads, head_dim).to(dtype)
    heads[:, :n_heads] *= head_dim**-0.5
    ring = torch.randn(2, n_kv_heads, n_ring, head_dim).to(dtype)
    n_past = places.n_past(start, window, n_ring)
    past = ring[:, :, places.past_rows(start, n_past, n_ring, CPU)]
    q, k, v = torch.split(heads.transpose(0, 1), [n_heads, n_kv_heads, n_kv_heads])
    k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
    visible = places.band(n_rows, n_past + n_rows, window, CPU)
    expected = attend(q[None].float(), k[None].float(), v[None].float(), visible, scale=1.0)[0]
    assert can_attend(heads)
    out = attend_chunk(heads, Piece(start, n_past, window), ring[0], ring[1], n_heads)
    torch.testing.assert_close(
        out.view(n_rows, n_heads, head_dim).float(), expected.transpose(0, 1), atol=tolerance, rtol=0
    )


def test_other_dtypes_and_devices_are_left_to_torch() -> None:
    assert not can_attend(torch.zeros(1, 3, 4, dtype=torch.float64))
    assert not can_attend(torch.zeros(1, 3, 4, device="meta"))
