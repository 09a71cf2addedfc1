"""The report for data tools: Parquet, one row an object of a group, with the columns of `rows.Row`.

Keys are exact; in one that is no Unicode text, which S3 does not store, lone surrogates are escaped. Money is a decimal
with ten places. What the JSON report says before its groups is in the file's metadata, as JSON under "s3dedup".
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from s3dedup.errors import UsageError
from s3dedup.report.records import head, json_text
from s3dedup.report.rows import Row, rows

try:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter
except ImportError as error:
    raise UsageError(
        "The parquet format needs pyarrow: pip install 's3dedup[report]', or choose another --format."
    ) from error

if TYPE_CHECKING:
    from s3dedup.model import AuditReport
    from s3dedup.report.view import View

ROWS = 1 << 16
"""Rows in a row group: all that is held of a report at a time."""
PLACES = Decimal(1).scaleb(-10)

SCHEMA = pa.schema(
    {
        "group": pa.string(),
        "evidence": pa.string(),
        "keeper": pa.bool_(),
        "bucket": pa.string(),
        "key": pa.string(),
        "version_id": pa.string(),
        "size": pa.int64(),
        "reclaimable_bytes": pa.int64(),
        "monthly_usd": pa.decimal128(38, 10),
        "storage_class": pa.string(),
        "last_modified": pa.timestamp("us", "UTC"),
        "etag": pa.string(),
        "effect": pa.string(),
        "saved_usd": pa.decimal128(38, 10),
        "early_delete_usd": pa.decimal128(38, 10),
        "days_left": pa.int32(),
    }
)


def render(report: AuditReport, stream: BinaryIO, _view: View) -> None:
    """Write row group after row group; the view changes nothing. Skipped objects are in the JSON formats."""
    schema = SCHEMA.with_metadata({"s3dedup": json_text(head(report))})
    objects = rows(report.groups)
    with ParquetWriter(stream, schema, compression="zstd") as writer:
        while batch := list(islice(objects, ROWS)):
            writer.write_batch(_batch(batch, schema))


def _batch(batch: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*batch, strict=True)
    return pa.record_batch([_column(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema)


def _column(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        values = [value and value.quantize(PLACES) for value in values]
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([value and value.encode("utf-8", "backslashreplace") for value in values], kind)
