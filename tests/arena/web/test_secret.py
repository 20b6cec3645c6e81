from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arena.web.secret import SecretError, load_or_create


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    secret = load_or_create(path)
    assert len(secret) == 64
    assert load_or_create(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_many_starts_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: load_or_create(tmp_path / "secret"), range(64)))
    assert len(secrets) == 1


def test_two_arenas_have_two_secrets(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "one") != load_or_create(tmp_path / "two")


def test_a_file_that_is_no_secret_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("short\n")
    with pytest.raises(SecretError, match=rf"{path}: 5 bytes; expected a secret of at least 32\. Restore it"):
        load_or_create(path)


def test_a_folder_in_the_place_of_the_secret_or_of_its_parent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=rf"{tmp_path} cannot be read or made: Is a directory; expected a file"):
        load_or_create(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match="secret cannot be read or made: Not a directory"):
        load_or_create(tmp_path / "file" / "secret")
