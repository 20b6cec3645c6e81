"""Files that a command writes: asked for before any work, and written whole or not at all."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from elo.commands.shared.failures import CommandError


def check_targets(targets: Mapping[str, Path | None], *, reads: Iterable[Path] = ()) -> None:
    """Before any work: can the files of these options be written at all, and is none of them another one's, nor one
    that the command `reads`? Raises CommandError."""
    taken = {path.resolve(): f"the file {path} that is read" for path in reads}
    for option, path in targets.items():
        if path is None:
            continue
        _check_target(path, option)
        if (place := path.resolve()) in taken:
            raise CommandError(f"{path} would replace {taken[place]}; give {option} another name")
        taken[place] = f"what {option} writes there"


def _check_target(path: Path, option: str) -> None:
    if path.is_dir():
        raise CommandError(f"{path} is a folder; give {option} the name of a file")
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is no ordinary file and would be replaced by one; give {option} another name")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"there is no folder {path.absolute().parent} for {option} {path.name}; make it first")


def check_folder(path: Path, option: str) -> None:
    """Before any work: can files be written into the folder of this option, or can it be made? Raises CommandError."""
    if path.exists() and not path.is_dir():
        raise CommandError(f"{path} is no folder; give {option} the name of one, or of one to be made")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"there is no folder {path.absolute().parent} for {option} {path.name}; make it first")


def write_whole(path: Path, text: str) -> None:
    """Writes the text, all or nothing. Raises CommandError."""
    with whole_file(path) as file:
        file.write(text)


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A file to write that takes its name, safe on disk, when the block has ended without an error: an old one stays
    until then. Raises CommandError."""
    draft = path.absolute().with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("x", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}") from error
