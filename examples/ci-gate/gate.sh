#!/bin/sh
# Fails where more than LIMIT can be reclaimed; see README.md beside this file.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 LIMIT s3://BUCKET[/PREFIX]..." >&2
    exit 2
fi
limit=$1
shift
s3dedup=${S3DEDUP:-s3dedup}

code=0
"$s3dedup" audit "$@" --quiet --fail-over "$limit" --format markdown --output duplicates.md || code=$?
case $code in
0) echo "No more than $limit can be reclaimed." ;;
3) # a report, within the limit as far as could be seen
    echo "No more than $limit was found, but not everything could be compared: see duplicates.md." >&2
    code=0
    ;;
4) cat duplicates.md ;;
esac
exit "$code"
