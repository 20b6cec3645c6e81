import math

import pytest
import torch
from torch import Tensor

from inference.model.operators.attention import attend, attend_single
from inference.model.places import band

CPU = torch.device("cpu")


def naive(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """One query, one head at a time, over the keys q - W < k <= q, in float64; q (H, T, D) are the last T positions."""
    n_heads, n_queries, head_dim = q.shape
    n_keys, out = k.shape[1], torch.zeros(q.shape, dtype=torch.float64)
    for head in range(n_heads):
        source = head // (n_heads // k.shape[0])
        for row in range(n_queries):
            at = n_keys - n_queries + row
            first = 0 if window is None else max(0, at - window + 1)
            keys, values = k[source, first : at + 1].double(), v[source, first : at + 1].double()
            out[head, row] = torch.softmax(keys @ q[head, row].double() / math.sqrt(head_dim), 0) @ values
    return out


@pytest.mark.parametrize("window", [None, 1, 3, 9, 40])
@pytest.mark.parametrize(("n_queries", "n_keys"), [(9, 9), (4, 9), (1, 9)])
def test_a_query_sees_the_window_that_ends_with_itself(window: int | None, n_queries: int, n_keys: int) -> None:
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(4, n_queries, 8, generator=generator)
    k, v = torch.randn(2, 2, n_keys, 8, generator=generator)
    out = attend(q[None], k[None], v[None], band(n_queries, n_keys, window, CPU))[0]
    torch.testing.assert_close(out.double(), naive(q, k, v, window), atol=1e-5, rtol=0)


def test_the_plain_causal_case_needs_no_mask() -> None:
    assert band(5, 5, None, CPU) is None
    assert band(5, 5, 5, CPU) is None
    assert band(5, 5, 4, CPU) is not None
    assert band(4, 5, None, CPU) is not None


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
def test_a_single_query_reads_a_ring_in_any_order(n_kv_heads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(2, 4, 8, generator=generator)
    k, v = torch.randn(2, 2, n_kv_heads, 11, 8, generator=generator)
    order = torch.randperm(11, generator=generator)
    grouped = q.view(2 * n_kv_heads, -1, 8) * 8**-0.5
    out = attend_single(grouped, k[:, :, order].flatten(0, 1), v[:, :, order].flatten(0, 1), None).view(2, 4, 8)
    for sequence in range(2):
        expected = naive(q[sequence][:, None], k[sequence], v[sequence], None)
        torch.testing.assert_close(out[sequence][:, None].double(), expected, atol=1e-5, rtol=0)


def test_a_single_query_does_not_see_what_its_bias_hides() -> None:
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(2, 3, 8, generator=generator)
    k, v = torch.randn(2, 2, 6, 8, generator=generator)
    bias = torch.zeros(2, 1, 6)
    bias[1, :, 3:] = float("-inf")
    out = attend_single(q, k, v, bias)
    torch.testing.assert_close(out[0], attend_single(q, k, v, None)[0])
    torch.testing.assert_close(out[1], attend_single(q, k[:, :3], v[:, :3], None)[1])
