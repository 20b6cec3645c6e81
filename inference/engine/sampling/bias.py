"""Numbers that a request adds to the logits of tokens, whatever was sampled before (`logit_bias`)."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from inference.engine.request import SamplingParams


class LogitBias:
    """The biases of one request: `ids` (n,), all different, and `values` (n,) float32, added to their logits."""

    def __init__(self, params: SamplingParams) -> None:
        self.ids = torch.tensor([token for token, _ in params.logit_bias], dtype=torch.long)
        self.values = torch.tensor([bias for _, bias in params.logit_bias], dtype=torch.float32)

    @classmethod
    def if_needed(cls, params: SamplingParams) -> Self | None:
        """Return None for a request without biases."""
        return cls(params) if params.logit_bias else None


def add_bias(logits: Tensor, biases: Sequence[LogitBias | None]) -> Tensor:
    """Return float32 logits (B, V) with each row's biases added, as a copy; the same tensor where no row has any."""
    rows = [(row, one) for row, one in enumerate(biases) if one is not None]
    if not rows:
        return logits
    index = torch.cat([one.ids + row * logits.shape[1] for row, one in rows]).to(logits.device)
    logits = logits.clone()
    logits.view(-1)[index] += torch.cat([one.values for _, one in rows]).to(logits.device)
    return logits
