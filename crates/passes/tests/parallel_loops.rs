//! What `check_parallel` accepts has no collisions: random parallel loops are played through, iteration by iteration, with
//! hostile arguments.
//!
//! ```text
//! prange i in m..9 step n { if i % 2 == 0 { a[i * n + 1] = … }  …a[i as i32]… }
//!     accepted?   no two iterations of any call that succeeds touch one element, one of them writing, or a test in front
//!                 of the loop ends it
//!     refused?    counted, and how often no call was found that collides
//! ```
//!
//! An iteration depends on nothing but its number, so single ones are played, far from each other too. A call succeeds if
//! all of its indices are below the length of the longest array that there can be.

use parfuse_interp::{Array, Value, run_loops};
use parfuse_ir::loops::{Layout, Loops, Stmt};
use parfuse_ir::program::Program;
use parfuse_ir::{DType, Scalar};
use parfuse_passes::{check_parallel, lower_arrays};
use std::collections::HashMap;
use std::fmt::Write;

/// How many loops to try.
const LOOPS: u64 = 2_500;

/// The longest array of 64-bit numbers.
const LONGEST: u64 = isize::MAX as u64 / 8;

/// No loop runs more often.
const MOST_TRIPS: i128 = 1 << 60;

/// A small generator of random numbers (xorshift64*), so that failures can be repeated.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.bits() >> 33) as usize % n
    }
    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
    /// A type of fewer bits than indices have.
    fn narrow(&mut self) -> DType {
        let narrow: Vec<DType> = integers().into_iter().filter(|dtype| dtype.bits() < 64).collect();
        if self.below(2) == 0 { DType::I32 } else { self.pick(&narrow) }
    }
    /// A number that is small, or near one at which something wraps.
    fn hostile(&mut self) -> u64 {
        let near = self.pick(&[
            0,
            0,
            0,
            0,
            1 << 7,
            1 << 8,
            1 << 16,
            1 << 31,
            1 << 32,
            1 << 40,
            1 << 59,
            1 << 62,
            1 << 63,
            3 << 62,
        ]);
        let by = self.pick(&[0, 0, 0, 1, 2, 3, 4, 8]);
        if self.below(4) == 0 { u64::wrapping_sub(near, by) } else { near + by }
    }
    /// A number as programs have them.
    fn usual(&mut self) -> u64 {
        self.pick(&[0, 1, 1, 2, 3, 4, 6, 64, u64::MAX])
    }
}

