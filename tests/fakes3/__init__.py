"""An S3 server in memory that follows AWS's own rules, where no server that can be installed does.

    with FakeS3() as fake:
        fake.put("photos", "a.jpg", b"...", encryption="SSE-KMS")
        fake.faults.add("503 SlowDown", match=matching("GetObject"), times=2)
        client = fake.client()
        assert fake.count("ListObjectsV2") == 1

Not checked: signatures. Not served: writes (405), GetObjectAttributes (501), virtual-host addressing. Do not
end a bucket's name in `--x-s3`: botocore would want a CreateSession; `directory_bucket=True` works under any
name.

A client with `endpoint_url` follows a bucket into its region: botocore's redirector keeps the endpoint and
signs anew for the region that the error names; each client pays one failed request a bucket, then remembers.
"""

from tests.fakes3.answers import SSE_C_KEY
from tests.fakes3.fake import FakeS3, PlantedS3
from tests.fakes3.faults import LogEntry, Request, Response, matching
from tests.fakes3.objects import Bucket, Checksum, ImpossibleObjectError, Replication, StoredObject

__all__ = [
    "SSE_C_KEY",
    "Bucket",
    "Checksum",
    "FakeS3",
    "ImpossibleObjectError",
    "LogEntry",
    "PlantedS3",
    "Replication",
    "Request",
    "Response",
    "StoredObject",
    "matching",
]
