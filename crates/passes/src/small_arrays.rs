//! Keeps small arrays in variables: those that the iterations of a parallel loop make for themselves, and those of plain code.
//!
//! ```text
//! parfor v1 in v0 {                           parfor v1 in v0 {
//!   alloc b1[2usize]                            x0 = 0.0f64
//!   for v2 in 2usize { store b1[v2], 0 }   ⇒    x1 = 0.0f64
//!   store b1[1usize], v3                        x1 = v3
//!   …                                           …
//! }                                           }
//! ```
//!
//! The array has a known number of elements, few, and its indices are numbers once short loops over them are written out.
//! Iterations without arrays run in lanes, as others do. Plain code handles such an array where no parallel loop and no call sees
//! it; if it is moved, so are its elements.

use crate::Changed;
use crate::copies::write_out;
use crate::hash::FastMap;
use crate::loop_order::launches;
use crate::private_arrays::made;
use crate::replace_loops::replace_loops;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Output, Parfor, Stmt, Value, Var, VarData, trips};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// The most elements of an array that variables hold.
const MOST_ELEMENTS: usize = 32;
/// The most statements that the body of a loop may become, and plain code have in addition.
const MOST_STATEMENTS: usize = 1600;

/// Replaces small arrays made inside parallel loops, and those of plain code, by variables.
pub fn small_arrays(loops: &mut Loops) -> Changed {
    replace_loops(loops, in_loop) | in_plain_code(loops)
}

fn in_loop(loops: &mut Loops, mut parfor: Parfor, block: &mut Block) -> Option<Parfor> {
    let small = small(loops, &parfor.body);
    let Some(body) = without(loops, small, &parfor.body, MOST_STATEMENTS) else { return Some(parfor) };
    parfor.body = body;
    block.push(Stmt::Parfor(parfor));
    None
}

fn in_plain_code(loops: &mut Loops) -> Changed {
    let small = small_in_plain_code(loops);
    let body = std::mem::take(&mut loops.body);
    let most = walk::statements(&body).count() + MOST_STATEMENTS;
    let replaced = without(loops, small, &body, most);
    let changed = replaced.is_some();
    loops.body = replaced.unwrap_or(body);
    changed.into()
}

/// The small arrays that nothing but plain code handles.
fn small_in_plain_code(loops: &Loops) -> FastMap<Buffer, Vec<usize>> {
    let mut small = small(loops, &loops.body);
    for result in &loops.results {
        if let Output::Buffer(buffer) = result {
            small.remove(buffer);
        }
    }
    for stmt in walk::statements(&loops.body) {
        match stmt {
            Stmt::Parfor(parfor) => {
                walk::accesses(loops, &parfor.body).for_each(|(buffer, _)| drop(small.remove(&buffer)));
                made(&parfor.body).into_keys().for_each(|buffer| drop(small.remove(&buffer)));
                let targets = parfor.reductions.iter().flat_map(|reduction| reduction.target_buffers());
                targets.for_each(|buffer| drop(small.remove(&buffer)));
            }
            Stmt::Call(call) => {
                call.read().chain(call.written()).for_each(|buffer| drop(small.remove(&buffer)))
            }
            _ => {}
        }
    }
    small
}

/// A block with variables for the small arrays of which all indices are known, if there are any.
fn without(
    loops: &mut Loops,
    mut small: FastMap<Buffer, Vec<usize>>,
    body: &Block,
    most: usize,
) -> Option<Block> {
    if small.is_empty() {
        return None;
    }
    // Written out in a copy: only if that leads to numbers is it worth anything.
    let mut body = body.clone();
    if !write_loops_out(loops, &small, most, &mut body) {
        return None;
    }
    let mut numbers = FastMap::default();
    walk::accesses(loops, &body).for_each(|(buffer, index)| {
        if let Some(shape) = small.get(&buffer)
            && position(loops, shape, index, &mut numbers).is_none()
        {
            small.remove(&buffer);
        }
    });
    keep_moves_whole(&mut small, &body);
    if small.is_empty() {
        return None;
    }
    let mut vars: FastMap<Buffer, Vec<Var>> = FastMap::default();
    for (buffer, shape) in &small {
        let data = loops.buffers[*buffer].clone();
        let elements = 0..shape.iter().product::<usize>();
        let var = |element: usize| VarData { name: format!("{}[{element}]", data.name), dtype: data.dtype };
        vars.insert(*buffer, elements.map(|element| loops.vars.push(var(element))).collect());
    }
    let mut replacing = Replacing { loops, small, vars, numbers };
    replacing.block(&mut body);
    Some(body)
}

