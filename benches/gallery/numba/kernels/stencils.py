"""Stencils in one to three dimensions, with borders that are fixed and borders that wrap."""

import numpy as np
from numba import prange

from data import below, scaled, uniform, zeros
from rows import row


@row(lambda n: (uniform(n, 1), 20))
def heat_1d(start, steps):
    a = start.copy()
    b = start.copy()
    for _ in range(steps):
        for i in range(1, a.size - 1):
            b[i] = a[i] + 0.25 * (a[i - 1] - 2.0 * a[i] + a[i + 1])
        a, b = b, a
    return a


@row(lambda n: (uniform(n, 1), uniform(n, 2), zeros(n), 0.3), writes="after")
def wave_1d(before, now, after, c):
    """A ring: every neighbour by a remainder."""
    n = now.size
    for i in range(n):
        left = now[(i + n - 1) % n]
        right = now[(i + 1) % n]
        after[i] = 2.0 * now[i] - before[i] + c * (left - 2.0 * now[i] + right)


@row(lambda n: (uniform((n, n + 1), 1), uniform((n, n + 1), 2), 3), writes="a b")
def jacobi_2d(a, b, steps):
    """Sweeps there and back, in one call."""
    n, m = a.shape
    for _ in range(steps):
        for i in prange(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in prange(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])


@row(lambda n: (uniform((n, n + 1), 1), 6))
def jacobi_2d_swapped(start, steps):
    n, m = start.shape
    a = start.copy()
    b = start.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.25 * (a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        a, b = b, a
    return a


@row(lambda n: (uniform((n, n + 1), 1),), arrays=True)
def jacobi_slices(u):
    across = u[:-2, 1:-1] + u[2:, 1:-1]
    along = u[1:-1, :-2] + u[1:-1, 2:]
    return (across + along) * 0.25


@row(lambda n: (uniform((n, n + 1, n + 2), 1), zeros((n, n + 1, n + 2))), writes="b")
def heat_3d(a, b):
    n, m, p = a.shape
    for i in prange(1, n - 1):
        for j in range(1, m - 1):
            for k in range(1, p - 1):
                b[i, j, k] = (
                    0.125 * (a[i + 1, j, k] - 2.0 * a[i, j, k] + a[i - 1, j, k])
                    + 0.125 * (a[i, j + 1, k] - 2.0 * a[i, j, k] + a[i, j - 1, k])
                    + 0.125 * (a[i, j, k + 1] - 2.0 * a[i, j, k] + a[i, j, k - 1])
                    + a[i, j, k]
                )


@row(lambda n: (uniform((n, n + 1), 1), uniform((n, n + 1), 2)), writes="u")
def red_black(u, f):
    n, m = u.shape
    for colour in range(2):
        for i in range(1, n - 1):
            first = 1 + (i + colour) % 2
            for j in range(first, m - 1, 2):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - f[i, j])


@row(lambda n: (uniform((n, n + 1), 1),), writes="a")
def seidel_2d(a):
    n, m = a.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            a[i, j] = (
                a[i - 1, j - 1]
                + a[i - 1, j]
                + a[i - 1, j + 1]
                + a[i, j - 1]
                + a[i, j]
                + a[i, j + 1]
                + a[i + 1, j - 1]
                + a[i + 1, j]
                + a[i + 1, j + 1]
            ) / 9.0


@row(lambda n: (uniform((n, n + 1), 1), zeros((n, n + 1))), writes="b")
def periodic_by_remainder(a, b):
    n, m = a.shape
    for i in prange(n):
        for j in range(m):
            b[i, j] = (
                a[(i + 1) % n, j] + a[(i + n - 1) % n, j] + a[i, (j + 1) % m] + a[i, (j + m - 1) % m] - 4.0 * a[i, j]
            )


