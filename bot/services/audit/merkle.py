"""The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs.

The tree is kept as tiles of 256 hashes. A tile of level 0 holds leaves; one of level n + 1 holds
the roots of 256 full tiles of level n. Appending, proving and finding the root touch one or two
tiles a level, however long the record grows.

Source: RFC 6962 section 2.1 (the hashes), RFC 9162 sections 2.1.3 and 2.1.4 (checking proofs),
C2SP tlog-tiles (the tiles).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

HASH_BYTES = 32
TILE_BITS = 8
TILE_WIDTH = 1 << TILE_BITS
TILE_BYTES = TILE_WIDTH * HASH_BYTES
EMPTY_ROOT = sha256(b"").digest()

Place = tuple[int, int]
RangeHash = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    """Hash one leaf: SHA-256(0x00 ‖ content)."""
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two smaller than `count`, where the RFC divides a tree; count ≥ 2."""
    return 1 << (count - 1).bit_length() - 1


class Frontier:
    """The roots of the full subtrees a tree is made of: enough to append and to find the root."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash on the right."""
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(self._roots.pop(), carry)
            size >>= 1
        self._roots.append(carry)
        self.size += 1

    def root(self) -> bytes:
        return _fold(self._roots)


class Tiles:
    """A tree of `size` leaves held in tiles, or the part of it that was loaded.

    `changed` names the tiles that `append` wrote. Reading a hash from a tile that was not loaded
    raises KeyError; one that is cut short raises ValueError.
    """

    def __init__(self, size: int = 0, tiles: Mapping[Place, bytes] | None = None) -> None:
        self.size = size
        self.changed: set[Place] = set()
        self._tiles = {place: bytearray(hashes) for place, hashes in (tiles or {}).items()}

    def __getitem__(self, place: Place) -> bytes:
        return bytes(self._tiles[place])

    def places(self) -> Iterable[Place]:
        return self._tiles.keys()

    def append(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes on the right. The tiles of the right edge must be loaded."""
        for leaf in leaves:
            self._push(0, self.size, leaf)
            self.size += 1

    def root(self) -> bytes:
        return self.hash_of(0, self.size)

    def hash_of(self, begin: int, end: int) -> bytes:
        """The root over the leaves `begin` ≤ n < `end`, a range that RFC 6962 proofs name."""
        roots = []
        while begin < end:
            height = (end - begin).bit_length() - 1
            if begin:
                height = min(height, (begin & -begin).bit_length() - 1)
            roots.append(self._node(height, begin >> height))
            begin += 1 << height
        return _fold(roots)

    def _push(self, level: int, index: int, value: bytes) -> None:
        place = (level, index >> TILE_BITS)
        tile = self._tiles.setdefault(place, bytearray())
        if len(tile) != (index & TILE_WIDTH - 1) * HASH_BYTES:
            raise ValueError(f"tile {place} holds {len(tile)} bytes")
        tile += value
        self.changed.add(place)
        if len(tile) == TILE_BYTES:
            self._push(level + 1, index >> TILE_BITS, _perfect_root(bytes(tile)))

    def _node(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_BITS)
        first = index << rest
        tile = self._tiles[level, first >> TILE_BITS]
        begin = (first & TILE_WIDTH - 1) * HASH_BYTES
        hashes = bytes(tile[begin : begin + (HASH_BYTES << rest)])
        if len(hashes) != HASH_BYTES << rest:
            raise ValueError(f"tile {level, first >> TILE_BITS} is cut short")
        return _perfect_root(hashes)


def places_for(size: int, index: int | None = None) -> set[Place]:
    """The tiles that hold the right edge of a tree, and the path of one leaf."""
    places: set[Place] = set()
    level = 0
    while size >> TILE_BITS * level:
        shift = TILE_BITS * (level + 1)
        places.add((level, size >> shift))
        if index is not None:
            places.add((level, index >> shift))
        level += 1
    return places


def inclusion_path(index: int, size: int, hash_of: RangeHash) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append(hash_of(middle, end))
            end = middle
        else:
            path.append(hash_of(begin, middle))
            begin = middle
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path shows that `leaf` is number `index` of the `size` leaves under `root`."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(step, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def consistency_path(old: int, size: int, hash_of: RangeHash) -> list[bytes]:
    """The hashes that show that the tree of `size` leaves begins with that of `old` leaves."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} cannot begin with one of {old}")
    if old in (0, size):
        return []
    path = []
    begin, end, is_whole = 0, size, True
    while old != end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append(hash_of(middle, end))
            end = middle
        else:
            path.append(hash_of(begin, middle))
            begin, is_whole = middle, False
    if not is_whole:
        path.append(hash_of(begin, end))
    return path[::-1]


def extends(old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the tree under `root` begins with the one under `old_root`."""
    if old == size:
        return not path and old_root == root
    if not 0 < old < size:
        return old == 0 and not path and old_root == EMPTY_ROOT
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    found_old = found = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            found_old, found = node_hash(step, found_old), node_hash(step, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found_old == old_root and found == root


def _fold(roots: Sequence[bytes]) -> bytes:
    """Join the roots of subtrees that shrink from left to right."""
    if not roots:
        return EMPTY_ROOT
    found = roots[-1]
    for root in reversed(roots[:-1]):
        found = node_hash(root, found)
    return found


def _perfect_root(hashes: bytes) -> bytes:
    """The root over a power of two of hashes that lie behind each other."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest()
            for at in range(0, len(hashes), 2 * HASH_BYTES)
        )
    return hashes
