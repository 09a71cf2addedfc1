from __future__ import annotations

import inspect
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from s3dedup.errors import UsageError
from s3dedup.model import DuplicateGroup, EvidenceKind
from s3dedup.report import FORMATS, View, parquet, render, renderer
from tests.report import samples
from tests.report.samples import empty_report, rich_report
from tests.report.test_json import Once

TEXTS = [name for name, kind in FORMATS.items() if not kind.binary]


class Sink(BytesIO):
    """Bytes that are forgotten; it says how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def write(self, data: object) -> int:
        """Count them."""
        length = len(memoryview(data))  # type: ignore[arg-type]  # any buffer
        self.count += length
        return length


@pytest.mark.parametrize("name", FORMATS)
def test_every_renderer_takes_a_report_a_stream_and_a_view(name: str) -> None:
    kinds = [parameter.annotation for parameter in inspect.signature(renderer(name)).parameters.values()]
    assert kinds == ["AuditReport", "BinaryIO" if FORMATS[name].binary else "TextIO", "View"]


def test_an_unknown_format_is_refused_with_the_known_ones_and_nothing_is_written() -> None:
    stream = StringIO()
    with pytest.raises(ValueError, match="'xlsx' is not a report format: choose one of table, json"):
        render(empty_report(), "xlsx", stream)
    assert stream.getvalue() == ""


def test_the_defaults_of_render_are_those_of_a_view() -> None:
    parameters = inspect.signature(render).parameters
    assert View(top=parameters["top"].default, width=parameters["width"].default) == View()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "table"])
def test_only_the_page_for_a_terminal_loads_rich(name: str) -> None:
    program = f"import sys; from s3dedup.report import renderer as r; r({name!r}); sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_binary_format_goes_to_the_bytes_below_a_text_stream() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    render(rich_report(), "parquet", stream)
    stream.flush()
    assert raw.getvalue()[:4] == raw.getvalue()[-4:] == b"PAR1"


def test_a_binary_format_is_refused_where_there_are_no_bytes_below() -> None:
    stream = StringIO()
    with pytest.raises(ValueError, match="parquet is binary: pass an open file or stdout"):
        render(empty_report(), "parquet", stream)
    assert stream.getvalue() == ""


def test_without_pyarrow_parquet_is_refused_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "s3dedup.report.parquet")
    with pytest.raises(UsageError, match=r"needs pyarrow: pip install 's3dedup\[report\]'"):
        renderer("parquet")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_text_format_can_be_written_to_a_stream_of_any_encoding(name: str, encoding: str) -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding=encoding, newline="")
    render(rich_report(), name, stream)
    stream.flush()
    assert len(raw.getvalue()) > 1000


@pytest.mark.parametrize("name", FORMATS)
def test_groups_are_read_once_and_never_held(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last groups are traced, for tracing is slow; whoever held the groups would hold these, too."""
    count, traced = 8_000, 4_000
    monkeypatch.setattr(parquet, "ROWS", 500)
    tracing: list[bool] = []

    def groups() -> Iterator[DuplicateGroup]:
        for number in range(count):
            if number == count - traced:
                tracemalloc.start()
                tracing.append(True)
            objects = samples.group(f"{number}/some/key.jpg", f"{number}/some/other/key.jpg").objects
            yield DuplicateGroup(f"g-{number}", samples.MIB, EvidenceKind.DERIVED, objects)

    sink = Sink()
    report = replace(empty_report(), groups=Once(count, groups()))
    try:
        render(report, name, TextIOWrapper(sink, encoding="utf-8", write_through=True))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    summarises = name in {"table", "markdown", "prometheus"}
    assert bool(tracing) is not summarises
    assert sink.count > (500 if summarises else 5 * count)
    assert peak < 150 * traced