/// Leaves out arrays that are moved to, or from, what is no small array of their shape, or that get another length.
fn keep_moves_whole(small: &mut FastMap<Buffer, Vec<usize>>, body: &Block) {
    let unlike = |small: &FastMap<Buffer, Vec<usize>>| {
        walk::statements(body).find_map(|stmt| match stmt {
            Stmt::Move { to, from } if small.get(to) != small.get(from) => Some([*to, *from]),
            Stmt::Resize { buffer, .. } if small.contains_key(buffer) => Some([*buffer; 2]),
            _ => None,
        })
    };
    while let Some(buffers) = unlike(small) {
        buffers.iter().for_each(|buffer| drop(small.remove(buffer)));
    }
}

/// The small arrays made in a block, with their lengths.
fn small(loops: &Loops, body: &Block) -> FastMap<Buffer, Vec<usize>> {
    let known = |shape: &Vec<Value>| -> Option<Vec<usize>> {
        shape
            .iter()
            .map(|length| match loops.constant(*length) {
                Some(Scalar::Usize(length)) => Some(length),
                _ => None,
            })
            .collect()
    };
    let one_shape = |shapes: Vec<Vec<Value>>| {
        let first = known(&shapes[0])?;
        let elements = first.iter().try_fold(1usize, |product, length| product.checked_mul(*length))?;
        let same = shapes.iter().all(|shape| known(shape).as_ref() == Some(&first));
        (same && (1..=MOST_ELEMENTS).contains(&elements)).then_some(first)
    };
    made(body).into_iter().filter_map(|(buffer, shapes)| Some((buffer, one_shape(shapes)?))).collect()
}

/// Writes out the short loops in which small arrays are accessed, the innermost first; whether the block stays short.
fn write_loops_out(
    loops: &mut Loops,
    small: &FastMap<Buffer, Vec<usize>>,
    most: usize,
    block: &mut Block,
) -> bool {
    for mut stmt in std::mem::take(block) {
        for inner in blocks_mut(&mut stmt) {
            if !write_loops_out(loops, small, most, inner) {
                return false;
            }
        }
        match &stmt {
            Stmt::For { index, extent, until: None, body } if is_over(loops, small, body) => {
                match number(loops, *extent, &mut FastMap::default()) {
                    Some(iterations @ ..=MOST_ELEMENTS) => {
                        if iterations * walk::statements(body).count() > most {
                            return false;
                        }
                        let mut copies = Block::new();
                        write_out(loops, *index, iterations, body, &mut copies);
                        // How often loops inside run may be known now.
                        if !write_loops_out(loops, small, most, &mut copies) {
                            return false;
                        }
                        block.append(&mut copies);
                    }
                    _ => block.push(stmt),
                }
            }
            _ => block.push(stmt),
        }
    }
    walk::statements(block).count() <= most
}

/// Whether a block accesses small arrays, and does nothing that cannot be copied.
fn is_over(loops: &Loops, small: &FastMap<Buffer, Vec<usize>>, body: &Block) -> bool {
    let accesses = walk::accesses(loops, body).any(|(buffer, _)| small.contains_key(&buffer));
    let copies = !walk::statements(body).any(launches);
    accesses && copies
}

/// The number of an element in an array of these lengths, if its index is known and in range.
fn position(
    loops: &Loops,
    shape: &[usize],
    index: &[Value],
    numbers: &mut FastMap<Value, Option<usize>>,
) -> Option<usize> {
    index.iter().zip(shape).try_fold(0, |position, (index, length)| {
        let index = number(loops, *index, numbers)?;
        (index < *length).then_some(position * length + index)
    })
}

