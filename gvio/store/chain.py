"""Reads every record of the pointer's moves and checks the chain: numbers, hashes, and what the records rely on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from gvio.errors import DamagedStore
from gvio.publish.latest import Latest
from gvio.publish.moves import Move
from gvio.store.documents import move_key, move_of, numbers_in
from gvio.store.keys import repair_hint, sha256
from gvio.store.objects import ObjectStore

_THREADS = 16


@dataclasses.dataclass(frozen=True)
class Chain:
    """What reading the records showed.

    Attributes:
        moves: Sound records by number, ascending.
        digests: SHA-256 that a record must have, by number, where its successor or the pointer says it.
        broken: What is wrong with the other records, one line each, by number; without those that a repair gave up.
    """

    moves: Mapping[int, Move] = dataclasses.field(default_factory=dict)
    digests: Mapping[int, str] = dataclasses.field(default_factory=dict)
    broken: Mapping[int, str] = dataclasses.field(default_factory=dict)

    @property
    def newest(self) -> Move | None:
        """The sound record of the highest number; None when there is none."""
        return max(self.moves.values(), key=lambda move: move.number, default=None)

    @property
    def releases(self) -> set[str]:
        """Releases that must be there: named by a record, and not withdrawn by a later one."""
        needed = set[str]()
        for move in self.moves.values():
            needed |= {move.release} if move.release is not None else set()
            needed -= set(move.withdrawn)
        return needed

    def of_release(self, release: str) -> Move | None:
        """The first move to a release; None when no record names it."""
        return next((move for move in self.moves.values() if move.release == release), None)


NO_CHAIN = Chain()


def read_chain(store: ObjectStore, region: str, keys: Iterable[str], latest: Latest | None) -> Chain:
    """Read the records among `keys`, the listing of a region; `latest` is its pointer, None where that cannot be read.

    From the newest to the oldest: the pointer vouches for the record that it names, each sound record for the one
    before it.

    Raises:
        StoreError: The store cannot be read, or a record is of a newer schema.
    """
    numbers = numbers_in(keys, region)
    named = None if latest is None else latest.history
    last = max([*numbers, 0 if named is None else named.number])
    with ThreadPoolExecutor(_THREADS) as pool:
        read = dict(zip(numbers, pool.map(lambda n: store.read_versioned(move_key(region, n)), numbers), strict=True))
    moves, digests, broken = dict[int, Move](), dict[int, str](), dict[int, str]()
    wanted: str | None = None
    for number in range(last, 0, -1):
        if named is not None and number == named.number:
            wanted = named.sha256
        if wanted is not None:
            digests[number] = wanted
        found = read.get(number)
        try:
            moves[number] = move = _sound(store, region, number, None if found is None else found[0], wanted)
            wanted = None if move.before is None else move.before.sha256
        except DamagedStore as error:
            broken[number], wanted = str(error), None
    given_up = {number for move in moves.values() for number in move.lost}
    return Chain(dict(sorted(moves.items())), digests, {n: why for n, why in broken.items() if n not in given_up})


def _sound(store: ObjectStore, region: str, number: int, data: bytes | None, wanted: str | None) -> Move:
    key = move_key(region, number)
    where, cure = f"{store.url}/{key}", repair_hint(store.url, key)
    if data is None:
        raise DamagedStore("no such record of a move of latest.json", where=where, hint=cure)
    if wanted is not None and sha256(data) != wanted:
        raise DamagedStore("its bytes are not the ones that were recorded", where=where, hint=cure)
    move = move_of(data, store, region, number)
    if (0 if move.before is None else move.before.number) != number - 1:
        raise DamagedStore("does not follow the record before it", where=where, hint=cure)
    return move
