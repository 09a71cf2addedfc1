"""Reads AWS's public offer file of Amazon S3: pure, from the file's bytes to the prices of a region.

What is not in the file, or is there in a way that is not understood, stays unknown. Its traps, and what is done:

- Most products have no `productFamily`, and `volumeType` "Glacier Deep Archive" is only on the staging storage, which
  is 21 times dearer: a product is known by its `usagetype` alone, exactly, after the region's prefix ("EUC1-").
- The storage of DEEP_ARCHIVE is sold under another offer; Intelligent-Tiering's Deep Archive Access tier, which costs
  the same, stands in for it.
- Prices are strings, tiers come in any order, and one usage type may have several products (one for each operation):
  where these do not agree, the price is unknown.
- Minimum sizes and terms are not in the file: they are those of `billable`.

Sources: docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html for the file;
S3 User Guide, aws-usage-report-understand, for the usage types.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, TypeVar

import msgspec

from s3dedup.cost.billable import MINIMUM, MINIMUM_DAYS, OVERHEAD, OVERHEAD_AT_STANDARD, TIERED_FROM
from s3dedup.cost.prices import Rates, RegionPrices, Tier, Tiering

LISTS = "Requests-Tier1"
MONITORING = "Monitoring-Automation-INT"
COLDEST = "TimedStorage-INT-DAA-ByteHrs"
WITHOUT_RETRIEVAL = frozenset({"STANDARD", "REDUCED_REDUNDANCY", "INTELLIGENT_TIERING"})
"""Classes whose objects are read without a charge for each GB. Source: aws.amazon.com/s3/pricing, 2026-07."""

T = TypeVar("T")

_PREFIXED = re.compile(r"(?:[A-Z]{2,4}\d{0,2}-)?(.+)")


class _Usage(NamedTuple):
    """The usage types of a class: of its storage (the first that is there counts), of a read request, of retrieval."""

    storage: tuple[str, ...]
    reads: str
    retrieval: str = ""


_USAGE = {
    "STANDARD": _Usage(("TimedStorage-ByteHrs",), "Requests-Tier2"),
    "REDUCED_REDUNDANCY": _Usage(("TimedStorage-RRS-ByteHrs",), "Requests-Tier2"),
    "INTELLIGENT_TIERING": _Usage(("TimedStorage-INT-FA-ByteHrs",), "Requests-INT-Tier2"),
    "STANDARD_IA": _Usage(("TimedStorage-SIA-ByteHrs",), "Requests-SIA-Tier2", "Retrieval-SIA"),
    "ONEZONE_IA": _Usage(("TimedStorage-ZIA-ByteHrs",), "Requests-ZIA-Tier2", "Retrieval-ZIA"),
    "GLACIER_IR": _Usage(("TimedStorage-GIR-ByteHrs",), "Requests-GIR-Tier2", "Retrieval-GIR"),
    # What a restore of archived objects costs is in other offers.
    "GLACIER": _Usage(("TimedStorage-GlacierByteHrs",), "Requests-GLACIER-Tier2"),
    "DEEP_ARCHIVE": _Usage(("TimedStorage-GDA-ByteHrs", COLDEST), "Requests-GDA-Tier2"),
    "EXPRESS_ONEZONE": _Usage(("TimedStorage-XZ-ByteHrs",), "Requests-XZ-Tier2", "Retrieval-XZ"),
}


_WANTED = {LISTS, MONITORING, COLDEST} | {
    name for usage in _USAGE.values() for name in (*usage.storage, usage.reads, usage.retrieval)
}


class _Product(msgspec.Struct):
    attributes: dict[str, str] = {}


class _Dimension(msgspec.Struct, rename="camel"):
    price_per_unit: dict[str, str] = {}
    begin_range: str = "0"


class _Term(msgspec.Struct, rename="camel"):
    price_dimensions: dict[str, _Dimension]
    effective_date: str = ""


class _Terms(msgspec.Struct):
    on_demand: dict[str, dict[str, _Term]] = msgspec.field(name="OnDemand")


class _Offer(msgspec.Struct, rename="camel"):
    offer_code: str
    publication_date: str
    products: dict[str, _Product]
    terms: _Terms


class _Region(msgspec.Struct, rename="camel"):
    region_code: str


class _RegionIndex(msgspec.Struct):
    regions: dict[str, _Region]


def parse_regions(index: bytes) -> tuple[str, ...]:
    """The regions that a region index of the price list names, in order.

    Raises:
        ValueError: it is no such index.
    """
    return tuple(sorted(region.region_code for region in _decode(index, _RegionIndex).regions.values()))


def parse_offer(offer: bytes, region: str) -> RegionPrices:
    """The prices of one region in its offer file. Prices that are not in USD (China's) are unknown here.

    Raises:
        ValueError: it is no offer file of Amazon S3; the message says what is wrong with it.
    """
    read = _decode(offer, _Offer)
    if read.offer_code != "AmazonS3":
        raise ValueError(f"it is the offer of {read.offer_code!r}, not of AmazonS3")
    found = _tiers_by_usage(read, region)
    made = {name: _rates(name, usage, found) for name, usage in _USAGE.items()}
    return RegionPrices(
        source=f"AWS's public offer file of Amazon S3 for {region}",
        date=read.publication_date[:10],
        classes={name: rates for name, rates in made.items() if rates is not None},
        list_request=_flat(found, LISTS),
    )


def _decode(document: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no price list of AWS ({error})") from error


def _tiers_by_usage(offer: _Offer, region: str) -> dict[str, tuple[Tier, ...]]:
    """The tiers of each usage type that matters here, without those on which its products do not agree."""
    offered = defaultdict[str, set[tuple[Tier, ...]]](set)
    for sku, product in offer.products.items():
        usage = _PREFIXED.fullmatch(product.attributes.get("usagetype", ""))
        if usage and usage[1] in _WANTED and product.attributes.get("regionCode", region) == region:
            offered[usage[1]].add(_tiers(offer.terms.on_demand.get(sku, {})))
    return {name: next(iter(tiers)) for name, tiers in offered.items() if len(tiers) == 1 and () not in tiers}


def _tiers(terms: Mapping[str, _Term]) -> tuple[Tier, ...]:
    """The tiers of the term that came into effect last; none where they are not understood: not in USD, not from 0 on,
    or free, which nothing is that has a usage type here.
    """
    last = max(terms.values(), key=lambda term: term.effective_date, default=None)
    dimensions = [] if last is None else list(last.price_dimensions.values())
    try:
        tiers = [Tier(int(each.begin_range), Decimal(each.price_per_unit["USD"])) for each in dimensions]
    except (KeyError, ValueError, InvalidOperation):
        return ()
    ordered = sorted(tiers, key=lambda tier: tier.from_gb)
    starts = [tier.from_gb for tier in ordered]
    whole = starts[:1] == [0] and len(set(starts)) == len(starts) and all(tier.usd for tier in ordered)
    return tuple(ordered) if whole else ()


def _rates(name: str, usage: _Usage, found: Mapping[str, tuple[Tier, ...]]) -> Rates | None:
    """The rates of a class; None where the price of its storage is unknown."""
    storage = next((found[each] for each in usage.storage if each in found), None)
    tiering = _tiering(found) if name == "INTELLIGENT_TIERING" else None
    if storage is None or (name == "INTELLIGENT_TIERING" and tiering is None):
        return None
    return Rates(
        storage=storage,
        minimum_bytes=MINIMUM[name],
        minimum_days=MINIMUM_DAYS.get(name, 0),
        overhead_bytes=OVERHEAD[name] - OVERHEAD_AT_STANDARD if name in OVERHEAD else 0,
        overhead_standard_bytes=OVERHEAD_AT_STANDARD if name in OVERHEAD else 0,
        read_request=_flat(found, usage.reads),
        retrieval=Decimal(0) if name in WITHOUT_RETRIEVAL else _flat(found, usage.retrieval),
        tiering=tiering,
    )


def _tiering(found: Mapping[str, tuple[Tier, ...]]) -> Tiering | None:
    monitoring, coldest = _flat(found, MONITORING), _flat(found, COLDEST)
    return None if monitoring is None or coldest is None else Tiering(TIERED_FROM, monitoring, coldest)


def _flat(found: Mapping[str, tuple[Tier, ...]], usage: str) -> Decimal | None:
    """A price that does not depend on the volume; None where it is unknown or does."""
    tiers = found.get(usage, ())
    return tiers[0].usd if len(tiers) == 1 else None
