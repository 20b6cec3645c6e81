import pytest
import torch

from inference.model.score import score
from tests.inference.model.builders import random_ids, random_model, served_model, tiny_config


@pytest.mark.parametrize("chunk_size", [1, 5, 7, 64, 512])
def test_scores_are_the_log_probabilities_of_a_cache_free_run(chunk_size: int) -> None:
    model, ids = served_model(tiny_config()), random_ids(40)
    logprobs = random_model(tiny_config()).forward_full(torch.tensor([ids]))[0].double().log_softmax(-1)
    expected = [float(logprobs[at, token]) for at, token in enumerate(ids[1:])]
    assert score(model, ids, chunk_size=chunk_size) == pytest.approx(expected, abs=1e-4)


def test_a_tied_head_scores_too() -> None:
    config, ids = tiny_config(tied_embeddings=True), random_ids(40)
    logprobs = random_model(config).forward_full(torch.tensor([ids]))[0].log_softmax(-1)
    expected = [float(logprobs[at, token]) for at, token in enumerate(ids[1:])]
    assert score(served_model(config), ids) == pytest.approx(expected, abs=1e-4)


def test_a_model_whose_logits_are_not_finite_scores_nothing() -> None:
    model = random_model(tiny_config())
    model.norm.weight.fill_(float("nan"))  # the served model shares it
    with pytest.raises(ValueError, match="the model's logits are not finite; its weights are damaged"):
        score(model.served(), [1, 2, 3])


@pytest.mark.parametrize(
    ("ids", "chunk_size", "message"),
    [
        ([1], 5, "1 ids; at least 2"),
        ([1] * 513, 5, "513 ids; the model reads at most 512"),
        ([1, 2], 0, "chunk size 0; at least 1"),
        ([1, 97, 2], 5, "token id 97"),
        ([1, 97], 5, "token id 97"),
        ([1, -1], 5, "token id -1"),
    ],
)
def test_bad_input_is_refused(ids: list[int], chunk_size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score(served_model(tiny_config()), ids, chunk_size=chunk_size)
