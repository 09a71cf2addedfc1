from __future__ import annotations

import inspect
import subprocess
import sys
from io import StringIO

import pytest

from s3dedup.report import FORMATS, View, render, renderer
from tests.report.samples import empty_report


@pytest.mark.parametrize("name", FORMATS)
def test_every_renderer_takes_a_report_a_stream_and_a_view(name: str) -> None:
    kinds = [parameter.annotation for parameter in inspect.signature(renderer(name)).parameters.values()]
    assert kinds == ["AuditReport", "TextIO", "View"]


def test_an_unknown_format_is_refused_with_the_known_ones_and_nothing_is_written() -> None:
    stream = StringIO()
    with pytest.raises(ValueError, match="'xlsx' is not a report format: choose one of table, json"):
        render(empty_report(), "xlsx", stream)
    assert stream.getvalue() == ""


def test_the_defaults_of_render_are_those_of_a_view() -> None:
    parameters = inspect.signature(render).parameters
    assert View(top=parameters["top"].default, width=parameters["width"].default) == View()


def test_rendering_json_does_not_load_rich() -> None:
    program = "import sys; from s3dedup.report import renderer as r; r('json'); sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
