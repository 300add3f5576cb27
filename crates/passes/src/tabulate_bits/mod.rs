//! Looks up in a table what short loops do bit by bit, as checksums are written.
//!
//! ```text
//!                                             v8: bool = lt 1023usize, v0
//!                                             v9: usize = select v8, 256usize, 0usize
//!                                             alloc b1[v9]      and for each number: the eight steps from it
//! for v1 in v0 {                              for v1 in v0 {
//!   …                                           …
//!   for v2 in 8usize {                          if v8 {
//!     v3: u32 = x0                                v10: u32 = x0
//!     v4: u32 = and v3, 1u32                      v11: u32 = and v10, 255u32
//!     v5: bool = eq v4, 1u32            ⇒         v12: u32 = load b1[v11]
//!     v6: u32 = shr v3, 1u32                      v13: u32 = shr v10, 8u32
//!     if v5 { x0 = v6 ^ 0xedb88320 }              x0 = v12 ^ v13
//!     else { x0 = v6 }                          } else { as it was }
//!   }                                         }
//! }
//! ```
//!
//! Such a loop adds bits modulo two ([`bits`]). What it makes of a number is then the sum of what it makes of the number's
//! parts: of as many bits as it has steps, which the table tells, and of the others, which it only moves (Sarwate,
//! Computation of cyclic redundancy checks via table look-up, CACM 1988).
//!
//! The table is made at each call, for loops that are long enough then, and only around serial code.

mod bits;

use crate::Changed;
use crate::copies::Copies;
use crate::effects::Effects;
use crate::hash::FastMap;
use bits::{Bits, low};
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, BufferData, Expr, Loops, Origin, Stmt, Value, Var, VarData};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Loops that run less often do without a table.
const LEAST_ITERATIONS: usize = 1024;

/// The steps that are looked up together.
const STEPS: std::ops::RangeInclusive<usize> = 4..=8;

/// Looks up in a table what short loops do bit by bit.
pub fn tabulate_bits(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let mut changed = false;
    for mut stmt in std::mem::take(&mut body) {
        let effects = match &stmt {
            Stmt::For { .. } | Stmt::While { .. } if has_short_loops(loops, &stmt) => {
                Effects::of(loops, &stmt)
            }
            _ => {
                body.push(stmt);
                continue;
            }
        };
        let mut before = Block::new();
        in_loop(loops, &effects, &mut stmt, &mut before);
        changed |= !before.is_empty();
        body.append(&mut before);
        body.push(stmt);
    }
    loops.body = body;
    changed.into()
}

fn steps_of(loops: &Loops, stmt: &Stmt) -> Option<usize> {
    let Stmt::For { extent, until: None, .. } = stmt else { return None };
    match loops.constant(*extent) {
        Some(Scalar::Usize(steps)) if STEPS.contains(&steps) => Some(steps),
        _ => None,
    }
}

fn has_short_loops(loops: &Loops, around: &Stmt) -> bool {
    walk::statements(std::slice::from_ref(around)).any(|stmt| steps_of(loops, stmt).is_some())
}

/// Looks for short loops directly inside loops of which one knows in front of all how long they are.
fn in_loop(loops: &mut Loops, outermost: &Effects, stmt: &mut Stmt, before: &mut Block) {
    if matches!(stmt, Stmt::Parfor(_) | Stmt::Nest(_)) {
        return;
    }
    if let Stmt::For { extent, body, .. } = stmt {
        let short = matches!(loops.constant(*extent), Some(Scalar::Usize(..LEAST_ITERATIONS)));
        if !short && !outermost.defined.contains(extent) {
            for inner in body.iter_mut() {
                if let Some(found) = Found::of(loops, inner) {
                    found.tabulate(loops, *extent, inner, before);
                }
            }
        }
    }
    walk::blocks_mut(stmt).flatten().for_each(|inner| in_loop(loops, outermost, inner, before));
}

/// A loop that adds bits modulo two.
struct Found {
    /// The variable that it works on.
    var: Var,
    steps: usize,
    /// The lowest of the bits that go into the sums.
    lowest: usize,
    /// Whether the others move down, and which bits then count.
    down: bool,
    keeps: u64,
}

