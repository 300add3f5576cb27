//! Keeps the elements that a serial loop has stored last in variables for the iterations that load them.
//!
//! ```text
//!                                            x0 = 0.0f64
//!                                            if ne v0, 0usize { v7: f64 = load b0[0usize]  x0 = v7 }
//! for v1 in v0 {                             for v1 in v0 {
//!   v2: f64 = load b0[v1]                      v2: f64 = x0
//!   v3: f64 = mul v2, 0.5f64                   v3: f64 = mul v2, 0.5f64
//!   v4: usize = add v1, 1usize         ⇒       v4: usize = add v1, 1usize
//!   store b0[v4], v3                           store b0[v4], v3
//! }                                            x0 = v3
//!                                            }
//! ```
//!
//! A load waits for a store of the same element four or five times as long as a register is waited for, and recurrences do
//! nothing but wait. Elements of up to [`FARTHEST`] iterations ago are passed on from variable to variable.
//!
//! Stores stay where they are. Every iteration has to come by the store, and the array's only one, so that it is known
//! which element is which; indices are affine in the loop's index. What the first iterations load comes from in front of
//! the loop: it is loaded there if the loop is certain to load it, or, outside parallel loops, if it is an element of an
//! argument that exists.

use crate::Changed;
use crate::affine::{Affine, AffineForms, Linear, Term, Width};
use crate::effects::Effects;
use crate::emit::Emit;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Origin, Parfor, Stmt, Value, Var, VarData};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// How many iterations ago an element may have been stored.
const FARTHEST: usize = 4;

/// Keeps the elements that a serial loop has stored last in variables for the iterations that load them.
pub fn carry_elements(loops: &mut Loops) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body, false))
}

fn in_block(loops: &mut Loops, block: &mut Block, in_parallel: bool) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        let is_parallel = in_parallel || matches!(stmt, Stmt::Parfor(_));
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, is_parallel));
        for chain in chains(loops, &stmt, in_parallel) {
            carry(loops, &mut stmt, &chain, block);
            changed = true;
        }
        block.push(stmt);
    }
    changed
}

/// A store, and the loads of what it stored iterations ago.
struct Chain {
    buffer: Buffer,
    stored: Value,
    /// The loads, and how many iterations ago the element was stored.
    loads: Vec<(Value, usize)>,
    /// The store's index, as it would be one iteration before the first, and so on.
    before: Vec<Vec<Linear>>,
    /// Whether the loop's first iterations come by the loads in any case.
    certain: bool,
}

impl Chain {
    /// How far back the loads look.
    fn farthest(&self) -> usize {
        self.loads.iter().map(|(_, distance)| *distance).max().unwrap_or(0)
    }
}

/// The chains of a loop.
fn chains(loops: &Loops, around: &Stmt, in_parallel: bool) -> Vec<Chain> {
    let Stmt::For { index, until, body, .. } = around else { return Vec::new() };
    let own_stores = |stmt: &&Stmt| matches!(stmt, Stmt::Store { .. });
    if !body.iter().any(|stmt| own_stores(&stmt)) {
        return Vec::new();
    }
    let effects = Effects::of(loops, around);
    let mut forms = AffineForms::new(loops, &[*index], body, *index);
    let mut chains = Vec::new();
    for store in body.iter().filter(own_stores) {
        let Stmt::Store { buffer, index: at, value, .. } = store else { continue };
        let stores = walk::statements(body).filter(|stmt| match stmt {
            Stmt::Store { buffer: other, .. } => other == buffer,
            Stmt::Parfor(Parfor { reductions, .. }) => {
                reductions.iter().flat_map(|own| own.target_buffers()).any(|other| other == *buffer)
            }
            _ => false,
        });
        let Some(at) = all_affine(&mut forms, at) else { continue };
        if stores.count() > 1 || effects.changes.shaped.contains(buffer) {
            continue;
        }
        let mut loads = Vec::new();
        let mut certain = until.is_none() && !effects.checks;
        walk::visit_within(body, (false, false), |stmt, (inside, in_lanes)| {
            if let Stmt::Let(load) = stmt
                && let Expr::Load { buffer: other, index } = &loops.values[*load].expr
                && other == buffer
                && !in_lanes
                && let Some(distance) = all_affine(&mut forms, index).and_then(|index| distance(&at, &index))
            {
                certain &= !inside;
                loads.push((*load, distance));
            }
            (true, in_lanes || matches!(stmt, Stmt::Parfor(_)))
        });
        let of_argument = matches!(loops.buffers[*buffer].origin, Origin::Param { .. });
        let ago =
            |axis: &Affine, iterations: usize| axis.offset.minus(&axis.coefficient.times(iterations as i64));
        let farthest = loads.iter().map(|(_, distance)| *distance).max().unwrap_or(0);
        let before: Vec<Vec<Linear>> =
            (1..=farthest).map(|iterations| at.iter().map(|axis| ago(axis, iterations)).collect()).collect();
        let terms = before.iter().flatten().flat_map(|sum| &sum.terms);
        let outside = |term: &Term| !matches!(term, Term::Value(value) if effects.defined.contains(value));
        let known_outside = terms.into_iter().all(|(term, _)| outside(term));
        if !loads.is_empty() && known_outside && (certain || of_argument && !in_parallel) {
            chains.push(Chain { buffer: *buffer, stored: *value, loads, before, certain });
        }
    }
    chains
}

