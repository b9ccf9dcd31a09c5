"""Where each opinion stands on the map: neighbours close, everything else apart.

The map is a picture of the topics, not their source: nothing is grouped by its place on it.

Source: t-SNE (van der Maaten and Hinton 2008) with equal weights for the nearest neighbours, and
its repulsion on a grid by Fourier transform (Linderman et al. 2019, "FIt-SNE").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse

GRID = 128
# Grid cells are no narrower than this: the repulsion has a reach of about one.
NARROWEST = 0.4
EARLY, EXAGGERATION = 80, 12.0
STEPS = 260
# One step is no longer: groups without neighbours outside would fly off for ever.
LONGEST = 2.0


def lay_out(graph: sparse.csr_matrix, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places of the nodes: float32 (n, 2), centred, within -1..1.

    `graph` is symmetric (n, n) with an entry for each pair of neighbours; the first two columns
    of `points`, float32 (n, d), are the arrangement to start from.
    """
    n = graph.shape[0]
    if n < 3:
        return np.array([[-0.5, 0], [0.5, 0]], dtype=np.float32)[:n]
    start = np.zeros((n, 2), dtype=np.float32)
    start[:, : points.shape[1]] = points[:, :2]
    pull = sparse.csr_matrix(graph, dtype=np.float32, copy=True)
    pull.data[:] = 1 / max(1, pull.nnz)
    rows = np.repeat(np.arange(n), np.diff(pull.indptr))
    place = start - start.mean(axis=0)
    place = (place / max(float(place.std()), 1e-9) * 1e-2).astype(np.float32)
    speed, gain = np.zeros_like(place), np.ones_like(place)
    rate = 4 * max(n / EXAGGERATION, 10.0)
    for step in range(STEPS):
        early = step < EARLY
        force = _attraction(pull, rows, place) * (EXAGGERATION if early else 1.0)
        force -= _repulsion(place)
        same = np.sign(force) == np.sign(speed)
        gain = np.where(same, gain * 0.8, gain + 0.2).clip(0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gain * force
        speed = np.clip(speed, -LONGEST, LONGEST)
        place += speed
        place -= place.mean(axis=0)
    return np.asarray(place / max(float(np.abs(place).max()), 1e-9), dtype=np.float32)


def _attraction(
    pull: sparse.csr_matrix, rows: NDArray[np.int64], place: NDArray[np.float32]
) -> NDArray[np.float32]:
    x, y = np.ascontiguousarray(place.T)
    across = x[rows] - x[pull.indices]
    along = y[rows] - y[pull.indices]
    across *= across
    along *= along
    across += along
    across += 1
    near = sparse.csr_matrix((pull.data / across, pull.indices, pull.indptr), shape=pull.shape)
    ones = np.ones((len(place), 1), dtype=np.float32)
    sums = near @ np.hstack([place, ones])
    return np.asarray(place * sums[:, 2:] - sums[:, :2])


def _repulsion(place: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over all pairs of q²(yᵢ - yⱼ), divided by the sum of q, where q = 1/(1 + distance²)."""
    low = place.min(axis=0)
    span = float((place.max(axis=0) - low).max())
    width = max(NARROWEST, span / (GRID - 3))
    size = int(span / width) + 3
    scaled = (place - low) / width
    cell = scaled.astype(np.int64)
    part = scaled - cell
    spread = [
        (
            (cell[:, 0] + right) * size + cell[:, 1] + up,
            (part[:, 0] if right else 1 - part[:, 0]) * (part[:, 1] if up else 1 - part[:, 1]),
        )
        for right in (0, 1)
        for up in (0, 1)
    ]
    charges = np.vstack([np.ones(len(place)), place.T, (place**2).sum(axis=1)]).astype(np.float32)
    grid = np.stack(
        [
            sum(np.bincount(at, share * charge, minlength=size * size) for at, share in spread)
            for charge in charges
        ]
    ).reshape(4, size, size)
    field = _convolve(grid.astype(np.float32), width).reshape(4, -1)
    ones, first, second, square = (
        sum(share * potential[at] for at, share in spread) for potential in field
    )
    x, y = place.T
    total = float(((1 + x * x + y * y) * ones - 2 * (x * first + y * second) + square).sum())
    force = np.stack([x * ones - first, y * ones - second], axis=1)
    return np.asarray(force / max(total - len(place), 1e-9), dtype=np.float32)


def _convolve(grid: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    size = grid.shape[1]
    double = fft.next_fast_len(2 * size, real=True)
    steps = np.minimum(np.arange(double), double - np.arange(double)).astype(np.float32) * width
    kernel = 1 / (1 + steps[:, None] ** 2 + steps[None, :] ** 2) ** 2
    turned = fft.rfft2(grid, (double, double)) * fft.rfft2(kernel.astype(np.float32))
    return np.asarray(fft.irfft2(turned, (double, double))[:, :size, :size])
