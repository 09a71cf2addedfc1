"""`python -m s3dedup` is the command `s3dedup`."""

from s3dedup.cli import main

main()
