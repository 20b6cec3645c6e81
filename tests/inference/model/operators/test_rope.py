from dataclasses import replace

import torch

from inference.model.operators.rope import frequencies, head_rotation, rotate, rotation
from tests.inference.model.builders import tiny_config


def plain(head_dim: int, theta: float) -> torch.Tensor:
    return frequencies(replace(tiny_config(head_dim=head_dim), rope_theta=theta))


def test_pairs_are_turned_as_complex_numbers() -> None:
    # The paper's definition: component pairs (2i, 2i + 1) as complex numbers times exp(i * position * theta^(-2i/D)).
    positions, head_dim = torch.tensor([0, 1, 7, 500]), 8
    x = torch.randn(4, 3, head_dim, generator=torch.Generator().manual_seed(0))
    angles = positions[:, None].double() * 10000.0 ** (-torch.arange(0, head_dim, 2).double() / head_dim)
    pairs = torch.view_as_complex(x.double().view(4, 3, -1, 2))
    expected = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)[:, None]).flatten(-2)
    torch.testing.assert_close(
        rotate(x, rotation(positions, plain(head_dim, 1e4))).double(), expected, atol=1e-4, rtol=0
    )


def test_products_depend_on_the_distance_only() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(1, 1, 16, generator=generator), torch.randn(1, 1, 16, generator=generator)

    def product(at: int, seen: int) -> float:
        turned = [rotate(x, rotation(torch.tensor([p]), plain(16, 1e6))) for x, p in ((q, at), (k, seen))]
        return float((turned[0] * turned[1]).sum())

    assert abs(product(5, 2) - product(1005, 1002)) < 1e-4
    assert abs(product(5, 2) - product(5, 3)) > 1e-3


def test_turning_keeps_the_dtype() -> None:
    x = torch.ones(2, 1, 4, dtype=torch.bfloat16)
    assert rotate(x, rotation(torch.arange(2), plain(4, 1e4))).dtype == torch.bfloat16


def test_one_product_turns_all_heads_scales_queries_and_leaves_values() -> None:
    positions, heads = torch.tensor([3, 90]), torch.randn(2, 4 + 2 * 2, 6, generator=torch.Generator().manual_seed(0))
    turn = rotation(positions, plain(6, 1e4))
    out = rotate(heads, head_rotation(turn, 4, 2))
    torch.testing.assert_close(out[:, :4], rotate(heads[:, :4], turn) * 6**-0.5)
    torch.testing.assert_close(out[:, 4:6], rotate(heads[:, 4:6], turn))
    assert torch.equal(out[:, 6:], heads[:, 6:])


def test_an_attention_factor_scales_queries_and_keys_and_leaves_values() -> None:
    positions, heads = torch.tensor([3, 90]), torch.randn(2, 4 + 2 * 2, 6, generator=torch.Generator().manual_seed(0))
    turns = [head_rotation(rotation(positions, plain(6, 1e4), factor), 4, 2) for factor in (1.0, 1.5)]
    before, after = (rotate(heads, turn) for turn in turns)
    torch.testing.assert_close(after[:, :6], 1.5 * before[:, :6])
    assert torch.equal(after[:, 6:], heads[:, 6:])
