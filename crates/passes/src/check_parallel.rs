//! Proves that the iterations of each parallel loop write disjoint elements, or names two statements that
//! might race.
//!
//! ```text
//! parfor v1 in v0 { store b0[v1]; load b0[v1] }                   fine: each iteration has its own element
//! parfor v1 in v0 { store b0[2 v1]; store b0[2 v1 + 1] }          fine: each has its own pair
//! parfor v1 in v0 { store b0[v1, v2] }                            fine: each has its own row
//! parfor v1 in v0 { store b0[v1]; load b0[v1 + 1] }               refused: the neighbour writes it
//! ```
//!
//! For each dimension of the loop, some axis of the buffer must be indexed, in every access, by the same
//! nonzero multiple of the loop's index plus offsets that are equal or constants less than that multiple
//! apart: then two iterations that differ in this dimension differ in that axis.

use crate::affine::{Affine, AffineForms, Linear, Term, Width};
use crate::rejection::Rejection;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::{FaultKind, Loc, Scalar, ScalarOp};
use std::collections::{BTreeMap, HashSet};

/// Checks all parallel loops.
///
/// # Errors
/// If two iterations might touch one element that one of them writes.
pub fn check_parallel(loops: &Loops) -> Result<(), Rejection> {
    let mut steps = HashSet::new();
    check_block(loops, &loops.body, &mut steps)
}

/// Walks a block; `steps` are the values that checks passed before have found to be no zero steps.
fn check_block(loops: &Loops, block: &Block, steps: &mut HashSet<Value>) -> Result<(), Rejection> {
    for stmt in block {
        match stmt {
            Stmt::Check { ok, fault, .. } if fault.kind == FaultKind::ZeroStep => {
                if let Expr::Op(_, operands) = &loops.values[*ok].expr {
                    steps.extend(operands.iter().filter(|operand| loops.constant(**operand).is_none()));
                }
            }
            Stmt::Parfor(parfor) => check_loop(loops, parfor, steps)?,
            Stmt::If { then, otherwise, .. } => {
                check_block(loops, then, &mut steps.clone())?;
                check_block(loops, otherwise, &mut steps.clone())?;
            }
            Stmt::While { header, body, .. } => {
                check_block(loops, header, &mut steps.clone())?;
                check_block(loops, body, &mut steps.clone())?;
            }
            Stmt::For { body, .. } => check_block(loops, body, &mut steps.clone())?,
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Store { .. }
            | Stmt::Check { .. } => {}
        }
    }
    Ok(())
}

/// The first array that two iterations of a serial loop might both touch, one of them writing.
pub(crate) fn shared_array(loops: &Loops, index: Value, body: &[Stmt]) -> Option<Buffer> {
    let mut forms = AffineForms::new(loops, &[index], body, index);
    let mut arrays = accesses(loops, body).into_iter();
    let shared = arrays.find(|(_, accesses)| {
        accesses.iter().any(|access| access.store)
            && !disjoint(loops, &mut forms, &HashSet::new(), &accesses.iter().collect::<Vec<_>>())
    });
    shared.map(|(buffer, _)| buffer)
}

/// A load or store of a buffer.
struct Access<'a> {
    index: &'a [Value],
    store: bool,
    loc: Loc,
}

fn check_loop(loops: &Loops, parfor: &Parfor, steps: &HashSet<Value>) -> Result<(), Rejection> {
    let one_iteration = |extent: &Value| matches!(loops.constant(*extent), Some(Scalar::Usize(0 | 1)));
    let mut dimensions: Vec<AffineForms> = parfor
        .indices
        .iter()
        .zip(&parfor.extents)
        .filter(|(_, extent)| !one_iteration(extent))
        .map(|(index, _)| AffineForms::new(loops, &parfor.indices, &parfor.body, *index))
        .collect();
    for (buffer, accesses) in accesses(loops, &parfor.body) {
        if !accesses.iter().any(|access| access.store) {
            continue;
        }
        for forms in &mut dimensions {
            if !disjoint(loops, forms, steps, &accesses.iter().collect::<Vec<_>>()) {
                let (first, second) = culprits(loops, forms, steps, &accesses);
                let array = loops.buffers[buffer].name.clone();
                return Err(Rejection::PossibleRace { array, first, second });
            }
        }
    }
    Ok(())
}

