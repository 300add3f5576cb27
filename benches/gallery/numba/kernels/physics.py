"""Simulations: particles, random numbers, fractals, finance."""

import math

import numpy as np
from numba import prange

from data import below, permutation, scaled, uniform, zeros
from rows import row


@row(lambda n: (uniform((n, 3), 1), uniform(n, 2), zeros((n, 3))), writes="acc")
def n_body(position, mass, acc):
    for i in prange(mass.size):
        acc[i, 0] = 0.0
        acc[i, 1] = 0.0
        acc[i, 2] = 0.0
        for j in range(mass.size):
            dx = position[j, 0] - position[i, 0]
            dy = position[j, 1] - position[i, 1]
            dz = position[j, 2] - position[i, 2]
            r2 = dx * dx + dy * dy + dz * dz + 1e-9
            f = mass[j] / (r2 * math.sqrt(r2))
            acc[i, 0] += f * dx
            acc[i, 1] += f * dy
            acc[i, 2] += f * dz


@row(lambda n: (uniform(n, 1), uniform(n, 2), zeros(n), zeros(n)), writes="fx fy")
def lennard_jones(x, y, fx, fy):
    """Each pair once, within a distance."""
    n = x.size
    energy = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            dx = x[i] - x[j]
            dy = y[i] - y[j]
            r2 = dx * dx + dy * dy + 0.01
            if r2 < 0.1:
                s = 1e-2 / r2
                s3 = s * s * s
                energy += 4.0 * s3 * (s3 - 1.0)
                f = 24.0 * s3 * (2.0 * s3 - 1.0) / r2
                fx[i] += f * dx
                fy[i] += f * dy
                fx[j] -= f * dx
                fy[j] -= f * dy
    return energy


@row(lambda n: (2 * below(2, (n, n + 1), 1, np.int32) - 1, scaled(uniform(5, 2), 0.3, 0.0)), writes="spins")
def ising(spins, likely):
    """A sweep over spins on a torus."""
    n, m = spins.shape
    for i in range(n):
        for j in range(m):
            around = (
                spins[(i + n - 1) % n, j] + spins[(i + 1) % n, j] + spins[i, (j + m - 1) % m] + spins[i, (j + 1) % m]
            )
            cost = spins[i, j] * around
            if cost <= 0 or np.random.random() < likely[int(cost)]:
                spins[i, j] = -spins[i, j]


@row(lambda n: (100, zeros(n)), writes="ends")
def random_walks(steps, ends):
    for i in prange(ends.size):
        x = 0.0
        for _ in range(steps):
            if np.random.random() < 0.5:
                x += 1.0
            else:
                x -= 1.0
        ends[i] = x


@row(lambda n: (n,))
def monte_carlo_pi(n):
    inside = 0
    for _ in prange(n):
        x, y = np.random.random(), np.random.random()
        if x * x + y * y < 1.0:
            inside += 1
    return 4.0 * inside / n


@row(lambda n: (n,))
def mandelbrot(n):
    counts = np.zeros((n, n), np.int32)
    for i in prange(n):
        for j in range(n):
            cx, cy = -2.0 + 3.0 * j / n, -1.5 + 3.0 * i / n
            x, y, k = 0.0, 0.0, 0
            while k < 100 and x * x + y * y <= 4.0:
                x, y = x * x - y * y + cx, 2.0 * x * y + cy
                k += 1
            counts[i, j] = k
    return counts


@row(lambda n: (zeros((n, n + 1), np.uint8), -0.4, 0.6), writes="counts")
def julia(counts, re, im):
    """With `break`."""
    h, w = counts.shape
    for i in prange(h):
        for j in range(w):
            x = -1.5 + 3.0 * j / w
            y = -1.0 + 2.0 * i / h
            count = 0
            for _ in range(200):
                if x * x + y * y > 4.0:
                    break
                t = x * x - y * y + re
                y = 2.0 * x * y + im
                x = t
                count += 1
            counts[i, j] = count


@row(lambda n: (zeros((n, n + 1)),), writes="image")
def ray_march(image):
    """Towards a torus, by its distance."""
    h, w = image.shape
    for i in prange(h):
        for j in range(w):
            dx = (j + 0.5) / w - 0.5
            dy = (i + 0.5) / h - 0.5
            norm = 1.0 / math.sqrt(dx * dx + dy * dy + 1.0)
            t = 0.0
            steps = 0
            while steps < 64 and t < 10.0:
                x, y, z = t * dx * norm, t * dy * norm, t * norm - 3.0
                ring = math.sqrt(x * x + y * y) - 1.0
                distance = math.sqrt(ring * ring + z * z) - 0.4
                if distance < 1e-4:
                    break
                t += distance
                steps += 1
            image[i, j] = t if t < 10.0 else 0.0


