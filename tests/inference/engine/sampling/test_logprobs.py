import pytest
import torch

from inference.engine.sampling.logprobs import token_logprobs


def test_logprobs_equal_the_softmax_and_the_likeliest_are_in_falling_order() -> None:
    logits = torch.randn(3, 40, generator=torch.Generator().manual_seed(0)) * 3
    expected = torch.log(torch.softmax(logits.double(), -1))
    found = token_logprobs(logits, [5, 6, 7], [0, 2, 40])
    for row, (one, token, n) in enumerate(zip(found, (5, 6, 7), (0, 2, 40), strict=True)):
        assert one is not None
        assert one.token_id == token
        assert one.logprob == pytest.approx(float(expected[row, token]), abs=1e-5)
        best = expected[row].argsort(descending=True)[:n]
        assert [token_id for token_id, _ in one.top] == best.tolist()
        assert [logprob for _, logprob in one.top] == pytest.approx(expected[row, best].tolist(), abs=1e-5)


def test_a_token_among_the_likeliest_has_the_same_float_in_both_places() -> None:
    logits = torch.randn(50, 40, generator=torch.Generator().manual_seed(1))
    for one in token_logprobs(logits, logits.argmax(-1).tolist(), [1] * 50):
        assert one is not None
        assert one.top == ((one.token_id, one.logprob),)


def test_asking_for_more_than_the_vocabulary_gives_all_of_it() -> None:
    (one,) = token_logprobs(torch.zeros(1, 3), [0], [20])
    assert one is not None
    assert len(one.top) == 3


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_row_that_is_not_a_distribution_has_no_logprobs(bad: float) -> None:
    logits = torch.zeros(2, 4)
    logits[0, 1] = bad
    first, second = token_logprobs(logits, [0, 0], [1, 1])
    assert first is None
    assert second is not None
