import ctypes
import subprocess
from pathlib import Path

import pytest

from inference.model.native import library as module
from inference.model.native.library import compiled, library
from tests.inference.model.native.needs import needs_compiler


@pytest.fixture
def afresh() -> None:
    library.cache_clear()


@needs_compiler
def test_a_library_is_made_once_in_the_first_place_that_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    made = compiled("cc", (blocked / "below", tmp_path / "cache"))
    assert made.parent == tmp_path / "cache"
    assert ctypes.CDLL(str(made)).decode
    before = made.stat().st_mtime_ns
    assert compiled("cc", (tmp_path / "cache",)) == made
    assert made.stat().st_mtime_ns == before
    assert list(made.parent.iterdir()) == [made]


def test_a_compiler_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        compiled("false", (tmp_path,))
    assert list(tmp_path.iterdir()) == []


def test_nowhere_to_write_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(OSError, match="can be written to"):
        compiled("cc", (blocked / "below",))


@pytest.mark.usefixtures("afresh")
def test_without_a_compiler_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as nothing:
        nothing.setattr("shutil.which", lambda _name: None)
        assert library() is None
    library.cache_clear()


@pytest.mark.usefixtures("afresh")
def test_a_failing_compiler_is_logged_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("shutil.which", lambda _name: "false")
        broken.setattr(module, "_places", lambda: (tmp_path,))
        assert library() is None
    assert "could not be compiled" in caplog.text
    library.cache_clear()
