"""The files that a command writes, completely or not at all; - is standard output."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from elo.commands.shared.failures import CommandError

STANDARD = Path("-")
"""Standard output."""


def print_report(text: object, *targets: Path | None) -> None:
    """Print the text for a reader, unless one of these files is standard output."""
    if STANDARD not in targets:
        print(text)


def check_targets(targets: Mapping[str, Path | None], *, reads: Iterable[Path] = ()) -> None:
    """Check before any work that the files of these options can be written, and that none is another's or one that the
    command `reads`. Raises CommandError."""
    taken = {path.resolve(): f"the input file {path}" for path in reads}
    printed = [option for option, path in targets.items() if path == STANDARD]
    if len(printed) > 1:
        raise CommandError(f"{' and '.join(printed)} are both standard output; give all but one the name of a file")
    for option, path in targets.items():
        if path is None or path == STANDARD:
            continue
        _check_target(path, option)
        if (place := path.resolve()) in taken:
            raise CommandError(f"{path} would replace {taken[place]}; give {option} another name")
        taken[place] = f"the file of {option}"


def _check_target(path: Path, option: str) -> None:
    if path.is_dir():
        raise CommandError(f"{path} is a folder; give {option} the name of a file")
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is not a regular file and would be replaced by one; give {option} another name")
    _check_parent(path, option)


def check_folder(path: Path, option: str) -> None:
    """Check before any work that the folder of this option exists or can be made. Raises CommandError."""
    if path.exists() and not path.is_dir():
        raise CommandError(f"{path} is not a folder; give {option} the name of a folder")
    _check_parent(path, option)


def _check_parent(path: Path, option: str) -> None:
    if not path.absolute().parent.is_dir():
        raise CommandError(f"there is no folder {path.absolute().parent} for {option} {path.name}; make it first")


def write_whole(path: Path, text: str) -> None:
    """Write the text completely or not at all. Raises CommandError."""
    with whole_file(path) as file:
        file.write(text)


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A file to write that takes its name, safe on disk, when the block ends without an error; an old file stays until
    then. Raises CommandError."""
    if path == STANDARD:
        yield sys.stdout
        return
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
