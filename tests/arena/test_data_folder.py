import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arena.data_folder import DataFolderError, lock, replica, secret

KEPT = pytest.mark.parametrize(("keep", "name", "length"), [(secret, "secret", 64), (replica, "replica", 32)])
Keep = Callable[[Path], bytes | str]


@KEPT
def test_secret_and_replica_are_made_once_and_readable_only_by_their_owner(
    keep: Keep, name: str, length: int, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    kept = keep(folder)
    assert len(kept) == length
    assert keep(folder) == kept
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == [name]


@KEPT
def test_many_starts_at_once_agree(keep: Keep, name: str, length: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: keep(tmp_path), range(64)))) == 1


@KEPT
def test_two_folders_have_different_ones(keep: Keep, name: str, length: int, tmp_path: Path) -> None:
    assert keep(tmp_path / "one") != keep(tmp_path / "two")


@KEPT
def test_a_folder_instead_of_the_file_is_an_error(keep: Keep, name: str, length: int, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(
        DataFolderError, match=rf"{tmp_path / name} cannot be read or written: Is a directory; expected a"
    ):
        keep(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match=f"{name} cannot be read or written: Not a directory"):
        keep(tmp_path / "file")


def test_a_short_secret_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(DataFolderError, match=r"/secret has 5 bytes; expected a secret of at least 32\. Restore it"):
        secret(tmp_path)


@pytest.mark.parametrize("text", ["", "main", "0" * 31, "g" * 32, "0" * 33])
def test_a_damaged_replica_file_is_an_error_with_advice(text: str, tmp_path: Path) -> None:
    (tmp_path / "replica").write_text(text)
    with pytest.raises(DataFolderError, match="/replica: expected 32 hexadecimal digits; delete it to get a new one"):
        replica(tmp_path)


def test_a_locked_folder_is_refused_to_a_second_process(tmp_path: Path) -> None:
    with lock(tmp_path / "data"), pytest.raises(DataFolderError, match=r"another arena uses the data folder .*--data"):
        lock(tmp_path / "data")
    lock(tmp_path / "data").close()


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DataFolderError,
        match=r"file/data cannot be used: Not a directory; choose one that you can write to with --data",
    ):
        lock(tmp_path / "file" / "data")
