"""pyarrow against row by row: whatever is in a file, both ways give the same votes, tallies and errors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elo.votes.files.csv_file import CsvFile
from elo.votes.files.opening import Opened
from elo.votes.vote_columns import Column
from elo.votes.votes_file import VotesFileError, read_votes

ALL: tuple[Column, ...] = ("voter", "prepared", "time", "draw_probability", "features")
HEADS = (
    "model_a,model_b,winner",
    "id,left,right,winner,kind,counted,anony,reasons,tstamp,judge,prepared_id,draw_probability,ledger_revision",
    ",model_b,winner_model_a,model_a,winner_model_b,winner_tie,timestamp,visitor",
)
NAMES = (
    "x",
    "y",
    "x ",
    "Llama 2 (70B)",
    "모델",
    "a-name-of-more-than-eight-bytes",
    "a-name-of-more-than-eight-bytez",
    "0",
)


def told(path: Path, **options: Any) -> object:
    """All that reading gives, as plain values; the message where it gives an error."""
    try:
        file = read_votes([path], **options)
    except VotesFileError as error:
        return str(error)
    votes = file.votes
    columns = [
        None if (column := getattr(votes, name)) is None else column.tolist()
        for name in ("a", "b", "outcome", "voter", "prepared", "time_s", "draw_probability")
    ]
    tallies = (
        file.n_rows,
        sorted(file.excluded.items()),
        file.n_other_kinds,
        file.n_other_times,
        file.revision,
        file.first_bad,
    )
    return repr((votes.models, votes.voters, columns, tallies))


def both_ways(path: Path, **options: Any) -> object:
    """What reading gives, which is the same row by row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elo.votes.files.csv_file.MANY_BYTES", 0)
        quick = told(path, **options)
        patch.setattr(CsvFile, "_plain", lambda *_: None)
        slow = told(path, **options)
    assert quick == slow
    return quick


