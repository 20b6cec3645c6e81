"""A step of single tokens that can be captured once and replayed: its shapes are fixed, and where keys go and what is
seen is worked out on the device, from slots and positions that are tensors.

`Transformer.step` lays a step out in Python, anew each time; this does not look at a number, so that nothing in it
waits for the device. It is plain PyTorch and runs anywhere, but is meant for `graphs`: on a processor the other way is
faster. B rows; what stands in a letter else is told in `transformer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import embedding, rms_norm, silu

from inference.model.block_step import BlockStep
from inference.model.gpu.flash_attention import attend_slots, slot_starts
from inference.model.operators.attention import attend_single
from inference.model.operators.rope import head_rotation, rotate, rotation

if TYPE_CHECKING:
    from inference.model.transformer import Transformer


@dataclass(frozen=True, slots=True)
class _Places:
    """Of each row in layers of one window: `targets` (B, 2 H_kv), where its keys and values go in a ring seen as
    (2 * n_slots * H_kv * R, D); and what its query sees, the first `n_written` (B,) rows of its slot's ring, which are
    `n_keys` at most.

    For `attend_slots` there are `starts`; for plain products `bias` (B * H_kv, 1, n_keys), 0 for what is seen and -inf
    elsewhere.
    """

    slots: Tensor
    targets: Tensor
    n_keys: int
    n_written: Tensor
    starts: Tensor | None
    bias: Tensor | None


class SingleTokens:
    """The step of a packed model. With `is_fused` attention is `attend_slots`; without, each row's ring is copied and
    multiplied: right anywhere, but it moves three times the bytes. It holds the model's parts, not the model, which
    holds it: a large model's memory is free as soon as nobody uses it."""

    def __init__(self, model: "Transformer", *, is_fused: bool) -> None:
        self.is_fused = is_fused
        self._config, self._embeddings, self._head = model.config, model.tok_embeddings, model.head
        # In float32, as the residual stream is: torch has one kernel for a norm whose weight is of its input's type.
        self._blocks = [
            (block.step, block.attention_norm.weight.float(), block.ffn_norm.weight.float()) for block in model.blocks
        ]
        self._last_norm = model.norm.weight.float()

    def __call__(self, rows: Tensor, rings: Sequence[Tensor], n_keys: int) -> Tensor:
        """float32 logits (B, V) after `rows` (B, 3): id, slot and position of each; `rings` take in keys and values.

        No slot may hold more than `n_keys` rows in any ring, those of this step included. Rows that are the same
        throughout write the same and give the same: so a batch can be filled up with copies of one of its rows.
        """
        config = self._config
        ids, slots, positions = rows.unbind(1)
        turn = rotation(positions, config.head_dim, config.rope_theta)
        turn = head_rotation(turn, config.n_heads, config.n_kv_heads)
        windows = [config.window(layer) for layer in range(config.n_layers)]
        shapes = dict(zip(windows, rings, strict=True))  # one ring for each window
        places = {window: self._places(slots, positions, ring, n_keys) for window, ring in shapes.items()}
        x = embedding(ids, self._embeddings.weight).float()
        for block, window, ring in zip(self._blocks, windows, rings, strict=True):
            self._add(block, x, turn, places[window], ring)
        return self._head(self._normalized(x, self._last_norm)).float()

    def _places(self, slots: Tensor, positions: Tensor, ring: Tensor, n_keys: int) -> _Places:
        _, n_slots, n_kv_heads, n_ring, _ = ring.shape
        heads = torch.arange(2 * n_kv_heads, device=slots.device)
        kind, head = heads // n_kv_heads, heads % n_kv_heads  # kind: 0 keys, 1 values
        first = (kind * n_slots * n_kv_heads + head) * n_ring
        targets = (slots * (n_kv_heads * n_ring) + positions % n_ring)[:, None] + first
        n_keys = min(n_keys, n_ring)
        n_written = (positions + 1).clamp(max=n_ring)
        if self.is_fused:
            return _Places(slots, targets, n_keys, n_written.int(), slot_starts(slots, n_kv_heads, n_ring), None)
        hidden = torch.arange(n_keys, device=slots.device) >= n_written.repeat_interleave(n_kv_heads)[:, None, None]
        bias = torch.zeros(hidden.shape, dtype=ring.dtype, device=slots.device).masked_fill_(hidden, float("-inf"))
        return _Places(slots, targets, n_keys, n_written, None, bias)

    def _add(
        self, block: tuple[BlockStep, Tensor, Tensor], x: Tensor, turn: Tensor, places: _Places, ring: Tensor
    ) -> None:
        """Add to x (B, dim; float32) what a block makes of it, given with the weights of its two norms."""
        step, attention_norm, ffn_norm = block
        heads = step.attention_in(self._normalized(x, attention_norm)).view(len(x), -1, step.head_dim)
        heads = rotate(heads, turn)
        ring.view(-1, step.head_dim)[places.targets] = heads[:, step.n_heads :]
        x += step.attention_out(_attend(heads[:, : step.n_heads], places, ring).reshape(len(x), -1))
        gate, up = step.feed_forward_in(self._normalized(x, ffn_norm)).chunk(2, dim=-1)
        x += step.feed_forward_out(silu(gate).mul_(up))

    def _normalized(self, x: Tensor, weight: Tensor) -> Tensor:
        config = self._config
        return rms_norm(x, (config.dim,), weight, config.norm_eps).to(self._embeddings.weight.dtype)


def _attend(q: Tensor, places: _Places, ring: Tensor) -> Tensor:
    """q (B, H, D) over what each row sees: B * H * D numbers in this order."""
    if places.starts is not None:
        return attend_slots(q, ring, places.starts, places.n_written, places.n_keys)
    keys, values = ring[:, :, :, : places.n_keys].index_select(1, places.slots).flatten(1, 2)
    return attend_single(q.reshape(len(keys), -1, q.shape[2]), keys, values, places.bias)
