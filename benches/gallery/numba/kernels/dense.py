"""Dense linear algebra in every order of loops: products of matrices and vectors."""

from numba import prange

from data import uniform, zeros
from rows import row


@row(lambda n: (uniform((n, n + 1), 1), uniform((n + 1, n + 2), 2), zeros((n, n + 2))), writes="c")
def matmul_ijk(a, b, c):
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            sum = 0.0
            for k in range(a.shape[1]):
                sum += a[i, k] * b[k, j]
            c[i, j] = sum


@row(lambda n: (uniform((n, n + 1), 1), uniform((n + 1, n + 2), 2), zeros((n, n + 2))), writes="c")
def matmul_ikj(a, b, c):
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = 0.0
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@row(lambda n: (uniform((n, n + 1), 1), uniform((n + 1, n + 2), 2), zeros((n, n + 2))), writes="c")
def matmul_jik(a, b, c):
    for j in range(b.shape[1]):
        for i in range(a.shape[0]):
            c[i, j] = 0.0
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@row(lambda n: (uniform((n, n + 1), 1), uniform((n + 1, n + 2), 2), zeros((n, n + 2))), writes="c")
def matmul_jki(a, b, c):
    for j in range(b.shape[1]):
        for i in range(a.shape[0]):
            c[i, j] = 0.0
        for k in range(a.shape[1]):
            factor = b[k, j]
            for i in range(a.shape[0]):
                c[i, j] += a[i, k] * factor


@row(
    lambda n: (
        1.5,
        1.2,
        uniform((n, n + 1), 1),
        uniform((n + 1, n + 2), 2),
        uniform((n + 2, n), 3),
        zeros((n, n + 2)),
        uniform((n, n), 4),
    ),
    writes="t d",
)
def two_matmuls(alpha, beta, a, b, c, t, d):
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            t[i, j] = 0.0
            for k in range(a.shape[1]):
                t[i, j] += alpha * a[i, k] * b[k, j]
    for i in prange(t.shape[0]):
        for j in range(c.shape[1]):
            d[i, j] *= beta
            for k in range(t.shape[1]):
                d[i, j] += t[i, k] * c[k, j]


@row(lambda n: (uniform((n, n + 1, n), 2), uniform((n, n), 1), zeros(n)), writes="a sum")
def doitgen(a, c, sum):
    nr, nq, np = a.shape
    for r in range(nr):
        for q in range(nq):
            for p in range(np):
                sum[p] = 0.0
                for s in range(np):
                    sum[p] += a[r, q, s] * c[s, p]
            for p in range(np):
                a[r, q, p] = sum[p]


@row(lambda n: (uniform((n, 8, 8), 1), uniform((n, 8, 8), 2), zeros((n, 8, 8))), writes="c")
def small_products(a, b, c):
    """Many products of matrices of eight rows."""
    m = a.shape[1]
    for e in prange(a.shape[0]):
        for i in range(m):
            for j in range(m):
                sum = 0.0
                for k in range(m):
                    sum += a[e, i, k] * b[e, k, j]
                c[e, i, j] = sum


@row(lambda n: (1.5, 1.2, uniform((n, n + 1), 1), uniform((n, n), 2)), writes="c")
def syrk(alpha, beta, a, c):
    n, m = a.shape
    for i in prange(n):
        for j in range(i + 1):
            c[i, j] *= beta
        for k in range(m):
            for j in range(i + 1):
                c[i, j] += alpha * a[i, k] * a[j, k]


@row(lambda n: (1.5, 1.2, uniform((n, n + 1), 1), uniform((n, n + 1), 3), uniform((n, n), 2)), writes="c")
def syr2k(alpha, beta, a, b, c):
    n, m = a.shape
    for i in prange(n):
        for j in range(i + 1):
            c[i, j] *= beta
        for k in range(m):
            for j in range(i + 1):
                c[i, j] += a[j, k] * alpha * b[i, k] + b[j, k] * alpha * a[i, k]


@row(lambda n: (1.5, uniform((n, n), 1), uniform((n, n + 1), 2)), writes="b")
def trmm(alpha, a, b):
    m, n = b.shape
    for i in range(m):
        for j in range(n):
            for k in range(i + 1, m):
                b[i, j] += a[k, i] * b[k, j]
            b[i, j] = alpha * b[i, j]


@row(lambda n: (uniform((n, n + 1), 1), uniform(n + 1, 2), zeros(n)), writes="y")
def matvec(a, x, y):
    for i in prange(a.shape[0]):
        sum = 0.0
        for j in range(a.shape[1]):
            sum += a[i, j] * x[j]
        y[i] = sum


@row(lambda n: (uniform((n, n + 1), 1), uniform(n + 1, 2), zeros(n + 1)), writes="y")
def atax(a, x, y):
    m, n = a.shape
    for j in range(n):
        y[j] = 0.0
    for i in range(m):
        t = 0.0
        for j in range(n):
            t += a[i, j] * x[j]
        for j in range(n):
            y[j] += a[i, j] * t


@row(lambda n: (uniform((n, n + 1), 1), uniform(n + 1, 2), uniform(n, 3), zeros(n + 1), zeros(n)), writes="s q")
def bicg(a, p, r, s, q):
    n, m = a.shape
    for j in range(m):
        s[j] = 0.0
    for i in range(n):
        q[i] = 0.0
        for j in range(m):
            s[j] += r[i] * a[i, j]
            q[i] += a[i, j] * p[j]


@row(lambda n: (uniform((n, n), 1), uniform(n, 2), uniform(n, 3), uniform(n, 4), uniform(n, 5)), writes="x1 x2")
def mvt(a, y1, y2, x1, x2):
    n = a.shape[0]
    for i in prange(n):
        for j in range(n):
            x1[i] += a[i, j] * y1[j]
    for i in prange(n):
        for j in range(n):
            x2[i] += a[j, i] * y2[j]


@row(lambda n: (1.5, 1.2, uniform((n, n + 1), 1), uniform((n, n + 1), 2), uniform(n + 1, 3), zeros(n)), writes="y")
def gesummv(alpha, beta, a, b, x, y):
    for i in prange(a.shape[0]):
        s = 0.0
        t = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
            t += b[i, j] * x[j]
        y[i] = alpha * s + beta * t


@row(
    lambda n: (
        1.5,
        1.2,
        uniform((2, n), 1),
        uniform((2, n), 2),
        uniform(n, 3),
        uniform((n, n), 4),
        uniform(n, 5),
        zeros(n),
    ),
    writes="a x w",
)
def gemver(alpha, beta, left, right, y, a, x, w):
    n = a.shape[0]
    for i in prange(n):
        for j in range(n):
            a[i, j] += left[0, i] * right[0, j] + left[1, i] * right[1, j]
    for i in prange(n):
        for j in range(n):
            x[i] += beta * a[j, i] * y[j]
    for i in prange(n):
        for j in range(n):
            w[i] += alpha * a[i, j] * x[j]
