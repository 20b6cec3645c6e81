"""Tables: every row has as many cells as its heading, and contains the record's figures."""

from itertools import product

from bench.inference.engines.interface import DTYPES
from bench.inference.records import BATCHES, PROMPTS, SIZES, Cell
from bench.inference.tables import missing, options_table, rates_table, targets_table
from bench.inference.targets import judge
from tests.bench.inference.sample_records import full, record


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_a_row_has_our_rates_and_the_ratios() -> None:
    heading, _, row = rates_table([full()]).splitlines()
    assert len(cells(row)) == len(cells(heading))
    assert cells(row) == [
        *("160M bfloat16", "512", "8"),
        *("1,500", "1.00", "1.50"),
        *("321", "3.00", "1.00"),
        *("700", "710", "400"),
    ]


def test_an_engine_that_was_not_run_has_dashes() -> None:
    alone = record(Cell("15M", "float32", 512, 1), ours=[(8765.4, 4.27)])
    assert cells(rates_table([alone]).splitlines()[2])[3:9] == ["8,770", "-", "-", "4.27", "-", "-"]
    assert cells(options_table([alone]).splitlines()[2])[5:7] == ["-", "-"]


def test_a_row_has_the_speed_up_over_our_float32() -> None:
    both = record(Cell("15M", "bfloat16", 512, 1), **{"ours": [(110.0, 30.0)], "ours float32": [(100.0, 20.0)]})
    assert cells(options_table([both]).splitlines()[2])[-2:] == ["1.10", "1.50"]


def test_a_row_has_the_options_of_each_engine() -> None:
    heading, _, row = options_table([full()]).splitlines()
    assert len(cells(row)) == len(cells(heading))
    assert cells(row)[3:] == ["3", "2 / 1", "2 / 1", "2 f / 1", "20.0", "201%", "-", "-"]


def test_a_target_has_the_measured_figure() -> None:
    where = "160M bfloat16, prompt 512, batch 8"
    missed = record(Cell("15M", "float32", 512, 8), ours=[(1.0, 15.0)], transformers=[(1.0, 10.0)])
    for records, worst in (
        ([], ["", "not measured", ""]),
        ([full()], [f"3.00x ({where})", "met", "1 of 1"]),
        ([full(), missed], ["1.50x (15M float32, prompt 512, batch 8)", "**missed**", "1 of 2"]),
    ):
        heading, _, *rows = map(cells, targets_table(judge(records, has_avx512=True)).splitlines())
        assert rows[3] == ["speed-up over transformers, decode of 8 sequences", "at least 2x", *worst]
        assert {len(row) for row in rows} == {len(heading)}


def test_a_share_of_the_floor_is_a_percentage() -> None:
    near = record(Cell("1.1B", "bfloat16", 512, 1), ours=[(1.0, 17.5)])
    row = cells(targets_table(judge([near], has_avx512=True)).splitlines()[4])
    assert row[1:4] == ["at least 85 %", "88 % (1.1B bfloat16, prompt 512, batch 1)", "met"]


def test_missing_cells_are_named() -> None:
    all_of_them = [record(Cell(*parts), ours=[(1.0, 1.0)]) for parts in product(SIZES, DTYPES, PROMPTS, BATCHES)]
    assert missing(all_of_them) == []
    assert missing(all_of_them[:-1]) == ["Not measured: 1.1B int8, prompt 2,048, batch 8.\n"]
    assert missing(all_of_them[:-5]) == ["Not measured: 1.1B float32, prompt 2,048, batch 8; 1.1B int8.\n"]
