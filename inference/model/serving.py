"""A model that computes the next tokens of many sequences at once.

`Transformer.served` makes one from trainable weights, and `checkpoint.weights.load_served` from a folder. Single tokens
are decoded by compiled code on a CPU and by CUDA graphs on a GPU, where available; longer chunks are computed by
compiled code where that is faster than torch's operators. A step with both is two passes over the weights on a CPU, so
that a request gets the same bits whatever else runs, and one on a GPU, where a step reads mostly weights.

Letters: N tokens of a step, V vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding

from inference.model.block_step import add_block, normalized, padded
from inference.model.cache import Chunk, RingCache
from inference.model.gpu.flash_attention import can_fuse
from inference.model.gpu.graphs import GraphDecoder, Prepared
from inference.model.native.decoder import Decoder, can_decode
from inference.model.native.library import Backend, library
from inference.model.native.prefill import Prefiller, can_prefill
from inference.model.operators.linear import n_filled
from inference.model.operators.rope import frequencies, head_rotation, rotation
from inference.model.packed import PackedWeights
from inference.model.plan import check_chunks, plan_step


class ServedModel:
    """The embedding, the packed blocks, the head, and a decoder of single tokens."""

    def __init__(self, weights: PackedWeights) -> None:
        self.config = weights.config
        self._weights = weights
        self._frequencies = frequencies(weights.config).to(weights.embeddings.device)
        self._can_decode, self._can_prefill = can_decode(weights), can_prefill(weights)
        self._decoder: Decoder | GraphDecoder | None = None
        self._prefiller: Prefiller | None = None

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the embedding, which the cache must have too."""
        return self._weights.embeddings.dtype

    @property
    def device(self) -> torch.device:
        return self._weights.embeddings.device

    @property
    def _is_on_gpu(self) -> bool:
        return self.device.type == "cuda"

    @property
    def backend(self) -> Backend:
        """What computes a request that begins now. The compiled library may become available at any time."""
        if self._is_on_gpu:
            return "graphs"
        return "native" if self._can_decode and library() is not None else "torch"

    @property
    def way_of_decoding(self) -> str:
        """How the single tokens of the last steps were computed, in words for a report."""
        if self._decoder is None:
            return "torch"
        return self._decoder.name if isinstance(self._decoder, GraphDecoder) else "compiled code"

    @property
    def n_ring_copies(self) -> int:
        """The number of copies of one layer's keys and values: on a GPU without flash attention graphs make one,
        and other steps another.
        """
        config = self.config
        is_fused = can_fuse(self.device, self.dtype, config.n_heads, config.n_kv_heads, config.head_dim)
        return 2 if self._is_on_gpu and not is_fused else 0

    def prepare(self, cache: RingCache) -> Prepared | None:
        """Record the graphs of steps with this cache, before the first one. None on a CPU, which needs none."""
        return self._graphs().prepare(cache) if self._is_on_gpu else None

    def record_wanted(self, cache: RingCache) -> bool:
        """Record one graph that a step lacked, in a moment without requests. Return False if there was none."""
        return self._is_on_gpu and self._graphs().record_wanted(cache)

    @torch.inference_mode()
    def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        """Compute the chunks of one step, long and short ones together; each continues its slot.

        Returns float32 logits: (number of chunks, V) after each chunk's last token, or with `every_token` (N, V) after
        each token, chunk by chunk as given. Raises ValueError, before anything is computed, for a slot that does not
        exist or appears twice, a chunk that is empty, does not start where its slot ends or exceeds `max_len`, and an
        id outside the vocabulary.
        """
        check_chunks(self.config, chunks, cache)
        singles = [i for i, chunk in enumerate(chunks) if len(chunk.ids) == 1 and not chunk.by_torch]
        is_one_pass = self._is_on_gpu and len(singles) < len(chunks)  # a second pass would read all weights again
        decoded = self._decode([chunks[i] for i in singles], cache) if singles and not is_one_pass else None
        parts = [] if decoded is None else [(singles, decoded)]
        of_decoder = set(singles if decoded is not None else ())
        for by_torch in (False, True):  # two passes only while a request of each backend runs
            group = [i for i, chunk in enumerate(chunks) if i not in of_decoder and chunk.by_torch == by_torch]
            if group:
                some = [chunks[i] for i in group]
                logits = None if by_torch else self._prefill(some, cache, every_token=every_token)
                if logits is None:
                    logits = self._compute(some, cache, every_token=every_token, by_torch=by_torch)
                parts.append((group, logits))
        logits = parts[0][1] if len(parts) == 1 else _in_order(parts, chunks, every_token=every_token)
        for chunk in chunks:  # last, so that after a failure a single token can be run again
            cache.lengths[chunk.slot] += len(chunk.ids)
        return logits

    def _compute(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool, by_torch: bool) -> Tensor:
        """Compute `step` with torch's operators and, unless `by_torch`, with compiled code for parts of it."""
        config, weights = self.config, self._weights
        is_native = self.backend == "native" and not by_torch
        plan = plan_step(config, chunks, cache, is_native=is_native, is_on_gpu=self._is_on_gpu)
        turn = rotation(plan.positions, self._frequencies, config.attention_factor)
        turn = head_rotation(turn, config.n_heads, config.n_kv_heads)
        x = padded(embedding(plan.ids, weights.embeddings).float(), n_filled(len(plan.ids)))
        for block, window_plan, ring in zip(weights.blocks, plan.windows, cache.rings, strict=True):
            add_block(x, block, config, turn, window_plan, ring)
        rows = plan.all_rows if every_token else plan.last_rows
        n_rows = len(plan.ids) if rows is None else len(rows)
        if rows is not None:
            x = padded(x[rows], n_filled(n_rows))
        return weights.head(normalized(x, weights.norm, config.norm_eps))[:n_rows].float()

    def _decode(self, singles: Sequence[Chunk], cache: RingCache) -> Tensor | None:
        """Compute single tokens in one call: compiled code on a CPU, a CUDA graph on a GPU; None without either."""
        if self._is_on_gpu:
            return self._graphs().step(singles, cache)
        decoder = self._compiled_decoder()
        return None if decoder is None else decoder.step(singles, cache)

    def _prefill(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool) -> Tensor | None:
        """Compute longer chunks in one call of compiled code; return None without it, or where torch is faster."""
        if self._prefiller is None and self._can_prefill and (decoder := self._compiled_decoder()) is not None:
            self._prefiller = Prefiller(decoder)
        return None if self._prefiller is None else self._prefiller.step(chunks, cache, every_token=every_token)

    def _compiled_decoder(self) -> Decoder | None:
        if self._decoder is None and self.backend == "native" and (compiled := library()) is not None:
            self._decoder = Decoder(self._weights, compiled)
        return self._decoder if isinstance(self._decoder, Decoder) else None

    def _graphs(self) -> GraphDecoder:
        if not isinstance(self._decoder, GraphDecoder):
            self._decoder = GraphDecoder(self._weights)
        return self._decoder


def _in_order(parts: Sequence[tuple[list[int], Tensor]], chunks: Sequence[Chunk], *, every_token: bool) -> Tensor:
    """Return the logits of all chunks in their order, from parts of some chunks' numbers and their logits."""
    pieces: dict[int, Tensor] = {}
    for group, logits in parts:
        sizes = [len(chunks[i].ids) if every_token else 1 for i in group]
        pieces |= dict(zip(group, torch.split(logits, sizes), strict=True))
    return torch.cat([pieces[i] for i in range(len(chunks))])
