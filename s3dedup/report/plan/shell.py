r"""A plan as a shell script that deletes with the AWS CLI. Whoever runs it deletes; s3dedup does not.

Names come from buckets and are hostile. Each object is handed over as JSON in ASCII between single quotes, of which the
JSON has none (they are `\u0027` there): so no key ends the quotes, begins an option, or names a file to read (`file://`),
which the CLI does with the values of options and not with those inside `--cli-input-json` (aws-cli issue 1803).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TextIO

from s3dedup.plan import AWS, Plan, PlanHead, PlanLine, PlannedObject
from s3dedup.report.records import json_text

if TYPE_CHECKING:
    from s3dedup.report.plan.access import Access

AGAIN = 100
"""After so many objects of one group its keeper is looked at again."""

HEAD = """\
#!/bin/sh
# Deletes objects of which a keeper with the same content stays. Read it before you run it.
#
#   Audit     {run}
#   Written   by s3dedup {version}
#   Verified  {verified}
#
#   sh FILE          only prints what it would delete
#   sh FILE --yes    deletes it, by the AWS CLI
#
# Every object is looked at right before it is deleted, and its keeper before the first of a group and after each
# hundred: both must still have the ETag, the size and the version of the plan. At the first that has not, the script
# stops. Then let `s3dedup verify` write a new one.
#
# What has no version is deleted --if-match, so only as it was planned (this needs s3:GetObject, too). A delete of a
# version takes no such condition, and a version does not change. It cannot be had back; and where it is the current
# one, the version before it becomes current.
set -eu
AWS_PAGER=''
export AWS_PAGER
case "$#:${{1-}}" in
0:) act=no ;;
1:--yes) act=yes ;;
*) printf 'usage: sh %s [--yes]\\n' "$0" >&2; exit 2 ;;
esac

stop() {{ printf 'Stopped: %s. Let s3dedup verify write a new script.\\n' "$1" >&2; exit 1; }}

# Each of these takes STORE OBJECT ETAG SIZE VERSION.
check() {{
  found=$("$1" head-object --cli-input-json "$2" --if-match "$3" \\
    --query '[ETag,ContentLength,VersionId]' --output text) ||
    stop "$2 cannot be looked at, or has changed"
  [ "$found" = "$(printf '%s\\t%s\\t%s' "$3" "$4" "${{5:-None}}")" ] || stop "$2 has changed"
}}
keep() {{
  if [ "$act" = yes ]; then check "$@"; else printf 'keeps         %s\\n' "$2"; fi
}}
delete() {{
  if [ "$act" = no ]; then printf 'would delete  %s\\n' "$2"; return; fi
  check "$@"
  if [ -z "$5" ]; then set -- "$@" --if-match "$3"; fi
  store=$1 object=$2
  shift 5
  "$store" delete-object --cli-input-json "$object" "$@" >/dev/null || stop "$object was not deleted"
  printf 'deleted       %s\\n' "$object"
}}

"""


def write(plan: Plan, stream: TextIO, access: Access) -> None:
    """Write the script: the keeper of each group, and behind it what is redundant."""
    head, stores = plan.head, {endpoint: f"store_{number}" for number, endpoint in enumerate(plan.head.endpoints, 1)}
    stream.write(_head(head))
    stream.writelines(f'{name}() {{ aws {_options(at, access)}s3api "$@"; }}\n' for at, name in stores.items())
    keeper, since = None, 0
    for line in plan.entries:
        if isinstance(line, PlanLine):
            if line.keeper != keeper or since == AGAIN:
                stream.write(f"\nkeep {_arguments(line.keeper, stores[line.keeper.endpoint], access)}\n")
                keeper, since = line.keeper, 0
            stream.write(f"delete {_arguments(line.redundant, stores[line.redundant.endpoint], access)}\n")
            since += 1


def _head(head: PlanHead) -> str:
    run = {"id": head.run.id, "finished": head.run.finished, "locations": head.run.locations}
    verified = json_text(head.verified) if head.verified else "no"
    return HEAD.format(version=json_text(head.tool_version), run=json_text(run), verified=verified)


def _options(endpoint: str, access: Access) -> str:
    """Of the AWS CLI itself, as they stand before its command."""
    wanted = {
        "endpoint-url": None if endpoint == AWS else endpoint,
        "profile": access.profile,
        "region": access.region,
    }
    return "".join(f"--{name}={shlex.quote(value)} " for name, value in wanted.items() if value is not None)


def _arguments(item: PlannedObject, store: str, access: Access) -> str:
    name = {"Bucket": item.bucket, "Key": item.key}
    version = {} if item.version_id is None else {"VersionId": item.version_id}
    payer = {"RequestPayer": "requester"} if access.requester_pays else {}
    json = json_text(name | version | payer).replace("'", "\\u0027")
    etag = f'"{item.etag}"'
    return f"{store} '{json}' {shlex.quote(etag)} {item.size} {shlex.quote(item.version_id or '')}"
