"""Parquet files."""

from collections.abc import Iterator, Sequence

from elo.votes.files.chunks import ArrowCells, Chunk, RowsError
from elo.votes.files.opening import Opened

_BATCH_ROWS = 2**17


class ParquetFile:
    """Rows are counted from 1, because there are no lines. A `Table`."""

    unit = "row"
    is_open_ended = False

    def __init__(self, opened: Opened) -> None:
        """Raises RowsError if the file is not a complete Parquet file."""
        import pyarrow
        import pyarrow.parquet

        self._opened, self._broken = opened, pyarrow.ArrowException
        with opened.raw() as file:
            try:
                schema = pyarrow.parquet.ParquetFile(file).schema_arrow
            except (self._broken, OSError) as error:
                raise RowsError(f"is not a complete Parquet file: {_first_line(error)}") from error
        self.columns: Sequence[str] = tuple(schema.names)
        is_text = pyarrow.types.is_string, pyarrow.types.is_large_string
        self._texts = {field.name for field in schema if any(is_kind(field.type) for is_kind in is_text)}

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        import pyarrow.parquet

        present = [name for name in dict.fromkeys(names) if name in self.columns]
        texts = [name for name in present if name in self._texts]
        n_rows = 0
        with self._opened.raw() as file:
            try:
                parquet = pyarrow.parquet.ParquetFile(file, read_dictionary=texts)
                for batch in parquet.iter_batches(_BATCH_ROWS, columns=present):
                    columns = {name: ArrowCells(batch.column(name)) for name in present}
                    yield Chunk(range(n_rows + 1, n_rows + batch.num_rows + 1), columns)
                    n_rows += batch.num_rows
            except (self._broken, OSError) as error:
                raise RowsError(f"cannot be read after row {n_rows}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
