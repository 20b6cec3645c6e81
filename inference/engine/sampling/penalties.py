"""Penalties for repeating: logits of tokens that came before, changed for many requests at once.

What has come is kept token by token as it comes (`Seen`), so that a step costs no walk over prompt and answer, and
touches the logits of those tokens alone rather than the whole vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from inference.engine.request import SamplingParams


class Seen:
    """The distinct tokens of one request, and how often each came in its output (0: in the prompt alone)."""

    def __init__(self, prompt: Sequence[int], params: SamplingParams) -> None:
        self.params = params
        self._place = {token: place for place, token in enumerate(dict.fromkeys(prompt))}
        room = len(self._place) + params.max_tokens
        self._ids, self._counts = torch.zeros(room, dtype=torch.long), torch.zeros(room)
        self._ids[: len(self._place)] = torch.tensor(list(self._place), dtype=torch.long)

    @classmethod
    def if_needed(cls, prompt: Sequence[int], params: SamplingParams) -> "Seen | None":
        """None for a request without penalties."""
        is_plain = (params.repetition_penalty, params.presence_penalty, params.frequency_penalty) == (1, 0, 0)
        return None if is_plain else cls(prompt, params)

    @property
    def ids(self) -> Tensor:
        """(n,) in the order of their first coming."""
        return self._ids[: len(self._place)]

    @property
    def counts(self) -> Tensor:
        """(n,) float32, for `ids`."""
        return self._counts[: len(self._place)]

    def add(self, token: int) -> None:
        """Note a sampled token."""
        place = self._place.setdefault(token, len(self._place))
        self._ids[place] = token
        self._counts[place] += 1


def penalize(logits: Tensor, seen: Sequence[Seen | None]) -> Tensor:
    """Logits (B, V), float32, after the penalties of each row, in a copy; as they came where no row has any.

    Repetition divides positive logits and multiplies others, presence and frequency are taken off: the same order as
    in vLLM.
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
