"""Grouped-query attention.

There is one form for many queries, and one for a single query of each sequence.

Letters: B sequences, T queries, S keys, H query heads, H_kv key heads, D head_dim.
"""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


def attend(q: Tensor, k: Tensor, v: Tensor, visible: Tensor | None, *, scale: float | None = None) -> Tensor:
    """Attend with q (B, H, T, D) over k and v (B, H_kv, S, D), under a mask from `places.band`: (B, H, T, D).

    Scores are multiplied by `scale` (None: D^-0.5).
    """
    return scaled_dot_product_attention(
        q, k, v, attn_mask=visible, is_causal=visible is None, scale=scale, enable_gqa=q.shape[1] != k.shape[1]
    )


def attend_single(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """Attend with one scaled query for each of B sequences over its ring: (B * H_kv, H / H_kv, D).

    q (B * H_kv, H / H_kv, D) groups the query heads that share a key head; k and v are (B * H_kv, S, D). `bias`
    (B * H_kv, 1, S) is 0 for a visible key and -inf otherwise; None: all are visible. These are plain matrix products,
    because the fused operator takes many times as long for a single query.
    """
    scores = torch.bmm(q, k.transpose(1, 2))
    if bias is not None:
        scores += bias
    return torch.bmm(torch.softmax(scores, dim=-1), v)
