"""The two small buckets of the demo: what lies in them, and what an audit has to find there.

Everything is made on the spot and comes out the same each time; nobody's data is in it.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256, shake_256
from io import BytesIO
from typing import TYPE_CHECKING

from s3dedup.demo.process import DemoExtraMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from s3dedup.demo.process import S3Client

MIB = 1 << 20
STUDIO, ARCHIVE = "demo-studio", "demo-archive"
BUCKETS = (STUDIO, ARCHIVE)

_UPLOADS_AT_ONCE = 4
_FILM_BYTES = 12 * MIB
_TWIN_BYTES = 6 * MIB
_PICTURE_SIZE = (320, 240)


class Story(StrEnum):
    """Why something was planted."""

    MULTIPART = "one film, uploaded in different ways: the ETags differ, the bytes do not"
    NEAR_TWINS = "four recordings of one size: the others differ from the first in one byte"
    PICTURES = "pictures that were saved again under other names"
    BACKUP = "a backup/ folder that repeats photos/"
    EMPTY = "empty objects, which are all alike and worth nothing"
    UNIQUE = "logs of one size, each of which occurs once"


@dataclass(frozen=True, slots=True)
class Planted:
    """One object to put; `part_size` is that of its multipart upload, None for a single PUT."""

    bucket: str
    key: str
    content: str
    body: bytes
    story: Story
    part_size: int | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Bucket and key."""
        return self.bucket, self.key


