"""Does what the script asks of the AWS CLI, on a real server; the CLI itself is no Python package among ours."""

from __future__ import annotations

import argparse
import json
import sys

import boto3
from botocore.exceptions import ClientError


def main() -> int:
    """Run `[--endpoint-url=URL] s3api OPERATION --cli-input-json JSON [--if-match ETAG] [--query Q --output text]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint-url")
    parser.add_argument("service", choices=["s3api"])
    parser.add_argument("operation", choices=["head-object", "delete-object"])
    parser.add_argument("--cli-input-json", type=json.loads, required=True)
    parser.add_argument("--if-match")
    parser.add_argument("--query", choices=["[ETag,ContentLength,VersionId]"])
    parser.add_argument("--output", choices=["text"])
    asked = parser.parse_args()
    client = boto3.client("s3", endpoint_url=asked.endpoint_url)
    condition = {} if asked.if_match is None else {"IfMatch": asked.if_match}
    try:
        answer = getattr(client, asked.operation.replace("-", "_"))(**asked.cli_input_json, **condition)
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return 254
    if asked.query:
        sys.stdout.write(f"{answer['ETag']}\t{answer['ContentLength']}\t{answer.get('VersionId')}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