@row(lambda n: (uniform((n, n + 1), 1), zeros((n, n + 1))), writes="b")
def periodic_by_if(a, b):
    n, m = a.shape
    for i in prange(n):
        above = n - 1 if i == 0 else i - 1
        below = 0 if i == n - 1 else i + 1
        for j in range(m):
            left = m - 1 if j == 0 else j - 1
            right = 0 if j == m - 1 else j + 1
            b[i, j] = a[above, j] + a[below, j] + a[i, left] + a[i, right] - 4.0 * a[i, j]


@row(lambda n: (below(2, (n, n + 1), 1, np.uint8), zeros((n, n + 1), np.uint8)), writes="next")
def life(cells, next):
    n, m = cells.shape
    for i in prange(n):
        up, down = (i + n - 1) % n, (i + 1) % n
        for j in range(m):
            left, right = (j + m - 1) % m, (j + 1) % m
            alive = (
                cells[up, left]
                + cells[up, j]
                + cells[up, right]
                + cells[i, left]
                + cells[i, right]
                + cells[down, left]
                + cells[down, j]
                + cells[down, right]
            )
            next[i, j] = 1 if alive == 3 or (alive == 2 and cells[i, j] == 1) else 0


@row(
    lambda n: (uniform((n, n + 1), 1), uniform((n, n + 1), 2), uniform((n, n + 1), 3), uniform(4, 4)), writes="ex ey hz"
)
def fdtd_2d(ex, ey, hz, source):
    n, m = hz.shape
    for t in range(source.size):
        for j in range(m):
            ey[0, j] = source[t]
        for i in prange(1, n):
            for j in range(m):
                ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
        for i in prange(n):
            for j in range(1, m):
                ex[i, j] -= 0.5 * (hz[i, j] - hz[i, j - 1])
        for i in prange(n - 1):
            for j in range(m - 1):
                hz[i, j] -= 0.7 * (ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j])


@row(lambda n: (uniform((n, n), 1), zeros((n, n)), zeros((n, n)), zeros((n, n))), writes="u v p q")
def adi(u, v, p, q):
    """One step in alternating directions: columns, then rows."""
    n = u.shape[0]
    a, b, c, d, f = -0.3, 1.6, -0.3, -0.2, -0.2
    for i in range(1, n - 1):
        v[0, i] = 1.0
        p[i, 0] = 0.0
        q[i, 0] = v[0, i]
        for j in range(1, n - 1):
            p[i, j] = -c / (a * p[i, j - 1] + b)
            q[i, j] = (-d * u[j, i - 1] + (1.0 + 2.0 * d) * u[j, i] - f * u[j, i + 1] - a * q[i, j - 1]) / (
                a * p[i, j - 1] + b
            )
        v[n - 1, i] = 1.0
        for j in range(n - 2, 0, -1):
            v[j, i] = p[i, j] * v[j + 1, i] + q[i, j]
    for i in range(1, n - 1):
        u[i, 0] = 1.0
        p[i, 0] = 0.0
        q[i, 0] = u[i, 0]
        for j in range(1, n - 1):
            p[i, j] = -f / (d * p[i, j - 1] + b)
            q[i, j] = (-a * v[i - 1, j] + (1.0 + 2.0 * a) * v[i, j] - c * v[i + 1, j] - d * q[i, j - 1]) / (
                d * p[i, j - 1] + b
            )
        u[i, n - 1] = 1.0
        for j in range(n - 2, 0, -1):
            u[i, j] = p[i, j] * u[i, j + 1] + q[i, j]


@row(lambda n: (uniform((n, n + 2), 1), scaled(uniform((n, n + 2), 2), 2.0, -1.0), zeros((n, n + 2))), writes="next")
def upwind(c, wind, next):
    """Transport against the wind, which blows both ways."""
    n, m = c.shape
    for i in prange(n):
        for j in range(1, m - 1):
            w = wind[i, j]
            slope = c[i, j] - c[i, j - 1] if w > 0.0 else c[i, j + 1] - c[i, j]
            next[i, j] = c[i, j] - 0.1 * w * slope


