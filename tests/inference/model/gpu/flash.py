"""The documented behaviour of the kernel behind `flash_attention`, written out sequence by sequence in float32."""

import torch
from torch import Tensor


def flash(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    first_queries: Tensor,
    first_keys: Tensor,
    max_queries: int,
    max_keys: int,
    *,
    is_causal: bool = False,
    window: int | None = None,
    n_used: Tensor | None = None,
) -> Tensor:
    """It refuses what the kernel refuses: integers other than int32, and more queries or keys than announced."""
    assert {first_queries.dtype, first_keys.dtype} == {torch.int32}
    assert q.stride(-1) == k.stride(-1) == v.stride(-1) == 1
    assert len(first_keys) == len(first_queries)
    if n_used is not None:
        assert n_used.dtype == torch.int32
        assert n_used.shape == (len(first_queries) - 1,)
    out = torch.empty_like(q)
    for i, (begin, end) in enumerate(zip(first_queries[:-1].tolist(), first_queries[1:].tolist(), strict=True)):
        start = int(first_keys[i])
        n = int(first_keys[i + 1]) - start if n_used is None else int(n_used[i])
        assert end - begin <= max_queries
        assert 1 <= n <= max_keys
        assert start + n <= len(k)
        for head in range(q.shape[1]):
            kv_head = head * k.shape[1] // q.shape[1]
            scores = q[begin:end, head].float() @ k[start : start + n, kv_head].float().T
            ahead = torch.arange(n - (end - begin), n)[:, None] - torch.arange(n)
            if is_causal:
                scores[ahead < 0] = float("-inf")
            if window is not None:
                scores[ahead >= window] = float("-inf")
            out[begin:end, head] = (scores.softmax(-1) @ v[start : start + n, kv_head].float()).to(q.dtype)
    return out