def n_plain(path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many lines are read by pyarrow, with the header."""
    monkeypatch.setattr("elo.votes.files.csv_file.MANY_BYTES", 0)
    n_lines = 1
    with Opened(path) as opened:
        table = CsvFile(opened, lambda _: True)
        for chunk in table.chunks(table.columns):
            n_lines += len(chunk) if isinstance(chunk.lines, range) else 0
    return n_lines


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


HEAD = "model_a,model_b,winner,counted,kind,tstamp,judge\n"
ODD_FILES = [
    "",
    "\n",
    HEAD,
    HEAD.strip(),
    HEAD + "x,y,a,,,,",
    HEAD + "x,y,a,,,1.5,ann\ny,z,tie,true,battle,2,\nz,x,both_bad,1,,,ann\nx,y,b,0,battle,4,bob\n",
    "\ufeff" + HEAD + "x,y,a,,,1,ann\n",
    HEAD.replace("\n", "\r\n") + "x,y,a,,,1,ann\r\ny,x,b,,,,ann\r\n",
    HEAD + "x,y,a,,,1,ann\r\ny,x,b,,,,\n",
    HEAD + "x,y,a,,,1,ann\ry,x,b,,,,\n",
    HEAD + "x,y,a,,,1,an\rn\n",
    HEAD + "\nx,y,a,,,1,ann\n\n\ny,x,b,,,,\n",
    HEAD + "x,y,a,,,1,ann\n,,,,,,\n",
    HEAD + "x,y,a,,,1,ann\nx,y,a,,,1\nx,y,a,,,1,ann,1\n",
    HEAD + "x,y,a,,,1\nann,x,y,a,,,1,ann\n",
    HEAD + 'x,y,a,,,1,ann\n"x, 1",y,a,,,2,"a ""b"" c"\ny,x,b,,,,bob\n',
    HEAD + 'x,y,a,,,1,ann\nx"x,y,a,,,2,bob\n',
    HEAD + 'x,y,a,,,1,ann\n"x"x,y,a,,,2,bob\n',
    HEAD + 'x,y,a,,,1,"ann\n',
    '"model_a",model_b,winner\nx,y,a\n',
    '"model_a","model_b","winner"\n"x","y","a"\n"y","x",""\n',
    '"model_a","model_b","winner"\r\n"x","y","a"\r\n"y, z","x","b"\r\n',
    '"model_a","model_b","winner"\n"x","y","a"\n"x",",","a"\n"x","y""z","tie"\n"x","y\nz","tie"\nx,"y","b"\n',
    "model_a,model_a,model_b,winner\nx,z,y,a\n",
    HEAD + "x,x,a,,,1,ann\n",
    HEAD + "x,x,a,0,,1,ann\nx,y,?,false,,1,ann\n,,,0,,,\n",
    HEAD + "x,y,A,,,1,ann\nx,y,a,,,1,ann\n",
    HEAD + "x,y,a,,,1,ann\nx,y,a,no,,1,ann\n",
    HEAD + "x,y,a,,quick,oops,ann\nx,y,a,,,1,ann\n",
    HEAD + "x,y,a,,,oops,ann\n",
    HEAD + "x,y,a,,,2026-01-31,ann\nx,y,b,,,2026-01-31T12:00:00Z,bob\n",
    HEAD + "x,y,a,,,1e400,ann\n",
    HEAD + "x,y,a,,,nan,ann\nx,y,a,,,inf,ann\n",
    HEAD + "x,y,a,,,1_0,ann\n",
    HEAD + "x,y,a,,, 1 ,ann\n",
    HEAD + "x,y,a,,,1700000000000,ann\n",
    HEAD + "x,y,a,,,1.5.2,ann\n",
    HEAD + " x,y,a,,,1,ann\nx,y,a,,,1,ann\nx ,y,a,,,1,ann\n",
    HEAD + "x\x00,y,a,,,1,ann\n",
    HEAD + "x,y,a,,,1,an\x00n\nx,y,a,,,1,an\n",
    HEAD + "모델,y,a,,,1,누구\n모델,y,b,,,1,누구\n",
    HEAD + "x,y,a,,,1," + "n" * 300 + "\n",
    HEAD + "x" * 300 + ",y,a,,,1,ann\n",
    "model_a,model_b,winner\n" + "x,y,a\n" * 40 + "x,y,A\n" + "x,y,b\n" * 40 + "x,y,B\n",
    "model_a,model_b,winner,draw_probability\nx,y,a,0.5\nx,y,a,0\n",
    "model_a,model_b,winner,draw_probability\nx,y,a,1\nx,y,a,\nx,y,a,1.01\n",
    "model_a,model_b,winner,counted,reasons\nx,y,a,0,\nx,y,a,0,banned;withdrawn\nx,y,a,0,banned stopped\nx,y,a,1,odd\n",
    "model_a,model_b,winner,ledger_revision\nx,y,a,7\nx,y,a,7\n",
    "left,right,winner_model_a,winner_model_b,winner_tie\nx,y,1,0,0\nx,y,0,1.0,False\nx,y,0,0,true\n",
    "left,right,winner_model_a,winner_model_b,winner_tie\nx,y,1,0,0\nx,y,1,1,0\nx,y,,0,1\nx,y,0,0,0\n",
]


@pytest.mark.parametrize("text", ODD_FILES)
@pytest.mark.parametrize("block_bytes", [2**22, 30])
def test_odd_files_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, block_bytes: int) -> None:
    monkeypatch.setattr("elo.votes.files.csv_file._BLOCK_BYTES", block_bytes)
    path = write(tmp_path / "votes.csv", text)
    for skip_bad in (False, True):
        for options in ({}, {"columns": ALL}, {"since": 1.5, "until": 1e9, "kind": "all"}):
            both_ways(path, skip_bad=skip_bad, **options)


def test_bytes_that_are_not_text_are_refused_alike(tmp_path: Path) -> None:
    for text in (b"left,right,winner\nx,\xff,left\n", b"left,right,winner\nx,y,left\nx,\xc3", b"left,right,w\xff\n"):
        assert "is not UTF-8 text" in str(both_ways(write(tmp_path / "votes.csv", text)))


texts = st.one_of(st.sampled_from(NAMES), st.text(max_size=12))
CELLS = {
    "winner": st.sampled_from(["a", "model_b", "left", "tie", "tie (bothbad)", "both_bad", "A", ""]),
    "kind": st.sampled_from(["battle", "battle", "quick", ""]),
    "counted": st.sampled_from(["true", "True", "1", "", "false", "maybe"]),
    "anony": st.sampled_from(["True", "", "", "0"]),
    "reasons": st.sampled_from(["", "banned", "banned withdrawn"]),
    "tstamp": st.sampled_from(["1", "2.5", "1e3", "", "-7", "2026-01-31", "x"]),
    "draw_probability": st.sampled_from(["0.25", "1", "", "2"]),
    "ledger_revision": st.sampled_from(["5", "6"]),
}
CELLS |= {"timestamp": CELLS["tstamp"], "winner_model_a": st.sampled_from("01")}
CELLS |= {name: st.sampled_from("01") for name in ("winner_model_b", "winner_tie")}


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_files_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    monkeypatch.setattr("elo.votes.files.csv_file._BLOCK_BYTES", data.draw(st.sampled_from([1, 50, 2**22])))
    head = data.draw(st.sampled_from(HEADS))
    row = st.tuples(*(CELLS.get(column, texts) for column in head.split(","))).map(",".join)
    rows = data.draw(st.lists(row, max_size=12))
    if data.draw(st.booleans()):  # as many programs write them
        rows = [",".join(f'"{cell}"' for cell in cells.split(",")) for cells in rows]
    ending = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = ending.join([head, *rows, data.draw(st.sampled_from(["", "x"]))])
    path = write(tmp_path / "votes.csv", text.encode("utf-8", "replace"))
    options: dict[str, Any] = data.draw(
        st.sampled_from([{}, {"columns": ALL}, {"kind": "all", "columns": ALL}, {"columns": ("voter", "time")}])
    )
    both_ways(path, skip_bad=data.draw(st.booleans()), **options)


def test_many_lines_are_plain_and_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many models, voters and texts of all lengths."""
    rng = np.random.default_rng(1)
    models = [f"{'model' * (i % 9)}-{i}" for i in range(700)]
    a = rng.integers(0, 700, 20_000)
    b = (a + rng.integers(1, 700, 20_000)) % 700
    rows = [
        f"{i},{models[x]},{models[y]},{o},{t},voter-{v}"
        for i, (x, y, o, t, v) in enumerate(
            zip(
                a,
                b,
                rng.choice(["a", "b", "tie"], 20_000),
                rng.random(20_000),
                rng.integers(0, 5_000, 20_000),
                strict=True,
            )
        )
    ]
    path = write(tmp_path / "votes.csv", "\n".join(["id,model_a,model_b,winner,tstamp,judge", *rows, ""]))
    assert n_plain(path, monkeypatch) == 20_001
    assert "model-" in str(both_ways(path, columns=ALL))
    assert "model-" in str(both_ways(path, columns=ALL, since=0.25, until=0.5))


@pytest.mark.parametrize(
    "line",
    ['x,"y,left\n', 'x,"y ""z""",left\n', "x,y\n", "x,y,left,1\n", "\n", "x,y\r,left\n", "x,y,left\rx,y,left\n"],
)
def test_lines_that_are_not_plain_end_the_quick_way(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "votes.csv", "left,right,winner\nx,y,left\n" + line)
    assert n_plain(path, monkeypatch) == 1
    both_ways(path)
