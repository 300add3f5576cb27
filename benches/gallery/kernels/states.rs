//! Machines of states, graphs in arrays, and what runs until it rests: loops that end early, skip, and wander.
//!
//! ```text
//! lattice_distances  dijkstra  ordered_tasks  tokens  is_utf8  is_balanced  walk  inside_polygon
//! power_iteration  merged_intervals  rested
//! ```

use super::data::{ascending, below, dominant, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// Steps from a corner through the open cells of a grid, breadth first.
#[kernel]
fn lattice_distances(walls: &ArrayRef2<u8>, distance: &mut ArrayRef2<i32>, queue: &mut ArrayRef1<usize>) {
    let (h, w) = walls.dim();
    distance.fill(-1);
    distance[[0, 0]] = 0;
    queue[0] = 0;
    let (mut head, mut tail) = (0, 1);
    while head < tail {
        let cell = queue[head];
        head += 1;
        let (y, x) = (cell / w, cell % w);
        for (dy, dx) in [(0i64, 1i64), (1, 0), (0, -1), (-1, 0)] {
            let (ny, nx) = (y as i64 + dy, x as i64 + dx);
            if ny < 0 || nx < 0 || ny >= h as i64 || nx >= w as i64 {
                continue;
            }
            let (ny, nx) = (ny as usize, nx as usize);
            if walls[[ny, nx]] == 0 || distance[[ny, nx]] >= 0 {
                continue;
            }
            distance[[ny, nx]] = distance[[y, x]] + 1;
            queue[tail] = ny * w + nx;
            tail += 1;
        }
    }
}

/// The lengths of shortest ways from the first node (without a heap).
#[kernel]
fn dijkstra(lengths: &ArrayRef2<f64>, out: &mut ArrayRef1<f64>) {
    let n = out.len();
    let mut done = vec![false; n];
    out.fill(f64::INFINITY);
    out[0] = 0.0;
    for _ in 0..n {
        let mut best = n;
        for j in 0..n {
            if !done[j] && (best == n || out[j] < out[best]) {
                best = j;
            }
        }
        if out[best] == f64::INFINITY {
            break;
        }
        done[best] = true;
        for j in 0..n {
            let length = lengths[[best, j]];
            if length < 0.2 || done[j] {
                continue;
            }
            if out[best] + length < out[j] {
                out[j] = out[best] + length;
            }
        }
    }
}

/// An order in which tasks can be done, each behind those that it waits for (Kahn).
#[kernel]
fn ordered_tasks(start: &ArrayRef1<usize>, next: &ArrayRef1<usize>) -> Vec<usize> {
    let n = start.len() - 1;
    let mut waits = vec![0u32; n];
    for &t in next.iter() {
        waits[t] += 1;
    }
    let mut order = Vec::with_capacity(n);
    for t in 0..n {
        if waits[t] == 0 {
            order.push(t);
        }
    }
    let mut done = 0;
    while done < order.len() {
        let task = order[done];
        done += 1;
        for k in start[task]..start[task + 1] {
            let other = next[k];
            waits[other] -= 1;
            if waits[other] == 0 {
                order.push(other);
            }
        }
    }
    order
}

/// How many words, numbers and other signs a text has.
#[kernel]
fn tokens(text: &ArrayRef1<u8>) -> (usize, usize, usize) {
    let (mut words, mut numbers, mut signs) = (0, 0, 0);
    let mut i = 0;
    while i < text.len() {
        match text[i] {
            b' ' | b'\n' | b'\t' => i += 1,
            b'0'..=b'9' => {
                while i < text.len() && text[i].is_ascii_digit() {
                    i += 1;
                }
                numbers += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                while i < text.len() && text[i].is_ascii_alphanumeric() {
                    i += 1;
                }
                words += 1;
            }
            _ => {
                i += 1;
                signs += 1;
            }
        }
    }
    (words, numbers, signs)
}

/// Whether bytes are text in UTF-8, but for the finer rules.
#[kernel]
fn is_utf8(bytes: &[u8]) -> bool {
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        let more = if b < 0x80 {
            0
        } else if b >> 5 == 0b110 {
            1
        } else if b >> 4 == 0b1110 {
            2
        } else if b >> 3 == 0b11110 {
            3
        } else {
            return false;
        };
        for k in 1..=more {
            if i + k >= bytes.len() || bytes[i + k] >> 6 != 0b10 {
                return false;
            }
        }
        i += more + 1;
    }
    true
}

/// Whether brackets of two kinds match, with a stack of limited depth.
#[kernel]
fn is_balanced(text: &[u8]) -> bool {
    let mut stack = [0u8; 64];
    let mut depth = 0;
    for &c in text {
        match c {
            b'(' | b'[' => {
                if depth == 64 {
                    return false;
                }
                stack[depth] = c;
                depth += 1;
            }
            b')' | b']' => {
                if depth == 0 {
                    return false;
                }
                depth -= 1;
                let open = stack[depth];
                if (c == b')') != (open == b'(') {
                    return false;
                }
            }
            _ => continue,
        }
    }
    depth == 0
}