fn all_affine(forms: &mut AffineForms<'_>, index: &[Value]) -> Option<Vec<Affine>> {
    let affine = |value: &Value| forms.of(*value).filter(|form| form.width == Width::FULL);
    index.iter().map(affine).collect()
}

/// How many iterations before one that loads an element it was stored, if it was.
fn distance(stored: &[Affine], loaded: &[Affine]) -> Option<usize> {
    let moves = |axis: &Affine| !axis.is_invariant();
    let ago = |iterations: usize| {
        stored.iter().zip(loaded).all(|(stored, loaded)| {
            stored.coefficient == loaded.coefficient
                && stored.offset.minus(&loaded.offset) == stored.coefficient.times(iterations as i64)
        })
    };
    (1..=FARTHEST).filter(|_| stored.iter().any(moves)).find(|iterations| ago(*iterations))
}

/// Gives a loop the variables of a chain, and sets them in front of it, at the end of a block.
fn carry(loops: &mut Loops, around: &mut Stmt, chain: &Chain, before: &mut Block) {
    let Stmt::For { extent, body, .. } = around else { unreachable!("chains are of loops") };
    let buffer = &loops.buffers[chain.buffer];
    let data = VarData { name: buffer.name.clone(), dtype: buffer.dtype };
    let vars: Vec<Var> = (0..chain.farthest()).map(|_| loops.vars.push(data.clone())).collect();
    for (number, (var, index)) in vars.iter().zip(&chain.before).enumerate() {
        let mut to = Emit { loops, block: before, loc: Loc::NONE };
        let index: Vec<Value> = index.iter().map(|sum| to.sum(sum)).collect();
        let guard = match chain.certain {
            true => guard_of_iterations(loops, *extent, chain, number + 1, before),
            false => Some(guard_of_index(loops, chain.buffer, &index, before)),
        };
        let load = Expr::Load { buffer: chain.buffer, index };
        let load = loops.value(load, data.dtype, loops.values[chain.loads[0].0].loc);
        let fetch = vec![Stmt::Let(load), Stmt::Set { var: *var, value: load }];
        match guard {
            None => before.extend(fetch),
            Some(cond) => {
                let zero = loops.value(Expr::Const(data.dtype.zero()), data.dtype, Loc::NONE);
                before.push(Stmt::Set { var: *var, value: zero });
                before.push(Stmt::If { cond, then: fetch, otherwise: Block::new() });
            }
        }
    }
    for (load, distance) in &chain.loads {
        loops.values[*load].expr = Expr::Var(vars[distance - 1]);
    }
    for pair in vars.windows(2).rev() {
        let value = loops.value(Expr::Var(pair[0]), data.dtype, Loc::NONE);
        body.extend([Stmt::Let(value), Stmt::Set { var: pair[1], value }]);
    }
    body.push(Stmt::Set { var: vars[0], value: chain.stored });
}

fn defined(loops: &mut Loops, expr: Expr, dtype: DType, block: &mut Block) -> Value {
    let value = loops.value(expr, dtype, Loc::NONE);
    if !loops.values[value].expr.is_leaf() {
        block.push(Stmt::Let(value));
    }
    value
}

/// Whether the loop has so many iterations that it loads what was stored so many before the first, if that is a question.
fn guard_of_iterations(
    loops: &mut Loops,
    extent: Value,
    chain: &Chain,
    ago: usize,
    block: &mut Block,
) -> Option<Value> {
    let later =
        chain.loads.iter().filter(|(_, distance)| *distance >= ago).map(|(_, distance)| distance - ago);
    let first = later.min().expect("a load looks so far back");
    if matches!(loops.constant(extent), Some(Scalar::Usize(known)) if known > first) {
        return None;
    }
    let first = loops.value(Expr::Const(Scalar::Usize(first)), DType::Usize, Loc::NONE);
    Some(defined(loops, Expr::Op(ScalarOp::Lt, vec![first, extent]), DType::Bool, block))
}

