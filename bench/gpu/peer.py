"""Measure transformers' `generate` on a model of the same shape, with other random weights."""

from dataclasses import dataclass
from typing import Any

import torch

from bench.gpu.place import Place


@dataclass(frozen=True, slots=True)
class PeerDecodeRate:
    version: str
    prompt: int
    tok_s: float


def measure(place: Place) -> PeerDecodeRate:
    """Measure one sequence. Raise ImportError if transformers is not installed."""
    import transformers

    from bench.inference.engines.hugging_face import timed_generate
    from bench.models.layouts import hf_config

    scale = place.scale
    unwanted = ("architectures", "model_type", "dtype")
    shape: dict[str, Any] = {name: value for name, value in hf_config(scale.config).items() if name not in unwanted}
    make: Any = transformers.AutoModelForCausalLM.from_config
    with torch.device(place.device):
        model = make(transformers.MistralConfig(**shape), dtype=scale.dtype).eval()
    ids = torch.randint(259, scale.config.vocab_size, (1, scale.prompt), device=place.device)
    timed_generate(model, ids, 4)
    timing = timed_generate(model, ids, scale.answer)
    return PeerDecodeRate(transformers.__version__, scale.prompt, timing.n_decoded / timing.decode_s)
