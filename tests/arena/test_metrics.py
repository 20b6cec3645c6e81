from prometheus_client.parser import text_string_to_metric_families

from arena.metrics import Metrics


def test_the_text_is_read_by_prometheus_and_has_what_was_counted() -> None:
    metrics = Metrics()
    metrics.battle_opened("battle")
    metrics.vote_cast([])
    metrics.vote_cast(["identity_leak", "rate_limited"])
    metrics.responded("/", 0.2)
    metrics.watch(lambda: {"m": 3}, lambda: {"m": "down", 'n"\n': "retired"})
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert found["arena_battles_opened_total", ("kind", "battle")] == 1
    assert found["arena_votes_total", ("counted", "yes")] == 1
    assert found["arena_votes_total", ("counted", "no")] == 1
    assert found["arena_votes_excluded_total", ("reason", "rate_limited")] == 1
    assert found["arena_response_seconds_count", ("page", "/")] == 1
    assert found["arena_streams_in_flight", ("model", "m")] == 3
    assert found["arena_model_state", ("model", "m"), ("state", "down")] == 1
    assert found["arena_model_state", ("model", "m"), ("state", "ready")] == 0
    assert found["arena_model_state", ("model", 'n"\n'), ("state", "retired")] == 1
    assert sum(value for (name, *_), value in found.items() if name == "arena_model_state") == 2


def test_two_arenas_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.battle_opened("battle")
    assert b'kind="battle"' not in other.text()
