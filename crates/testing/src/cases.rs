//! Cases: the program of a seed and how long its arrays are.
//!
//! ```text
//! seed ── small_arrays ──▶ Case { seed, sizes } ── run ──▶ finished, failed, refused, or what is wrong
//!      ── large_arrays ──▶                      ── reduced ──▶ the same, made small
//! ```

use crate::{Choices, Ran, Sample, Sizes, check_same_bits, random_arguments, random_program, reduced};
use parfuse_ir::program::{Block, Expr, Program, Stmt, View};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A random program on arrays of chosen lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The seed of the program.
    pub seed: u64,
    /// How long the arrays are.
    pub sizes: Sizes,
}

impl Case {
    /// The program of a seed with arrays of a few elements; coarse loops have several blocks even so.
    pub fn small_arrays(seed: u64) -> Case {
        let choices = &mut Choices::seeded(!seed);
        let columns = choices.pick(&[0, 1, 3, 4, 5, 13, 31, 32, 33]);
        let [rows, planes] = [(); 2].map(|()| choices.pick(&[0, 1, 2, 3, 5]));
        Case { seed, sizes: [columns, rows, planes] }
    }

    /// The program of a seed with arrays that are cut into blocks, in one, two or three dimensions. Nothing for
    /// programs that would run for ever on them, or broadcast one array along the other.
    pub fn large_arrays(seed: u64) -> Option<Case> {
        const SIZES: &[Sizes] = &[
            [8191, 1, 2],
            [8192, 1, 1],
            [8193, 1, 2],
            [3, 2731, 1],
            [91, 91, 1],
            [4100, 2, 2],
            [21, 20, 20],
        ];
        let sizes = Choices::seeded(!seed).pick(SIZES);
        let program = random_program(&mut Choices::seeded(seed)).program;
        let is_short = loops_over_lengths(&program, &program.body) <= 1 && !moves_axes(&program);
        is_short.then_some(Case { seed, sizes })
    }

    /// The program and its arguments.
    pub fn make(self) -> (Sample, Vec<parfuse_interp::Value>) {
        let choices = &mut Choices::seeded(self.seed);
        let sample = random_program(choices);
        let arguments = random_arguments(&sample.program, self.sizes, choices);
        (sample, arguments)
    }

    /// Checks that all executors agree.
    ///
    /// # Errors
    /// What differs, also if something panics.
    pub fn run(self) -> Result<Ran, String> {
        let (sample, arguments) = self.make();
        self.check(&sample, &arguments)
    }

    fn check(self, sample: &Sample, arguments: &[parfuse_interp::Value]) -> Result<Ran, String> {
        let check = AssertUnwindSafe(|| check_same_bits(sample, arguments, self.seed));
        catch_unwind(check).unwrap_or_else(|panic| {
            let message = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
                (Some(message), _) => message,
                (None, Some(message)) => *message,
                (None, None) => "",
            };
            Err(format!("panic: {message}\n{}", sample.program))
        })
    }

    /// What is wrong, with a small program of which it is wrong, too, and its arguments.
    pub fn explained(self, message: &str) -> String {
        let (sample, arguments) = self.make();
        // The same executor differs, in whatever way.
        let kind = |message: &str| {
            let line = message.lines().next().unwrap_or_default();
            line.split(':').next().unwrap_or_default().to_string()
        };
        let fails = |smaller: &Sample| {
            self.check(smaller, &arguments).is_err_and(|found| kind(&found) == kind(message))
        };
        let small = reduced(&sample, fails);
        let message = self.check(&small, &arguments).err().unwrap_or_else(|| message.to_string());
        let used = small.program.params.iter().zip(&arguments);
        let used: Vec<String> =
            used.map(|(param, value)| format!("{} = {}", param.name, brief(value))).collect();
        let Case { seed, sizes } = self;
        format!("PARFUSE_SEED={seed} with lengths {sizes:?}: {message}\n{}", used.join("\n"))
    }
}

fn brief(value: &parfuse_interp::Value) -> String {
    match value {
        parfuse_interp::Value::Scalar(x) => x.to_string(),
        parfuse_interp::Value::Array(array) => {
            let elements: Vec<String> = array.scalars().iter().take(24).map(|x| x.to_string()).collect();
            format!("{:?} [{}]", array.shape, elements.join(", "))
        }
    }
}

/// Whether a long axis may come to lie beside another long one, so that an expression has the product of both.
fn moves_axes(program: &Program) -> bool {
    program.values.iter().any(|(_, data)| match &data.expr {
        Expr::View { view, .. } => view.axes != View::kept(&view.cuts),
        _ => false,
    })
}

/// How deep loops nest whose number of iterations is not known to be small.
fn loops_over_lengths(program: &Program, block: &Block) -> usize {
    let depth = |stmt: &Stmt| match stmt {
        Stmt::If { then, otherwise, .. } => {
            loops_over_lengths(program, then).max(loops_over_lengths(program, otherwise))
        }
        Stmt::While { body, .. } => 1 + loops_over_lengths(program, body),
        Stmt::For { end, body, .. } => {
            program.constant(*end).is_none() as usize + loops_over_lengths(program, body)
        }
        // Whole arrays inside of loops.
        Stmt::Let(value) => {
            let data = &program.values[*value];
            let walks = matches!(data.expr, Expr::Reduce { .. })
                || data.ty.rank().is_some() && !matches!(data.expr, Expr::Var(_) | Expr::View { .. });
            walks as usize
        }
        Stmt::Update { .. } | Stmt::Call { .. } => 1,
        Stmt::Scope { body } => loops_over_lengths(program, body),
        Stmt::Assign { .. }
        | Stmt::Store { .. }
        | Stmt::Resize { .. }
        | Stmt::Leave { .. }
        | Stmt::Check { .. } => 0,
    };
    block.iter().map(depth).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::grid::{Grain, Grid};

    #[test]
    fn large_arrays_have_several_blocks() {
        let cases: Vec<Case> = (0..400).filter_map(Case::large_arrays).collect();
        assert!(cases.len() > 20, "{}", cases.len());
        let several = |case: &&Case| {
            let [columns, rows, planes] = case.sizes;
            Grid::new(&[planes, rows, columns], Grain::Fine).blocks() > 1
        };
        assert!(cases.iter().filter(several).count() > cases.len() / 2);
    }
}
