"""Attention of a prompt's chunk on a GPU without flash attention: cards before Ampere, and float32.

Torch's memory-efficient kernel runs on these cards, but not with grouped heads. So keys and values are repeated for
each query head, and queries are taken some at a time: also where only plain products work, the scores stay small, and
keys before the window cost nothing.
"""

import torch
from torch import Tensor

from inference.model.operators.attention import attend
from inference.model.places import band

_QUERIES = 256  # 32 heads and 6,144 keys: scores of 200 MB in float32, instead of 1.6 GB for 2,048 queries


def attend_in_pieces(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """Attend with scaled queries q (T, H, D), the last T of S consecutive positions, over k and v (S, H_kv, D).

    Returns (T, H, D).
    """
    n_queries, n_past, n_together = len(q), len(k) - len(q), q.shape[1] // k.shape[1]
    k, v = (heads.transpose(0, 1).repeat_interleave(n_together, dim=0)[None] for heads in (k, v))
    parts = []
    for begin in range(0, n_queries, _QUERIES):
        piece = q[begin : begin + _QUERIES].transpose(0, 1)[None]
        last = n_past + begin + piece.shape[2]
        first = 0 if window is None else max(0, n_past + begin - window + 1)
        visible = band(piece.shape[2], last - first, window, q.device)
        parts.append(attend(piece, k[:, :, first:last], v[:, :, first:last], visible, scale=1.0))
    return torch.cat(parts, dim=2)[0].transpose(0, 1)
