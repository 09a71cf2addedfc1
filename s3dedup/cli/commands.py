"""The commands: options in, a report out. What they do is done elsewhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from s3dedup.audit import audit as run_audit
from s3dedup.audit import compare as compare_audits
from s3dedup.audit import estimate as run_estimate
from s3dedup.audit import explain as explain_objects
from s3dedup.audit import history as past_audits
from s3dedup.audit import report as last_report
from s3dedup.cli import options
from s3dedup.cli.outcome import exit_code
from s3dedup.cli.output import check_output, print_page, write_report
from s3dedup.cli.progress import watching
from s3dedup.config import AuditConfig
from s3dedup.cost import write_table
from s3dedup.demo import run_demo
from s3dedup.errors import UsageError
from s3dedup.model import EtagTrust
from s3dedup.prices import price_table, prices_in, refresh_prices
from s3dedup.report.estimate import render_estimate
from s3dedup.report.explain import render_explanation
from s3dedup.report.prices import print_prices
from s3dedup.report.runs import render_comparison, render_history
from s3dedup.store import StoreConfig


class PricesFormat(StrEnum):
    """How a price table is shown."""

    TABLE = "table"
    JSON = "json"


def audit(
    locations: options.Locations,
    *,
    state: options.State = None,
    endpoint_url: options.EndpointUrl = None,
    profile: options.Profile = None,
    region: options.Region = None,
    no_sign_request: options.NoSignRequest = False,
    requester_pays: options.RequesterPays = False,
    min_size: options.MinSize = "0",  # type: ignore[assignment]  # typer parses defaults like values
    include: options.Include = None,
    exclude: options.Exclude = None,
    storage_class: options.StorageClass = None,
    versions: options.Versions = False,
    etag_trust: options.Trust = EtagTrust.AUTO,
    digest: options.Digest = "sha1",
    keep: options.Keep = None,
    protect: options.Protect = None,
    max_read: options.MaxRead = None,
    max_requests: options.MaxRequests = None,
    max_cost: options.MaxCost = None,
    prices: options.Prices = None,
    concurrency: options.Concurrency = 16,
    fresh: options.Fresh = False,
    format: options.Format = "table",  # noqa: A002  the contract's word
    output: options.Output = None,
    fail_over: options.FailOver = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Find the duplicates in one or many locations."""
    config = AuditConfig(
        locations=locations,
        state=state,
        endpoint_url=endpoint_url,
        profile=profile,
        region=region,
        no_sign_request=no_sign_request,
        requester_pays=requester_pays,
        min_size=min_size,
        include=include or (),
        exclude=exclude or (),
        storage_classes=[name.upper() for name in storage_class or ()],
        versions=versions,
        etag_trust=etag_trust,
        digest=digest,
        keep=keep or (),
        protect=protect or (),
        max_read=max_read,
        max_requests=max_requests,
        max_cost=max_cost,
        prices=prices,
        concurrency=concurrency,
        fresh=fresh,
    )
    check_output(format, output)
    with watching(quiet=quiet, verbose=verbose) as watch:
        found = run_audit(config, watch)
    write_report(found, format, output)
    return exit_code(found, fail_over)