/// The number that a value is: a constant, or what is computed from constants.
fn number(loops: &Loops, value: Value, numbers: &mut FastMap<Value, Option<usize>>) -> Option<usize> {
    let mut pending = vec![value];
    while let Some(value) = pending.last().copied() {
        if numbers.contains_key(&value) {
            pending.pop();
            continue;
        }
        let found = match &loops.values[value].expr {
            Expr::Const(Scalar::Usize(number)) => Some(*number),
            Expr::Trips { start, end, step } => {
                let operands = [*start, *end, *step];
                let unknown = operands.iter().find(|operand| !numbers.contains_key(operand));
                if let Some(unknown) = unknown {
                    pending.push(*unknown);
                    continue;
                }
                let [start, end, step] = operands.map(|operand| numbers[&operand].map(Scalar::Usize));
                let known = start.zip(end).zip(step);
                known.and_then(|((start, end), step)| match trips(start, end, step) {
                    Scalar::Usize(number) => Some(number),
                    _ => None,
                })
            }
            Expr::Op(
                op @ (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul | ScalarOp::Min | ScalarOp::Max),
                operands,
            ) => {
                let unknown = operands.iter().find(|operand| !numbers.contains_key(operand));
                if let Some(unknown) = unknown {
                    pending.push(*unknown);
                    continue;
                }
                let known: Option<Vec<Scalar>> =
                    operands.iter().map(|operand| numbers[operand].map(Scalar::Usize)).collect();
                known.and_then(|known| match op.eval(&known) {
                    Scalar::Usize(number) => Some(number),
                    _ => None,
                })
            }
            _ => None,
        };
        numbers.insert(value, found);
        pending.pop();
    }
    numbers[&value]
}

/// What has become of the arrays.
struct Replacing<'a> {
    loops: &'a mut Loops,
    small: FastMap<Buffer, Vec<usize>>,
    vars: FastMap<Buffer, Vec<Var>>,
    numbers: FastMap<Value, Option<usize>>,
}

impl Replacing<'_> {
    fn block(&mut self, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            match &stmt {
                Stmt::Alloc { buffer, .. } if self.vars.contains_key(buffer) => {
                    // Lanes keep variables that every iteration has set: those of an array may be set in a branch.
                    let dtype = self.loops.buffers[*buffer].dtype;
                    let zero = self.loops.value(Expr::Const(dtype.zero()), dtype, Loc::NONE);
                    block.extend(self.vars[buffer].iter().map(|var| Stmt::Set { var: *var, value: zero }));
                    continue;
                }
                Stmt::Store { buffer, index, value, .. } => {
                    if let Some(var) = self.var(*buffer, index) {
                        block.push(Stmt::Set { var, value: *value });
                        continue;
                    }
                }
                Stmt::Move { to, from } if self.vars.contains_key(to) => {
                    let pairs: Vec<_> = self.vars[to].iter().copied().zip(self.vars[from].clone()).collect();
                    let dtype = self.loops.buffers[*to].dtype;
                    for (var, moved) in pairs {
                        let value = self.loops.value(Expr::Var(moved), dtype, Loc::NONE);
                        block.extend([Stmt::Let(value), Stmt::Set { var, value }]);
                    }
                    continue;
                }
                Stmt::Let(value) => self.load(*value),
                _ => {}
            }
            blocks_mut(&mut stmt).for_each(|inner| self.block(inner));
            block.push(stmt);
        }
    }

    fn load(&mut self, value: Value) {
        let expr = match &self.loops.values[value].expr {
            Expr::Load { buffer, index } => {
                let (buffer, index) = (*buffer, index.clone());
                self.var(buffer, &index).map(Expr::Var)
            }
            Expr::Dim { buffer, axis } => {
                let length = self.small.get(buffer).map(|shape| shape[*axis as usize]);
                length.map(|length| self.sum_that_is(length))
            }
            _ => None,
        };
        if let Some(expr) = expr {
            self.loops.values[value].expr = expr;
        }
    }

    /// A constant as what a `Let` can evaluate.
    fn sum_that_is(&mut self, number: usize) -> Expr {
        let [number, none] = [number, 0]
            .map(|number| self.loops.value(Expr::Const(Scalar::Usize(number)), DType::Usize, Loc::NONE));
        Expr::Op(ScalarOp::Add, vec![number, none])
    }

    fn var(&mut self, buffer: Buffer, index: &[Value]) -> Option<Var> {
        let shape = self.small.get(&buffer)?;
        let position = position(self.loops, shape, index, &mut self.numbers)?;
        Some(self.vars[&buffer][position])
    }
}