@row(lambda n: (uniform((n + 4, n + 5, n // 2 + 3), 1), uniform((n, n + 1, n // 2 + 3), 2)), arrays=True)
def horizontal_diffusion(input, coefficient):
    """Weather: fluxes of a Laplacian, limited."""
    lap = 4.0 * input[1:-1, 1:-1] - (input[2:, 1:-1] + input[:-2, 1:-1] + input[1:-1, 2:] + input[1:-1, :-2])
    fx = lap[1:, 1:-1] - lap[:-1, 1:-1]
    dx = input[2:-1, 2:-2] - input[1:-2, 2:-2]
    x = np.where(fx * dx > 0.0, 0.0, 1.0) * fx
    fy = lap[1:-1, 1:] - lap[1:-1, :-1]
    dy = input[2:-2, 2:-1] - input[2:-2, 1:-2]
    y = np.where(fy * dy > 0.0, 0.0, 1.0) * fy
    divergence = x[1:] - x[:-1] + y[:, 1:] - y[:, :-1]
    return input[2:-2, 2:-2] - coefficient * divergence


@row(
    lambda n: (
        uniform((n, n + 1, n // 2 + 3), 1),
        uniform((n + 1, n + 1, n // 2 + 3), 2),
        uniform((n, n + 1, n // 2 + 3), 3),
        uniform((n, n + 1, n // 2 + 3), 4),
        zeros((n, n + 1, n // 2 + 3)),
        zeros((n, n + 1, n // 2 + 3)),
    ),
    writes="tendency c d",
)
def vertical_advection(speed, wind, position, tendency, c, d):
    """Weather: an implicit equation in each column of air."""
    ni, nj, nk = tendency.shape
    dt, beta = 0.15, 0.6
    for i in prange(ni):
        for j in range(nj):
            w = 0.25 * (wind[i + 1, j, 1] + wind[i, j, 1])
            upper = w * beta
            correction = -w * (1.0 - beta) * (speed[i, j, 1] - speed[i, j, 0])
            b = dt - upper
            c[i, j, 0] = upper / b
            d[i, j, 0] = (dt * position[i, j, 0] + tendency[i, j, 0] + correction) / b
            for k in range(1, nk - 1):
                below = -0.25 * (wind[i + 1, j, k] + wind[i, j, k])
                above = 0.25 * (wind[i + 1, j, k + 1] + wind[i, j, k + 1])
                a = below * beta
                upper = above * beta
                b = dt - a - upper
                correction = -below * (1.0 - beta) * (speed[i, j, k - 1] - speed[i, j, k]) - above * (1.0 - beta) * (
                    speed[i, j, k + 1] - speed[i, j, k]
                )
                right = dt * position[i, j, k] + tendency[i, j, k] + correction
                divided = 1.0 / (b - c[i, j, k - 1] * a)
                c[i, j, k] = upper * divided
                d[i, j, k] = (right - d[i, j, k - 1] * a) * divided
            value = d[i, j, nk - 2]
            tendency[i, j, nk - 2] = dt * (value - position[i, j, nk - 2])
            for k in range(nk - 3, -1, -1):
                value = d[i, j, k] - c[i, j, k] * value
                tendency[i, j, k] = dt * (value - position[i, j, k])


@row(lambda n: (uniform((2 * n + 1, 2 * n + 3), 1), zeros((n, n + 1))), writes="coarse")
def restrict(fine, coarse):
    h, w = coarse.shape
    for i in prange(h):
        for j in range(w):
            y, x = 2 * i + 1, 2 * j + 1
            coarse[i, j] = (
                0.25 * fine[y, x]
                + 0.125 * (fine[y - 1, x] + fine[y + 1, x] + fine[y, x - 1] + fine[y, x + 1])
                + 0.0625 * (fine[y - 1, x - 1] + fine[y - 1, x + 1] + fine[y + 1, x - 1] + fine[y + 1, x + 1])
            )