@dataclass(frozen=True, slots=True)
class PlantedGroup:
    """Objects that hold the same bytes: what the audit must report as one duplicate group."""

    content: str
    size: int
    sha256: str
    places: frozenset[tuple[str, str]]

    @property
    def reclaimable_bytes(self) -> int:
        """The sizes of all but one."""
        return self.size * (len(self.places) - 1)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that was planted."""

    objects: tuple[Planted, ...]

    @property
    def groups(self) -> tuple[PlantedGroup, ...]:
        """The duplicate groups that an audit has to find, and no others; largest reclaimable bytes first."""
        by_content: defaultdict[str, list[Planted]] = defaultdict(list)
        for one in self.objects:
            if one.body:
                by_content[one.content].append(one)
        groups = [_group(content, members) for content, members in by_content.items() if len(members) > 1]
        return tuple(sorted(groups, key=lambda group: (-group.reclaimable_bytes, group.content)))

    @property
    def bytes(self) -> int:
        """The sizes of all objects together."""
        return sum(len(one.body) for one in self.objects)

    @property
    def empty(self) -> int:
        """How many objects are empty."""
        return sum(not one.body for one in self.objects)

    def of(self, story: Story) -> tuple[Planted, ...]:
        """The objects of one story."""
        return tuple(one for one in self.objects if one.story is story)


def _group(content: str, members: list[Planted]) -> PlantedGroup:
    body = members[0].body
    return PlantedGroup(content, len(body), sha256(body).hexdigest(), frozenset(one.place for one in members))


@cache
def corpus() -> Corpus:
    """Make the corpus, in memory.

    Raises:
        DemoExtraMissingError: Pillow is not installed.
    """
    return Corpus((*_film(), *_near_twins(), *_pictures(), *_empty(), *_logs()))


def plant(client: S3Client) -> Corpus:
    """Make both buckets and put the corpus into them."""
    planted = corpus()
    for bucket in BUCKETS:
        client.create_bucket(Bucket=bucket)
    with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
        for number, wave in enumerate(_waves(planted.objects)):
            if number:
                _wait_for_the_next_second()
            for _ in pool.map(lambda one: _put(client, one), wave):
                pass
    return planted


def _waves(objects: Iterable[Planted]) -> list[list[Planted]]:
    """First one object of each content, then the second ones, and so on: so that their times, and with them the
    keepers, are the same in each demo.
    """
    waves: list[list[Planted]] = []
    copies: Counter[str] = Counter()
    for one in objects:
        if copies[one.content] == len(waves):
            waves.append([])
        waves[copies[one.content]].append(one)
        copies[one.content] += 1
    return waves


def _wait_for_the_next_second() -> None:
    """SeaweedFS keeps times in seconds."""
    now = time.time()
    time.sleep(math.floor(now) + 1 - now)


def _put(client: S3Client, one: Planted) -> None:
    if one.part_size is None:
        client.put_object(Bucket=one.bucket, Key=one.key, Body=one.body)
        return
    upload = client.create_multipart_upload(Bucket=one.bucket, Key=one.key)["UploadId"]
    name = {"Bucket": one.bucket, "Key": one.key, "UploadId": upload}
    parts = []
    for number, start in enumerate(range(0, len(one.body), one.part_size), 1):
        part = one.body[start : start + one.part_size]
        answer = client.upload_part(**name, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})


def _noise(seed: str, size: int) -> bytes:
    """Bytes that look random and are the same each time."""
    return shake_256(seed.encode()).digest(size)


def _film() -> Iterator[Planted]:
    """One film six times: a single PUT and uploads in parts of 5 and 8 MiB, in both buckets."""
    body = _noise("film", _FILM_BYTES)
    ways = {
        "films/launch.mp4": None,
        "exports/launch-final.mp4": 5 * MIB,
        "exports/launch-final-2.mp4": 8 * MIB,
    }
    for bucket in BUCKETS:
        for key, part_size in ways.items():
            yield Planted(bucket, key, "film", body, Story.MULTIPART, part_size)


def _near_twins() -> Iterator[Planted]:
    """Four recordings of one size, each uploaded in its own way: no two of their ETags can be compared."""
    first = _noise("recording", _TWIN_BYTES)
    middle = _TWIN_BYTES // 2
    ways = {
        "take-1": (None, None),
        "take-2": (0, 5 * MIB),
        "take-3": (middle, MIB * 11 // 2),
        "take-4": (-1, 6 * MIB),
    }
    for name, (at, part_size) in ways.items():
        body = first if at is None else _with_one_other_byte(first, at)
        yield Planted(STUDIO, f"recordings/{name}.wav", name, body, Story.NEAR_TWINS, part_size)


def _with_one_other_byte(body: bytes, at: int) -> bytes:
    changed = bytearray(body)
    changed[at] ^= 0xFF
    return bytes(changed)


def _pictures() -> Iterator[Planted]:
    """Eight pictures, two of them saved again under other names, and a backup of all that."""
    photos = {f"photos/2025/IMG_{number:04}.png": number for number in range(1, 9)}
    again = {
        "photos/2025/IMG_0003 (copy).png": 3,
        "photos/website/header.png": 3,
        "photos/website/team.png": 5,
    }
    for key, number in (photos | again).items():
        named = Planted(STUDIO, key, f"picture {number}", _picture(number), Story.PICTURES)
        yield named
        yield Planted(STUDIO, f"backup/2025-06/{key}", named.content, named.body, Story.BACKUP)


@cache
def _picture(number: int) -> bytes:
    """A PNG of a sky, a sun and hills, with a little grain so that it has some size."""
    try:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only the demo has Pillow
    except ImportError as error:
        raise DemoExtraMissingError("Pillow, to draw its pictures") from error
    width, height = _PICTURE_SIZE
    sky = Image.linear_gradient("L").resize(_PICTURE_SIZE)
    grain = Image.frombytes("L", _PICTURE_SIZE, _noise(f"grain {number}", width * height))
    picture = Image.merge("RGB", (sky, Image.blend(sky, grain, 0.05), sky.point(lambda value: 255 - value)))
    draw = ImageDraw.Draw(picture)
    left, top = 30 * number, 20 + 9 * number
    draw.ellipse((left, top, left + 40, top + 40), fill=(250, 220, 120))
    draw.polygon([(0, height), (width // 3, 150 - 5 * number), (width, height)], fill=(40, 90 + 12 * number, 60))
    encoded = BytesIO()
    picture.save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def _empty() -> Iterator[Planted]:
    for bucket, key in ((STUDIO, "photos/.keep"), (STUDIO, "exports/_SUCCESS"), (ARCHIVE, "logs/_SUCCESS")):
        yield Planted(bucket, key, "nothing", b"", Story.EMPTY)


def _logs() -> Iterator[Planted]:
    """A log for each of twelve days: all of one size, no two of one content."""
    for day in range(1, 13):
        body = "".join(_log_lines(day)).encode()
        yield Planted(ARCHIVE, f"logs/2025-06-{day:02}.log", f"log {day}", body, Story.UNIQUE)


def _log_lines(day: int) -> Iterable[str]:
    numbers = _noise(f"log {day}", 400)
    for minute, number in enumerate(numbers):
        clock = f"2025-06-{day:02}T{minute // 60:02}:{minute % 60:02}:00Z"
        yield f"{clock} INFO request={number:03} status=200 path=/films/launch.mp4\n"