/// The accesses of each buffer, in program order.
fn accesses<'a>(loops: &'a Loops, body: &'a [Stmt]) -> BTreeMap<Buffer, Vec<Access<'a>>> {
    let mut accesses: BTreeMap<Buffer, Vec<Access<'a>>> = BTreeMap::new();
    let mut pending: Vec<&Stmt> = body.iter().rev().collect();
    while let Some(stmt) = pending.pop() {
        match stmt {
            Stmt::Let(value) => {
                let data = &loops.values[*value];
                if let Expr::Load { buffer, index } = &data.expr {
                    let access = Access { index, store: false, loc: data.loc };
                    accesses.entry(*buffer).or_default().push(access);
                }
            }
            Stmt::Store { buffer, index, loc, .. } => {
                let access = Access { index, store: true, loc: *loc };
                accesses.entry(*buffer).or_default().push(access);
            }
            Stmt::If { then, otherwise, .. } => {
                pending.extend(otherwise.iter().rev());
                pending.extend(then.iter().rev());
            }
            Stmt::While { header, body, .. } => {
                pending.extend(body.iter().rev());
                pending.extend(header.iter().rev());
            }
            Stmt::For { body, .. } => pending.extend(body.iter().rev()),
            Stmt::Parfor(nested) => pending.extend(nested.body.iter().rev()),
            Stmt::Set { .. } | Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Check { .. } => {}
        }
    }
    accesses
}

/// Whether iterations that differ in one dimension touch different elements.
fn disjoint(loops: &Loops, forms: &mut AffineForms, steps: &HashSet<Value>, accesses: &[&Access]) -> bool {
    let rank = accesses[0].index.len();
    (0..rank).any(|axis| {
        let forms: Option<Vec<Affine>> = accesses.iter().map(|access| forms.of(access.index[axis])).collect();
        forms.is_some_and(|forms| separates(loops, &forms, steps))
    })
}

/// Whether an axis indexed in these ways has its own elements for each iteration.
fn separates(loops: &Loops, forms: &[Affine], steps: &HashSet<Value>) -> bool {
    let first = forms.first().expect("there is an access");
    let alike = |form: &Affine| form.coefficient == first.coefficient && form.width == first.width;
    if !forms.iter().all(alike) || !moves(loops, first, steps) {
        return false;
    }
    let distances: Option<Vec<i64>> =
        forms.iter().map(|form| form.offset.minus(&first.offset).as_constant()).collect();
    let Some(distances) = distances else { return false };
    let least = distances.iter().min().expect("there is a form");
    let most = distances.iter().max().expect("there is a form");
    let spread = most.abs_diff(*least);
    let narrow = first.width == Width::Bits32;
    spread == 0 || (!narrow && first.coefficient.as_constant().is_some_and(|by| spread < by.unsigned_abs()))
}

/// Whether a form has different values in all iterations, also in wrapping arithmetic.
///
/// A multiple with few factors of two repeats itself modulo 2^64 only after more iterations than can
/// be run; an odd multiple modulo 2^32 only after 2^32 iterations. A step of a range reaches its last
/// index without wrapping.
fn moves(loops: &Loops, form: &Affine, steps: &HashSet<Value>) -> bool {
    const MOST: u64 = 1 << 24;
    match (&form.coefficient, form.width) {
        (Linear { terms, constant }, width) if terms.is_empty() => match width {
            Width::Bits64 => *constant != 0 && constant.unsigned_abs() <= MOST,
            Width::Bits32 => constant % 2 != 0,
        },
        (Linear { terms, constant: 0 }, Width::Bits64) => match terms[..] {
            [(Term::Value(value), 1 | -1)] => steps.contains(&bare_step(loops, value)),
            _ => false,
        },
        _ => false,
    }
}

/// The step that a value is made from by conversions and by bounding it with a constant that is not zero.
fn bare_step(loops: &Loops, mut value: Value) -> Value {
    loop {
        value = match &loops.values[value].expr {
            Expr::Cast(from) => *from,
            Expr::Op(ScalarOp::Min, operands) => match loops.constant(operands[1]) {
                Some(bound) if bound.to_bits() != 0 => operands[0],
                _ => return value,
            },
            _ => return value,
        }
    }
}

