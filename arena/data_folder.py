"""The data folder: whose it is, and what it keeps beside the database.

    lock       held by the process that uses the folder
    secret     the key of every pseudonym. Who deletes it makes all visitors strangers: their votes stay, their battles
               are nobody's
    replica    the name of this folder's arena in its database: several arenas, each with a folder of its own, may share
               one database, and none ends the battles of another. Not to be copied with the folder into a second one

Both are random, made once, and readable by their owner only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import IO

MIN_SECRET_BYTES = 32
_REPLICA = re.compile(rb"[0-9a-f]{32}")


class DataFolderError(ValueError):
    """The folder, or what it keeps, cannot be used."""


def lock(folder: Path) -> IO[bytes]:
    """The folder, made if need be, is this process's alone while the file is open. Raises `DataFolderError`.

    Two arenas on one folder would each void the other's battles at its start. The kernel holds the lock, not the
    file's existence: it goes with the process, however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb")
    except OSError as error:
        raise DataFolderError(
            f"the data folder {folder} cannot be used: {error.strerror};"
            " expected one that can be made and written, choose it with --data"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if isinstance(error, BlockingIOError):
            reason = f"another arena runs on the folder {folder}; stop it, or choose another folder with --data"
        else:
            reason = f"the data folder {folder} cannot be locked: {error.strerror}; choose a local one with --data"
        raise DataFolderError(reason) from error
    return file


def secret(folder: Path) -> bytes:
    """The secret, a new one where there is none yet. Raises `DataFolderError`."""
    path = folder / "secret"
    kept = _load_or_create(path, secrets.token_hex(MIN_SECRET_BYTES))
    if len(kept) < MIN_SECRET_BYTES:
        raise DataFolderError(
            f"{path}: {len(kept)} bytes; expected a secret of at least {MIN_SECRET_BYTES}."
            " Restore it from a backup, or delete it to make a new one: all visitors are strangers then"
        )
    return kept


def replica(folder: Path) -> str:
    """The name of this folder's arena, a new one where there is none yet. Raises `DataFolderError`."""
    path = folder / "replica"
    kept = _load_or_create(path, secrets.token_hex(16))
    if not _REPLICA.fullmatch(kept):
        raise DataFolderError(f"{path}: expected 32 hexadecimal digits; delete it to make a new one")
    return kept.decode()


def _load_or_create(path: Path, new: str) -> bytes:
    """What the file holds; where there is none yet, `new`, also when several processes start at once. The file appears
    whole or not at all."""
    try:
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes().strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(new + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was faster: what it made holds
                os.link(draft, path)
        finally:
            draft.unlink()
        return path.read_bytes().strip()
    except OSError as error:
        raise DataFolderError(
            f"{path} cannot be read or made: {error.strerror}; expected a file of this user, in a folder to write in"
        ) from error
