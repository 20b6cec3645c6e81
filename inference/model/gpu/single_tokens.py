"""A step of single tokens that a CUDA graph can record and replay.

Its shapes are fixed, and it never waits for the GPU. `plan` lays a step out in Python, from numbers. Here slots and
positions are tensors, and where keys are stored and which of them are seen is computed on the device. It is plain
PyTorch and runs anywhere, but is meant for `graphs`: on a CPU `block_step` is faster.

Letters: B rows, H query heads, H_kv key heads, D head_dim, R rows of a ring, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import embedding, rms_norm, silu

from inference.model.gpu.flash_attention import attend_slots, slot_starts
from inference.model.operators.attention import attend_single
from inference.model.operators.rope import frequencies, head_rotation, rotate, rotation
from inference.model.packed import PackedBlock, PackedWeights
from inference.model.places import hidden_rows, n_written, targets


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of one step in the layers of one window.

    `targets` (B, 2 H_kv) is where keys and values go in a ring seen as (2 * n_slots * H_kv * R, D). A query sees the
    first `n_written` (B,) rows of its slot's ring, at most `n_keys`. `starts` is for `attend_slots`, and `bias`
    (B * H_kv, 1, n_keys) for plain products.
    """

    slots: Tensor
    targets: Tensor
    n_keys: int
    n_written: Tensor
    starts: Tensor | None
    bias: Tensor | None


class SingleTokens:
    """The step, for packed weights.

    With `is_fused`, attention is `attend_slots`. Without, each row's ring is copied and multiplied: that is correct
    anywhere, but moves three times the bytes.
    """

    def __init__(self, weights: PackedWeights, *, is_fused: bool) -> None:
        self.is_fused = is_fused
        self._weights = weights
        self._frequencies = frequencies(weights.config).to(weights.embeddings.device)
        # In float32, as the residual stream is: torch has one kernel for a norm whose weight has its input's type.
        self._norms = [(block.attention_norm.float(), block.ffn_norm.float()) for block in weights.blocks]
        self._last_norm = weights.norm.float()

    def __call__(self, rows: Tensor, rings: Sequence[Tensor], n_keys: int) -> Tensor:
        """Return float32 logits (B, V) after `rows` (B, 3): id, slot and position of each; store keys in `rings`.

        No slot may have more than `n_keys` rows written in any ring, those of this step included. Equal rows write and
        return the same, so a batch can be padded with copies of one of its rows.
        """
        weights, config = self._weights, self._weights.config
        ids, slots, positions = rows.unbind(1)
        turn = rotation(positions, self._frequencies, config.attention_factor)
        turn = head_rotation(turn, config.n_heads, config.n_kv_heads)
        windows = [config.window(layer) for layer in range(config.n_layers)]
        shapes = dict(zip(windows, rings, strict=True))  # one ring for each window
        places = {window: self._places(slots, positions, ring, n_keys) for window, ring in shapes.items()}
        x = embedding(ids, weights.embeddings).float()
        for block, norms, window, ring in zip(weights.blocks, self._norms, windows, rings, strict=True):
            self._add_block(x, block, norms, turn, places[window], ring)
        return weights.head(self._normalized(x, self._last_norm)).float()

    def _places(self, slots: Tensor, positions: Tensor, ring: Tensor, n_keys: int) -> _Places:
        _, _, n_kv_heads, n_ring, _ = ring.shape
        n_keys = min(n_keys, n_ring)
        starts = slot_starts(slots, n_kv_heads, n_ring) if self.is_fused else None
        bias = None if self.is_fused else hidden_rows(positions, n_keys, ring)
        return _Places(slots, targets(slots, positions, ring), n_keys, n_written(positions, n_ring).int(), starts, bias)

    def _add_block(
        self, x: Tensor, block: PackedBlock, norms: tuple[Tensor, Tensor], turn: Tensor, places: _Places, ring: Tensor
    ) -> None:
        """Add the block's output to x (B, dim; float32)."""
        config, (attention_norm, ffn_norm) = self._weights.config, norms
        heads = block.attention_in(self._normalized(x, attention_norm)).view(len(x), -1, config.head_dim)
        heads = rotate(heads, turn)
        ring.view(-1, config.head_dim)[places.targets] = heads[:, config.n_heads :]
        x += block.attention_out(_attend(heads[:, : config.n_heads], places, ring).reshape(len(x), -1))
        gate, up = block.feed_forward_in(self._normalized(x, ffn_norm)).chunk(2, dim=-1)
        x += block.feed_forward_out(silu(gate).mul_(up))

    def _normalized(self, x: Tensor, weight: Tensor) -> Tensor:
        config = self._weights.config
        return rms_norm(x, (config.dim,), weight, config.norm_eps).to(self._weights.embeddings.dtype)


def _attend(q: Tensor, places: _Places, ring: Tensor) -> Tensor:
    """Attend with q (B, H, D) over what each row sees: B * H * D numbers in this order."""
    if places.starts is not None:
        return attend_slots(q, ring, places.starts, places.n_written, places.n_keys)
    keys, values = ring[:, :, :, : places.n_keys].index_select(1, places.slots).flatten(1, 2)
    return attend_single(q.reshape(len(keys), -1, q.shape[2]), keys, values, places.bias)
