//! Enums without fields: parameters, results, variables, elements of arrays, and what `match` and `==` say of them.
// As people write it.
#![allow(clippy::question_mark, clippy::type_complexity)]

use crate::cases::ways::exactly;
use ndarray::{Array1, Array2, Zip, array, s};
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, KernelData)]
enum Cell {
    Dead,
    Alive,
    Wall,
}
use Cell::{Alive, Dead, Wall};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Default, KernelData)]
enum Heading {
    #[default]
    North,
    East,
    South,
    West,
}

/// Numbers on both sides of zero.
#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
enum Sign {
    Minus = -1,
    Zero,
    Plus,
}

/// Numbers of two bytes, in no order.
#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
#[repr(u16)]
enum Step {
    Add = 500,
    Multiply = 300,
    Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Ant {
    x: i32,
    y: i32,
    heading: Heading,
    strength: f64,
}

const AROUND: [Heading; 4] = [Heading::North, Heading::East, Heading::South, Heading::West];
const TURNS: [[Heading; 2]; 2] = [[Heading::East, Heading::West], [Heading::South, Heading::North]];
const NEST: Ant = Ant { x: 3, y: 4, heading: Heading::South, strength: 2.5 };
const ANTS: [Ant; 2] = [NEST, Ant { x: 1, ..NEST }];
const HOME: Heading = Heading::South;

#[kernel]
impl Heading {
    fn right(self) -> Heading {
        match self {
            Heading::North => Heading::East,
            Heading::East => Heading::South,
            Heading::South => Heading::West,
            Heading::West => Heading::North,
        }
    }
    fn left(self) -> Self {
        match self {
            Self::North => Self::West,
            Self::East => Self::North,
            Self::South => Self::East,
            Self::West => Self::South,
        }
    }
    fn step(&self) -> (i32, i32) {
        match *self {
            Heading::North => (0, -1),
            Heading::East => (1, 0),
            Heading::South => (0, 1),
            Heading::West => (-1, 0),
        }
    }
    fn is_upright(&self) -> bool {
        matches!(self, Heading::North | Heading::South)
    }
    fn turn(&mut self) {
        *self = self.right();
    }
}

#[kernel]
fn life(grid: &Array2<Cell>, steps: usize) -> Array2<Cell> {
    let (h, w) = grid.dim();
    let mut now = grid.clone();
    for _ in 0..steps {
        let mut next = Array2::from_elem((h, w), Dead);
        for i in prange(0..h) {
            for j in 0..w {
                let mut alive = 0;
                for di in [h - 1, 0, 1] {
                    for dj in [w - 1, 0, 1] {
                        if (di, dj) != (0, 0) && now[[(i + di) % h, (j + dj) % w]] == Alive {
                            alive += 1;
                        }
                    }
                }
                next[[i, j]] = match (now[[i, j]], alive) {
                    (Wall, _) => Wall,
                    (Alive, 2) | (_, 3) => Alive,
                    _ => Dead,
                };
            }
        }
        now = next;
    }
    now
}

#[kernel]
fn walk(steps: usize, side: i32, start: Heading) -> (Array2<bool>, Heading) {
    let mut grid = Array2::from_elem((side as usize, side as usize), false);
    let (mut x, mut y) = (side / 2, side / 2);
    let mut heading = start;
    for _ in 0..steps {
        let at = (y as usize, x as usize);
        heading = if grid[at] { heading.left() } else { heading.right() };
        grid[at] = !grid[at];
        let (dx, dy) = heading.step();
        x = (x + dx).rem_euclid(side);
        y = (y + dy).rem_euclid(side);
    }
    (grid, heading)
}

#[kernel]
fn march(ants: &mut [Ant], steps: usize) -> Vec<usize> {
    let mut counts = vec![0; 4];
    for ant in prange(ants.iter_mut()) {
        for k in 0..steps {
            let (dx, dy) = ant.heading.step();
            ant.x += dx;
            ant.y += dy;
            if (ant.x + ant.y + k as i32) % 3 == 0 {
                ant.heading.turn();
            }
            if ant.heading == Heading::North {
                ant.strength -= 0.5;
            }
        }
    }
    for ant in ants.iter() {
        counts[ant.heading as usize] += 1;
    }
    counts
}

#[kernel]
fn signs(x: &[f64]) -> (Vec<Sign>, i64) {
    let sign = |v: f64| match v {
        v if v < 0.0 => Sign::Minus,
        v if v > 0.0 => Sign::Plus,
        _ => Sign::Zero,
    };
    let all: Vec<Sign> = x.iter().map(|&v| sign(v)).collect();
    let total = all.iter().map(|&sign| sign as i64).sum();
    (all, total)
}

#[kernel]
fn evaluated(steps: &[Step], given: &[f64]) -> Option<(f64, u32)> {
    let mut stack = given.to_vec();
    let mut codes = 0;
    for &step in steps {
        codes = codes * 7 + step as u32;
        let top = stack.pop()?;
        let new = match step {
            Step::Add => top + stack.pop()?,
            Step::Multiply => top * stack.pop()?,
            Step::Negate => -top,
        };
        stack.push(new);
    }
    Some((stack.pop()?, codes))
}

#[kernel]
fn perhaps(x: i32, other: Option<Heading>) -> Option<Heading> {
    let found = match x {
        0 => Some(Heading::North),
        1..=3 => Some(Heading::East),
        _ => other,
    };
    if let Some(Heading::East) = found {
        return Some(Heading::West);
    }
    let Some(found) = found else { return None };
    Some(found.right())
}

#[kernel]
fn constants(n: usize) -> (u64, Vec<(Heading, i32)>, bool, f64) {
    let mut code = HOME as u64;
    for heading in AROUND {
        code = code * 5 + heading as u64;
    }
    let mut heading = Heading::default();
    let mut list = Vec::new();
    for i in 0..n {
        heading.turn();
        code = code.wrapping_mul(3) + AROUND[i % 4] as u64 + TURNS[i % 2][i / 2 % 2] as u64;
        list.push((heading, i as i32));
    }
    let strength = ANTS.iter().map(|ant| ant.strength * ant.x as f64).sum();
    (code, list, heading.is_upright() && ANTS[n % 2].heading == HOME, strength)
}

#[kernel]
fn parameters(
    heading: Option<Heading>,
    pair: (Cell, f64),
    list: &[(Heading, u32)],
    cells: &mut [Cell],
    last: &mut Heading,
) -> f64 {
    let mut sum = pair.1;
    if let Some(heading) = heading {
        sum += heading as u8 as f64;
    }
    for (heading, weight) in list {
        if *heading == Heading::East {
            sum += *weight as f64;
        }
        *last = *heading;
    }
    cells.fill(Wall);
    cells[0] = pair.0;
    sum
}

#[kernel]
fn whole_arrays(a: &Array2<Cell>, text: &Array2<u8>) -> (Array2<Cell>, Array2<Cell>, Array2<i32>, bool) {
    let mut read = text.mapv(|byte| match byte {
        b'.' => Dead,
        b'#' => Wall,
        _ => Alive,
    });
    let numbers = a.mapv(|cell| cell as i32) + read.map(|cell| if *cell == Wall { 10 } else { 0 });
    let mut b = Array2::from_shape_fn(a.raw_dim(), |(i, j)| if a[[i, j]] == Wall { Dead } else { a[[i, j]] });
    let same = a == b;
    b.mapv_inplace(|cell| if cell == Dead { Alive } else { cell });
    read.map_inplace(|cell| {
        if *cell == Wall {
            *cell = Dead;
        }
    });
    b.row_mut(0).fill(Wall);
    b.slice_mut(s![1.., ..1]).assign(&a.slice(s![1.., 1..2]));
    (read, b, numbers, same)
}

#[kernel]
fn in_vectors(a: &[Cell], wanted: Cell) -> (Option<usize>, Option<Cell>, (Vec<Cell>, Vec<Cell>), usize) {
    let mut v: Vec<Cell> = a.iter().copied().filter(|cell| *cell != wanted).collect();
    v.push(wanted);
    v.extend_from_slice(a);
    v.insert(0, Wall);
    v.dedup();
    v.retain(|&cell| cell != Dead || !a.contains(&Alive));
    let mut sorted = a.to_vec();
    sorted.sort_by_key(|&cell| cell as u8);
    let mut rows = vec![vec![Dead; 4]; 3];
    for (i, &cell) in a.iter().enumerate() {
        rows[i % 3][i % 4] = cell;
    }
    let walls = rows.iter().flatten().filter(|&&cell| cell == Wall).count();
    (a.iter().position(|&cell| cell == wanted), a.last().copied(), (v, sorted), walls)
}

#[kernel]
fn differences(a: &Array1<Cell>, b: &Array1<Cell>) -> (Array1<bool>, usize, Vec<u64>) {
    let same = Zip::from(a).and(b).map_collect(|x, y| x == y);
    let pairs = a.iter().zip(b).filter(|pair| matches!(pair, (Dead, Wall) | (Alive, _))).count();
    let mut counts = vec![0; 3];
    for &cell in prange(a.iter()) {
        counts[cell as usize] += 1;
    }
    (same, pairs, counts)
}

#[kernel]
fn words(text: &[u8]) -> (usize, Heading) {
    let (mut state, mut words, mut i) = (Heading::North, 0, 0);
    while i < text.len() {
        state = match state {
            Heading::North if text[i] != b' ' => {
                words += 1;
                Heading::East
            }
            Heading::East if text[i] == b' ' => Heading::North,
            other => other,
        };
        i += 1;
    }
    let end = loop {
        state = match state {
            Heading::West => break Heading::South,
            Heading::North => Heading::East,
            _ => Heading::West,
        };
    };
    (words, end)
}

fn cells(h: usize, w: usize) -> Array2<Cell> {
    Array2::from_shape_fn((h, w), |(i, j)| [Alive, Dead, Dead, Alive, Wall][(i * 7 + j * 3 + i * j) % 5])
}

#[test]
fn enums_are_elements_of_grids() {
    for (h, w) in [(2, 2), (3, 3), (9, 8), (40, 67)] {
        exactly!(life(&cells(h, w), 3));
        exactly!(life(&cells(w, h).reversed_axes(), 2));
        let text = Array2::from_shape_fn((h, w), |(i, j)| b".#x"[(i + 2 * j) % 3]);
        exactly!(whole_arrays(&cells(h, w), &text));
    }
}

#[test]
fn enums_are_variables_and_have_methods() {
    exactly!(walk(300, 11, Heading::South));
    exactly!(words(b"ab c  de "));
    let ants = || {
        let heading = |i| if i % 3 == 0 { Heading::West } else { Heading::North };
        (0..100).map(|i| Ant { x: i, y: 2 * i, heading: heading(i), strength: 5.0 }).collect::<Vec<_>>()
    };
    exactly!(march(&mut ants, 9) with ants = ants());
}

#[test]
fn numbers_of_variants_are_what_they_are_in_rust() {
    exactly!(signs(&[1.0, -2.0, 0.0, -0.5, f64::NAN]));
    exactly!(evaluated(&[Step::Add, Step::Negate, Step::Multiply], &[2.0, 3.0, 4.0]));
    exactly!(evaluated(&[Step::Add, Step::Add], &[2.0, 3.0]));
    for n in [0, 7, 20] {
        exactly!(constants(n));
    }
}

#[test]
fn enums_are_parameters_and_options() {
    for x in [0, 2, 9] {
        for other in [None, Some(Heading::East), Some(Heading::South)] {
            exactly!(perhaps(x, other));
        }
    }
    let list = [(Heading::East, 3), (Heading::South, 1)];
    for heading in [None, Some(Heading::West)] {
        exactly!(parameters(heading, (Alive, 0.5), &list, &mut cells, &mut last)
            with cells = vec![Dead; 3], last = Heading::North);
    }
}

#[test]
fn enums_are_elements_of_vectors() {
    for n in [1, 2, 5, 24] {
        let a: Vec<Cell> = cells(1, n).into_raw_vec_and_offset().0;
        for wanted in [Dead, Alive, Wall] {
            exactly!(in_vectors(&a, wanted));
        }
    }
    exactly!(differences(&array![Dead, Alive, Wall, Wall, Dead], &array![Wall, Alive, Wall, Alive, Alive]));
}

#[kernel]
fn greatest(a: Heading, b: Heading) -> Heading {
    if a > b { a } else { b }
}

#[kernel]
fn greatest_number(a: Heading, b: Heading) -> Heading {
    if a as u8 > b as u8 { a } else { b }
}

#[test]
fn enums_compare_as_derived_and_by_their_numbers() {
    exactly!(greatest(Heading::West, Heading::East));
    exactly!(greatest(Heading::North, Heading::East));
    exactly!(greatest_number(Heading::West, Heading::East));
}
