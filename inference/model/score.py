"""Log-probabilities of a given text.

It goes through the same rolling buffer and chunks as an answer.
"""

from collections.abc import Sequence

import torch

from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel


def score(model: ServedModel, ids: Sequence[int], *, chunk_size: int = 512) -> list[float]:
    """Return the natural-log probability of each of ids[1:] given the ids before it: len(ids) - 1 numbers.

    Raises ValueError for fewer than two ids, an id outside the vocabulary, a text longer than the model's
    `max_seq_len`, a chunk size below 1, and a model whose logits are not finite.
    """
    config = model.config
    if len(ids) < 2:
        raise ValueError(f"{len(ids)} ids; at least 2 were expected, because the first has no probability")
    if len(ids) > config.max_seq_len:
        raise ValueError(f"{len(ids)} ids; the model reads at most {config.max_seq_len} (max_seq_len)")
    outside = [token for token in ids if not 0 <= token < config.vocab_size]
    if outside:
        raise ValueError(
            f"token id {outside[0]} is outside the vocabulary; ids 0 to {config.vocab_size - 1} were expected"
        )
    if chunk_size < 1:
        raise ValueError(f"chunk size {chunk_size}; at least 1 was expected")
    cache = RingCache(config, n_slots=1, max_len=len(ids), dtype=model.dtype, device=model.device)
    scores: list[float] = []
    for start in range(0, len(ids) - 1, chunk_size):
        following = ids[start + 1 : start + chunk_size + 1]
        logits = model.step([Chunk(0, start, ids[start : start + len(following)])], cache, every_token=True)
        picked = logits.log_softmax(-1).gather(1, torch.tensor(following, device=logits.device)[:, None])
        if not picked.isfinite().all():
            raise ValueError("the model's logits are not finite; its weights are damaged")
        scores += picked[:, 0].tolist()
    return scores
