from arena.players.dialect.token_limit import TokenLimit


def test_the_limit_counts_small_pieces_as_tokens_and_large_ones_by_their_bytes() -> None:
    limit = TokenLimit(5)
    assert [limit.cut(text) for text in ("x", "x" * 16, "x" * 17)] == ["x", "x" * 16, "x" * 12]
    assert limit.is_reached
    assert limit.cut("x") == ""


def test_the_limit_cuts_no_character_in_two() -> None:
    assert TokenLimit(4).cut("한" * 30) == "한" * 5


def test_no_limit_cuts_nothing() -> None:
    limit = TokenLimit(None)
    assert limit.cut("x" * 10_000) == "x" * 10_000
    assert limit.cut_whole("x" * 10_000, 99_999) == "x" * 10_000
    assert not limit.is_reached
