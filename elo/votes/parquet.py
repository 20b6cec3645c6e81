"""Parquet files as rows. Only this module imports pyarrow, an extra, and only to read such a file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from elo.votes.rows import RowsError, VoteRow, flattened

MAGIC = b"PAR1"
"""The first bytes of such a file."""
_BATCH_ROWS = 2**16


class ParquetRows:
    """Rows are counted from 1, because there are no lines."""

    def __init__(self, path: Path) -> None:
        """Raises RowsError without pyarrow, or if the file is not a complete Parquet file."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise RowsError(
                "is a Parquet file, which needs pyarrow: pip install pyarrow, or write it as CSV"
            ) from error
        self._broken = pyarrow.ArrowException
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except (self._broken, OSError) as error:
            raise RowsError(f"is not a complete Parquet file: {_first_line(error)}") from error
        self.columns = tuple(self._file.schema_arrow.names)

    def pick(self, wanted: Sequence[str], whole: Sequence[str] = ()) -> Iterator[VoteRow]:
        names = [*wanted, *whole]
        present = [name for name in self.columns if name in names]
        n_rows = 0
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, columns=present):
                missing = [None] * batch.num_rows
                columns = [batch.column(name).to_pylist() if name in present else missing for name in names]
                for row in zip(*columns, strict=True):
                    n_rows += 1
                    yield VoteRow(n_rows, flattened(row[: len(wanted)]), row[len(wanted) :])
        except (self._broken, OSError) as error:
            raise RowsError(f"cannot be read after row {n_rows}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
