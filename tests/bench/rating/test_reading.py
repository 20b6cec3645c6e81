from bench.rating.reading import measure, table


def test_each_format_is_measured_and_compared_with_csv() -> None:
    found = measure(50, 1)
    assert list(found) == ["models and outcomes", "with voters and times"]
    assert {tuple(seconds) for seconds in found.values()} == {("csv", "csv.gz", "jsonl", "parquet")}


def test_the_table_shows_times_csv_and_what_missed_the_target() -> None:
    seconds = {"models and outcomes": {"csv": 0.5, "csv.gz": 0.75, "jsonl": 1.6, "parquet": 0.25}}
    text = table({"n_votes": 1_670_000, "command": "python -m bench.rating.reading", "seconds": seconds})
    assert text.startswith("1,670,000 votes, processor seconds (`python -m bench.rating.reading`; target")
    assert "| models and outcomes | 0.50 | 0.75 (1.5 x) | 1.60 (3.2 x, missed) | 0.25 (0.5 x) |\n" in text
