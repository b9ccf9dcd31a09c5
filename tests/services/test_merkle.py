"""The Merkle tree, against the definitions of RFC 6962 written out naively."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.audit import merkle

# Source: the eight leaves and roots that Certificate Transparency implementations are tested with.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = naive_root(leaves[:half]), naive_root(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % n) for n in range(count)]


def tree(count: int) -> merkle.Tiles:
    tiles = merkle.Tiles()
    tiles.append(hashes(count))
    return tiles


def test_the_roots_of_the_known_leaves_are_the_published_ones() -> None:
    frontier = merkle.Frontier()
    for content in KNOWN_LEAVES:
        frontier.append(merkle.leaf_hash(content))
        if frontier.size in KNOWN_ROOTS:
            assert frontier.root().hex() == KNOWN_ROOTS[frontier.size]
    assert merkle.Frontier().root() == merkle.Tiles().root() == sha256(b"").digest()


@given(st.integers(0, 1200))
@settings(max_examples=40, deadline=None)
def test_frontier_and_tiles_agree_with_the_definition(count: int) -> None:
    frontier = merkle.Frontier()
    for leaf in hashes(count):
        frontier.append(leaf)
    assert frontier.root() == naive_root(hashes(count)) == tree(count).root()


def test_a_tree_of_three_tile_levels_agrees_with_the_definition() -> None:
    count = 256 * 256 + 300
    assert tree(count).root() == naive_root(hashes(count))


@given(st.integers(1, 1200), st.data())
@settings(max_examples=60, deadline=None)
def test_every_leaf_has_a_proof_and_only_at_its_place(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tiles, leaves = tree(size), hashes(size)
    path, root = merkle.inclusion_path(index, size, tiles.hash_of), naive_root(leaves)
    assert merkle.includes(leaves[index], index, size, path, root)
    assert not merkle.includes(merkle.leaf_hash(b"other"), index, size, path, root)
    assert not merkle.includes(leaves[index], size, size, path, root)
    assert not merkle.includes(leaves[index], index, size, [*path, root], root)
    for wrong in {0, index - 1, index + 1, size - 1} - {index}:
        assert not merkle.includes(leaves[index], wrong, size, path, root)
    if path:
        spoiled = [*path[:-1], bytes(32)]
        assert not merkle.includes(leaves[index], index, size, spoiled, root)
        assert not merkle.includes(leaves[index], index, size, path[:-1], root)


@given(st.integers(0, 1200), st.integers(0, 1200))
@settings(max_examples=80, deadline=None)
def test_a_longer_tree_proves_that_it_begins_with_the_shorter(one: int, other: int) -> None:
    old, size = sorted((one, other))
    tiles, leaves = tree(size), hashes(size)
    path = merkle.consistency_path(old, size, tiles.hash_of)
    old_root, root = naive_root(leaves[:old]), naive_root(leaves)
    assert merkle.extends(old, size, old_root, root, path)
    if old and old != size:
        assert not merkle.extends(old, size, bytes(32), root, path)
        assert not merkle.extends(old, size, old_root, bytes(32), path)
        assert not merkle.extends(old, size, old_root, root, [*path, root])
        assert not merkle.extends(old, size, old_root, root, path[:-1])


@given(st.integers(0, 70_000), st.data())
@settings(max_examples=15, deadline=None)
def test_the_tiles_of_the_edge_and_the_path_are_enough(size: int, data: st.DataObject) -> None:
    whole = tree(size)
    index = data.draw(st.integers(0, size - 1)) if size else None
    wanted = merkle.places_for(size, index)
    held = {place: whole[place] for place in whole.places() if place in wanted}
    part = merkle.Tiles(size, held)
    assert part.root() == whole.root()
    if index is not None:
        path = merkle.inclusion_path(index, size, part.hash_of)
        assert merkle.includes(hashes(size)[index], index, size, path, whole.root())
    more = [merkle.leaf_hash(b"more-%d" % n) for n in range(700)]
    part.append(more)
    whole.append(more)
    assert part.root() == whole.root()
    assert len(held) <= 6