/// An integer expression. Numbers are kept as 64 bits, those of narrower types extended by their sign.
#[derive(Clone, Debug)]
enum Node {
    /// The index of the parallel loop.
    Index,
    /// The index of a serial loop inside.
    Inner,
    /// A parameter: `n` or `m`, of `usize`.
    Param(usize),
    Const(u64),
    /// Conversion from another type.
    Cast(DType, Box<Node>),
    Op(&'static str, Box<Node>, Box<Node>),
}

/// What an iteration is played with.
struct Env {
    index: u64,
    inner: u64,
    params: [u64; 2],
}

/// The integer types.
fn integers() -> Vec<DType> {
    DType::ALL.iter().copied().filter(|dtype| dtype.is_int()).collect()
}

fn fit(dtype: DType, x: u64) -> u64 {
    Scalar::from_bits(dtype, x).as_integer().expect("an integer type") as u64
}

impl Node {
    fn eval(&self, dtype: DType, env: &Env) -> u64 {
        let number = match self {
            Node::Index => env.index,
            Node::Inner => env.inner,
            Node::Param(which) => env.params[*which],
            Node::Const(x) => *x,
            Node::Cast(from, node) => node.eval(*from, env),
            Node::Op(op, a, b) => {
                let (a, b) = (a.eval(dtype, env), b.eval(dtype, env));
                match (*op, dtype) {
                    ("add", _) => a.wrapping_add(b),
                    ("sub", _) => a.wrapping_sub(b),
                    ("mul", _) => a.wrapping_mul(b),
                    ("min", _) if dtype.is_unsigned() => a.min(b),
                    ("min", _) => (a as i64).min(b as i64) as u64,
                    (op, _) => panic!("{op} is no operation of these tests"),
                }
            }
        };
        fit(dtype, number)
    }
}

struct Access {
    /// It happens in iterations whose index leaves this remainder by that.
    condition: Option<(u64, u64)>,
    /// Inside a serial loop of two iterations.
    nested: bool,
    index: Vec<Node>,
    stores: bool,
}

struct Kernel {
    dtype: DType,
    /// Start, end, and the step, a `usize`.
    range: [Node; 3],
    accesses: Vec<Access>,
    rank: usize,
    /// Whether `n` is checked not to be zero.
    checked: bool,
}

fn cast(from: DType, to: DType, node: Node) -> Node {
    if from == to { node } else { Node::Cast(from, Box::new(node)) }
}

fn op(op: &'static str, a: Node, b: Node) -> Node {
    Node::Op(op, Box::new(a), Box::new(b))
}

impl Kernel {
    fn random(random: &mut Random) -> Kernel {
        let dtype = if random.below(2) == 0 { DType::Usize } else { random.pick(&integers()) };
        let bound = |random: &mut Random| match random.below(3) {
            0 => cast(DType::Usize, dtype, Node::Param(1)),
            1 => Node::Const(fit(dtype, random.usual())),
            _ => Node::Const(0),
        };
        let (start, checked) = (bound(random), random.below(2) == 0);
        let most = (dtype.greatest().as_integer().expect("an integer type") as u64).min(i64::MAX as u64);
        let end = match random.below(4) {
            0 => Node::Const(random.pick(&[8, 9, 1 << 20, most])),
            1 => cast(DType::Usize, dtype, Node::Param(0)),
            _ => cast(DType::Usize, dtype, Node::Param(1)),
        };
        let step = match random.below(3) {
            0 if checked => Node::Param(0),
            1 => Node::Const(random.pick(&[2, 3, 64, 200, 1 << 24, 1 << 30, 1 << 63])),
            _ => Node::Const(1),
        };
        let rank = 1 + (random.below(4) == 0) as usize;
        let mut kernel = Kernel { dtype, range: [start, end, step], accesses: Vec::new(), rank, checked };
        let base = kernel.affine(random);
        for _ in 0..random.pick(&[1, 1, 2, 3]) {
            let index = |random: &mut Random| match random.below(4) {
                0 => kernel.node(random, DType::Usize, 3),
                1 => base.clone(),
                _ => op("add", base.clone(), Node::Const(random.usual())),
            };
            let index = (0..rank).map(|_| index(random)).collect();
            let by = random.pick(&[2, 4, 8, 1 << 32]);
            let condition = (random.below(2) == 0).then(|| (by, random.below(2) as u64));
            let stores = kernel.accesses.is_empty() || random.below(2) == 0;
            kernel.accesses.push(Access { condition, nested: random.below(5) == 0, index, stores });
        }
        kernel
    }

    /// A multiple of the index and something, perhaps after a conversion.
    fn affine(&self, random: &mut Random) -> Node {
        let narrow = random.narrow();
        let dtype = random.pick(&[DType::Usize, DType::Usize, self.dtype, narrow]);
        let mut node = cast(self.dtype, dtype, Node::Index);
        if random.below(2) == 0 {
            let factor = match random.below(4) {
                0 => cast(DType::Usize, dtype, Node::Param(0)),
                1 => {
                    let narrow = random.narrow();
                    cast(narrow, dtype, cast(DType::Usize, narrow, Node::Param(0)))
                }
                2 => Node::Const(fit(dtype, random.hostile())),
                _ => Node::Const(fit(dtype, random.usual())),
            };
            node = op("mul", node, factor);
        }
        if random.below(2) == 0 {
            let other = self.node(random, dtype, 1);
            node = if random.below(3) == 0 { op("sub", other, node) } else { op("add", node, other) };
        }
        cast(dtype, DType::Usize, node)
    }

    fn node(&self, random: &mut Random, dtype: DType, depth: usize) -> Node {
        if depth == 0 || random.below(3) == 0 {
            return match random.below(5) {
                0 => cast(self.dtype, dtype, Node::Index),
                1 => cast(DType::Usize, dtype, Node::Param(0)),
                2 => cast(DType::Usize, dtype, Node::Param(1)),
                _ => Node::Const(fit(dtype, random.usual())),
            };
        }
        match random.below(5) {
            0 => {
                let from = random.pick(&integers());
                cast(from, dtype, self.node(random, from, depth - 1))
            }
            1 if depth == 3 => cast(DType::Usize, dtype, Node::Inner),
            _ => {
                let (a, b) = (self.node(random, dtype, depth - 1), self.node(random, dtype, depth - 1));
                op(random.pick(&["add", "sub", "mul"]), a, b)
            }
        }
    }

