"""Images: pixels of bytes and floats, colours along the last axis, filters along rows and columns."""

import math

import numpy as np
from numba import prange

from data import below, singles, uniform, zeros
from rows import row


@row(lambda n: (below(256, (n, n + 1, 3), 1, np.uint8), zeros((n, n + 1), np.uint8)), writes="grey")
def grey_bytes(rgb, grey):
    h, w, _ = rgb.shape
    for y in prange(h):
        for x in range(w):
            r, g, b = np.uint32(rgb[y, x, 0]), np.uint32(rgb[y, x, 1]), np.uint32(rgb[y, x, 2])
            grey[y, x] = np.uint8((r * 77 + g * 150 + b * 29) >> 8)


@row(lambda n: (singles((n, n + 1, 3), 1), zeros((n, n + 1), np.float32)), writes="out")
def grey(rgb, out):
    h, w, _ = rgb.shape
    for y in prange(h):
        for x in range(w):
            out[y, x] = (
                np.float32(0.299) * rgb[y, x, 0] + np.float32(0.587) * rgb[y, x, 1] + np.float32(0.114) * rgb[y, x, 2]
            )


@row(lambda n: (singles((n, n + 1, 3), 1), zeros((n, n + 1, 3), np.float32)), writes="out")
def blur_rgb(image, out):
    """The mean of four neighbours, each colour for itself."""
    h, w, _ = image.shape
    for y in prange(1, h - 1):
        for x in range(1, w - 1):
            for c in range(3):
                out[y, x, c] = np.float32(0.25) * (
                    image[y - 1, x, c] + image[y + 1, x, c] + image[y, x - 1, c] + image[y, x + 1, c]
                )


@row(lambda n: (below(256, (n, n + 1, 3), 1, np.uint8), singles(3, 2), zeros((n, n + 1, 3), np.uint8)), writes="out")
def brighten(image, gain, out):
    """Bytes, with saturation."""
    h, w, colours = image.shape
    for y in prange(h):
        for x in range(w):
            for c in range(colours):
                out[y, x, c] = np.uint8(min(np.float32(image[y, x, c]) * gain[c] + np.float32(8.0), np.float32(255.0)))


@row(lambda n: (below(256, (n, n + 1), 1, np.uint8), 128, zeros((n, n + 1), np.uint8)), writes="out")
def threshold(image, level, out):
    h, w = image.shape
    count = 0
    for y in prange(h):
        for x in range(w):
            if image[y, x] > level:
                out[y, x] = 255
                count += 1
            else:
                out[y, x] = 0
    return count


@row(lambda n: (uniform((n + 4, n + 5), 1), uniform((5, 5), 2), zeros((n, n + 1))), writes="out")
def convolution_5x5(image, weights, out):
    h, w = out.shape
    for y in prange(h):
        for x in range(w):
            sum = 0.0
            for dy in range(5):
                for dx in range(5):
                    sum += image[y + dy, x + dx] * weights[dy, dx]
            out[y, x] = sum


@row(lambda n: (singles((n, n + 1), 1), zeros((n, n + 1), np.float32)), writes="out")
def sobel(image, out):
    h, w = image.shape
    for y in prange(1, h - 1):
        for x in range(1, w - 1):
            gx = (
                image[y - 1, x + 1]
                - image[y - 1, x - 1]
                + np.float32(2.0) * (image[y, x + 1] - image[y, x - 1])
                + image[y + 1, x + 1]
                - image[y + 1, x - 1]
            )
            gy = (
                image[y + 1, x - 1]
                - image[y - 1, x - 1]
                + np.float32(2.0) * (image[y + 1, x] - image[y - 1, x])
                + image[y + 1, x + 1]
                - image[y - 1, x + 1]
            )
            out[y, x] = math.sqrt(gx * gx + gy * gy)


@row(lambda n: (uniform((n, n + 9), 1), 4, zeros((n, n + 9))), writes="out")
def box_blur_rows(image, radius, out):
    """Means of windows along rows, by running sums."""
    h, w = image.shape
    size = float(2 * radius + 1)
    for y in prange(h):
        sum = 0.0
        for x in range(2 * radius + 1):
            sum += image[y, x]
        out[y, radius] = sum / size
        for x in range(radius + 1, w - radius):
            sum += image[y, x + radius] - image[y, x - radius - 1]
            out[y, x] = sum / size