def estimate(
    locations: options.Locations,
    *,
    state: options.State = None,
    endpoint_url: options.EndpointUrl = None,
    profile: options.Profile = None,
    region: options.Region = None,
    no_sign_request: options.NoSignRequest = False,
    requester_pays: options.RequesterPays = False,
    min_size: options.MinSize = "0",  # type: ignore[assignment]  # as above
    include: options.Include = None,
    exclude: options.Exclude = None,
    storage_class: options.StorageClass = None,
    versions: options.Versions = False,
    etag_trust: options.Trust = EtagTrust.AUTO,
    digest: options.Digest = "sha1",
    prices: options.Prices = None,
    concurrency: options.Concurrency = 16,
    format: options.RunsFormat = "table",  # noqa: A002  the contract's word
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Say what proving would cost and could save; reads no body."""
    config = AuditConfig(
        locations=locations,
        state=state,
        endpoint_url=endpoint_url,
        profile=profile,
        region=region,
        no_sign_request=no_sign_request,
        requester_pays=requester_pays,
        min_size=min_size,
        include=include or (),
        exclude=exclude or (),
        storage_classes=[name.upper() for name in storage_class or ()],
        versions=versions,
        etag_trust=etag_trust,
        digest=digest,
        prices=prices,
        concurrency=concurrency,
    )
    with watching(quiet=quiet, verbose=verbose) as watch:
        found = run_estimate(config, watch)
    print_page(lambda stream: render_estimate(found, format, stream))
    return 0


def report(
    *,
    state: options.State = None,
    keep: options.Keep = None,
    protect: options.Protect = None,
    format: options.Format = "table",  # noqa: A002  the contract's word
    output: options.Output = None,
    fail_over: options.FailOver = None,
) -> int:
    """Render the last audit again, without S3; with --keep or --protect its keepers are chosen anew."""
    check_output(format, output)
    found = last_report(state, keep or (), protect or ())
    write_report(found, format, output)
    return exit_code(found, fail_over)


def prices(
    *,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Read AWS's public price list first, and keep it in your cache.")
    ] = False,
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION", help="Only this region; with --refresh, only it is read.", show_default=False),
    ] = None,
    prices: options.Prices = None,
    format: Annotated[  # noqa: A002  the contract's word
        PricesFormat, typer.Option(help="A table to read, or a file as --prices takes it.", case_sensitive=False)
    ] = PricesFormat.TABLE,
) -> int:
    """Show the prices that are in use, and which list they are from."""
    if refresh and prices is not None:
        raise UsageError("--refresh reads AWS's price list, and --prices a file of your own: pass one of them.")
    if refresh:
        with watching(quiet=False, verbose=False):
            refresh_prices([] if region is None else [region])
    table = price_table(prices)
    table = table if region is None else prices_in(table, region)
    page = write_table(table).decode()
    print_page(lambda stdout: stdout.write(page) if format is PricesFormat.JSON else print_prices(table, stdout))
    return 0


def history(
    *,
    state: options.State = None,
    format: options.RunsFormat = "table",  # noqa: A002  the contract's word
) -> int:
    """List the audits that the state remembers."""
    runs = past_audits(state)
    print_page(lambda stream: render_history(runs, format, stream))
    return 0


def compare(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="What to compare with: the beginning of an id; by default the last audit of the same locations.",
            show_default=False,
        ),
    ] = None,
    *,
    state: options.State = None,
    format: options.RunsFormat = "table",  # noqa: A002  the contract's word
) -> int:
    """Compare the last audit with an earlier one: which groups are new, have grown, have shrunk, are gone."""
    found = compare_audits(state, run)
    print_page(lambda stream: render_comparison(found, format, stream))
    return 0


def explain(
    uri: Annotated[
        str,
        typer.Argument(
            metavar="URI",
            parser=options.parse_object,
            help="An object that was listed: s3://bucket/key, with ?versionId=ID where versions were.",
            show_default=False,
        ),
    ],
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[URI]", parser=options.parse_object, help="A second one to compare it with.", show_default=False
        ),
    ] = None,
    *,
    state: options.State = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the store, too, whether it still has what was listed: a HEAD each.")
    ] = False,
    endpoint_url: options.EndpointUrl = None,
    profile: options.Profile = None,
    region: options.Region = None,
    no_sign_request: options.NoSignRequest = False,
    requester_pays: options.RequesterPays = False,
    format: options.ExplainFormat = "text",  # noqa: A002  the contract's word
) -> int:
    """Explain why an object is, or is not, a duplicate, or how two compare: from the last audit, without S3."""
    reach = StoreConfig(
        endpoint_url=endpoint_url,
        profile=profile,
        region=region,
        no_sign_request=no_sign_request,
        requester_pays=requester_pays,
    )
    if not live and reach != StoreConfig():
        raise UsageError("How to reach the store matters with --live only: pass that as well, or leave it out.")
    found = explain_objects([uri] if other is None else [uri, other], state, reach if live else None)
    print_page(lambda stream: render_explanation(found, format, stream))
    return 0


def demo() -> int:
    """Start an embedded S3 server, fill two buckets, audit them, and explain what was found."""
    return 0 if run_demo().as_planted else 1