/// Whether an element exists.
fn guard_of_index(loops: &mut Loops, buffer: Buffer, index: &[Value], block: &mut Block) -> Value {
    let mut all = None;
    for (axis, value) in index.iter().enumerate() {
        let length = defined(loops, Expr::Dim { buffer, axis: axis as u8 }, DType::Usize, block);
        let fits = defined(loops, Expr::Op(ScalarOp::Lt, vec![*value, length]), DType::Bool, block);
        all = Some(match all {
            None => fits,
            Some(all) => defined(loops, Expr::Op(ScalarOp::And, vec![all, fits]), DType::Bool, block),
        });
    }
    all.expect("arrays have axes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    fn kernel(vars: &str, body: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, c: bool, b0 a: f64[unit], mut b1 r: f64[unit], mut b2 d: f64[_, unit]) {{
               {vars} {body}
             }}"
        )
    }

    #[test]
    fn the_element_before_comes_from_the_iteration_before() {
        let body = "v2: f64 = load b1[v0] v3: f64 = load b0[v0] v4: f64 = add v2, v3 v5: usize = add v0, 1usize \
                    store b1[v5], v4";
        let after = body.replace("load b1[v0]", "x0");
        check(
            carry_elements,
            &kernel("", &format!("for v0 in n {{ {body} }}")),
            &kernel(
                "var x0 r: f64",
                &format!(
                    "v9: bool = lt 0usize, n x0 = 0.0f64 if v9 {{ v10: f64 = load b1[0usize] x0 = v10 }} \
                     for v0 in n {{ {after} x0 = v4 }}"
                ),
            ),
        );
    }

    #[test]
    fn elements_from_longer_ago_are_passed_on() {
        let body = "v2: f64 = load b1[v0] v5: usize = add v0, 2usize store b1[v5], v2";
        let after = run(carry_elements, &kernel("", &format!("for v0 in 10usize {{ {body} }}"))).to_string();
        assert_eq!((after.matches("load").count(), after.matches("var x").count()), (2, 2), "{after}");
        assert!(!after.contains("if "), "{after}");
    }

    #[test]
    fn elements_that_may_not_exist_are_looked_for() {
        let body = "v1: bool = lt v0, m check v1, index_out_of_range(0) of r with v0, m v2: f64 = load b1[v0] \
                    v5: usize = add v0, 1usize store b1[v5], v2";
        let after = run(carry_elements, &kernel("", &format!("for v0 in n {{ {body} }}"))).to_string();
        assert!(after.contains("dim b1, 0") && after.contains("if "), "{after}");
    }

    #[test]
    fn neighbours_on_one_axis_of_several() {
        let body = "v2: f64 = load b2[m, v0] v5: usize = add v0, 1usize store b2[m, v5], v2";
        let after = run(carry_elements, &kernel("", &format!("for v0 in n {{ {body} }}"))).to_string();
        assert!(after.contains("var x0"), "{after}");
        unchanged(
            carry_elements,
            &kernel("", &format!("for v0 in n {{ {} }}", body.replace("b2[m, v5]", "b2[n, v5]"))),
        );
    }

    #[test]
    fn stores_that_may_not_happen_or_have_others_beside_them_stay() {
        let load = "v2: f64 = load b1[v0] v5: usize = add v0, 1usize";
        unchanged(
            carry_elements,
            &kernel("", &format!("for v0 in n {{ {load} if c {{ store b1[v5], v2 }} }}")),
        );
        let two = format!("for v0 in n {{ {load} store b1[v5], v2 store b1[m], v2 }}");
        unchanged(carry_elements, &kernel("", &two));
    }

    #[test]
    fn elements_of_other_iterations_of_a_parallel_loop_stay_theirs() {
        let row = |inner: &str| {
            kernel("", &format!("parfor v7 in m {{ source prange @1:1 for v0 in n {{ {inner} }} }}"))
        };
        let body = "v5: usize = add v0, 1usize v2: f64 = load b2[v7, v0] store b2[v7, v5], v2";
        assert!(run(carry_elements, &row(body)).to_string().contains("var x0"));
        let perhaps = "v5: usize = add v0, 1usize if c { v2: f64 = load b2[v7, v0] store b0[v7], v2 } store b2[v7, v5], 1.0f64";
        unchanged(carry_elements, &row(&perhaps.replace("b0[v7]", "b1[v7]")));
    }
}
