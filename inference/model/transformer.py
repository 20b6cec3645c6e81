"""The Mistral architecture (arXiv:2310.06825): RMSNorm, rotary positions, sliding-window attention, SwiGLU.

Parameters are named as in Mistral's consolidated.safetensors, so that a state dict is a checkpoint. `forward_full`
reads whole sequences without a cache: training uses it, and it is the reference for everything that serves. `step`
takes the next tokens of many sequences at once, each at its own place in its own text, through the rolling buffer.

Letters in shapes: B sequences, T tokens, N rows of a step (tokens of all its chunks), V vocabulary, H query heads,
D head_dim.
"""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, silu

from inference.model.block_step import BlockStep, filled_up, normalized
from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig
from inference.model.gpu.graphs import GraphDecoder
from inference.model.native.decoder import Decoder, can_decode
from inference.model.native.library import Backend, library
from inference.model.operators.attention import attend, band
from inference.model.operators.linear import Product, n_filled
from inference.model.operators.rope import head_rotation, rotate, rotation
from inference.model.plan import check_chunks, plan_step


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads, self.head_dim = config.n_heads, config.n_kv_heads, config.head_dim
        self.wq = nn.Linear(config.dim, config.n_heads * config.head_dim, bias=False)
        self.wk = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wv = nn.Linear(config.dim, config.n_kv_heads * config.head_dim, bias=False)
        self.wo = nn.Linear(config.n_heads * config.head_dim, config.dim, bias=False)
        self.products = Product(self.wq, self.wk, self.wv), Product(self.wo)

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
        self.products = Product(self.w1, self.w3), Product(self.w2)

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
        self.step = BlockStep(
            config.n_heads,
            config.head_dim,
            self.attention_norm,
            *self.attention.products,
            self.ffn_norm,
            *self.feed_forward.products,
        )

    def forward(self, x: Tensor, turn: Tensor, visible: Tensor | None) -> Tensor:
        """x (B, T, dim) after this block; `visible` is the mask of this block's window, from `attention.band`."""
        x = x + self.attention(self.attention_norm(x), turn, visible)
        out: Tensor = x + self.feed_forward(self.ffn_norm(x))
        return out

    def pack(self, *, int8: bool = False) -> None:
        """Lay the weights out for serving and drop their plain form; from here on only `step` works."""
        for product in self.step.products:
            product.pack(int8=int8)


class Transformer(nn.Module):
    """A Mistral model with random weights; `weights.load` makes one from a folder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.is_packed = False
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.dim)
        self.blocks = [Block(config) for _ in range(config.n_layers)]
        self.layers = nn.ModuleList(self.blocks)
        self.norm = nn.RMSNorm(config.dim, config.norm_eps)
        if not config.tied_embeddings:
            self.output = nn.Linear(config.dim, config.vocab_size, bias=False)
        self._decoder: Decoder | GraphDecoder | None = None
        self.head = Product(self.tok_embeddings if config.tied_embeddings else self.output)

    def forward_full(self, ids: Tensor) -> Tensor:
        """Logits (B, T, V) for token ids (B, T), every sequence from position 0, without a cache. Differentiable.

        Raises ValueError on a packed model.
        """
        if self.is_packed:
            raise ValueError("this model is packed for serving; load it again to train it or to read whole sequences")
        n_tokens = ids.shape[1]
        turn = rotation(torch.arange(n_tokens, device=ids.device), self.config.head_dim, self.config.rope_theta)
        windows = [self.config.window(layer) for layer in range(self.config.n_layers)]
        visible = {window: band(n_tokens, n_tokens, window, ids.device) for window in set(windows)}
        x = self.tok_embeddings(ids)
        for layer, window in zip(self.layers, windows, strict=True):
            x = layer(x, turn, visible[window])
        return self.head(self.norm(x))

    def pack(self, *, int8: bool = False) -> "Transformer":
        """Lay the weights out for serving, with `int8` quantized, and drop their plain form; from here on only `step`
        works. Returns itself."""
        if not self.is_packed:
            for block in self.blocks:
                block.pack(int8=int8)
            self.head.pack(int8=int8)
            self.is_packed = True
        return self

    @property
    def backend(self) -> Backend:
        """What computes a request that begins now. The library may arrive at any time; the weights lie as it reads them
        from the beginning, where they ever do."""
        if not self.is_packed:
            return "torch"
        if self.tok_embeddings.weight.device.type == "cuda":
            return "graphs"
        return "native" if self._can_decode and library() is not None else "torch"

    @cached_property
    def _can_decode(self) -> bool:
        return can_decode(self)

    @property
    def way_of_decoding(self) -> str:
        """How the single tokens of the last steps were computed, in words for a report."""
        if self._decoder is None:
            return "torch"
        return self._decoder.name if isinstance(self._decoder, GraphDecoder) else "compiled code"

    @torch.inference_mode()
    def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        """Take in the chunks of one step: each goes on where its slot stands, long and short ones side by side.

        Returns float32 logits: (number of chunks, V) after each chunk's last token, or with `every_token` (N, V) after
        each token, chunk by chunk as given. Raises ValueError, before anything is computed, for a slot that does not
        exist or comes twice, a chunk that is empty, does not start where its slot ends or runs over `max_len`, and an
        id outside the vocabulary.
        """
        check_chunks(self.config, chunks, cache)
        is_single = [len(chunk.ids) == 1 and not chunk.by_torch for chunk in chunks]
        singles = [chunk for chunk, is_one in zip(chunks, is_single, strict=True) if is_one]
        others = [chunk for chunk, is_one in zip(chunks, is_single, strict=True) if not is_one]
        decoded = self._decode(singles, cache) if singles else None
        if decoded is None:
            logits = self._step(chunks, cache, every_token=every_token)
        elif not others:
            logits = decoded
        else:
            of_singles = iter(torch.split(decoded, 1))
            sizes = [len(chunk.ids) if every_token else 1 for chunk in others]
            of_others = iter(torch.split(self._step(others, cache, every_token=every_token), sizes))
            logits = torch.cat([next(of_singles if is_one else of_others) for is_one in is_single])
        for chunk in chunks:  # last: after a failure on the way a single token can be run again
            cache.lengths[chunk.slot] += len(chunk.ids)
        return logits

    def _step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool) -> Tensor:
        """`step` by torch's operators."""
        config = self.config
        plan = plan_step(config, chunks, cache, has_library=self.backend == "native")
        turn = rotation(plan.positions, config.head_dim, config.rope_theta)
        turn = head_rotation(turn, config.n_heads, config.n_kv_heads)
        x = filled_up(embedding(plan.ids, self.tok_embeddings.weight).float(), n_filled(len(plan.ids)))
        for block, window_plan, ring in zip(self.blocks, plan.windows, cache.rings, strict=True):
            block.step(x, turn, window_plan, ring)
        rows = plan.all_rows if every_token else plan.last_rows
        n_rows = len(plan.ids) if rows is None else len(rows)
        if rows is not None:
            x = filled_up(x[rows], n_filled(n_rows))
        return self.head(normalized(x, self.norm))[:n_rows].float()

    def _decode(self, singles: Sequence[Chunk], cache: RingCache) -> Tensor | None:
        """`step` for single tokens as one call: compiled code on a CPU, a CUDA graph on a GPU; None without either."""
        if self._decoder is None and (backend := self.backend) != "torch":
            its_library = library()
            if backend == "graphs":
                self._decoder = GraphDecoder(self)
            elif its_library is not None:
                self._decoder = Decoder(self, its_library)
        return None if self._decoder is None else self._decoder.step(singles, cache)
