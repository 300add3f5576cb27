//! Which index expressions are affine in a loop's index: `coefficient · index + offset`, with
//! coefficient and offset the same in all iterations.
//!
//! ```text
//! parfor v3 in v0 {
//!   v4: usize = mul v3, 2usize        2 · v3 + 0
//!   v5: usize = add v4, v1            2 · v3 + v1        (v1 is defined outside)
//!   v6: usize = load b0[v3]           none
//! ```
//!
//! The form holds modulo 2^64, or two to the power of fewer bits where [`Width`] says that arithmetic of so many
//! took part. Mutable variables read inside the loop are never affine.

use crate::hash::{FastMap, FastSet};
use crate::vectorize::Varying;
use parfuse_ir::loops::{Buffer, Expr, Loops, Stmt, Value, walk};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// An index expression of the form `coefficient · index + offset`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    /// How far the value moves from one iteration to the next. Zero for an invariant value.
    pub coefficient: Linear,
    /// The value at index zero.
    pub offset: Linear,
    /// The modulus of the arithmetic.
    pub width: Width,
}

/// For which modulus an [`Affine`] form holds: two to the power of so many bits.
///
/// Numbers of fewer than 64 bits may have been extended since, with their sign or with zeros: as long as they differ in
/// the bits of the modulus, they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Width(u32);

impl Width {
    /// That of numbers that are computed in the width of indices all along.
    pub(crate) const FULL: Width = Width(64);

    /// That of numbers computed in a type.
    pub(crate) fn of(dtype: DType) -> Width {
        Width(dtype.bits())
    }
    /// The number of bits.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }
}

/// A sum of multiples of invariant terms and a constant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Linear {
    /// Terms with their factors, which are not zero, in the order of the terms.
    pub terms: Vec<(Term, i64)>,
    /// The constant.
    pub constant: i64,
}

/// A value that is the same in all iterations of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Term {
    /// A value defined outside the loop, or computed inside from such values alone.
    Value(Value),
    /// The length of an axis, read inside the loop, where no buffer changes its shape.
    Dim(Buffer, u8),
}

/// The affine forms of the values of a loop in one of its indices.
pub(crate) struct AffineForms<'a> {
    loops: &'a Loops,
    index: Value,
    inside: FastSet<Value>,
    known: FastMap<Value, Option<Affine>>,
}

/// A sum of more terms is not tracked.
const MAX_TERMS: usize = 8;

/// So many values are replaced by what they were computed from, when that is asked for.
const MAX_STEPS: usize = 16;

