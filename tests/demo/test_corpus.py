from __future__ import annotations

from collections import defaultdict
from hashlib import md5, sha256
from typing import TYPE_CHECKING

from s3dedup.demo.corpus import BUCKETS, Story, corpus, plant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers import S3Server


def contents() -> Mapping[str, frozenset[tuple[str, str]]]:
    """Who really holds the same bytes: SHA-256 of the content -> places; empty objects left out."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in corpus().objects:
        if one.body:
            found[sha256(one.body).hexdigest()].add(one.place)
    return {digest: frozenset(places) for digest, places in found.items()}


def test_the_groups_the_corpus_declares_are_those_its_bytes_make() -> None:
    real = {digest: places for digest, places in contents().items() if len(places) > 1}
    assert {group.sha256: group.places for group in corpus().groups} == real
    assert len(real) > 5


def test_no_two_objects_lie_in_one_place() -> None:
    places = [one.place for one in corpus().objects]
    assert len(places) == len(set(places))


def test_the_corpus_is_the_same_each_time() -> None:
    once = corpus()
    corpus.cache_clear()
    assert corpus() == once
    assert corpus() is not once


def test_the_corpus_stays_small() -> None:
    assert corpus().bytes < 150 << 20


def test_near_twins_have_one_size_and_differ_in_one_byte_at_the_start_the_middle_and_the_end() -> None:
    first, *others = (one.body for one in corpus().of(Story.NEAR_TWINS))
    size = len(first)
    differences = [[at for at in range(size) if first[at] != other[at]] for other in others]
    assert differences == [[0], [size // 2], [size - 1]]
    assert {len(other) for other in others} == {size}


def test_the_logs_have_one_size_and_no_two_are_equal() -> None:
    logs = [one.body for one in corpus().of(Story.UNIQUE)]
    assert len({len(body) for body in logs}) == 1
    assert len(set(logs)) == len(logs)


def test_the_backup_repeats_each_photo_under_its_own_prefix() -> None:
    photos = {one.key: one.body for one in corpus().of(Story.PICTURES)}
    backup = {one.key.removeprefix("backup/2025-06/"): one.body for one in corpus().of(Story.BACKUP)}
    assert backup == photos


def test_planting_puts_each_object_and_gives_the_film_three_etags(
    seaweed: S3Server,
) -> None:
    client = seaweed.client()
    planted = plant(client)
    listed = {
        (bucket, entry["Key"]): entry
        for bucket in BUCKETS
        for entry in client.list_objects_v2(Bucket=bucket)["Contents"]
    }
    assert listed.keys() == {one.place for one in planted.objects}
    assert all(listed[one.place]["Size"] == len(one.body) for one in planted.objects)
    film = {listed[one.place]["ETag"].strip('"') for one in planted.of(Story.MULTIPART)}
    assert {etag.partition("-")[2] for etag in film} == {"", "3", "2"}
    assert md5(planted.of(Story.MULTIPART)[0].body).hexdigest() in film