@row(lambda n: (0.5, n))
def logistic_map(x, n):
    x = x
    for _ in range(n):
        x = 3.9 * x * (1.0 - x)
    return x


@row(lambda n: (scaled(uniform(n, 1), 1.0, 3.0), zeros(n)), writes="out")
def bifurcation(rates, out):
    """The attractors of many growth rates."""
    for i in prange(rates.size):
        x = 0.5
        for _ in range(200):
            x = rates[i] * x * (1.0 - x)
        out[i] = x


@row(
    lambda n: (
        scaled(uniform(n, 1), 20.0, 20.0),
        scaled(uniform(n, 2), 30.0, 25.0),
        scaled(uniform(n, 3), 3.0, 1.0),
        zeros(n),
        zeros(n),
    ),
    writes="calls puts",
)
def black_scholes(prices, strikes, years, calls, puts):
    rate, volatility = 0.02, 0.3
    for i in prange(prices.size):
        spread = volatility * math.sqrt(years[i])
        d1 = (math.log(prices[i] / strikes[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / spread
        d2 = d1 - spread
        k1 = 1.0 / (1.0 + 0.2316419 * abs(d1))
        k2 = 1.0 / (1.0 + 0.2316419 * abs(d2))
        s1 = k1 * (0.31938153 + k1 * (-0.356563782 + k1 * (1.781477937 + k1 * (-1.821255978 + k1 * 1.330274429))))
        s2 = k2 * (0.31938153 + k2 * (-0.356563782 + k2 * (1.781477937 + k2 * (-1.821255978 + k2 * 1.330274429))))
        t1 = math.exp(-0.5 * d1 * d1) * 0.3989422804014327 * s1
        t2 = math.exp(-0.5 * d2 * d2) * 0.3989422804014327 * s2
        n1 = 1.0 - t1 if d1 > 0.0 else t1
        n2 = 1.0 - t2 if d2 > 0.0 else t2
        discounted = strikes[i] * math.exp(-rate * years[i])
        calls[i] = prices[i] * n1 - discounted * n2
        puts[i] = discounted * (1.0 - n2) - prices[i] * (1.0 - n1)


@row(lambda n: (uniform((n, n + 1), 1), zeros((n, n + 1), np.int32)), writes="direction")
def flow_directions(height, direction):
    """To the lowest of eight neighbours, as hydrologists do."""
    n, m = height.shape
    for i in prange(1, n - 1):
        for j in range(1, m - 1):
            lowest = height[i, j]
            to = -1
            for di in range(3):
                for dj in range(3):
                    h = height[i + di - 1, j + dj - 1]
                    if h < lowest:
                        lowest = h
                        to = int(3 * di + dj)
            direction[i, j] = to


@row(lambda n: (permutation(n, 1), below(n + 1, n, 2, np.int64) - 1, uniform(n, 3)), writes="flow")
def flow_accumulation(order, target, flow):
    """What flows through each cell, from the highest on."""
    for k in range(order.size):
        cell = order[k]
        if target[cell] >= 0:
            flow[int(target[cell])] += flow[cell]


@row(lambda n: (uniform(n, 1), uniform(n, 2), zeros(1001)), writes="grid")
def particles_in_cells(x, charge, grid):
    """Charges of particles on a grid."""
    cells = grid.size - 1
    for p in range(x.size):
        place = x[p] * cells
        cell = int(place)
        part = place - cell
        grid[cell] += charge[p] * (1.0 - part)
        grid[cell + 1] += charge[p] * part


@row(lambda n: (scaled(uniform(n, 1), 6.0, 0.0), 0.3, zeros(n)), writes="anomaly")
def kepler(mean, eccentricity, anomaly):
    """Kepler's equation by Newton's method."""
    for i in prange(mean.size):
        e = mean[i]
        for _ in range(6):
            e -= (e - eccentricity * math.sin(e) - mean[i]) / (1.0 - eccentricity * math.cos(e))
        anomaly[i] = e


@row(lambda n: (n, 1e-3))
def lorenz(steps, dt):
    """An orbit by Euler's method."""
    x, y, z = 1.0, 1.0, 1.0
    for _ in range(steps):
        dx = 10.0 * (y - x)
        dy = x * (28.0 - z) - y
        dz = x * y - 8.0 / 3.0 * z
        x += dt * dx
        y += dt * dy
        z += dt * dz
    return (x, y, z)


@row(lambda n: (scaled(uniform(n, 1), 4.0, -2.0), 0.5), arrays=True)
def wave_packet(x, t):
    """A distribution's moments by array expressions."""
    centred = x - 2.0 * t
    width = 1.0 + t * t
    return np.exp(-(centred * centred) / width) * np.cos(3.0 * x - t) / math.sqrt(width)
