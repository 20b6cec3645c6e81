"""The weights of a model, laid out for serving.

A block has four products instead of seven weights: [q ‖ k ‖ v] and [gate ‖ up] are computed together. `serving` runs
them; `native` and `gpu` read them too.
"""

from dataclasses import dataclass

from torch import Tensor

from inference.model.config import ModelConfig
from inference.model.operators.linear import Product


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """One block: `attention_in` computes [q ‖ k ‖ v], and `feed_forward_in` [gate ‖ up]."""

    attention_norm: Tensor
    attention_in: Product
    attention_out: Product
    ffn_norm: Tensor
    feed_forward_in: Product
    feed_forward_out: Product

    @property
    def products(self) -> tuple[Product, ...]:
        return self.attention_in, self.attention_out, self.feed_forward_in, self.feed_forward_out


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """A whole model. `embeddings` (V, dim) is a plain table; its dtype is that of the cache."""

    config: ModelConfig
    embeddings: Tensor
    blocks: tuple[PackedBlock, ...]
    norm: Tensor
    head: Product

    @property
    def products(self) -> tuple[Product, ...]:
        return self.head, *(product for block in self.blocks for product in block.products)
