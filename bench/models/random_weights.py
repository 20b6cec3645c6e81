"""The measured model shapes, and models of these shapes with random weights.

Speed does not depend on the weights.
"""

import torch

from inference.model.config import ModelConfig
from inference.model.transformer import Transformer

VOCAB_SIZE = 32000
CONFIGS = {
    "15M": ModelConfig(192, 8, 32, 512, 6, 2, 1e-5, VOCAB_SIZE, sliding_window=256),
    "160M": ModelConfig(768, 12, 64, 3328, 12, 4, 1e-5, VOCAB_SIZE, sliding_window=1024),
    "1.1B": ModelConfig(2048, 22, 64, 5632, 32, 4, 1e-5, VOCAB_SIZE, sliding_window=4096),
    "7B": ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, VOCAB_SIZE, sliding_window=4096),
}
_SPREAD = 0.02  # standard deviation of a weight, a common initialisation


def random_model(
    config: ModelConfig, *, seed: int = 0, dtype: torch.dtype = torch.bfloat16, device: str = "cpu"
) -> Transformer:
    """Make a model on `device`, with normal weights (standard deviation 0.02) and norms of 1."""
    with torch.device("meta"):
        model = Transformer(config)
    generator = torch.Generator(device).manual_seed(seed)
    state = {}
    for name, tensor in model.state_dict().items():
        if "norm" in name:
            state[name] = torch.ones(tensor.shape, dtype=dtype, device=device)
        else:
            state[name] = torch.empty(tensor.shape, dtype=dtype, device=device).normal_(0, _SPREAD, generator=generator)
    model.load_state_dict(state, assign=True)
    return model.requires_grad_(False).eval()
