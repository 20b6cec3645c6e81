import pytest
import torch
from torch.nn.functional import silu

from inference.model.cache import Chunk, RingCache
from inference.model.operators.gate import add_gated
from tests.inference.model.builders import random_ids, random_model, tiny_config


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_gated_product_is_added(dtype: torch.dtype) -> None:
    gate, up, x = torch.randn(3, 5, 50, generator=torch.Generator().manual_seed(0))
    expected = x + 3 * (silu(gate) * up)
    add_gated(x, gate.to(dtype), up.to(dtype), lambda hidden: hidden * 3)
    torch.testing.assert_close(x, expected, atol=0.1 if dtype == torch.bfloat16 else 0.01, rtol=0.01)


def test_large_activations_in_float16_give_the_logits_of_float32() -> None:
    """Products of gate and up grow beyond 65,504, where float16 has no numbers."""
    config, logits = tiny_config(sliding_window=None), {}
    for dtype in (torch.float32, torch.float16):
        model = random_model(config)
        with torch.no_grad():
            feed_forward = model.blocks[0].feed_forward
            for weights in (feed_forward.w1, feed_forward.w3):
                weights.weight[0] *= 200
            feed_forward.w2.weight[:, 0] *= 1e-3
        served = model.to(dtype).served()
        cache = RingCache(config, n_slots=1, max_len=64, dtype=dtype)
        logits[dtype] = served.step([Chunk(0, 0, random_ids(40))], cache, every_token=True)
    error = (logits[torch.float16] - logits[torch.float32]).norm() / logits[torch.float32].norm()
    assert error < 0.02
