#!/bin/sh
# Audits some buckets and leaves a JSON report of the day. For cron or a systemd timer; see README.md beside this file.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 DIRECTORY s3://BUCKET[/PREFIX]..." >&2
    exit 2
fi
directory=$1
shift
s3dedup=${S3DEDUP:-s3dedup}
name=$(date -u +%Y-%m-%d).json

umask 077 # a report names every duplicate key
mkdir -p "$directory"

code=0
"$s3dedup" audit "$@" --state "$directory/state" --quiet --format json --output "$directory/$name" || code=$?
case $code in
0 | 3) ;; # complete, or something was skipped: there is a report
*) exit "$code" ;; # s3dedup has said why; yesterday's report is untouched
esac

# A reader of latest.json sees the old report or the new one, never a part of one.
ln -s "$name" "$directory/.latest.$$"
mv -f "$directory/.latest.$$" "$directory/latest.json"

# The verdict, in a line or two: what cron mails.
"$s3dedup" report --state "$directory/state" | sed '/^  Looked in/,$d; /^$/d'
exit "$code"
