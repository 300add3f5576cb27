"""Factorisations and solutions of equations: loops that need what they have computed before."""

import math

import numpy as np
from numba import prange

from data import below, dominant, scaled, uniform, zeros
from rows import row


@row(lambda n: (dominant(n, 1),), writes="a")
def lu(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


@row(lambda n: (dominant(n, 1),), writes="a")
def lu_rows(a):
    """Row by row, with sums inside."""
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]


@row(lambda n: (dominant(n, 1),), writes="a")
def cholesky(a):
    for i in range(a.shape[0]):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
        for k in range(i):
            a[i, i] -= a[i, k] * a[i, k]
        a[i, i] = math.sqrt(a[i, i])


@row(lambda n: (uniform((n + 1, n), 1), zeros((n + 1, n)), zeros((n, n))), writes="a q r")
def gram_schmidt(a, q, r):
    m, n = a.shape
    for k in range(n):
        norm = 0.0
        for i in range(m):
            norm += a[i, k] * a[i, k]
        r[k, k] = math.sqrt(norm)
        for i in range(m):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            r[k, j] = 0.0
            for i in range(m):
                r[k, j] += q[i, k] * a[i, j]
            for i in range(m):
                a[i, j] -= q[i, k] * r[k, j]


@row(lambda n: (dominant(n, 1), uniform(n, 2), zeros(n)), writes="x")
def forward_substitution(l, b, x):
    for i in range(l.shape[0]):
        x[i] = b[i]
        for j in range(i):
            x[i] -= l[i, j] * x[j]
        x[i] /= l[i, i]


@row(lambda n: (dominant(n, 1), uniform((n, n + 1), 2)), writes="x")
def triangular_solves(l, x):
    """Many right sides."""
    for i in range(l.shape[0]):
        for j in range(i):
            for c in range(x.shape[1]):
                x[i, c] -= l[i, j] * x[j, c]
        for c in range(x.shape[1]):
            x[i, c] /= l[i, i]


@row(
    lambda n: (
        uniform((n, n + 1), 1),
        scaled(uniform((n, n + 1), 2), 1.0, 3.0),
        uniform((n, n + 1), 3),
        zeros((n, n + 1)),
        uniform((n, n + 1), 4),
    ),
    writes="factor x",
)
def tridiagonal(lower, diagonal, upper, factor, x):
    """Many systems of equations, one in each column."""
    n, systems = x.shape
    for s in prange(systems):
        factor[0, s] = upper[0, s] / diagonal[0, s]
        x[0, s] /= diagonal[0, s]
        for i in range(1, n):
            m = 1.0 / (diagonal[i, s] - lower[i, s] * factor[i - 1, s])
            factor[i, s] = upper[i, s] * m
            x[i, s] = (x[i, s] - lower[i, s] * x[i - 1, s]) * m
        for i in range(n - 2, -1, -1):
            x[i, s] -= factor[i, s] * x[i + 1, s]


@row(lambda n: (scaled(uniform(n, 1), 1.0 / (n * n), 0.0), zeros(n), zeros(n)), writes="y z")
def durbin(r, y, z):
    y[0] = -r[0]
    beta = 1.0
    alpha = -r[0]
    for k in range(1, r.size):
        beta = (1.0 - alpha * alpha) * beta
        sum = 0.0
        for i in range(k):
            sum += r[k - i - 1] * y[i]
        alpha = -(r[k] + sum) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - i - 1]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha


@row(lambda n: (uniform((n, n), 1),), writes="d")
def floyd_warshall(d):
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])


@row(lambda n: (below(1000, (n, n), 1, np.int32),), writes="d")
def shortest_paths(d):
    """With `if`, and integers."""
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            first = d[i, k]
            for j in range(n):
                if first + d[k, j] < d[i, j]:
                    d[i, j] = first + d[k, j]


@row(lambda n: (dominant(n, 1),), writes="a")
def gauss_jordan(a):
    """The inverse in place."""
    n = a.shape[0]
    for k in range(n):
        pivot = 1.0 / a[k, k]
        a[k, k] = 1.0
        for j in range(n):
            a[k, j] *= pivot
        for i in range(n):
            if i != k:
                f = a[i, k]
                a[i, k] = 0.0
                for j in range(n):
                    a[i, j] -= f * a[k, j]
