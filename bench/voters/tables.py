"""The results as Markdown: honest voters, careless voters, fans, and days."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import result_files
from bench.voters.days import Pushed, Quiet
from bench.voters.measures import Caught, Fans, Honest
from elo.quality.shares import Share

LIMIT = "the limit: a tenth of the voters, who rate all models differently from the rest"
_TESTS = ("sides", "ties", "others", "one_model")


def tables(
    honest: Iterable[Honest],
    caught: Iterable[Caught],
    fans: Iterable[Fans],
    quiet: Iterable[Quiet],
    pushed: Iterable[Pushed],
) -> str:
    """Return one row per kind of arena for honest voters, and one per behaviour and kind for the others."""
    lines = [
        "| honest voters | voters | votes of each | ever flagged | 95 % interval | worst arena | by sides | by ties "
        "| by others | by one model |",
        "| --- |" + " ---: |" * 9,
    ]
    for row in honest:
        share = row.flagged
        reasons = [_percent(row.reasons.get(test, 0) / share.n) for test in _TESTS]
        cells = [row.name, f"{share.n:,}", f"{row.votes:,.0f}", _percent(share.share or 0.0)]
        lines.append(_row(*cells, _interval(share), _percent(row.worst), *reasons))
    lines += [
        "",
        "| careless voters | arena | voters | votes until half are flagged | until nine in ten are | never flagged |",
        "| --- | --- |" + " ---: |" * 4,
    ]
    lines += [_row(one.behaviour, one.name, f"{one.n}", *_after(one)) for one in caught]
    lines += [
        "",
        "| voters who push one model | together | arena | voters | votes until half are flagged "
        "| until nine in ten are | never flagged | honest voters flagged |",
        "| --- | ---: | --- |" + " ---: |" * 5,
    ]
    for group in fans:
        one = group.caught
        lines.append(
            _row(
                one.behaviour, f"{group.fans}", one.name, f"{one.n}", *_after(one), _percent(group.honest.share or 0.0)
            )
        )
    lines += [
        "",
        "| arenas without a push | arenas | that show a day | 95 % interval |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [_row(one.name, f"{one.found.n}", f"{one.found.hits}", _interval(one.found)) for one in quiet]
    lines += [
        "",
        "| arenas with a push of new visitors | arenas | in which it is found | other days found |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [_row(one.name, f"{one.found.n}", f"{one.found.hits}", f"{one.others}") for one in pushed]
    return "\n".join(lines) + "\n"


def markdown(path: Path) -> str:
    """Return the tables of a results file."""
    content = result_files.read(path)
    honest = [
        Honest(row["name"], Share(**row["flagged"]), row["worst"], row["reasons"], row["votes"])
        for row in (*content["honest"], {**content["limit"], "name": LIMIT})
    ]
    return tables(
        honest,
        [Caught(**row) for row in content["caught"]],
        [Fans(row["fans"], Caught(**row["caught"]), Share(**row["honest"])) for row in content["fans"]],
        [Quiet(**_with_share(row)) for row in content["quiet"]],
        [Pushed(**_with_share(row)) for row in content["pushed"]],
    )


def _with_share(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "found": Share(**row["found"])}


def _after(one: Caught) -> tuple[str, str, str]:
    return _votes(one.half), _votes(one.nine_in_ten), f"{one.never} in {one.votes:,.0f} votes"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _interval(share: Share) -> str:
    return f"{100 * share.low:.1f} to {_percent(share.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _votes(n: int | None) -> str:
    return "-" if n is None else f"{n:,}"
