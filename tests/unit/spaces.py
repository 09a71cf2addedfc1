"""Evidence made up by hypothesis: a few spaces of each kind, and few values, so that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from s3dedup.evidence import Evidence

if TYPE_CHECKING:
    from s3dedup.evidence.verdict import Spaces

DECIDING = ("md5", "sha1", "sha256", "multipart-3x8")
UNITING = ("multipart-2", "multipart-3")
SEPARATING = ("crc32", "xxhash3")


def _values(spaces: tuple[str, ...], value: st.SearchStrategy[bytes]) -> st.SearchStrategy[Spaces]:
    chosen = st.dictionaries(st.sampled_from(spaces), value)
    return chosen.map(lambda found: tuple(found.items()))


def evidences() -> st.SearchStrategy[Evidence]:
    """Whatever a store may claim, contradictions and all."""
    value = st.sampled_from([b"1", b"2"])
    return st.builds(Evidence, _values(DECIDING, value), _values(UNITING, value), _values(SEPARATING, value))


def truths() -> st.SearchStrategy[tuple[int, Evidence]]:
    """A content, and some of what an honest store says of it. The weak checksums of contents 0 and 1 collide."""

    def of_content(content: int) -> st.SearchStrategy[tuple[int, Evidence]]:
        strong, weak = st.just(bytes([content])), st.just(bytes([content // 2]))
        known = st.builds(Evidence, _values(DECIDING, strong), _values(UNITING, strong), _values(SEPARATING, weak))
        return known.map(lambda evidence: (content, evidence))

    return st.integers(0, 3).flatmap(of_content)