impl Found {
    fn of(loops: &Loops, stmt: &Stmt) -> Option<Found> {
        let steps = steps_of(loops, stmt)?;
        let Stmt::For { body, .. } = stmt else { return None };
        let mut vars = walk::statements(body).filter_map(|stmt| match stmt {
            Stmt::Set { var, .. } => Some(*var),
            _ => None,
        });
        let var = vars.next()?;
        if vars.any(|other| other != var) {
            return None;
        }
        let mut run =
            Run { loops, var, known: FastMap::default(), now: Bits::origin(loops.vars[var].dtype)? };
        for _ in 0..steps {
            run.block(body)?;
        }
        let of = run.now.of;
        let width = of.len();
        if width <= steps {
            return None;
        }
        let window = |lowest: usize| low(steps) << lowest;
        let moves = |lowest: usize, down: bool| {
            let rest = of.iter().map(|of| of & !window(lowest));
            let only = |bit: usize, rest: u64| {
                let from = if down { bit.checked_add(steps) } else { bit.checked_sub(steps) };
                rest == 0 || from.is_some_and(|from| from < width && rest == 1 << from)
            };
            let keeps = |(bit, rest): (usize, u64)| ((rest != 0) as u64) << bit;
            let fits = rest.clone().enumerate().all(|(bit, rest)| only(bit, rest));
            fits.then(|| rest.enumerate().map(keeps).sum::<u64>())
        };
        let windows = (0..=width - steps).flat_map(|lowest| [(lowest, true), (lowest, false)]);
        let mut found = windows.filter_map(|(lowest, down)| {
            moves(lowest, down).map(|keeps| Found { var, steps, lowest, down, keeps })
        });
        found.next()
    }

    /// Puts the table in front of everything and its use in place of the loop, which stays for loops that are short.
    fn tabulate(&self, loops: &mut Loops, extent: Value, stmt: &mut Stmt, before: &mut Block) {
        let VarData { name, dtype } = loops.vars[self.var].clone();
        let constant = |loops: &mut Loops, dtype: DType, number: u64| {
            loops.value(Expr::Const(Scalar::from_bits(dtype, number)), dtype, Loc::NONE)
        };
        let define = |loops: &mut Loops, block: &mut Block, expr: Expr, dtype: DType| {
            let value = loops.value(expr, dtype, Loc::NONE);
            block.push(Stmt::Let(value));
            value
        };
        let Stmt::For { body, .. } = &*stmt else { unreachable!("it was found in one") };
        let (steps, entries) = (self.steps as u64, 1u64 << self.steps);

        let few = constant(loops, DType::Usize, LEAST_ITERATIONS as u64 - 1);
        let pays = define(loops, before, Expr::Op(ScalarOp::Lt, vec![few, extent]), DType::Bool);
        let [entries, none] = [entries, 0].map(|number| constant(loops, DType::Usize, number));
        let choice = Expr::Op(ScalarOp::Select, vec![pays, entries, none]);
        let entries = define(loops, before, choice, DType::Usize);
        let table = BufferData { name: format!("table of {name}"), dtype, rank: 1, origin: Origin::Local };
        let table = loops.buffers.push(table);
        before.push(Stmt::Alloc { buffer: table, shape: vec![entries], zeroed: false, loc: Loc::NONE });
        let index = loops.value(Expr::Bound, DType::Usize, Loc::NONE);
        let own = loops.vars.push(VarData { name, dtype });
        let mut fill = Block::new();
        let number = define(loops, &mut fill, Expr::Cast(index), dtype);
        let lowest = constant(loops, dtype, self.lowest as u64);
        let number = define(loops, &mut fill, Expr::Op(ScalarOp::Shl, vec![number, lowest]), dtype);
        fill.push(Stmt::Set { var: own, value: number });
        for _ in 0..steps {
            let mut copies = Copies::default();
            copies.vars.insert(self.var, own);
            copies.block(loops, body, &mut fill);
        }
        let last = define(loops, &mut fill, Expr::Var(own), dtype);
        fill.push(Stmt::Store { buffer: table, index: vec![index], value: last, loc: Loc::NONE });
        before.push(Stmt::For { index, extent: entries, until: None, body: fill });

        let mut look = Block::new();
        let now = define(loops, &mut look, Expr::Var(self.var), dtype);
        let part = define(loops, &mut look, Expr::Op(ScalarOp::Shr, vec![now, lowest]), dtype);
        let window = constant(loops, dtype, low(self.steps));
        let part = define(loops, &mut look, Expr::Op(ScalarOp::And, vec![part, window]), dtype);
        let part = define(loops, &mut look, Expr::Cast(part), DType::Usize);
        let sum = Expr::Load { buffer: table, index: vec![part] };
        let sum = define(loops, &mut look, sum, dtype);
        let by = constant(loops, dtype, steps);
        let op = if self.down { ScalarOp::Shr } else { ScalarOp::Shl };
        let moved = define(loops, &mut look, Expr::Op(op, vec![now, by]), dtype);
        let keeps = constant(loops, dtype, self.keeps);
        let moved = define(loops, &mut look, Expr::Op(ScalarOp::And, vec![moved, keeps]), dtype);
        let after = define(loops, &mut look, Expr::Op(ScalarOp::Xor, vec![sum, moved]), dtype);
        look.push(Stmt::Set { var: self.var, value: after });
        let bit_by_bit = std::mem::replace(stmt, Stmt::Let(pays));
        *stmt = Stmt::If { cond: pays, then: look, otherwise: vec![bit_by_bit] };
    }
}

