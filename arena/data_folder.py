"""The data folder: its lock, its secret and its name.

    lock       locked by the process that uses the folder
    secret     the key of every pseudonym. Without it all visitors become strangers: their votes stay, but their
               battles belong to nobody
    replica    the name of this folder's arena in its database. Several arenas, each with its own folder, may share one
               database, and none ends the battles of another. Do not copy this file into a second folder

Secret and replica are random, made once, and readable only by their owner.
"""

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
    """The folder or one of its files cannot be used."""


def lock(folder: Path) -> IO[bytes]:
    """Lock the folder for this process, and make it if it is missing; the lock lasts while the returned file is open.

    Two arenas on one folder would each void the other's battles at its start. The lock is the kernel's, not the file's
    existence, so it ends with the process in every case. Raises `DataFolderError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb")
    except OSError as error:
        raise DataFolderError(
            f"the data folder {folder} cannot be used: {error.strerror}; choose one that you can write to with --data"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if isinstance(error, BlockingIOError):
            reason = f"another arena uses the data folder {folder}; stop it, or choose another folder with --data"
        else:
            reason = f"the data folder {folder} cannot be locked: {error.strerror}; choose a local folder with --data"
        raise DataFolderError(reason) from error
    return file


def secret(folder: Path) -> bytes:
    """Return the secret; make one the first time. Raises `DataFolderError`."""
    path = folder / "secret"
    kept = _load_or_create(path, secrets.token_hex(MIN_SECRET_BYTES))
    if len(kept) < MIN_SECRET_BYTES:
        raise DataFolderError(
            f"{path} has {len(kept)} bytes; expected a secret of at least {MIN_SECRET_BYTES}."
            " Restore it from a backup, or delete it to get a new one, which makes all visitors strangers"
        )
    return kept


def replica(folder: Path) -> str:
    """Return the name of this folder's arena; make one the first time. Raises `DataFolderError`."""
    path = folder / "replica"
    kept = _load_or_create(path, secrets.token_hex(16))
    if not _REPLICA.fullmatch(kept):
        raise DataFolderError(f"{path}: expected 32 hexadecimal digits; delete it to get a new one")
    return kept.decode()


def _load_or_create(path: Path, new: str) -> bytes:
    """Return the content of the file; the first time, write `new`. If several processes start at once, all return the
    content that was written first. The file is never seen half written."""
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
            with contextlib.suppress(FileExistsError):  # another process was faster: its file counts
                os.link(draft, path)
        finally:
            draft.unlink()
        return path.read_bytes().strip()
    except OSError as error:
        raise DataFolderError(
            f"{path} cannot be read or written: {error.strerror}; expected a file of this user in a writable folder"
        ) from error
