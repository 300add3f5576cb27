"""What the kernels run on: the numbers of `benches/gallery/kernels/data.rs`."""

import math

import numpy as np

WORD = 2**64 - 1


def bits(count, seed):
    """64 bits for each position (SplitMix64's mix of a counter)."""
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z ^= np.uint64(seed * 0xD1B54A32D192ED03 & WORD)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def filled(shape, elements):
    shape = shape if isinstance(shape, tuple) else (shape,)
    return elements(math.prod(shape)).reshape(shape)


def uniform(shape, seed):
    """Floats in [0, 1)."""
    return filled(shape, lambda count: (bits(count, seed) >> np.uint64(11)) / 2.0**53)


def singles(shape, seed):
    """The same in single precision."""
    return filled(shape, lambda count: (bits(count, seed) >> np.uint64(40)).astype(np.float32) / np.float32(2**24))


def below(limit, shape, seed, dtype):
    """Integers from 0 to below a limit."""
    return filled(shape, lambda count: (bits(count, seed) % np.uint64(limit)).astype(dtype))


def zeros(shape, dtype=np.float64):
    return np.zeros(shape, dtype)


def dominant(n, seed):
    """A symmetric matrix with a diagonal that outweighs the rest of its row."""
    a = np.triu(uniform((n, n), seed))
    return a + np.triu(a, 1).T + n * np.eye(n)


def csr(n, rows, seed):
    """A sparse matrix by rows: starts, columns, values."""
    words = bits(n, seed)
    lengths = np.full(n, 9)
    if rows == "uneven":
        long = words % np.uint64(64) == 0
        lengths = np.where(long, 300, (words >> np.uint64(8)) % np.uint64(6)).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    count = int(starts[-1])
    return starts, below(max(n, 1), count, seed + 1, np.int64), uniform(count, seed + 2)


def coo(n, rows, seed):
    """The same matrix as a list: rows, columns, values."""
    starts, columns, values = csr(n, rows, seed)
    return np.repeat(np.arange(n), np.diff(starts)), columns, values


def permutation(n, seed):
    """The numbers below n in another order."""
    return np.argsort(bits(n, seed), kind="stable")


def ascending(n):
    return np.arange(n) / n


def scaled(a, factor, offset):
    return a * factor + offset


def power_of_two(n):
    """The next one."""
    return 1 << max(n - 1, 0).bit_length()
