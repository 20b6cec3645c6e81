"""The Mistral architecture as a trainable module (arXiv:2310.06825).

It has RMSNorm, rotary positions, sliding-window attention and SwiGLU. Parameters are named as in Mistral's
consolidated.safetensors, so a state dict is a checkpoint. `forward_full` reads whole sequences without a cache:
training uses it, and it is the reference for everything that serves. `served` moves the weights into a `ServedModel`,
which answers.

Letters: B sequences, T tokens, V vocabulary.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from inference.model.config import ModelConfig
from inference.model.operators.attention import attend
from inference.model.operators.linear import Product
from inference.model.operators.rope import frequencies, rotate, rotation
from inference.model.packed import PackedBlock, PackedWeights
from inference.model.places import band
from inference.model.serving import ServedModel


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads, self.head_dim = config.n_heads, config.n_kv_heads, config.head_dim
        self.wq = nn.Linear(config.dim, config.n_heads * config.head_dim, bias=False)
        self.wk = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wv = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wo = nn.Linear(config.n_heads * config.head_dim, config.dim, bias=False)

    def forward(self, x: Tensor, turn: Tensor, visible: Tensor | None) -> Tensor:
        q, k, v = (w(x).unflatten(-1, (-1, self.head_dim)) for w in (self.wq, self.wk, self.wv))
        q, k, v = (heads.transpose(1, 2) for heads in (rotate(q, turn), rotate(k, turn), v))
        out: Tensor = self.wo(attend(q, k, v, visible).transpose(1, 2).flatten(-2))
        return out


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.dim, config.hidden_dim, bias=False)
        self.w2 = nn.Linear(config.hidden_dim, config.dim, bias=False)
        self.w3 = nn.Linear(config.dim, config.hidden_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.w2(silu(self.w1(x)) * self.w3(x))
        return out


class Block(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.feed_forward = FeedForward(config)
        self.attention_norm = nn.RMSNorm(config.dim, config.norm_eps)
        self.ffn_norm = nn.RMSNorm(config.dim, config.norm_eps)

    def forward(self, x: Tensor, turn: Tensor, visible: Tensor | None) -> Tensor:
        """Return x (B, T, dim) after this block; `visible` is the mask of its window, from `places.band`."""
        x = x + self.attention(self.attention_norm(x), turn, visible)
        out: Tensor = x + self.feed_forward(self.ffn_norm(x))
        return out

    def served(self, *, int8: bool = False) -> PackedBlock:
        """Move the weights into a `PackedBlock`; this block has none afterwards."""
        attention, feed_forward = self.attention, self.feed_forward
        return PackedBlock(
            self.attention_norm.weight.detach(),
            Product(_taken(attention.wq, attention.wk, attention.wv), int8=int8),
            Product(_taken(attention.wo), int8=int8),
            self.ffn_norm.weight.detach(),
            Product(_taken(feed_forward.w1, feed_forward.w3), int8=int8),
            Product(_taken(feed_forward.w2), int8=int8),
        )


class Transformer(nn.Module):
    """A Mistral model with random weights; `checkpoint.weights.load` reads one from a folder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.dim)
        self.blocks = [Block(config) for _ in range(config.n_layers)]
        self.layers = nn.ModuleList(self.blocks)
        self.norm = nn.RMSNorm(config.dim, config.norm_eps)
        if not config.tied_embeddings:
            self.output = nn.Linear(config.dim, config.vocab_size, bias=False)

    def forward_full(self, ids: Tensor) -> Tensor:
        """Return logits (B, T, V) for token ids (B, T), every sequence from position 0, without a cache.

        Differentiable. Raises ValueError after `served`.
        """
        self._check_has_weights()
        n_tokens = ids.shape[1]
        positions = torch.arange(n_tokens, device=ids.device)
        turn = rotation(positions, frequencies(self.config).to(ids.device), self.config.attention_factor)
        windows = [self.config.window(layer) for layer in range(self.config.n_layers)]
        visible = {window: band(n_tokens, n_tokens, window, ids.device) for window in set(windows)}
        x = self.tok_embeddings(ids)
        for layer, window in zip(self.layers, windows, strict=True):
            x = layer(x, turn, visible[window])
        head = self.tok_embeddings.weight if self.config.tied_embeddings else self.output.weight
        return linear(self.norm(x), head)

    def served(self, *, int8: bool = False) -> ServedModel:
        """Move the weights into a `ServedModel`, with `int8` quantized.

        They are moved block by block, so that memory has them once. This model has no weights afterwards.
        Raises ValueError at a second call.
        """
        self._check_has_weights()
        head = self.served_head(int8=int8)
        blocks = tuple(block.served(int8=int8) for block in self.blocks)
        embeddings, norm = self.tok_embeddings.weight.detach(), self.norm.weight.detach()
        return ServedModel(PackedWeights(self.config, embeddings, blocks, norm, head))

    def served_head(self, *, int8: bool = False) -> Product:
        """Move the head's weight into a `Product`; a tied one stays in the embedding as well."""
        if self.config.tied_embeddings:
            return Product(self.tok_embeddings.weight.detach(), int8=int8)
        return Product(_taken(self.output), int8=int8)

    def _check_has_weights(self) -> None:
        if self.blocks[0].attention.wq.weight is None:
            raise ValueError("served() has moved this model's weights; load it again to train it or serve it")


def _taken(*modules: nn.Linear) -> Tensor:
    """Return the weights of these modules as one, after removing them there: two copies of a large one are too many."""
    weights = [module.weight.detach() for module in modules]
    whole = weights[0] if len(weights) == 1 else torch.cat(weights)
    for module in modules:
        module.register_parameter("weight", None)
    return whole