    fn program(&self) -> String {
        let mut text = Text { text: String::new(), next: 10, inner: 0 };
        let rank = self.rank;
        writeln!(text.text, "program f(mut a: [i64; {rank}], n: usize, m: usize) {{").unwrap();
        writeln!(text.text, "var x0 a: [i64; {rank}] is p0").unwrap();
        if self.checked {
            text.text += "v1: bool = ne n, 0usize\ncheck v1, zero_step\n";
        }
        let [start, end] = [0, 1].map(|bound| text.node(&self.range[bound], self.dtype));
        let step = text.node(&self.range[2], DType::Usize);
        writeln!(text.text, "prange v2: {} in {start}..{end} step {step} {{", self.dtype).unwrap();
        text.text += &format!("v3: [i64; {rank}] = x0\n");
        for (number, access) in self.accesses.iter().enumerate() {
            if access.nested {
                text.inner = 4 + number;
                writeln!(text.text, "for v{}: usize in 0usize..2usize step 1usize {{", text.inner).unwrap();
            }
            if let Some((by, left)) = access.condition {
                let index = text.node(&cast(self.dtype, DType::Usize, Node::Index), DType::Usize);
                let rest = text.value(&format!("usize = rem {index}, {by}usize"));
                let taken = text.value(&format!("bool = eq {rest}, {left}usize"));
                writeln!(text.text, "if {taken} {{").unwrap();
            }
            let index: Vec<String> = access.index.iter().map(|node| text.node(node, DType::Usize)).collect();
            let index = index.join(", ");
            if access.stores {
                writeln!(text.text, "store x0[{index}], 1i64").unwrap();
            } else {
                text.value(&format!("i64 = index v3[{index}]"));
            }
            let blocks = access.nested as usize + access.condition.is_some() as usize;
            text.text += &"}\n".repeat(blocks);
        }
        text.text + "}\n}\n"
    }

    /// The numbers of some iterations of a call, and of how many.
    fn trips(&self, params: [u64; 2]) -> (i128, i128, i128) {
        let env = Env { index: 0, inner: 0, params };
        let number = |node: &Node, dtype: DType| {
            let number = Scalar::from_bits(dtype, node.eval(dtype, &env));
            number.as_integer().expect("an integer type")
        };
        let [start, end] = [0, 1].map(|bound| number(&self.range[bound], self.dtype));
        let step = number(&self.range[2], DType::Usize);
        assert!(step > 0 || self.checked, "a step of zero is checked");
        let trips = if end > start && step > 0 { (end - start - 1) / step + 1 } else { 0 };
        (start, step, trips)
    }

    /// What an iteration touches, or nothing if it fails.
    fn touched(&self, index: u64, params: [u64; 2], lengths: &[u64]) -> Option<Vec<(Vec<u64>, bool)>> {
        let mut touched = Vec::new();
        for access in &self.accesses {
            if access.condition.is_some_and(|(by, left)| index % by != left) {
                continue;
            }
            for inner in 0..if access.nested { 2 } else { 1 } {
                let env = Env { index, inner, params };
                let element: Vec<u64> =
                    access.index.iter().map(|node| node.eval(DType::Usize, &env)).collect();
                if element.iter().zip(lengths).any(|(at, length)| at >= length) {
                    return None;
                }
                touched.push((element, access.stores));
            }
        }
        Some(touched)
    }

    /// Two iterations of a call that succeeds, with an element that both touch and one of them stores.
    fn collision(&self, params: [u64; 2], random: &mut Random) -> Option<(i128, i128, Vec<u64>)> {
        if self.checked && params[0] == 0 {
            return None;
        }
        let (start, step, trips) = self.trips(params);
        if !(2..=MOST_TRIPS).contains(&trips) {
            return None;
        }
        let near = [
            0,
            120,
            250,
            1 << 15,
            1 << 16,
            1 << 30,
            1 << 31,
            1 << 32,
            1 << 33,
            1 << 40,
            1 << 58,
            1 << 59,
            trips / 2,
            trips - 4,
        ];
        let mut numbers: Vec<i128> = near.iter().flat_map(|near| (0..8).map(move |by| near + by)).collect();
        numbers.extend(0..40);
        numbers.extend((0..40).map(|_| random.bits() as i128 % trips));
        numbers.retain(|number| (0..trips).contains(number));
        numbers.sort_unstable();
        numbers.dedup();
        let lengths: Vec<u64> = match (self.rank, random.below(3)) {
            (1, _) => vec![LONGEST],
            (_, 0) => vec![1 << 30, 1 << 29],
            (_, 1) => vec![1 << 57, 4],
            (_, _) => vec![4, 1 << 57],
        };
        let play = |number: i128| self.touched((start + number * step) as u64, params, &lengths);
        let mut seen: HashMap<Vec<u64>, (i128, bool)> = HashMap::new();
        let mut collision = None;
        for number in numbers {
            for (element, stores) in play(number)? {
                match seen.get_mut(&element) {
                    Some((other, stored)) if *other != number && (*stored || stores) => {
                        collision = Some((*other, number, element));
                    }
                    Some((_, stored)) => *stored |= stores,
                    None => drop(seen.insert(element, (number, stores))),
                }
            }
        }
        // Another iteration may fail.
        collision.filter(|_| (0..300).all(|_| play(random.bits() as i128 % trips).is_some()))
    }
}

/// A program under construction.
struct Text {
    text: String,
    next: usize,
    /// The number of the index of the serial loop around.
    inner: usize,
}

impl Text {
    fn value(&mut self, definition: &str) -> String {
        self.next += 1;
        writeln!(self.text, "v{}: {definition}", self.next).unwrap();
        format!("v{}", self.next)
    }

