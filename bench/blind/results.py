"""The guesses and the waiting times, as records and as tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from bench.blind.sides import FAST_CHARS_PER_S
from bench.result_files import read

POOLED_AT_MOST, PAIR_AT_MOST, BURSTY_AT_MOST, FREE_ABOVE = 0.55, 0.60, 0.65, 0.95


@dataclass(frozen=True, slots=True)
class Pair:
    """The guesses for one pair of models. `rule` is how often the plain rule was right that the slower side is the one
    with the longer delay from its last text to its visible end; a tie counts as half. `n_alike` is the number of
    battles in which both sides had the same state in every event and ended in the same event."""

    slow_chars_per_s: float
    line: str
    regression: float
    forest: float
    rule: float
    n_alike: int

    @property
    def best(self) -> float:
        return max(self.regression, self.forest)

    @property
    def name(self) -> str:
        return f"{self.slow_chars_per_s:g} against {FAST_CHARS_PER_S:,.0f} characters/s, {self.line}"


@dataclass(frozen=True, slots=True)
class Result:
    """All pairs under one pace and one way of writing; `regression` and `forest` are pooled."""

    pace: str
    way: str
    n_battles: int
    regression: float
    forest: float
    pairs: tuple[Pair, ...]

    @property
    def pooled(self) -> float:
        return max(self.regression, self.forest)

    @property
    def worst(self) -> Pair:
        return max(self.pairs, key=lambda pair: pair.best)

    @property
    def is_met(self) -> bool:
        if self.pace == "free":
            return self.pooled > FREE_ABOVE
        if self.pace == "equal" and self.way != "even":
            return self.pooled <= BURSTY_AT_MOST
        return self.pooled <= POOLED_AT_MOST and self.worst.best <= PAIR_AT_MOST


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds from the prompt to the first character and to the end of two answers with `n_chars` characters."""

    pace: str
    slow_chars_per_s: float
    n_chars: tuple[int, int]
    first_s: float
    whole_s: float


def tables(results: Iterable[Result], costs: Sequence[Cost]) -> str:
    """Return Markdown: guesses, one row per pace and way of writing, and waiting times, one row per pair of models."""
    results, paces = list(results), list(dict.fromkeys(cost.pace for cost in costs))
    lines = [
        "| pace | writing | pooled: regression | forest | pairs: mean | worst | worst pair | later end | target |",
        "| --- | --- |" + " ---: |" * 4 + " --- | ---: | --- |",
    ]
    for one in results:
        shares = [one.regression, one.forest, fmean(pair.best for pair in one.pairs), one.worst.best]
        rule = _percent(fmean(pair.rule for pair in one.pairs))
        cells = [f"`{one.pace}`", one.way, *map(_percent, shares), one.worst.name, rule, _target(one)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| slow side | answers: slow, fast |" + "".join(f" `{pace}`: first, end |" for pace in paces),
        "| ---: | --- |" + " ---: |" * len(paces),
    ]
    for slow, lengths in dict.fromkeys((cost.slow_chars_per_s, tuple(cost.n_chars)) for cost in costs):
        of = {cost.pace: cost for cost in costs if (cost.slow_chars_per_s, tuple(cost.n_chars)) == (slow, lengths)}
        cells = [f"{of[pace].first_s:.1f} s, {of[pace].whole_s:.1f} s" for pace in paces]
        texts = f"{lengths[0]:,}, {lengths[1]:,} characters"
        lines.append(f"| {slow:,.0f} characters/s | {texts} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _target(result: Result) -> str:
    if result.pace == "free":
        target = f"pooled above {FREE_ABOVE:.0%}"
    elif result.pace == "equal" and result.way != "even":
        target = f"pooled at most {BURSTY_AT_MOST:.0%}"
    else:
        target = f"pooled at most {POOLED_AT_MOST:.0%}, each pair {PAIR_AT_MOST:.0%}"
    return f"{target.replace('%', ' %')} ({'met' if result.is_met else '**missed**'})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def markdown(path: Path) -> str:
    """Return the tables of a results file, below the versions and the date."""
    content = read(path)
    results = [Result(**{**row, "pairs": tuple(Pair(**pair) for pair in row["pairs"])}) for row in content["results"]]
    versions = ", ".join(f"{name} {version}" for name, version in content["machine"]["versions"].items())
    heading = f"python {content['machine']['python']}, {versions}; {content['date']}."
    return f"{heading}\n\n{tables(results, [Cost(**row) for row in content['costs']])}"
