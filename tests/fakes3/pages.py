"""The XML that AWS writes: element order, escapes and encodings as its own answers have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.fakes3.objects import Lock, Replication, StoredObject

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
_ESCAPES |= {code: f"&#x{code:x};" for code in range(0x20) if code not in {0x9, 0xA}}
_OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
OWNER_XML = f"<Owner><ID>{_OWNER}</ID></Owner>"


def escaped(text: str) -> str:
    """Text as AWS writes it into XML: control characters become references that XML 1.0 does not allow."""
    return text.translate(_ESCAPES)


def url_encoded(text: str) -> str:
    """`encoding-type=url` as AWS does it: a space is `+`, a slash and `*` stay, `~` does not.

    Space, plus, percent, slash and non-ASCII were measured on AWS (github.com/brekkylab/backlot/issues/178);
    `*` and `~` follow Java's URLEncoder, as MinIO does.
    """
    return quote_plus(text, safe="/*").replace("~", "%7E")


def element(name: str, value: object) -> str:
    """One element, or nothing where the value is None."""
    return "" if value is None else f"<{name}>{escaped(str(value))}</{name}>"


def document(root: str, inner: str, *, namespace: bool = True) -> bytes:
    """A whole answer."""
    return f"{_DECLARATION}<{root}{_NAMESPACE if namespace else ''}>{inner}</{root}>".encode()


def error(code: str, message: str, details: Mapping[str, str]) -> bytes:
    """An error answer; it carries no namespace."""
    inner = element("Code", code) + element("Message", message)
    inner += "".join(element(name, value) for name, value in details.items())
    inner += element("RequestId", "FAKE0000REQUEST0") + element("HostId", "fake/host/id=")
    return document("Error", inner, namespace=False)


def iso(moment: datetime) -> str:
    """A time in a listing: always milliseconds, always .000 as S3 keeps seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_date(moment: datetime) -> str:
    """A time in a header."""
    return moment.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _restore_status(found: StoredObject) -> str:
    if found.restore is None:
        return ""
    ongoing = found.restore == "ongoing"
    inner = element("IsRestoreInProgress", str(ongoing).lower())
    if isinstance(found.restore, datetime):
        inner += element("RestoreExpiryDate", iso(found.restore))
    return f"<RestoreStatus>{inner}</RestoreStatus>"


def listed_facts(found: StoredObject, *, owner: bool, restore_status: bool) -> str:
    """The elements that listings of objects and of versions share, from LastModified on."""
    checksum = found.checksum
    return "".join(
        (
            element("LastModified", iso(found.last_modified)),
            element("ETag", f'"{found.etag}"'),
            element("ChecksumAlgorithm", checksum and checksum.algorithm),
            element("ChecksumType", checksum and checksum.type),
            element("Size", len(found.body)),
            OWNER_XML if owner else "",
            _restore_status(found) if restore_status else "",
            element("StorageClass", found.storage_class),
        )
    )


def version_element(found: StoredObject, key: str, *, latest: bool, restore_status: bool) -> str:
    """A `<Version>` or a `<DeleteMarker>`."""
    head = element("Key", key) + element("VersionId", found.version_id)
    head += element("IsLatest", str(latest).lower())
    if found.delete_marker:
        modified = element("LastModified", iso(found.last_modified))
        return f"<DeleteMarker>{head}{modified}{OWNER_XML}</DeleteMarker>"
    facts = listed_facts(found, owner=True, restore_status=restore_status)
    return f"<Version>{head}{facts}</Version>"


def encryption(algorithm: str) -> bytes:
    """The default encryption of a bucket."""
    default = element("SSEAlgorithm", algorithm)
    if algorithm != "AES256":
        default += element("KMSMasterKeyID", "arn:aws:kms:us-east-1:123456789012:key/fake")
    rule = f"<ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>"
    rule += element("BucketKeyEnabled", str(algorithm == "aws:kms").lower())
    return document("ServerSideEncryptionConfiguration", f"<Rule>{rule}</Rule>")


def replication(rules: Iterable[Replication]) -> bytes:
    """The replication rules of a bucket, as the second version of the configuration writes them."""
    return document(
        "ReplicationConfiguration", element("Role", "arn:aws:iam::123456789012:role/fake") + "".join(map(_rule, rules))
    )


def _rule(rule: Replication) -> str:
    prefix, tag = (
        element("Prefix", rule.prefix),
        rule.tag and f"<Tag>{element('Key', rule.tag)}{element('Value', 1)}</Tag>",
    )
    chosen = f"<And>{prefix}{tag}</And>" if tag else prefix
    target = f"<Destination>{element('Bucket', f'arn:aws:s3:::{rule.target}')}</Destination>"
    return (
        f"<Rule>{element('Status', 'Enabled' if rule.enabled else 'Disabled')}<Filter>{chosen}</Filter>{target}</Rule>"
    )


def retention(lock: Lock) -> bytes:
    """The retention of an object."""
    return document("Retention", element("Mode", lock[0]) + element("RetainUntilDate", iso(lock[1])))


def buckets(names: Iterable[str]) -> bytes:
    """The answer to ListBuckets."""
    created = element("CreationDate", "2026-01-01T00:00:00.000Z")
    inner = "".join(f"<Bucket>{element('Name', name)}{created}</Bucket>" for name in names)
    return document("ListAllMyBucketsResult", f"{OWNER_XML}<Buckets>{inner}</Buckets>")