    fn node(&mut self, node: &Node, dtype: DType) -> String {
        match node {
            Node::Index => "v2".into(),
            Node::Inner => format!("v{}", self.inner),
            Node::Param(which) => ["n", "m"][*which].into(),
            Node::Const(x) => Scalar::from_bits(dtype, *x).to_string(),
            Node::Cast(from, node) => {
                let operand = self.node(node, *from);
                self.value(&format!("{dtype} = cast {operand}"))
            }
            Node::Op(op, a, b) => {
                let (a, b) = (self.node(a, dtype), self.node(b, dtype));
                self.value(&format!("{dtype} = {op} {a}, {b}"))
            }
        }
    }
}

/// Whether an index inside a serial loop is used only there.
fn in_scope(kernel: &Kernel) -> bool {
    fn uses_inner(node: &Node) -> bool {
        match node {
            Node::Inner => true,
            Node::Index | Node::Param(_) | Node::Const(_) => false,
            Node::Cast(_, node) => uses_inner(node),
            Node::Op(_, a, b) => uses_inner(a) || uses_inner(b),
        }
    }
    kernel.accesses.iter().all(|access| access.nested || !access.index.iter().any(uses_inner))
}

/// Whether a call comes to its parallel loop.
fn passes_tests(loops: &Loops, [n, m]: [u64; 2]) -> bool {
    let mut front = loops.clone();
    front.body.retain(|stmt| !matches!(stmt, Stmt::Parfor(_)));
    let rank = loops.buffers.iter().next().expect("there is an array").1.rank;
    let array = Value::Array(Array::new(DType::I64, &vec![1; rank.into()], vec![Scalar::I64(0)]));
    let arguments =
        [array, Value::Scalar(Scalar::Usize(n as usize)), Value::Scalar(Scalar::Usize(m as usize))];
    run_loops(&front, &arguments, 0).is_ok()
}

#[test]
fn accepted_loops_have_no_collisions() {
    let (mut accepted, mut tested, mut refused, mut needlessly) = (0, 0, 0, 0);
    for seed in 1..=LOOPS {
        let random = &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kernel = Kernel::random(random);
        if !in_scope(&kernel) {
            continue;
        }
        let text = kernel.program();
        let program = Program::parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        program.verify().unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let layouts = [Some(Layout::rows(kernel.rank as u8)), None, None];
        let mut loops = lower_arrays(&program, &layouts).expect("it can be lowered");
        let accepts = check_parallel(&mut loops).is_ok();
        let mut collides = false;
        for _ in 0..12 {
            let params = [random.hostile(), random.hostile()];
            if collides {
                break;
            }
            if let Some((first, second, element)) = kernel.collision(params, random) {
                collides = true;
                assert!(
                    !accepts || !passes_tests(&loops, params),
                    "seed {seed}: iterations {first} and {second} both touch {element:?} with {params:?}\n{text}"
                );
            }
        }
        match (accepts, collides) {
            (true, _) => {
                accepted += 1;
                tested += !loops.notes.is_empty() as u64;
            }
            (false, collides) => {
                refused += 1;
                needlessly += !collides as u64;
            }
        }
    }
    println!(
        "{accepted} loops accepted, {tested} with tests, {refused} refused, of these {needlessly} without a collision found"
    );
    assert!(accepted > LOOPS / 10 && refused - needlessly > LOOPS / 10, "{accepted} {refused} {needlessly}");
}
