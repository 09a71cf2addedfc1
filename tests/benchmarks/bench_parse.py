"""Objects per CPU second: our page parser, botocore's and ElementTree alone, on the same pages.

python tests/benchmarks/bench_parse.py [--objects-per-page 1000] [--seconds 1]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import botocore.parsers
import botocore.session

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.listing.page import parse_page, peek_token

if TYPE_CHECKING:
    from collections.abc import Callable

START = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
TOKEN = "<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>"


def page(entry: str, count: int, *, key: Callable[[str], str]) -> bytes:
    """A page of `count` objects with keys of about 50 characters."""
    rng = random.Random(1)
    rows = []
    for number in range(count):
        name = f"images/2026/{number % 12:02}/{rng.randrange(10**9):09}/photo {number:06}.jpg"
        digest = hashlib.md5(name.encode()).hexdigest()
        when = f"2026-11-22T14:{number % 60:02}:41"
        rows.append(entry.format(key=key(name), when=when, etag=digest, size=rng.randrange(10**7)))
    head = f"<Name>b</Name><Prefix/>{TOKEN}<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
    return f"{START}{head}{''.join(rows)}</ListBucketResult>".encode()


AWS = (
    "<Contents><Key>{key}</Key><LastModified>{when}.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
SEAWEEDFS = (
    "<Contents><Key>{key}</Key><ETag>&#34;{etag}&#34;</ETag><Size>{size}</Size>"
    "<StorageClass>STANDARD</StorageClass><LastModified>{when}Z</LastModified></Contents>"
)


def botocores_parser() -> Callable[[bytes], object]:
    """What botocore does with a page: the look for an error in a 200, then the parse."""
    service = botocore.session.get_session().get_service_model("s3")
    shape = service.operation_model("ListObjectsV2").output_shape
    assert shape is not None
    parser = botocore.parsers.create_parser("rest-xml")

    def parse(body: bytes) -> object:
        ET.fromstring(body)  # noqa: S314 -- botocore.handlers._looks_like_special_case_error does just that
        return parser.parse({"body": body, "headers": {}, "status_code": 200}, shape)

    return parse


def rate(parse: Callable[[bytes], object], body: bytes, count: int, seconds: float) -> float:
    """Objects per CPU second: the best of a few rounds, so that a neighbour does not count."""
    best = 0.0
    until = time.process_time() + seconds
    while time.process_time() < until:
        start = time.process_time()
        if parse(body) is None:
            raise SystemExit(f"{parse} does not recognise the page")
        best = max(best, count / (time.process_time() - start))
    return best


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--objects-per-page", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=1.0)
    args = options.parse_args()
    count = args.objects_per_page
    pages = {
        "AWS": page(AWS, count, key=lambda name: quote_plus(name, safe="/")),
        "SeaweedFS": page(SEAWEEDFS, count, key=lambda name: quote_plus(name, safe="/")),
        "AWS, / as %2F": page(AWS, count, key=lambda name: quote(name, safe="")),
    }
    parsers: dict[str, Callable[[bytes], object]] = {
        "parse_page": parse_page,
        "botocore": botocores_parser(),
        "ElementTree": ET.fromstring,
        "peek_token": peek_token,
    }
    print(f"{'objects per CPU second':<24}" + "".join(f"{name:>14}" for name in parsers) + f"{'ratio':>8}")
    for name, body in pages.items():
        rates = [rate(parse, body, count, args.seconds) for parse in parsers.values()]
        print(f"{name:<24}" + "".join(f"{value:>14,.0f}" for value in rates) + f"{rates[0] / rates[1]:>7.0f}x")


if __name__ == "__main__":
    main()
