"""Which documents share most of their text: MinHash signatures, and the groups that they make.

Broder, "On the resemblance and containment of documents", 1997; signatures of one byte a value: Li, Koenig, "b-Bit
minwise hashing", WWW 2010; buckets: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qa.store.catalog import batches
from qa.text import FIGURE_OR_WORD
from qa.types import Document

SHARED = 0.8  # of the runs of words that two documents hold together: from here on they are near-identical
RUN = 3  # words of a run
VALUES = 256  # bytes of a signature; the share is estimated to .025
BAND = 8  # bytes of it by which candidates are found: of pairs that share .8, all but three in a thousand
AT_ONCE = 5_000  # runs hashed together, which take 5 MB

Numbers = npt.NDArray[np.intp]


def signature(document: Document) -> bytes:
    """VALUES bytes, of which two documents have the more alike the more of their runs of words are the same.

    Case and punctuation do not count, nor do menus and notices.
    """
    from datasketch import MinHash  # takes most of a second, and an ingest of unchanged files needs it not

    made = MinHash(num_perm=VALUES, seed=1, scheme="affine32")
    for runs in batches(list(runs_of(document)), AT_ONCE):
        made.update_batch([run.encode("utf-8", "surrogatepass") for run in runs])
    return bytes(made.hashvalues.astype(np.uint8))


def runs_of(document: Document) -> set[str]:
    """Every run of RUN words of a document, furniture left out; of a shorter one all words."""
    pieces, at = [], 0
    for mark in document.marks:
        if mark.kind == "furniture":
            pieces.append(document.text[at : mark.start])
            at = mark.end
    pieces.append(document.text[at:])
    words = [figure or word for figure, word in FIGURE_OR_WORD.findall(" ".join(pieces).casefold())]
    return {" ".join(words[n : n + RUN]) for n in range(max(1, len(words) - RUN + 1))}


def groups(signatures: Mapping[str, bytes]) -> dict[str, str]:
    """For each document that is near-identical to another one the first name of its group, in alphabetical order.

    signatures: by name. A group is what near-identity joins, also by way of others; it depends on nothing but the
    signatures, so that no history of a store can matter.
    """
    names = sorted(signatures)
    rows = np.frombuffer(b"".join(signatures[name] for name in names), np.uint8).reshape(len(names), VALUES)
    first = np.arange(len(names))  # of the group that each belongs to, as far as it is known
    for members in buckets([signatures[name] for name in names]):
        join(np.array(members), rows, first)
    sizes = np.bincount(first, minlength=len(names))
    return {name: names[of] for name, of in zip(names, first, strict=True) if sizes[of] > 1}


def join(members: Numbers, rows: npt.NDArray[np.uint8], first: Numbers) -> None:
    """Joins the groups of near-identical members, in `first`; each is compared with all that are not in its group."""
    for at, number in enumerate(members):
        if (first[members] == first[number]).all():
            return
        later = members[at + 1 :]
        others = later[first[later] != first[number]]
        near = others[(rows[others] == rows[number]).mean(axis=1) >= SHARED]
        together = np.unique(first[[number, *near]])
        first[np.isin(first, together)] = together[0]


def buckets(signatures: Sequence[bytes]) -> Iterator[list[int]]:
    """Numbers of signatures that are the same in a band; all that are near-identical are together in one of them."""
    for at in range(0, VALUES, BAND):
        found: dict[bytes, list[int]] = defaultdict(list)
        for number, one in enumerate(signatures):
            found[one[at : at + BAND]].append(number)
        yield from (members for members in found.values() if len(members) > 1)
