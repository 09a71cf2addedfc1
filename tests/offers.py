"""Excerpts of AWS's offer file of Amazon S3, made by hand, with the traps that the real one has; and who serves them.

There is no AWS here: what the real files hold beyond the excerpts was not tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Prices = list[tuple[str, str]]
"""Tiers as the file has them: where each begins (GB), and its price."""


class Offer:
    """An offer file in the making. Every price is a string, every product an SKU of its own."""

    def __init__(self, region: str = "us-east-1", prefix: str = "", code: str = "AmazonS3") -> None:
        self.region, self.prefix = region, prefix
        self.products: dict[str, Any] = {}
        self.terms: dict[str, Any] = {}
        self.document: dict[str, Any] = {
            "formatVersion": "v1.0",
            "disclaimer": "This pricing list is for informational purposes only.",
            "offerCode": code,
            "publicationDate": "2026-07-15T17:06:43Z",
            "products": self.products,
            "terms": {"OnDemand": self.terms},
        }

    def sell(self, usage: str, *tiers: tuple[str, str] | str, currency: str = "USD", **attributes: str) -> Offer:
        """Add a product at one price, or at tiers of (begin, price)."""
        sku = f"SKU{len(self.products)}"
        named = {"usagetype": f"{self.prefix}{usage}", "regionCode": self.region, "operation": ""}
        self.products[sku] = {"sku": sku, "attributes": named | attributes}
        self.terms[sku] = {f"{sku}.JRTCKXETXF": term(sku, tiers, currency)}
        return self

    def encode(self) -> bytes:
        """The file."""
        return json.dumps(self.document).encode()


def term(sku: str, tiers: tuple[tuple[str, str] | str, ...], currency: str, since: str = "2026-07-01") -> Any:  # noqa: ANN401  JSON
    """One offer term of a product."""
    pairs = [("0", tier) if isinstance(tier, str) else tier for tier in tiers]
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "rateCode": f"{sku}.JRTCKXETXF.{number}",
            "beginRange": begin,
            "endRange": "Inf",
            "unit": "GB-Mo",
            "pricePerUnit": {currency: price},
            "appliesTo": [],
        }
        for number, (begin, price) in enumerate(pairs)
    }
    return {"sku": sku, "effectiveDate": f"{since}T00:00:00Z", "priceDimensions": dimensions, "termAttributes": {}}


def whole_offer(region: str = "us-east-1", prefix: str = "") -> Offer:
    """Every usage type that matters, at the prices of the shipped table, among others that must not be taken for it."""
    offer = Offer(region, prefix)
    # The tiers come in no order, and the staging storage of two archives costs what STANDARD costs.
    offer.sell("TimedStorage-ByteHrs", ("512000", "0.0210000000"), ("0", "0.0230000000"), ("51200", "0.0220000000"))
    offer.sell("TimedStorage-GDA-Staging", "0.0210000000", volumeType="Glacier Deep Archive")
    offer.sell("TimedStorage-GlacierStaging", "0.0230000000", volumeType="Amazon Glacier")
    offer.sell("TimedStorage-SIA-SmObjects", "0.9990000000").sell("Tables-TimedStorage-ByteHrs", "0.0265000000")
    offer.sell("Tables-Requests-Tier1", "0.9990000000").sell("EarlyDelete-SIA", "0.0125000000")
    offer.sell("TimedStorage-INT-FA-ByteHrs", "0.0230000000").sell("TimedStorage-INT-DAA-ByteHrs", "0.0009900000")
    offer.sell("Monitoring-Automation-INT", "0.0000025000")
    offer.sell("TimedStorage-SIA-ByteHrs", "0.0125000000").sell("Retrieval-SIA", "0.0100000000")
    offer.sell("TimedStorage-ZIA-ByteHrs", "0.0100000000").sell("Retrieval-ZIA", "0.0100000000")
    offer.sell("TimedStorage-GIR-ByteHrs", "0.0040000000").sell("Retrieval-GIR", "0.0300000000")
    offer.sell("TimedStorage-GlacierByteHrs", "0.0036000000")
    offer.sell("TimedStorage-XZ-ByteHrs", "0.1100000000").sell("Retrieval-XZ", "0.0006000000")
    offer.sell("Requests-Tier1", "0.0000050000").sell("Requests-Tier2", "0.0000004000")
    offer.sell("Requests-INT-Tier2", "0.0000004000").sell("Requests-XZ-Tier2", "0.0000000300")
    offer.sell("Requests-SIA-Tier2", "0.0000010000").sell("Requests-ZIA-Tier2", "0.0000010000")
    offer.sell("Requests-GIR-Tier2", "0.0000100000").sell("Requests-GDA-Tier2", "0.0000004000")
    # One usage type, a product for each operation.
    offer.sell("Requests-GLACIER-Tier2", "0.0000004000", operation="GetObject")
    offer.sell("Requests-GLACIER-Tier2", "0.0000004000", operation="HeadObject")
    return offer


def region_index(*regions: str) -> bytes:
    """The index that names some regions."""
    return json.dumps({"formatVersion": "v1.0", "regions": {name: {"regionCode": name} for name in regions}}).encode()


@contextmanager
def price_list(files: Mapping[str, bytes | int]) -> Iterator[str]:
    """Serve files by path on this machine, or a status in place of one; gives the address. What is not there is 403."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.get(self.path, 403)
            body = b"" if isinstance(found, int) else found
            self.send_response(found if isinstance(found, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