@row(
    lambda n: (
        np.float32(0.25),
        singles((n, n + 1), 1),
        zeros((n, n + 1), np.float32),
        zeros((n, n + 1), np.float32),
        zeros((n, n + 1), np.float32),
    ),
    writes="y1 y2 out",
)
def deriche(alpha, input, y1, y2, out):
    """Deriche's recursive edge detector, along rows and then along columns."""
    w, h = input.shape
    e = math.exp(-alpha)
    k = (1.0 - e) * (1.0 - e) / (1.0 + 2.0 * alpha * e - math.exp(2.0 * alpha))
    a1, a2 = np.float32(k), np.float32(k * e * (alpha - 1.0))
    a3, a4 = np.float32(k * e * (alpha + 1.0)), np.float32(-k * e * e)
    b1, b2 = np.float32(2.0 * e), np.float32(-e * e)
    zero = np.float32(0.0)
    for i in range(w):
        before, earlier, input_before = zero, zero, zero
        for j in range(h):
            y1[i, j] = a1 * input[i, j] + a2 * input_before + b1 * before + b2 * earlier
            input_before = input[i, j]
            earlier = before
            before = y1[i, j]
    for i in range(w):
        after, later, input_after, input_later = zero, zero, zero, zero
        for j in range(h - 1, -1, -1):
            y2[i, j] = a3 * input_after + a4 * input_later + b1 * after + b2 * later
            input_later = input_after
            input_after = input[i, j]
            later = after
            after = y2[i, j]
    for i in range(w):
        for j in range(h):
            out[i, j] = y1[i, j] + y2[i, j]
    for j in range(h):
        before, earlier, input_before = zero, zero, zero
        for i in range(w):
            y1[i, j] = a1 * out[i, j] + a2 * input_before + b1 * before + b2 * earlier
            input_before = out[i, j]
            earlier = before
            before = y1[i, j]
    for j in range(h):
        after, later, input_after, input_later = zero, zero, zero, zero
        for i in range(w - 1, -1, -1):
            y2[i, j] = a3 * input_after + a4 * input_later + b1 * after + b2 * later
            input_later = input_after
            input_after = out[i, j]
            later = after
            after = y2[i, j]
    for i in range(w):
        for j in range(h):
            out[i, j] = y1[i, j] + y2[i, j]


@row(lambda n: (below(256, (n, n + 1), 1, np.uint8), zeros(256, np.int64)), writes="counts")
def image_histogram(image, counts):
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            counts[int(image[y, x])] += 1


@row(lambda n: (singles((n, n + 1), 1), zeros((n + 3, n + 5), np.float32)), writes="out")
def bilinear(image, out):
    """Another size, by interpolation."""
    h, w = image.shape
    oh, ow = out.shape
    sy, sx = np.float32(h - 1) / np.float32(oh), np.float32(w - 1) / np.float32(ow)
    for y in prange(oh):
        fy = np.float32(y) * sy
        y0 = int(fy)
        ty = fy - np.float32(y0)
        for x in range(ow):
            fx = np.float32(x) * sx
            x0 = int(fx)
            tx = fx - np.float32(x0)
            top = image[y0, x0] * (np.float32(1.0) - tx) + image[y0, x0 + 1] * tx
            bottom = image[y0 + 1, x0] * (np.float32(1.0) - tx) + image[y0 + 1, x0 + 1] * tx
            out[y, x] = top * (np.float32(1.0) - ty) + bottom * ty


@row(lambda n: (uniform((n, n + 1), 1), zeros((n + 1, n + 2))), writes="sums")
def integral_image(image, sums):
    """Sums of all pixels above and left."""
    h, w = image.shape
    for y in range(h):
        row = 0.0
        for x in range(w):
            row += image[y, x]
            sums[y + 1, x + 1] = sums[y, x + 1] + row


@row(lambda n: (singles((2 * n, 2 * n + 1), 1), zeros((n, n), np.float32)), writes="out")
def max_pool(image, out):
    h, w = out.shape
    for y in prange(h):
        for x in range(w):
            most = np.float32(-np.inf)
            for a in range(2):
                for b in range(2):
                    most = max(most, image[2 * y + a, 2 * x + b])
            out[y, x] = most