/// Two accesses that are not disjoint, a store first.
fn culprits(
    loops: &Loops,
    forms: &mut AffineForms,
    steps: &HashSet<Value>,
    accesses: &[Access],
) -> (Loc, Loc) {
    let stores = || accesses.iter().filter(|access| access.store);
    for store in stores() {
        if !disjoint(loops, forms, steps, &[store]) {
            return (store.loc, store.loc);
        }
    }
    for store in stores() {
        for other in accesses {
            if !disjoint(loops, forms, steps, &[store, other]) {
                return (store.loc, other.loc);
            }
        }
    }
    // Each pair is disjoint by an axis of its own, but all of them together are not known to be.
    let first = stores().next().expect("there is a store");
    let last = accesses.iter().rev().find(|access| access.loc != first.loc).unwrap_or(first);
    (first.loc, last.loc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::program::Program;

    /// A `prange` over `0..n` with index `v1` and matrix `v2` around stores to it.
    fn check(range: &str, body: &str) -> Result<(), Rejection> {
        let dtype = if range.contains("i32") { "i32" } else { "usize" };
        let text = format!(
            "program f(mut a: [i64; 2], n: usize, m: usize, t: i64) {{
  var x0 a: [i64; 2] is p0
  var x1 j: usize
  v90: bool = ne n, 0usize
  check v90, zero_step
  prange v1: {dtype} in {range} {{
    v2: [i64; 2] = x0
{body}
  }}
}}"
        );
        let program = Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        program.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let layout = parfuse_ir::loops::Layout::rows(2);
        let loops =
            crate::lower_arrays(&program, &[Some(layout), None, None, None]).expect("it can be lowered");
        check_parallel(&loops)
    }

    const ALL: &str = "0usize..n step 1usize";

    fn accepts(range: &str, body: &str) {
        check(range, body).unwrap_or_else(|rejection| panic!("{rejection}\n{body}"));
    }

    /// Expects a race between two lines.
    fn refuses(range: &str, body: &str, lines: [u32; 2]) {
        match check(range, body) {
            Err(Rejection::PossibleRace { array, first, second }) => {
                assert_eq!((array.as_str(), [first.line, second.line]), ("a", lines), "{body}");
            }
            other => panic!("{other:?}\n{body}"),
        }
    }

    #[test]
    fn an_element_or_row_per_iteration_is_fine() {
        accepts(ALL, "store x0[v1, 0usize], 1i64");
        accepts(ALL, "store x0[m, v1], 1i64");
        accepts(ALL, "for v3: usize in 0usize..v1 step 1usize {\nstore x0[v1, v3], 1i64\n}");
        accepts(ALL, "v3: i64 = index v2[v1, 5usize]\nv4: i64 = add v3, t\nstore x0[v1, m], v4");
        accepts(ALL, "v3: usize = sub n, v1\nv4: usize = sub v3, 1usize\nstore x0[v4, 0usize], 1i64");
    }

    #[test]
    fn a_group_of_elements_per_iteration_is_fine() {
        let body = "v3: usize = mul v1, 2usize\nv4: usize = add v3, 1usize\n\
                    store x0[v3, 0usize], 1i64 @1:1\nstore x0[v4, 0usize], 2i64 @2:1";
        accepts(ALL, body);
        refuses(ALL, &body.replace("mul v1, 2usize", "mul v1, 1usize"), [1, 2]);
    }

    #[test]
    fn ranges_with_steps_and_signs_are_fine() {
        accepts("m..1000usize step n", "store x0[v1, 0usize], 1i64");
        accepts("4usize..m step 3usize", "store x0[v1, 0usize], 1i64");
        accepts("-5i32..9i32 step 2i32", "v3: usize = cast v1\nstore x0[v3, 0usize], 1i64");
        accepts(
            "0i32..9i32 step 1i32",
            "v3: i32 = add v1, 1i32\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64",
        );
    }

    #[test]
    fn a_modified_copy_of_the_index_is_fine() {
        accepts(
            ALL,
            "x1 = v1\nv3: usize = x1\nv4: usize = add v3, 1usize\nx1 = v4\nv5: usize = x1\nstore x0[v5, 0usize], 1i64",
        );
    }

    #[test]
    fn one_element_for_all_iterations_is_a_race() {
        refuses(ALL, "store x0[m, 0usize], 1i64 @1:1", [1, 1]);
        refuses(ALL, "v3: usize = rem v1, 4usize\nstore x0[v3, 0usize], 1i64 @1:1", [1, 1]);
        refuses(ALL, "v3: usize = mul v1, m\nstore x0[v3, 0usize], 1i64 @1:1", [1, 1]);
        refuses(
            "0i32..9i32 step 1i32",
            "v3: i32 = mul v1, 65536i32\nv4: usize = cast v3\nstore x0[v4, 0usize], 1i64 @1:1",
            [1, 1],
        );
    }

    #[test]
    fn reading_a_neighbour_is_a_race() {
        let body =
            "v3: usize = add v1, 1usize\nv4: i64 = index v2[v3, 0usize] @1:1\nstore x0[v1, 0usize], v4 @2:1";
        refuses(ALL, body, [2, 1]);
    }

    #[test]
    fn an_index_from_memory_is_a_race() {
        let body = "v3: i64 = index v2[v1, 0usize] @1:1\nv4: usize = cast v3\nstore x0[v4, 0usize], t @2:1";
        refuses(ALL, body, [2, 2]);
    }

    #[test]
    fn a_single_iteration_does_not_race() {
        accepts("0usize..1usize step 1usize", "store x0[m, 0usize], 1i64");
    }
}
