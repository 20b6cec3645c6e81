import pytest
import torch

from inference.model.operators.linear import Product
from inference.model.transformer import Transformer
from tests.inference.model.builders import random_ids, random_model, tiny_config


@pytest.mark.parametrize("is_tied", [False, True])
def test_every_parameter_learns(is_tied: bool) -> None:
    model = random_model(tiny_config(tied_embeddings=is_tied)).requires_grad_(True)
    ids = torch.tensor([random_ids(30), random_ids(30, seed=1)])
    with torch.autocast("cpu", torch.bfloat16):
        logits = model.forward_full(ids)
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), ids[:, 1:].flatten())
    grads = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    names = [name for name, _ in model.named_parameters()]
    assert [name for name, grad in zip(names, grads, strict=True) if grad is None or not grad.abs().sum() > 0] == []


def test_gradients_equal_finite_differences() -> None:
    model = random_model(tiny_config(n_layers=1), dtype=torch.float64).requires_grad_(True)
    ids = torch.tensor([random_ids(12)])
    weight, step = model.get_parameter("layers.0.attention.wk.weight"), 1e-4
    (grad,) = torch.autograd.grad(model.forward_full(ids)[0, -1, 3], [weight])
    with torch.no_grad():
        weight[3, 5] += step
        above = float(model.forward_full(ids)[0, -1, 3])
        weight[3, 5] -= 2 * step
        below = float(model.forward_full(ids)[0, -1, 3])
    assert float(grad[3, 5]) == pytest.approx((above - below) / (2 * step), rel=1e-2, abs=1e-5)


def test_parameters_are_named_as_in_mistrals_files_and_counted() -> None:
    for config in (tiny_config(n_layers=1), tiny_config(tied_embeddings=True)):
        model = Transformer(config)
        assert sum(weight.numel() for weight in model.parameters()) == config.n_parameters
        assert ("output.weight" in model.state_dict()) is not config.tied_embeddings
    assert sorted(Transformer(tiny_config(n_layers=1)).state_dict()) == [
        "layers.0.attention.wk.weight",
        "layers.0.attention.wo.weight",
        "layers.0.attention.wq.weight",
        "layers.0.attention.wv.weight",
        "layers.0.attention_norm.weight",
        "layers.0.feed_forward.w1.weight",
        "layers.0.feed_forward.w2.weight",
        "layers.0.feed_forward.w3.weight",
        "layers.0.ffn_norm.weight",
        "norm.weight",
        "output.weight",
        "tok_embeddings.weight",
    ]


@pytest.mark.parametrize("is_tied", [False, True])
def test_served_weights_are_moved_and_not_copied(is_tied: bool) -> None:
    """The trainable model keeps only the embedding and the norms, which both share."""
    model = random_model(tiny_config(tied_embeddings=is_tied))
    table = model.tok_embeddings.weight
    served = model.served()
    assert [name for name in model.state_dict() if "norm" not in name] == ["tok_embeddings.weight"]
    assert served._weights.embeddings.data_ptr() == table.data_ptr()
    assert len(served._weights.blocks) == 2
    assert all(isinstance(product, Product) for product in served._weights.products)


def test_a_model_without_weights_names_the_cause() -> None:
    model = random_model(tiny_config())
    model.served()
    with pytest.raises(ValueError, match=r"served\(\) has moved this model's weights; load it again"):
        model.forward_full(torch.zeros(1, 3, dtype=torch.long))
    with pytest.raises(ValueError, match=r"served\(\) has moved this model's weights; load it again"):
        model.served()
