"""Which votes are asked for; that both sources give the same is tested with the whole command."""

import argparse

import pytest

from elo.commands.shared.sources import add_source_options, time_text


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_source_options(parser)
    return parser.parse_args(["--votes", "x.csv", *arguments])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86_400.0),
        ("1970-01-01T12:30", 45_000.0),
        ("1970-01-01T12:30+09:00", 12_600.0),
        ("1700000000.5", 1_700_000_000.5),
    ],
)
def test_a_time_is_a_date_a_moment_or_seconds(text: str, seconds: float) -> None:
    assert (parsed("--since", text).since, parsed(f"--until={text}").until) == (seconds, seconds)


@pytest.mark.parametrize("text", ["yesterday", "", "nan", "1e20", "2026-02-30"])
def test_another_time_is_refused_with_examples(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--since", text)
    assert f"{text!r} is not a time; expected one such as 2026-01-31, 2026-01-31T12:00" in capsys.readouterr().err


def test_a_time_is_written_in_utc() -> None:
    assert time_text(86_400.5) == "1970-01-02T00:00:00.500000+00:00"
    assert time_text(None) is None
