"""A step of single tokens that a CUDA graph can record and replay.

Its shapes are fixed, and it never waits for the GPU. `plan` lays a step out in Python, from numbers. Here slots and
positions are tensors, and where keys are stored and which of them are seen is computed on the device. It is plain
PyTorch and runs anywhere, but is meant for `graphs`: on a CPU `block_step` is faster.

Letters: B rows, V vocabulary.
"""

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import embedding, rms_norm

from inference.model.gpu.slot_queries import SlotQueries, attend_queries, slot_queries
from inference.model.operators.gate import add_gated
from inference.model.operators.rope import frequencies, head_rotation, rotate, rotation
from inference.model.packed import PackedBlock, PackedWeights
from inference.model.places import targets


class SingleTokens:
    """The step, for packed weights.

    `is_fused` is for `slot_queries`.
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
        places = {
            window: (
                targets(slots, positions, ring),
                slot_queries(slots, positions, ring, n_keys, is_fused=self.is_fused),
            )
            for window, ring in shapes.items()
        }
        x = embedding(ids, weights.embeddings).float()
        for block, norms, window, ring in zip(weights.blocks, self._norms, windows, rings, strict=True):
            self._add_block(x, block, norms, turn, *places[window], ring)
        return weights.head(self._normalized(x, self._last_norm)).float()

    def _add_block(
        self,
        x: Tensor,
        block: PackedBlock,
        norms: tuple[Tensor, Tensor],
        turn: Tensor,
        stored_at: Tensor,
        queries: SlotQueries,
        ring: Tensor,
    ) -> None:
        """Add the block's output to x (B, dim; float32)."""
        config, (attention_norm, ffn_norm) = self._weights.config, norms
        heads = block.attention_in(self._normalized(x, attention_norm)).view(len(x), -1, config.head_dim)
        heads = rotate(heads, turn)
        ring.view(-1, config.head_dim)[stored_at] = heads[:, config.n_heads :]
        x += block.attention_out(attend_queries(heads[:, : config.n_heads], queries, ring))
        gate, up = block.feed_forward_in(self._normalized(x, ffn_norm)).chunk(2, dim=-1)
        add_gated(x, gate, up, block.feed_forward_out)

    def _normalized(self, x: Tensor, weight: Tensor) -> Tensor:
        config = self._weights.config
        return rms_norm(x, (config.dim,), weight, config.norm_eps).to(self._weights.embeddings.dtype)
