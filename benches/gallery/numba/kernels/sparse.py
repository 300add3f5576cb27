"""Sparse matrices and graphs: products by rows and by elements, with rows that are even and rows that are not."""

from numba import prange

from data import coo, csr, permutation, uniform, zeros
from rows import row


@row(lambda n: (*csr(n, "even", 1), uniform(n, 4), zeros(n)), writes="y")
def csr_vector(start, column, value, x, y):
    for i in prange(y.size):
        sum = 0.0
        for e in range(start[i], start[i + 1]):
            sum += value[e] * x[column[e]]
        y[i] = sum


@row(lambda n: (*csr(n, "uneven", 1), uniform(n, 4), zeros(n)), writes="y")
def csr_vector_uneven(start, column, value, x, y):
    """Most rows are short, and some are not."""
    for i in prange(y.size):
        sum = 0.0
        for e in range(start[i], start[i + 1]):
            sum += value[e] * x[column[e]]
        y[i] = sum


@row(lambda n: (*csr(n, "even", 1), uniform((n, 16), 4), zeros((n, 16))), writes="y")
def csr_columns(start, column, value, x, y):
    for i in prange(y.shape[0]):
        for c in range(y.shape[1]):
            y[i, c] = 0.0
        for e in range(start[i], start[i + 1]):
            for c in range(y.shape[1]):
                y[i, c] += value[e] * x[column[e], c]


@row(lambda n: (*coo(n, "uneven", 1), uniform(n, 4), zeros(n)), writes="y")
def coo_vector(row, column, value, x, y):
    for e in range(value.size):
        y[row[e]] += value[e] * x[column[e]]


@row(lambda n: (*csr(n, "uneven", 1)[::2], zeros(csr(n, "uneven", 1)[2].size)), writes="out")
def segment_sums(start, x, out):
    """Running sums that begin anew with each segment."""
    for g in range(start.size - 1):
        sum = 0.0
        for e in range(start[g], start[g + 1]):
            sum += x[e]
            out[e] = sum


@row(lambda n: (*csr(n, "even", 1)[:2], uniform(n, 4) + 1.0, uniform(n, 5), zeros(n), 3), writes="rank share")
def page_rank(start, source, degree, rank, share, rounds):
    """Rounds over the edges of a graph, by target."""
    n = rank.size
    for _ in range(rounds):
        for i in prange(n):
            share[i] = rank[i] / degree[i]
        for i in prange(n):
            sum = 0.0
            for e in range(start[i], start[i + 1]):
                sum += share[source[e]]
            rank[i] = 0.15 / n + 0.85 * sum


@row(lambda n: (permutation(n, 1), uniform(n, 2), zeros(n), zeros(n)), writes="sorted back")
def gather_scatter(order, x, sorted, back):
    """Elements in another order, and back."""
    for i in prange(order.size):
        sorted[i] = 2.0 * x[order[i]]
    for i in range(order.size):
        back[order[i]] = sorted[i] + 1.0
