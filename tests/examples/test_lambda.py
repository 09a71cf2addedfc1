"""The function: its handler is called as Lambda calls it, its image and its template are read."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from s3dedup.errors import BucketNotFoundError
from s3dedup.model import Location
from s3dedup.policy import policy
from tests.readme.markdown import ROOT, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import S3Server

FOLDER = ROOT / "examples" / "lambda"


class Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """Reads CloudFormation's own tags: what is behind them, without what they do."""


Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)


@pytest.fixture
def handler() -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The handler that the image names."""
    (command,) = re.findall(r'^CMD \["(\w+)\.(\w+)"\]$', text_of(FOLDER / "Dockerfile"), re.MULTILINE)
    module, name = command
    spec = importlib.util.spec_from_file_location("lambda_handler", FOLDER / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: Callable[[dict[str, Any], object], dict[str, Any]] = getattr(loaded, name)
    return found


@pytest.fixture
def settings(documented_buckets: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The variables that Lambda sets, for two buckets on a real server."""
    variables = {
        "LOCATIONS": "s3://my-photos s3://my-archive/2024/",
        "REPORT_BUCKET": "reports",
        "STATE": str(tmp_path / "state"),
    }
    for name, value in (documented_buckets.environment | variables).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def template() -> dict[str, Any]:
    """The template's one function."""
    read = yaml.load(text_of(FOLDER / "template.yaml"), Loader)  # noqa: S506  it is a safe loader with more tags
    (function,) = read["Resources"].values()
    found: dict[str, Any] = function
    return found


def test_the_handler_puts_its_report_into_the_bucket_and_says_what_it_found(
    handler: Callable[[dict[str, Any], object], dict[str, Any]],
    settings: pytest.MonkeyPatch,
    documented_buckets: S3Server,
) -> None:
    documented_buckets.create_bucket("reports")
    settings.setenv("MAX_READ", "10GiB")
    said = handler({}, None)
    bucket, _, key = said.pop("report").removeprefix("s3://").partition("/")
    assert said == {"complete": True, "redundant_objects": 3, "reclaimable_bytes": 600_000}
    assert bucket == "reports"
    report = json.loads(documented_buckets.client().get_object(Bucket=bucket, Key=key)["Body"].read())
    assert report["totals"]["redundant_objects"] == 3
    assert re.fullmatch(rf"s3dedup/\d{{4}}-\d\d-\d\d-{report['run']['id']}\.json", key)


def test_what_fails_is_raised_so_that_lambda_counts_an_error(
    handler: Callable[[dict[str, Any], object], dict[str, Any]], settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("LOCATIONS", "s3://no-such-bucket-anywhere")
    with pytest.raises(BucketNotFoundError):
        handler({}, None)


def test_the_image_has_what_it_copies_and_starts_the_handler() -> None:
    lines = [line.split() for line in text_of(FOLDER / "Dockerfile").splitlines()]
    copied = [name for words in lines if words[:1] == ["COPY"] for name in words[1:-1]]
    assert "examples/lambda/handler.py" in copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_template_names_the_image_and_the_variables_that_the_handler_reads() -> None:
    function = template()
    assert (FOLDER / function["Metadata"]["DockerContext"]).resolve() == ROOT
    assert (ROOT / function["Metadata"]["Dockerfile"]).is_file()
    variables = function["Properties"]["Environment"]["Variables"]
    source = text_of(FOLDER / "handler.py")
    assert variables.keys() <= set(re.findall(r'"([A-Z_]+)"', source))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", text_of(FOLDER / "README.md"), re.MULTILINE)) > variables.keys()


def test_the_template_allows_what_the_audit_needs_and_to_put_its_report_and_no_more() -> None:
    reading, writing = template()["Properties"]["Policies"]
    needed: Any = policy([Location("BUCKET")], partition="aws")["Statement"]
    wanted = {(action, place) for each in needed for action in each["Action"] for place in each["Resource"]}
    allowed = {(action, each["Resource"]) for each in reading["Statement"] for action in each["Action"]}
    names = {"${AWS::Partition}": "aws", "${Bucket}": "BUCKET"}
    for variable, name in names.items():
        allowed = {(action, place.replace(variable, name)) for action, place in allowed}
    assert allowed == wanted
    assert [each["Action"] for each in writing["Statement"]] == [["s3:PutObject"]]


def test_the_template_starts_it_each_night() -> None:
    (event,) = template()["Properties"]["Events"].values()
    assert event["Type"] == "ScheduleV2"
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", event["Properties"]["ScheduleExpression"])