/// What is known in the middle of such a loop.
struct Run<'a> {
    loops: &'a Loops,
    var: Var,
    known: FastMap<Value, Bits>,
    /// What the variable is now.
    now: Bits,
}

impl Run<'_> {
    fn value(&self, value: Value) -> Option<Bits> {
        match self.loops.constant(value) {
            Some(scalar) => Bits::constant(scalar),
            None => self.known.get(&value).cloned(),
        }
    }

    /// Runs a block, if all it does is to add bits.
    fn block(&mut self, block: &[Stmt]) -> Option<()> {
        for stmt in block {
            match stmt {
                Stmt::Let(value) => {
                    let data = &self.loops.values[*value];
                    let bits = match &data.expr {
                        Expr::Var(var) if *var == self.var => self.now.clone(),
                        Expr::Cast(from) => self.value(*from)?.cast(data.dtype)?,
                        Expr::Op(op, args) => {
                            let args: Option<Vec<Bits>> = args.iter().map(|arg| self.value(*arg)).collect();
                            let args = args?;
                            Bits::operation(*op, &args.iter().collect::<Vec<_>>())?
                        }
                        _ => return None,
                    };
                    self.known.insert(*value, bits);
                }
                Stmt::Set { value, .. } => self.now = self.value(*value)?,
                Stmt::If { cond, then, otherwise } => {
                    let cond = self.value(*cond)?;
                    let start = self.now.clone();
                    self.block(then)?;
                    let yes = std::mem::replace(&mut self.now, start);
                    self.block(otherwise)?;
                    self.now = Bits::choose(&cond, &yes, &self.now)?;
                }
                _ => return None,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn kernel(dtype: &str, around: &str, step: &str) -> String {
        format!(
            "loops f(n: usize, b0 a: {dtype}[unit], mut b1 r: {dtype}[unit]) {{
               var x0 crc: {dtype}
               x0 = 0{dtype}
               for v0 in {around} {{ v1: {dtype} = load b0[v0] v2: {dtype} = x0 v3: {dtype} = xor v2, v1 x0 = v3
                 for v4 in 8usize {{ {step} }} }}
               v5: {dtype} = x0 store b1[0usize], v5
             }}"
        )
    }

    const DOWN: &str = "v10: u32 = x0 v11: u32 = and v10, 1u32 v12: bool = eq v11, 1u32 v13: u32 = shr v10, 1u32 \
                        if v12 { v14: u32 = xor v13, 3988292384u32 x0 = v14 } else { x0 = v13 }";

    #[test]
    fn eight_steps_down_are_looked_up() {
        let after = run(tabulate_bits, &kernel("u32", "n", DOWN)).to_string();
        assert!(
            after.contains("alloc b2") && after.contains("255u32") && after.contains("load b2"),
            "{after}"
        );
    }

    #[test]
    fn the_upper_bits_of_steps_up_are_looked_up() {
        let up = "v10: u16 = x0 v11: u16 = and v10, 32768u16 v12: bool = ne v11, 0u16 v13: u16 = shl v10, 1u16 \
                  if v12 { v14: u16 = xor v13, 4129u16 x0 = v14 } else { x0 = v13 }";
        let after = run(tabulate_bits, &kernel("u16", "n", up)).to_string();
        assert!(after.contains("shl") && after.contains("65280u16"), "{after}");
    }

    #[test]
    fn what_is_no_sum_of_bits_stays() {
        unchanged(tabulate_bits, &kernel("u32", "n", &DOWN.replace("xor v13", "add v13")));
        unchanged(tabulate_bits, &kernel("u32", "n", &DOWN.replace("and v10, 1u32", "and v10, 3u32")));
        let more = format!("{DOWN} store b1[0usize], v10");
        unchanged(tabulate_bits, &kernel("u32", "n", &more));
    }

    #[test]
    fn short_loops_need_no_table() {
        unchanged(tabulate_bits, &kernel("u32", "1000usize", DOWN));
    }
}
