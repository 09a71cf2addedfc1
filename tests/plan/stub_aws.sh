#!/bin/sh
# Stands in for the AWS CLI: keeps what it is called with, NUL behind each, and answers a HEAD as $FOUND says.
{ printf '%s\0' "$#" "$@"; } >>"$CALLS"
for argument; do
    case $argument in
    head-object) [ -z "$GONE" ] || exit 255; printf "$FOUND\n" ;;
    delete-object) exit "$DELETED" ;;
    esac
done