/// Steps of a walk on a grid until it leaves it.
#[kernel]
fn walk(size: i32, seed: u64, visits: &mut ArrayRef2<u32>) -> usize {
    let (mut x, mut y) = (size / 2, size / 2);
    let mut state = seed;
    let mut steps = 0;
    loop {
        visits[[y as usize, x as usize]] += 1;
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        match state >> 62 {
            0 => x += 1,
            1 => x -= 1,
            2 => y += 1,
            _ => y -= 1,
        }
        steps += 1;
        if x < 0 || y < 0 || x >= size || y >= size {
            break;
        }
    }
    steps
}

/// How many points lie inside a polygon.
#[kernel]
fn inside_polygon(points: &ArrayRef2<f64>, polygon: &ArrayRef2<f64>) -> usize {
    let m = polygon.nrows();
    let mut count = 0;
    for p in prange(0..points.nrows()) {
        let (x, y) = (points[[p, 0]], points[[p, 1]]);
        let mut inside = false;
        let mut j = m - 1;
        for i in 0..m {
            let (xi, yi, xj, yj) = (polygon[[i, 0]], polygon[[i, 1]], polygon[[j, 0]], polygon[[j, 1]]);
            if (yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi {
                inside = !inside;
            }
            j = i;
        }
        if inside {
            count += 1;
        }
    }
    count
}

/// The greatest eigenvalue, by powers, until it rests.
#[kernel]
fn power_iteration(a: &ArrayRef2<f64>, v: &mut ArrayRef1<f64>) -> f64 {
    let n = v.len();
    let mut value = 0.0;
    for _ in 0..100 {
        let mut next = Array1::<f64>::zeros(n);
        for i in 0..n {
            for j in 0..n {
                next[i] += a[[i, j]] * v[j];
            }
        }
        let mut norm = 0.0;
        for i in 0..n {
            norm += next[i] * next[i];
        }
        let norm = f64::sqrt(norm);
        for i in 0..n {
            v[i] = next[i] / norm;
        }
        if (norm - value).abs() < 1e-9 * norm {
            break;
        }
        value = norm;
    }
    value
}

/// Intervals that meet, joined; they are sorted by where they start.
#[kernel]
fn merged_intervals(start: &ArrayRef1<f64>, length: &ArrayRef1<f64>) -> (Vec<f64>, Vec<f64>) {
    let (mut from, mut to) = (Vec::new(), Vec::new());
    if start.is_empty() {
        return (from, to);
    }
    let (mut a, mut b) = (start[0], start[0] + length[0]);
    for i in 1..start.len() {
        let end = start[i] + length[i];
        if start[i] <= b {
            if end > b {
                b = end;
            }
            continue;
        }
        from.push(a);
        to.push(b);
        (a, b) = (start[i], end);
    }
    from.push(a);
    to.push(b);
    (from, to)
}

/// Sand that topples until it rests.
#[kernel]
fn rested(sand: &mut ArrayRef2<i32>) -> usize {
    let (h, w) = sand.dim();
    let mut rounds = 0;
    let mut moves = true;
    while moves {
        moves = false;
        for y in 1..h - 1 {
            for x in 1..w - 1 {
                if sand[[y, x]] >= 4 {
                    sand[[y, x]] -= 4;
                    sand[[y - 1, x]] += 1;
                    sand[[y + 1, x]] += 1;
                    sand[[y, x - 1]] += 1;
                    sand[[y, x + 1]] += 1;
                    moves = true;
                }
            }
        }
        rounds += 1;
    }
    rounds
}

/// Edges of a graph without circles: each node's are to later ones.
fn later(n: usize) -> (Array1<usize>, Array1<usize>) {
    let start = Array1::from_iter((0..n + 1).map(|i| 4 * i.min(n - 1)));
    let jump: Array1<usize> = below(n as u64, 4 * (n - 1), 1);
    let next = Array1::from_iter((0..4 * (n - 1)).map(|k| k / 4 + 1 + jump[k] % (n - 1 - k / 4)));
    (start, next)
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(lattice_distances [60, 1000] least 1 |n| reads walls = below(4, (n, n), 1);
        writes distance = zeros((n, n)), queue = zeros(n * n + 1); call(&walls, distance, queue)),
    row!(dijkstra [150, 1500] least 1 |n| reads lengths = uniform((n, n), 1); writes out = zeros(n); call(&lengths, out)),
    row!(ordered_tasks [2000, 300_000] least 2 |n| reads start = later(n).0, next = later(n).1; call(&start, &next)),
    row!(tokens [5000, 4_000_000] |n| reads text = below(128, n, 1); call(&text)),
    row!(is_utf8 [5000, 4_000_000] |n| reads bytes = below(128, n, 1).to_vec(); call(&bytes)),
    row!(is_balanced [5000, 4_000_000] |n| reads text = (0..n / 5 * 5).map(|i| b"([a])"[i % 5]).collect::<Vec<u8>>(); call(&text)),
    row!(walk [50, 1000] least 1 |n| writes visits = zeros((n, n)); call(n as i32, 7, visits)),
    row!(inside_polygon [500, 20_000] |n| reads points = uniform((n, 2), 1), polygon = uniform((50, 2), 2); call(&points, &polygon)),
    row!(power_iteration [60, 800] |n| reads a = dominant(n, 1); writes v = uniform(n, 2) + 0.1; call(&a, v)),
    row!(merged_intervals [5000, 2_000_000] |n| reads start = ascending(n), length = uniform(n, 1); call(&start, &length)),
    row!(rested [20, 100] least 2 |n| writes sand = below(8, (n, n), 1); call(sand)),
];
