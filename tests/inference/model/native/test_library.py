import ctypes
import os
import platform
import sys
from pathlib import Path

import pytest

from inference.model.native import library as module
from inference.model.native.library import FLAGS, find, flags, library, library_folders, library_name
from tests.inference.model.native.needs import needs_compiler


@needs_compiler
def test_the_library_is_loaded_and_has_both_functions() -> None:
    its_library = library()
    assert isinstance(its_library, ctypes.CDLL)
    assert its_library.decode
    assert its_library.attend_chunk


def test_the_name_changes_with_flags_and_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("one")
    name = library_name(str(compiler))
    assert library_name(str(compiler)) == name
    compiler.write_text("another")
    assert library_name(str(compiler)) != name
    os.utime(compiler, (1, 1))
    other = library_name(str(compiler))
    monkeypatch.setattr(module, "FLAGS", (*FLAGS, "-DX"))
    assert library_name(str(compiler)) != other


def test_the_name_changes_with_every_source_and_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "cc"
    compiler.touch()
    monkeypatch.setattr(module, "CODE", tmp_path)
    names = []
    for name in ("a.c", "b.c", "a.h"):
        for text in ("one", "two"):
            (tmp_path / name).write_text(text)
            names.append(library_name(str(compiler)))
    assert len(set(names)) == len(names)
    assert [path.name for path in module.sources()] == ["a.c", "b.c"]


def test_the_code_is_compiled_for_avx2_under_torchs_own_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "cc"
    compiler.touch()
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    assert "-march=native" in flags()
    name = library_name(str(compiler))
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    assert "-march=x86-64-v3" in flags()
    assert "-march=native" not in flags()
    assert library_name(str(compiler)) != name
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert "-march=native" in flags()


def test_it_is_stored_beside_pythons_compiled_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_folders()[0] == Path(module.__file__).parent / "__pycache__"
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    assert tmp_path in library_folders()[0].parents


def test_a_user_without_a_home_has_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert library_folders() == (Path(module.__file__).parent / "__pycache__",)


def test_the_first_folder_that_has_it_is_used(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert find("x.so", (first, second)) is None
    second.mkdir()
    (second / "x.so").touch()
    assert find("x.so", (first, second)) == second / "x.so"


def test_a_file_that_is_not_a_library_is_logged_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = tmp_path / "cc"
    compiler.touch()
    monkeypatch.setattr(module, "_loaded", None)
    monkeypatch.setattr(module, "_has_looked", False)
    monkeypatch.setattr(module, "find_compiler", lambda: str(compiler))
    monkeypatch.setattr(module, "library_folders", lambda: (tmp_path,))
    (tmp_path / library_name(str(compiler))).write_text("not a library")
    assert library() is None
    assert "cannot be loaded; torch computes" in caplog.text
