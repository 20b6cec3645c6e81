from arena.rules.limits import ADDRESS_FACTOR, Exceeded, battles_exceeded


def test_a_visitor_begins_as_many_battles_as_the_setting_says() -> None:
    assert battles_exceeded(n_visitor=4, n_address=0, battles_per_hour=5) is None
    assert battles_exceeded(n_visitor=5, n_address=0, battles_per_hour=5) == Exceeded(5, limit=5, window_s=3600)


def test_an_address_begins_ten_times_as_many() -> None:
    assert ADDRESS_FACTOR == 10
    assert battles_exceeded(n_visitor=0, n_address=49, battles_per_hour=5) is None
    assert battles_exceeded(n_visitor=0, n_address=50, battles_per_hour=5) == Exceeded(50, limit=50, window_s=3600)


def test_the_visitor_s_own_limit_is_named_first() -> None:
    assert battles_exceeded(n_visitor=9, n_address=99, battles_per_hour=5) == Exceeded(9, limit=5)
