"""Names with other words between their own: "regurgitation of a trileaflet aortic valve", "short 4th metatarsal".

Within a clause, one or two further content words may stand between the words of a name. Such a match is a guess that
texts confirm about as often as not, so only the reading of notes uses it.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.bag_of_words import BagOfWords
from clinweave.knowledge.linking.dictionary import HashSet, TokenMatches
from clinweave.knowledge.linking.normalise import Ints, Tokens, hashes_of, mix
from clinweave.knowledge.linking.stems import ABSENCES

MAX_SKIPPED = 2  # content words between
MAX_NAMED = 4  # content words of a name
MAX_WIDTH = 9  # tokens that a match spans
# Words that end a phrase: what stands on either side belongs to different findings.
_CUTS = """
and or nor but with without no not never to by for from as that which who than during after before due because
show showed shows reveal revealed reveals had has have demonstrated displayed exhibited noted found presented
include includes included including identified observed showing detected confirmed suggested suggests biopsy
cause causes causing caused when setting dose history related like less
isn aren wasn weren don doesn didn hasn haven hadn couldn can cannot neither nobody none unlikely
molecular normal normally unremarkable negative denied denies except unlike versus confirming suggesting
"""
_CUT_HASHES = HashSet(hashes_of(_CUTS.split()))


_TESTS = HashSet(hashes_of(["test"]))


def gapped(bag: BagOfWords, tokens: Tokens, usable: NDArray[np.bool_]) -> TokenMatches:
    """Return the matches of names whose words have other words between; `usable` says which keys may be found."""
    part, named, stop = bag.parts(tokens)
    content = np.flatnonzero(~stop)
    # "No febrile seizures" are no absence seizures, nor is "limb weakness is absent" an absent limb.
    named = named & ~ABSENCES.holds(tokens.hash) & ~_TESTS.holds(tokens.hash)  # a test is no testis
    cuts = np.concatenate([[0], np.cumsum(_CUT_HASHES.holds(tokens.hash))])
    rows: dict[tuple[int, int, int], None] = {}
    for first, last, chosen in _windows(content, tokens, cuts):
        good = named[first] & named[last]
        total = np.zeros(len(first), np.uint64)
        for column in chosen:
            good &= named[column]
            total += part[column]
        value = np.where(good, bag.sets.find(mix(total)), 0)
        hits = np.flatnonzero((value > 0) & (value <= bag.own))
        for row in hits.tolist():
            words = [tokens.words(int(column[row]), int(column[row]) + 1)[0] for column in chosen]
            begin, end = int(first[row]), int(last[row])
            key = (
                None if bag.leads_on(tokens, end, named) else bag.verified(int(value[row]) - 1, words, usable)
            )
            if key is not None:
                rows[begin, end - begin + 1, key] = None
    columns = np.array(list(rows), np.int64).reshape(-1, 3).T
    return TokenMatches(columns[0], columns[1], columns[2])


def _windows(content: Ints, tokens: Tokens, cuts: Ints) -> Iterator[tuple[Ints, Ints, list[Ints]]]:
    """Yield (first token, last token, tokens of the name) of all windows of one shape, as arrays."""
    for size in range(2, MAX_NAMED + 1):
        for skipped in range(1, MAX_SKIPPED + 1):
            width = size + skipped
            count = len(content) - width + 1
            if count <= 0:
                continue
            first, last = content[:count], content[width - 1 :]
            fits = (
                (tokens.clause[first] == tokens.clause[last])
                & (last - first < MAX_WIDTH)
                & (cuts[last + 1] == cuts[first])
            )
            starts = np.flatnonzero(fits)
            for inner in combinations(range(1, width - 1), size - 2):
                shape = (0, *inner, width - 1)
                yield first[starts], last[starts], [content[starts + shift] for shift in shape]
