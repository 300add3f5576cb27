"""Integers: number theory, hashes, bits, sorting and searching."""

import numpy as np
from numba import prange

from data import ascending, below, power_of_two, uniform, zeros
from rows import row


@row(lambda n: (zeros(n, np.int64),), writes="lengths")
def collatz(lengths):
    for i in prange(lengths.size):
        k = i + 1
        steps = 0
        while k != 1:
            if k % 2 == 0:
                k = k // 2
            else:
                k = 3 * k + 1
            steps += 1
        lengths[i] = steps


@row(lambda n: (zeros(n, np.bool_),), writes="is_prime")
def sieve(is_prime):
    n = is_prime.size
    for i in range(n):
        is_prime[i] = i >= 2
    p = 2
    while p * p < n:
        if is_prime[p]:
            for m in range(p * p, n, p):
                is_prime[m] = False
        p += 1
    count = 0
    for i in range(n):
        if is_prime[i]:
            count += 1
    return count


@row(lambda n: (below(1_000_000, n, 1, np.int64), below(1_000_000, n, 2, np.int64), zeros(n, np.int64)), writes="out")
def gcds(a, b, out):
    for i in prange(a.size):
        x, y = a[i], b[i]
        while y != 0:
            x, y = y, x % y
        out[i] = x


@row(lambda n: (n,))
def primes_by_trial(n):
    count = 0
    for k in prange(2, n):
        d = 2
        while d * d <= k and k % d != 0:
            d += 1
        if d * d > k:
            count += 1
    return count


@row(lambda n: (below(256, (n, 100), 1, np.uint8), zeros(n, np.uint64)), writes="hashes")
def fnv_rows(data, hashes):
    """A hash of each row."""
    for i in prange(data.shape[0]):
        hash = np.uint64(0xCBF29CE484222325)
        for j in range(data.shape[1]):
            hash = (hash ^ np.uint64(data[i, j])) * np.uint64(0x100000001B3)
        hashes[i] = hash


@row(lambda n: (below(256, n, 1, np.uint8),))
def crc32(data):
    crc = np.uint32(0xFFFFFFFF)
    for i in range(data.size):
        crc ^= np.uint32(data[i])
        for _ in range(8):
            if crc & np.uint32(1) == 1:
                crc = (crc >> np.uint32(1)) ^ np.uint32(0xEDB88320)
            else:
                crc = crc >> np.uint32(1)
    return crc ^ np.uint32(0xFFFFFFFF)


@row(lambda n: (below(256, n, 1, np.uint8), zeros(256, np.uint32)), writes="table")
def crc32_by_table(data, table):
    for i in range(256):
        crc = np.uint32(i)
        for _ in range(8):
            crc = (crc >> np.uint32(1)) ^ np.uint32(0xEDB88320) if crc & np.uint32(1) == 1 else crc >> np.uint32(1)
        table[i] = crc
    crc = np.uint32(0xFFFFFFFF)
    for i in range(data.size):
        crc = table[int((crc ^ np.uint32(data[i])) & np.uint32(255))] ^ (crc >> np.uint32(8))
    return crc ^ np.uint32(0xFFFFFFFF)


@row(lambda n: (below(256, n, 1, np.uint8),))
def adler32(data):
    a, b = np.uint32(1), np.uint32(0)
    for i in range(data.size):
        a = (a + np.uint32(data[i])) % 65521
        b = (b + a) % 65521
    return (b << 16) | a


@row(lambda n: (below(2**64 - 1, n, 1, np.uint64), zeros(n, np.uint64)), writes="counts")
def count_bits(words, counts):
    for i in prange(words.size):
        word = words[i]
        count = 0
        while word != 0:
            word &= word - np.uint64(1)
            count += 1
        counts[i] = count


@row(lambda n: (below(1 << 32, n, 1, np.uint32), zeros(n, np.uint32)), writes="reversed")
def reverse_bits(words, reversed):
    for i in prange(words.size):
        x = words[i]
        x = ((x >> 1) & 0x55555555) | ((x & 0x55555555) << 1)
        x = ((x >> 2) & 0x33333333) | ((x & 0x33333333) << 2)
        x = ((x >> 4) & 0x0F0F0F0F) | ((x & 0x0F0F0F0F) << 4)
        x = ((x >> 8) & 0x00FF00FF) | ((x & 0x00FF00FF) << 8)
        reversed[i] = (x >> 16) | (x << 16)


@row(lambda n: (below(2**64 - 1, n, 1, np.uint64), zeros(n, np.uint64), 50), writes="out")
def xorshift(seeds, out, rounds):
    for i in prange(seeds.size):
        x = seeds[i] | np.uint64(1)
        for _ in range(rounds):
            x ^= x << np.uint64(13)
            x ^= x >> np.uint64(7)
            x ^= x << np.uint64(17)
        out[i] = x


@row(lambda n: (ascending(n), uniform(n, 1), zeros(n, np.int64)), writes="places")
def binary_search(table, x, places):
    """The place of each number in a sorted table."""
    for i in prange(x.size):
        low, high = 0, table.size
        while low < high:
            middle = (low + high) // 2
            if table[middle] < x[i]:
                low = middle + 1
            else:
                high = middle
        places[i] = low


@row(lambda n: (uniform((n, 16), 1),), writes="a")
def insertion_sort_rows(a):
    for r in prange(a.shape[0]):
        for i in range(1, a.shape[1]):
            value = a[r, i]
            j = i
            while j > 0 and a[r, j - 1] > value:
                a[r, j] = a[r, j - 1]
                j -= 1
            a[r, j] = value


@row(lambda n: (below(1 << 30, power_of_two(n), 1, np.int32),), writes="a")
def bitonic_sort(a):
    n = a.size
    k = 2
    while k <= n:
        j = k // 2
        while j > 0:
            for i in range(n):
                other = i ^ j
                if other > i:
                    ascending = i & k == 0
                    if (a[i] > a[other]) == ascending:
                        t = a[i]
                        a[i] = a[other]
                        a[other] = t
            j //= 2
        k *= 2


@row(lambda n: (ascending(n), ascending(n + n // 3), zeros(n + n + n // 3)), writes="out")
def merge_sorted(a, b, out):
    i, j = 0, 0
    for k in range(out.size):
        if j == b.size or (i < a.size and a[i] <= b[j]):
            out[k] = a[i]
            i += 1
        else:
            out[k] = b[j]
            j += 1


@row(lambda n: (np.frombuffer(b"ACGT", np.uint8)[below(4, n, 1, np.int64)],))
def base_counts(text):
    a, c, g, t = 0, 0, 0, 0
    for i in range(text.size):
        if text[i] == 65:
            a += 1
        elif text[i] == 67:
            c += 1
        elif text[i] == 71:
            g += 1
        else:
            t += 1
    return (a, c, g, t)
