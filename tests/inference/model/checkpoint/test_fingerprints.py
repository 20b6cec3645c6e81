"""Digests of weights, and their cache: when a file is read again, and what a damaged entry changes."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inference.model.checkpoint import fingerprints
from inference.model.checkpoint.fingerprints import fingerprint
from inference.model.checkpoint.weights import save
from tests.inference.model.builders import hugging_face_model, random_model, tiny_config

WEIGHTS = "consolidated.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(random_model(tiny_config()), tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of entries, for files of any size."""
    monkeypatch.setattr(fingerprints, "_WORTH_KEEPING", 0)
    monkeypatch.setattr(fingerprints, "_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read whole from now on."""
    names, computed = list[str](), fingerprints._computed

    def record(path: Path) -> str:
        names.append(path.name)
        return computed(path)

    monkeypatch.setattr(fingerprints, "_computed", record)
    return names


def expected(folder: Path) -> str:
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:16]


def test_a_fingerprint_depends_on_all_weights_and_nothing_else(tmp_path: Path) -> None:
    hugging_face_model(tiny_config(sliding_window=None), "llama").save_pretrained(tmp_path, max_shard_size="60KB")
    shards = sorted(tmp_path.glob("model-*.safetensors"))
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in shards]
    before = fingerprint(tmp_path)
    assert len(shards) > 1
    assert before == hashlib.sha256(b"".join(digests)).hexdigest()[:16]
    (tmp_path / "config.json").touch()
    assert fingerprint(tmp_path) == before
    save_file({"x": torch.zeros(1)}, shards[-1])
    assert fingerprint(tmp_path) != before


def test_a_file_is_read_once(folder: Path, cache: Path, read: list[str]) -> None:
    assert [fingerprint(folder) for _ in range(3)] == [expected(folder)] * 3
    assert read == [WEIGHTS]
    assert [path.suffix for path in cache.iterdir()] == [".json"]


def test_a_file_whose_path_is_not_text_is_kept_too(folder: Path, cache: Path, read: list[str]) -> None:
    other = folder.rename(folder.with_name(os.fsdecode(b"model \xff")))
    assert [fingerprint(other) for _ in range(2)] == [expected(other)] * 2
    assert read == [WEIGHTS]


def test_small_files_are_not_kept(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_WORTH_KEEPING", 2**30)
    assert fingerprint(folder) == expected(folder)
    assert not cache.exists()


def test_a_file_that_was_written_again_is_read_again_even_with_its_old_time(
    folder: Path, cache: Path, read: list[str]
) -> None:
    before, times = fingerprint(folder), (folder / WEIGHTS).stat()
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    os.utime(folder / WEIGHTS, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(folder) == expected(folder) != before
    assert read == [WEIGHTS] * 2


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"file": 1, "sha256": "0"}', b"\xff\x00", b"[" * 10**5]
)
def test_a_damaged_entry_is_replaced(folder: Path, cache: Path, read: list[str], content: bytes) -> None:
    fingerprint(folder)
    (entry,) = cache.iterdir()
    sound = entry.read_bytes()
    entry.write_bytes(content)
    assert fingerprint(folder) == expected(folder)
    assert entry.read_bytes() == sound
    entry.write_bytes(sound.replace(expected(folder).encode(), b"g" * 16))
    assert fingerprint(folder) == expected(folder)
    assert read == [WEIGHTS] * 3


def test_processes_that_start_together_do_no_harm(folder: Path, cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fingerprint, [folder] * 32)) == {expected(folder)}
    assert len(list(cache.iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_done_without(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file, not a folder")
    assert fingerprint(folder) == expected(folder)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(fingerprints, "_cache", homeless)
    assert fingerprint(folder) == expected(folder)


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = fingerprints._computed

    def slowly(path: Path) -> str:
        digest = computed(path)
        os.utime(path, ns=(1, 1))
        return digest

    monkeypatch.setattr(fingerprints, "_computed", slowly)
    fingerprint(folder)
    assert not cache.exists()
