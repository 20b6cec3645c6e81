"""Penalties for tokens that occurred before.

`SeenTokens` is updated with each token, so a step does not walk over prompt and answer, and changes only the logits of
tokens that occurred, not the whole vocabulary.
"""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from inference.engine.request import SamplingParams


class SeenTokens:
    """The distinct tokens of one request, and how often each occurs in its output (0: only in the prompt)."""

    def __init__(self, prompt: Sequence[int], params: SamplingParams) -> None:
        self.params = params
        self._place = {token: place for place, token in enumerate(dict.fromkeys(prompt))}
        room = len(self._place) + params.max_tokens
        self._ids, self._counts = torch.zeros(room, dtype=torch.long), torch.zeros(room)
        self._ids[: len(self._place)] = torch.tensor(list(self._place), dtype=torch.long)

    @classmethod
    def if_needed(cls, prompt: Sequence[int], params: SamplingParams) -> Self | None:
        """Return None for a request without penalties."""
        is_plain = (params.repetition_penalty, params.presence_penalty, params.frequency_penalty) == (1, 0, 0)
        return None if is_plain else cls(prompt, params)

    @property
    def ids(self) -> Tensor:
        """(n,) in order of first occurrence."""
        return self._ids[: len(self._place)]

    @property
    def counts(self) -> Tensor:
        """(n,) float32, for `ids`."""
        return self._counts[: len(self._place)]

    def add(self, token: int) -> None:
        """Count a sampled token."""
        place = self._place.setdefault(token, len(self._place))
        self._ids[place] = token
        self._counts[place] += 1


def penalize(logits: Tensor, seen: Sequence[SeenTokens | None]) -> Tensor:
    """Return logits (B, V) after each row's penalties, as a copy; the same tensor where no row has any.

    The order is that of vLLM: repetition divides positive logits and multiplies others, then presence and frequency are
    subtracted.
    """
    rows = [(row, one) for row, one in enumerate(seen) if one is not None]
    if not rows:
        return logits
    n_each = torch.tensor([len(one.ids) for _, one in rows])

    def spread(values: list[float]) -> Tensor:
        return torch.tensor(values).repeat_interleave(n_each).to(logits.device)

    index = torch.cat([one.ids + row * logits.shape[1] for row, one in rows]).to(logits.device)
    counts = torch.cat([one.counts for _, one in rows]).to(logits.device)
    repetition = spread([one.params.repetition_penalty for _, one in rows])
    logits = logits.clone()
    found = logits.view(-1)[index]
    found = torch.where(found > 0, found / repetition, found * repetition)
    found -= spread([one.params.presence_penalty for _, one in rows]) * (counts > 0)
    found -= spread([one.params.frequency_penalty for _, one in rows]) * counts
    logits.view(-1)[index] = found
    return logits
