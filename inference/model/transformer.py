"""The Mistral architecture (arXiv:2310.06825): RMSNorm, rotary positions, sliding-window attention, SwiGLU.

Parameters are named as in Mistral's consolidated.safetensors, so that a state dict is a checkpoint. `forward_full`
reads whole sequences without a cache: training uses it, and it is the reference for everything that serves.

Letters in shapes: B sequences, T tokens, V vocabulary, H query heads, D head_dim.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from inference.model.attention import attend, band
from inference.model.config import ModelConfig
from inference.model.rope import Rotation, rotate, rotation


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        self.wq = nn.Linear(config.dim, config.n_heads * config.head_dim, bias=False)
        self.wk = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wv = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wo = nn.Linear(config.n_heads * config.head_dim, config.dim, bias=False)

    def forward(self, x: Tensor, turn: Rotation, visible: Tensor | None) -> Tensor:
        q, k, v = (w(x).unflatten(-1, (-1, self.head_dim)) for w in (self.wq, self.wk, self.wv))
        q, k, v = (heads.transpose(1, 2) for heads in (rotate(q, turn), rotate(k, turn), v))
        mixed: Tensor = self.wo(attend(q, k, v, visible).transpose(1, 2).flatten(-2))
        return mixed


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

    def forward(self, x: Tensor, turn: Rotation, visible: Tensor | None) -> Tensor:
        """x (B, T, dim) after this block; `visible` is the mask of this block's window, from `attention.band`."""
        x = x + self.attention(self.attention_norm(x), turn, visible)
        out: Tensor = x + self.feed_forward(self.ffn_norm(x))
        return out


class Transformer(nn.Module):
    """A Mistral model with random weights; `weights.load` makes one from a folder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.dim)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.RMSNorm(config.dim, config.norm_eps)
        self.output = None if config.tied_embeddings else nn.Linear(config.dim, config.vocab_size, bias=False)

    def forward_full(self, ids: Tensor) -> Tensor:
        """Logits (B, T, V) for token ids (B, T), every sequence from position 0, without a cache. Differentiable."""
        n_tokens = ids.shape[1]
        turn = rotation(torch.arange(n_tokens, device=ids.device), self.config.head_dim, self.config.rope_theta)
        windows = [self.config.window(layer) for layer in range(self.config.n_layers)]
        visible = {window: band(n_tokens, n_tokens, window, ids.device) for window in set(windows)}
        x = self.tok_embeddings(ids)
        for layer, window in zip(self.layers, windows, strict=True):
            x = layer(x, turn, visible[window])
        return self._head(x)

    def _head(self, x: Tensor) -> Tensor:
        head = self.tok_embeddings.weight if self.output is None else self.output.weight
        return linear(self.norm(x), head)
