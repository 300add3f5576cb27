//! Loops that are left from inside their turns, in drivers, nests and regions, do what the interpreter of Loops says: whatever
//! branches stand at the ends of their turns.

use crate::lane_loops::{agrees, elements};
use parfuse_ir::{DType, Scalar};
use std::fmt::Write;

/// One more than the most turns.
const N: usize = 40;

/// How many random loops there are.
const LOOPS: u64 = 150;

/// Writes random turns: they change a state (`x1`), leave the loop (`x2`), and store, under branches.
struct Turns {
    random: u64,
    values: usize,
    text: String,
}

impl Turns {
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.random >> 33) % limit
    }

    /// Computes a value; its name.
    fn value(&mut self, ty: &str, what: &str) -> String {
        self.values += 1;
        writeln!(self.text, "v{}: {ty} = {what}", self.values).unwrap();
        format!("v{}", self.values)
    }

    fn condition(&mut self) -> String {
        if self.below(4) == 0 {
            let parts = [self.simple_condition(), self.simple_condition()];
            let joined = ["and", "or", "xor"][self.below(3) as usize];
            return self.value("bool", &format!("{joined} {}", parts.join(", ")));
        }
        self.simple_condition()
    }

    fn simple_condition(&mut self) -> String {
        let limit = self.below(100) as i64 - 50;
        let state = self.value("i64", "x1");
        match self.below(5) {
            0 => self.value("bool", &format!("lt v1, {}usize", self.values % N)),
            // Constants may stand first, and nothing is below zero.
            3 => self.value("bool", &format!("lt {}usize, v1", self.values % 3)),
            4 => self.value("bool", &format!("ge {limit}i64, {state}")),
            1 => self.value("bool", &format!("lt {state}, {limit}i64")),
            _ => {
                let element = self.value("i64", "load b0[v1]");
                let sum = self.value("i64", &format!("add {element}, {state}"));
                self.value("bool", &format!("lt {sum}, {}i64", limit * 3_000_000_019))
            }
        }
    }

    fn step(&mut self) {
        match self.below(9) {
            // The loop has asked for this.
            6 => {
                let below = self.value("bool", "lt v1, n");
                writeln!(self.text, "check {below}, empty_mean").unwrap();
            }
            7 => self.text += "x4 = true\nx2 = true\n",
            // A loop inside that may leave the one around it, too.
            8 => {
                self.values += 1;
                let turn = self.values;
                writeln!(self.text, "x5 = false\nfor v{turn} in 4usize until x5 {{").unwrap();
                let element = self.value("i64", &format!("load b0[v{turn}]"));
                let state = self.value("i64", "x1");
                let leave = self.value("bool", &format!("lt {element}, {state}"));
                writeln!(self.text, "if {leave} {{ x4 = true\nx2 = true\nx5 = true }}\n}}").unwrap();
            }
            0 => {
                let state = self.value("i64", "x1");
                let next = self.value("i64", &format!("add {state}, 3i64"));
                writeln!(self.text, "x1 = {next}").unwrap();
            }
            1 => {
                let (state, element) = (self.value("i64", "x1"), self.value("i64", "load b0[v1]"));
                let next = self.value("i64", &format!("xor {state}, {element}"));
                writeln!(self.text, "store b1[v1], {next}").unwrap();
            }
            2 => {
                let leave = self.condition();
                writeln!(self.text, "x2 = {leave}").unwrap();
            }
            3 => self.text += "x2 = true\n",
            _ => {}
        }
    }

    fn block(&mut self, depth: u32) {
        self.step();
        if depth > 0 && self.below(4) > 0 {
            let condition = self.condition();
            writeln!(self.text, "if {condition} {{").unwrap();
            self.block(depth - 1);
            self.text += "} else {\n";
            self.block(depth - 1);
            self.text += "}\n";
            if self.below(2) == 0 {
                self.step();
            }
        }
    }
}

#[test]
fn random_turns() {
    let ways = [("", ""), ("nest { for v90 in 2usize {", "} }"), ("parfor v90 in 1usize {", "}")];
    let loops = [
        ("for v1 in n until x2 {", ""),
        ("while { v91: bool = x2 v92: bool = not v91 test v92 } do { v1: usize = x0", "x2 = true"),
        (
            "while { v91: bool = x2 v92: usize = x0 v93: bool = lt v92, n v94: bool = not v91 v95: bool = and v94, v93
             test v95 } do { v1: usize = x0",
            "",
        ),
        (
            "while { v91: bool = x2
               if v91 { x3 = false } else { v92: usize = x0 v93: bool = lt v92, n x3 = v93 }
               v94: bool = x3 test v94 } do { v1: usize = x0",
            "",
        ),
    ];
    for seed in 0..LOOPS {
        let (open, close) = ways[seed as usize % 3];
        let (head, last) = loops[seed as usize / 3 % 4];
        let mut turns = Turns { random: seed, values: 100, text: String::new() };
        turns.block(3);
        let text = format!(
            "loops f(b0 a: i64[unit], mut b1 found: i64[unit], n: usize) {{
               var x0 i: usize
               var x1 state: i64
               var x2 done: bool
               var x3 more: bool
               var x4 found: bool
               var x5 left: bool
               {open}
               x0 = 0usize
               x1 = 0i64
               x2 = false
               x4 = false
               {head}
                 {}
                 v96: usize = add v1, 1usize
                 x0 = v96
                 v97: bool = ge v96, n
                 if v97 {{ {last} }}
               }}
               v98: i64 = x1
               store b1[0usize], v98
               v99: usize = x0
               v100: i64 = cast v99
               store b1[1usize], v100
               v4: bool = x4
               v5: i64 = cast v4
               store b1[2usize], v5
               {close}
             }}",
            turns.text
        );
        for n in [1, 2, 9, N] {
            agrees(&text, &[elements(DType::I64, N), elements(DType::I64, N)], &[Scalar::Usize(n)]);
        }
    }
}
