"""The arena's secret: the key of every pseudonym. Made once, kept beside the database, readable by its owner only.

Who deletes it makes all visitors strangers: their votes stay, their battles are nobody's.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

MIN_BYTES = 32


class SecretError(ValueError):
    """The file of the secret cannot be used."""


def load_or_create(path: Path) -> bytes:
    """The secret in the file; a new one where there is no file yet, also when several processes start at once.

    The file appears whole or not at all. Raises `SecretError` for a file that is too short to be one, or that can be
    neither read nor made.
    """
    try:
        return _load_or_create(path)
    except OSError as error:
        raise SecretError(
            f"{path} cannot be read or made: {error.strerror}; expected a file of this user, in a folder to write in"
        ) from error


def _load_or_create(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(MIN_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was faster: its secret holds
            os.link(draft, path)
    finally:
        draft.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    secret = path.read_bytes().strip()
    if len(secret) < MIN_BYTES:
        raise SecretError(
            f"{path}: {len(secret)} bytes; expected a secret of at least {MIN_BYTES}."
            " Restore it from a backup, or delete it to make a new one: all visitors are strangers then"
        )
    return secret
