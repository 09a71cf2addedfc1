"""The file that a price table is kept in: read strictly, written back as it was read, and one that ships."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from typing import Any, Literal, TypeVar

import msgspec

from s3dedup.cost.prices import PriceTable, Rates, RegionPrices

SCHEMA = "s3dedup/prices/1"

T = TypeVar("T")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """What stands around the regions. All amounts in the file are of one currency."""

    schema: Literal["s3dedup/prices/1"]
    currency: Literal["USD"]
    regions: dict[str, dict[str, Any]]


def read_table(text: bytes) -> PriceTable:
    """Read a price file (JSON). Amounts may be numbers or strings, and count with exactly the digits written.

    Raises:
        ValueError: it is no such file; the message names the place and what is wrong there.
    """
    try:
        document = msgspec.json.Decoder(float_hook=Decimal).decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no JSON ({_without_path(error)})") from error
    file = _read(document, _File, "the file")
    return PriceTable({name: _region(raw, f"regions.{name}") for name, raw in file.regions.items()})


def write_table(table: PriceTable) -> bytes:
    """The file of a table; `read_table` gives the same table back."""
    document = {"schema": SCHEMA, "currency": "USD", "regions": msgspec.to_builtins(table.regions)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def shipped_table() -> PriceTable:
    """The dated table that comes with the program. It knows us-east-1 only; see the file for its source."""
    return read_table(files("s3dedup.cost").joinpath("prices.json").read_bytes())


def _region(raw: dict[str, Any], place: str) -> RegionPrices:
    """Class by class, because msgspec names the keys of mappings only as `[...]`."""
    listed = _read(raw.get("classes"), dict[str, Any], f"{place}.classes")
    classes = {name: _read(rates, Rates, f"{place}.classes.{name}") for name, rates in listed.items()}
    bare = _read(raw | {"classes": {}}, RegionPrices, place)
    return msgspec.structs.replace(bare, classes=classes)


def _read(value: object, kind: type[T], place: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise ValueError(f"{place}{path.rstrip('`')}: {message}") from error


def _without_path(error: Exception) -> str:
    return str(error).partition(" - at ")[0]
