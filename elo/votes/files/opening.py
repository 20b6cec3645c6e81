"""A path or standard input as bytes, unpacked.

Packed files are known by their first bytes: gzip, bzip2, xz, zstd, and zip with one file in it. Standard input is read
into a temporary file, because votes are read more than once.
"""

import bz2
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from elo.votes.files.chunks import PackedError

STANDARD = Path("-")
"""Standard input."""
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
_LONGEST_MARK = max(map(len, _PACKED))
_PARQUET = b"PAR1"
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_HIDDEN = ("__MACOSX/", ".")


class Opened:
    """One votes file whose bytes can be read again and again. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()
        self._copy: BinaryIO | None = None
        self.is_parquet = False
        self.encoding = "utf-8"

    def __enter__(self) -> "Opened":
        try:
            if self.path == STANDARD:
                if sys.stdin is None or sys.stdin.isatty():
                    raise PackedError("is the terminal; expected votes from a pipe or a file")
                self._keep(sys.stdin.buffer)
            with self.bytes() as file:
                start = file.read(len(_PARQUET))
            self.is_parquet = start == _PARQUET
            self.encoding = _WIDE.get(start[:2], "utf-8")
            if self.is_parquet and self._copy is None:
                with self.path.open("rb") as file:
                    is_packed = file.read(len(_PARQUET)) != _PARQUET
                if is_packed:  # it is read from its end
                    with self.bytes() as file:
                        self._keep(file)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _keep(self, file: BinaryIO) -> None:
        copy = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed with the stack)
        shutil.copyfileobj(file, copy)
        self._copy = cast(BinaryIO, copy)

    @contextmanager
    def raw(self) -> Iterator[BinaryIO]:
        """The bytes as they are."""
        if self._copy is None:
            with self.path.open("rb") as file:
                yield file
        else:
            self._copy.seek(0)
            yield self._copy

    @contextmanager
    def bytes(self) -> Iterator[BinaryIO]:
        """The bytes, unpacked."""
        with self.raw() as file:
            start = file.read(_LONGEST_MARK)
            file.seek(0)
            kind = next((kind for mark, kind in _PACKED.items() if start.startswith(mark)), None)
            if kind is None:
                yield file
                return
            with ExitStack() as stack:
                unpacked = _unpacked(file, kind, stack)
                with _translated(kind):
                    yield unpacked

    @contextmanager
    def text(self, *, offset: int = 0) -> Iterator[TextIO]:
        """The text from that byte on."""
        with self.bytes() as file:
            file.seek(offset)
            encoding = "utf-8-sig" if self.encoding == "utf-8" and not offset else self.encoding
            text = io.TextIOWrapper(file, encoding=encoding, newline="")
            try:
                yield text
            finally:
                text.detach()  # the caller of `bytes` closes the file


def _unpacked(file: BinaryIO, kind: str, stack: ExitStack) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, stack.enter_context(gzip.open(file)))
    if kind == "bzip2":
        return cast(BinaryIO, stack.enter_context(bz2.open(file)))
    if kind == "xz":
        return cast(BinaryIO, stack.enter_context(lzma.open(file)))
    if kind == "zip":
        return _only_member(file, stack)
    import pyarrow

    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed with the stack)
    with _translated(kind), pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd") as stream:
        shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _only_member(file: BinaryIO, stack: ExitStack) -> BinaryIO:
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
    except zipfile.BadZipFile as error:
        raise PackedError(f"is a zip file that cannot be unpacked: {error}; download or pack it again") from error
    names = [one.filename for one in archive.infolist() if not one.is_dir()]
    if "[Content_Types].xml" in names:
        raise PackedError("is a workbook of a spreadsheet program; save it there as CSV")
    names = [name for name in names if not name.startswith(_HIDDEN) and not Path(name).name.startswith(".")]
    if len(names) != 1:
        shown = ", ".join(names[:8]) or "none"
        raise PackedError(
            f"is a zip file with {len(names)} files ({shown}); expected one, so unpack it and name the file"
        )
    if archive.getinfo(names[0]).flag_bits & 1:
        raise PackedError("is a zip file with a password; unpack it first")
    return cast(BinaryIO, stack.enter_context(archive.open(names[0])))


@contextmanager
def _translated(kind: str) -> Iterator[None]:
    """Raise errors in packed bytes as RowsError."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError) as error:
        raise PackedError(f"is a {kind} file that cannot be unpacked: {error}; download or pack it again") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise PackedError(f"is a {kind} file that cannot be unpacked: {error}; download or pack it again") from error