impl<'a> AffineForms<'a> {
    /// Prepares the analysis of a loop, given by its indices and its body, in one of its indices.
    pub fn new(loops: &'a Loops, indices: &[Value], body: &[Stmt], index: Value) -> AffineForms<'a> {
        AffineForms { loops, index, inside: values_inside(indices, body), known: FastMap::default() }
    }

    /// Prepares the analysis of a loop whose lanes run along an index: what does not vary between them is invariant.
    pub fn of_lanes(loops: &'a Loops, varying: &Varying, body: &[Stmt], lane: Value) -> AffineForms<'a> {
        let mut inside = values_inside(&[lane], body);
        inside.retain(|value| varying.value(*value));
        AffineForms { loops, index: lane, inside, known: FastMap::default() }
    }

    /// The form of a value that is visible in the loop, `None` if it is not known to be affine.
    pub fn of(&mut self, value: Value) -> Option<Affine> {
        let mut pending = vec![value];
        while let Some(&next) = pending.last() {
            if self.known.contains_key(&next) {
                pending.pop();
                continue;
            }
            let waiting = pending.len();
            if self.inside.contains(&next) && next != self.index {
                let operands = self.loops.values[next].expr.operands();
                pending.extend(operands.into_iter().filter(|operand| !self.known.contains_key(operand)));
            }
            if pending.len() == waiting {
                let form = self.form(next);
                self.known.insert(next, form);
                pending.pop();
            }
        }
        self.known[&value].clone()
    }

    /// The form of an index for most iterations, where it is another for the first or the last ones: one that wraps around
    /// or stops at a border, as a choice says that compares what is affine. For estimates.
    pub fn between_borders(&mut self, value: Value) -> Option<Affine> {
        let mut value = value;
        for _ in 0..MAX_STEPS {
            if let Some(form) = self.of(value) {
                return Some(form);
            }
            let Expr::Op(ScalarOp::Select, choice) = &self.loops.values[value].expr else { return None };
            let (cond, yes, no) = (choice[0], choice[1], choice[2]);
            let Expr::Op(op, compared) = &self.loops.values[cond].expr else { return None };
            let compares = matches!(
                op,
                ScalarOp::Lt | ScalarOp::Le | ScalarOp::Gt | ScalarOp::Ge | ScalarOp::Eq | ScalarOp::Ne
            );
            if !compares || !compared.iter().all(|operand| self.of(*operand).is_some()) {
                return None;
            }
            let runs = |forms: &mut Self, side| forms.of(side).is_none_or(|form| !form.is_invariant());
            value = if runs(self, no) && (*op != ScalarOp::Ne || !runs(self, yes)) { no } else { yes };
        }
        None
    }

    /// The form of a value whose operands' forms are known.
    fn form(&self, value: Value) -> Option<Affine> {
        let data = &self.loops.values[value];
        let width = Width::of(data.dtype);
        let invariant = || Affine::invariant(Linear::term(Term::Value(value)), width);
        if value == self.index {
            return Some(Affine { coefficient: Linear::constant(1), offset: Linear::default(), width });
        }
        if let Expr::Const(scalar) = &data.expr {
            return Some(match integer(*scalar) {
                Some(x) => Affine::invariant(Linear::constant(x), width),
                None => invariant(),
            });
        }
        if !self.inside.contains(&value) {
            return Some(invariant());
        }
        let operands: Option<Vec<&Affine>> =
            data.expr.operands().iter().map(|operand| self.known[operand].as_ref()).collect();
        let operands = operands?;
        let form = match &data.expr {
            Expr::Dim { buffer, axis } => {
                Some(Affine::invariant(Linear::term(Term::Dim(*buffer, *axis)), width))
            }
            Expr::Cast(from) if data.dtype.is_int() => cast(operands[0], self.loops.dtype(*from), data.dtype),
            Expr::Op(op, _) if data.dtype.is_int() => arithmetic(*op, &operands, width),
            _ => None,
        };
        let all_invariant = || {
            let pure = matches!(data.expr, Expr::Op(..) | Expr::Cast(_) | Expr::Trips { .. });
            (pure && operands.iter().all(|operand| operand.is_invariant())).then(invariant)
        };
        let few = |form: &Affine| form.offset.terms.len().max(form.coefficient.terms.len()) <= MAX_TERMS;
        form.filter(few).or_else(all_invariant)
    }
}

impl Affine {
    fn invariant(offset: Linear, width: Width) -> Affine {
        Affine { coefficient: Linear::default(), offset, width }
    }
    /// Whether the value is the same in all iterations.
    pub fn is_invariant(&self) -> bool {
        self.coefficient == Linear::default()
    }
}

impl Linear {
    /// A constant sum.
    pub fn constant(constant: i64) -> Linear {
        Linear { terms: Vec::new(), constant }
    }
    /// One term.
    pub fn term(term: Term) -> Linear {
        Linear { terms: vec![(term, 1)], constant: 0 }
    }
    /// The number, if the sum has no terms.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }
    /// The sum times a number.
    pub fn times(&self, factor: i64) -> Linear {
        let terms = self.terms.iter().map(|(term, by)| (*term, by.wrapping_mul(factor)));
        Linear {
            terms: terms.filter(|(_, by)| *by != 0).collect(),
            constant: self.constant.wrapping_mul(factor),
        }
    }
    /// The sum of two.
    pub fn plus(&self, other: &Linear) -> Linear {
        let mut terms = self.terms.clone();
        for (term, by) in &other.terms {
            match terms.binary_search_by_key(term, |(term, _)| *term) {
                Ok(at) => terms[at].1 = terms[at].1.wrapping_add(*by),
                Err(at) => terms.insert(at, (*term, *by)),
            }
        }
        terms.retain(|(_, by)| *by != 0);
        Linear { terms, constant: self.constant.wrapping_add(other.constant) }
    }
    /// The difference of two.
    pub fn minus(&self, other: &Linear) -> Linear {
        self.plus(&other.times(-1))
    }
    /// The sum with values of 64 bits replaced by what they were computed from, where these are sums themselves.
    pub fn expanded(&self, loops: &Loops) -> Linear {
        let mut sum = Linear::constant(self.constant);
        let mut pending = self.terms.clone();
        let mut steps = 0;
        while let Some((term, by)) = pending.pop() {
            steps += 1;
            let wide = |value: Value| loops.dtype(value).is_wide_int();
            match term {
                Term::Value(value) if wide(value) && steps <= MAX_STEPS => match &loops.values[value].expr {
                    Expr::Const(scalar) => {
                        let number = integer(*scalar).unwrap_or_default();
                        sum.constant = sum.constant.wrapping_add(number.wrapping_mul(by));
                    }
                    Expr::Cast(from) if wide(*from) => pending.push((Term::Value(*from), by)),
                    Expr::Op(ScalarOp::Add, args) => {
                        pending.extend(args.iter().map(|arg| (Term::Value(*arg), by)));
                    }
                    Expr::Op(ScalarOp::Sub, args) => {
                        pending.push((Term::Value(args[0]), by));
                        pending.push((Term::Value(args[1]), by.wrapping_neg()));
                    }
                    _ => sum = sum.plus(&Linear { terms: vec![(term, by)], constant: 0 }),
                },
                _ => sum = sum.plus(&Linear { terms: vec![(term, by)], constant: 0 }),
            }
        }
        sum
    }
    /// The product of two of which one is a constant.
    pub fn product(&self, other: &Linear) -> Option<Linear> {
        match (self.as_constant(), other.as_constant()) {
            (Some(factor), _) => Some(other.times(factor)),
            (None, Some(factor)) => Some(self.times(factor)),
            (None, None) => None,
        }
    }
}

fn integer(scalar: Scalar) -> Option<i64> {
    scalar.as_integer().map(|number| number as i64)
}

/// Conversions between types of one width keep the form, narrowing keeps it modulo the narrower width, and widening
/// what differs between iterations keeps it as a form of the narrow width.
fn cast(operand: &Affine, from: DType, to: DType) -> Option<Affine> {
    let widened = from.bits() < to.bits();
    let constant = operand.is_invariant() && operand.offset.terms.is_empty();
    if !from.is_int() || (widened && operand.is_invariant() && !constant) {
        return None;
    }
    let mut form = operand.clone();
    form.width = if widened && constant { Width::of(to) } else { operand.width.min(Width::of(to)) };
    if constant {
        // The number that the type has, for when it is widened.
        form.offset.constant = integer(Scalar::I64(form.offset.constant).cast(from).cast(to))?;
    }
    Some(form)
}

fn arithmetic(op: ScalarOp, operands: &[&Affine], width: Width) -> Option<Affine> {
    // A sign-extended form is not affine modulo 2^64.
    if operands.iter().any(|operand| operand.width != width) {
        return None;
    }
    let (coefficient, offset) = match (op, operands) {
        (ScalarOp::Add, [a, b]) => (a.coefficient.plus(&b.coefficient), a.offset.plus(&b.offset)),
        (ScalarOp::Sub, [a, b]) => (a.coefficient.minus(&b.coefficient), a.offset.minus(&b.offset)),
        (ScalarOp::Neg, [a]) => (a.coefficient.times(-1), a.offset.times(-1)),
        (ScalarOp::Mul, [a, b]) => {
            let (varying, invariant) = if b.is_invariant() { (a, b) } else { (b, a) };
            if !invariant.is_invariant() {
                return None;
            }
            (varying.coefficient.product(&invariant.offset)?, varying.offset.product(&invariant.offset)?)
        }
        _ => return None,
    };
    Some(Affine { coefficient, offset, width })
}

/// The values that a loop binds or evaluates.
fn values_inside(indices: &[Value], body: &[Stmt]) -> FastSet<Value> {
    let mut inside: FastSet<Value> = indices.iter().copied().collect();
    walk::statements(body).for_each(|stmt| {
        walk::defined(stmt, |value| {
            inside.insert(value);
        })
    });
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::grid::Grain;
    use parfuse_ir::loops::Parfor;
    use parfuse_ir::{Arena, Files, Loc};

    /// A loop over `v0 in param 0`, with what the body evaluates.
    struct Kernel {
        loops: Loops,
        parfor: Parfor,
        index: Value,
    }

    impl Kernel {
        fn new() -> Kernel {
            let mut loops = Loops {
                name: "test".into(),
                params: Vec::new(),
                buffers: Arena::new(),
                vars: Arena::new(),
                values: Arena::new(),
                body: Vec::new(),
                results: Vec::new(),
                files: Files::default(),
                notes: Vec::new(),
            };
            let extent = loops.value(Expr::Param(0), DType::Usize, Loc::NONE);
            let index = loops.value(Expr::Bound, DType::Usize, Loc::NONE);
            let parfor = Parfor {
                indices: vec![index],
                extents: vec![extent],
                reductions: Vec::new(),
                body: Vec::new(),
                sources: Vec::new(),
                grain: Grain::Fine,
                elements: false,
            };
            Kernel { loops, parfor, index }
        }
        fn constant(&mut self, scalar: Scalar) -> Value {
            self.loops.value(Expr::Const(scalar), scalar.dtype(), Loc::NONE)
        }
        fn inside(&mut self, expr: Expr, dtype: DType) -> Value {
            let value = self.loops.value(expr, dtype, Loc::NONE);
            self.parfor.body.push(Stmt::Let(value));
            value
        }
        fn op(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
            let dtype = self.loops.dtype(a);
            self.inside(Expr::Op(op, vec![a, b]), dtype)
        }
        fn affine(&self, value: Value) -> Option<Affine> {
            AffineForms::new(&self.loops, &self.parfor.indices, &self.parfor.body, self.index).of(value)
        }
    }

    #[test]
    fn sums_and_multiples_of_the_index_are_affine() {
        let mut k = Kernel::new();
        let (index, outside) = (k.index, k.loops.value(Expr::Param(1), DType::Usize, Loc::NONE));
        let two = k.constant(Scalar::Usize(2));
        let twice = k.op(ScalarOp::Mul, two, index);
        let moved = k.op(ScalarOp::Sub, twice, outside);
        let form = k.affine(moved).unwrap();
        assert_eq!(form.coefficient.as_constant(), Some(2));
        assert_eq!(form.offset, Linear { terms: vec![(Term::Value(outside), -1)], constant: 0 });
        assert_eq!(form.width, Width::FULL);
    }

    #[test]
    fn a_symbolic_step_is_a_coefficient() {
        let mut k = Kernel::new();
        let (index, step) = (k.index, k.loops.value(Expr::Param(1), DType::Usize, Loc::NONE));
        let scaled = k.op(ScalarOp::Mul, index, step);
        assert_eq!(k.affine(scaled).unwrap().coefficient, Linear::term(Term::Value(step)));
    }

    #[test]
    fn products_of_indices_and_variables_are_not_affine() {
        let mut k = Kernel::new();
        let index = k.index;
        let square = k.op(ScalarOp::Mul, index, index);
        let var = k.inside(Expr::Var(parfuse_ir::loops::Var(0)), DType::Usize);
        assert_eq!(k.affine(square), None);
        assert_eq!(k.affine(var), None);
    }

    #[test]
    fn narrow_arithmetic_is_marked_and_not_mixed_with_wide() {
        let mut k = Kernel::new();
        let (index, one) = (k.index, k.constant(Scalar::I32(1)));
        let narrow = k.inside(Expr::Cast(index), DType::I32);
        let next = k.op(ScalarOp::Add, narrow, one);
        let wide = k.inside(Expr::Cast(next), DType::Usize);
        let form = k.affine(wide).unwrap();
        assert_eq!((form.width, form.coefficient.as_constant()), (Width::of(DType::I32), Some(1)));
        let again = k.op(ScalarOp::Add, wide, index);
        assert_eq!(k.affine(again), None);
    }

    #[test]
    fn sums_outside_are_looked_into_when_that_is_asked_for() {
        let mut k = Kernel::new();
        let n = k.loops.value(Expr::Param(1), DType::Usize, Loc::NONE);
        let one = k.constant(Scalar::Usize(1));
        let next = k.loops.value(Expr::Op(ScalarOp::Add, vec![n, one]), DType::Usize, Loc::NONE);
        let (index, short) = (k.index, k.loops.value(Expr::Cast(n), DType::I32, Loc::NONE));
        let moved = k.op(ScalarOp::Add, index, next);
        let distance = k.affine(moved).unwrap().offset.minus(&Linear::term(Term::Value(n)));
        assert_eq!((distance.as_constant(), distance.expanded(&k.loops).as_constant()), (None, Some(1)));
        let distance = Linear::term(Term::Value(short)).minus(&Linear::term(Term::Value(n)));
        assert_eq!(distance.expanded(&k.loops).as_constant(), None);
    }

    #[test]
    fn long_shared_chains_take_linear_time() {
        let mut k = Kernel::new();
        let mut value = k.index;
        for _ in 0..20_000 {
            value = k.op(ScalarOp::Add, value, value);
        }
        assert!(k.affine(value).is_some());
    }
}
