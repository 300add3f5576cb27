//! The tests in front of a loop that its iterations are apart.
//!
//! ```text
//! v9 ≤ v8                        v10: bool = le v9, v8
//!                                check v10, iterations_meet(0) with v8, v9
//! b1 does not decrease           parfor v11 in v12 { … x1 = and x1, le b1[v11], b1[v11 + 1] }
//!                                if not x1 { for v13 in v12 { check … } }           to find the first that does
//! ```
//!
//! That no number is read in two iterations is tested in [`super::different`].

use super::apart::{Need, Needed};
use super::around::{defined_in, stored_in};
use super::numbers::{Loaded, SMALL};
use super::polynomial::{Atom, Polynomial, Product, Side};
use crate::hash::FastSet;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, EntryTest, Event, Expr, Loops, Note, Parfor, Reduction, Source, Stmt, Value, Var, VarData,
};
use parfuse_ir::{DType, Fault, FaultKind, Loc, ReduceOp, Scalar, ScalarOp};

/// Writes the tests of a loop.
pub(super) struct Entry<'a> {
    pub(super) loops: &'a mut Loops,
    pub(super) parfor: &'a Parfor,
    pub(super) inside: FastSet<Value>,
    pub(super) stored: FastSet<Buffer>,
    pub(super) block: Block,
    pub(super) loc: Loc,
}

/// The tests that a loop needs, to stand in front of it; or the number of one that cannot be made.
pub(super) fn tests(loops: &mut Loops, stmt: &Stmt, needs: &[Needed]) -> Result<Block, usize> {
    let Stmt::Parfor(parfor) = stmt else { unreachable!("a parallel loop") };
    let (inside, stored) = (defined_in(stmt), stored_in(stmt));
    let mut entry = Entry { loops, parfor, inside, stored, block: Block::new(), loc: Loc::NONE };
    let mut groups: Vec<Vec<&Needed>> = Vec::new();
    let mut ordered: Vec<Vec<&Needed>> = Vec::new();
    for needed in needs {
        entry.loc = needed.locs[0];
        match &needed.what {
            Need::Small(product) => entry.is_small(product, needed),
            Need::NotNegative(sum) => entry.is_not_negative(sum, needed),
            Need::NotDecreasing(loaded) => {
                let same = |group: &&mut Vec<&Needed>| matches!(&group[0].what, Need::NotDecreasing(other) if other.buffer == loaded.buffer);
                match ordered.iter_mut().find(same) {
                    Some(group) => group.push(needed),
                    None => ordered.push(vec![needed]),
                }
            }
            Need::Different { elements, axis, more, .. } => {
                let same = |group: &&mut Vec<&Needed>| {
                    group.iter().any(|own| match &own.what {
                        Need::Different { elements: others, axis: own_axis, more: own_more, .. } => {
                            own.buffer == needed.buffer
                                && (own_axis, own_more) == (axis, more)
                                && others
                                    .iter()
                                    .any(|other| elements.iter().any(|element| element.value == other.value))
                        }
                        _ => false,
                    })
                };
                match groups.iter_mut().find(same) {
                    Some(group) => group.push(needed),
                    None => groups.push(vec![needed]),
                }
            }
        }
    }
    for group in ordered {
        entry.loc = group[0].locs[0];
        entry.do_not_decrease(&group);
    }
    for group in groups {
        entry.loc = group[0].locs[0];
        let number = || needs.iter().position(|needed| needed == group[0]).unwrap_or(0);
        entry.are_different(&group).ok_or_else(number)?;
    }
    Ok(entry.block)
}

impl Entry<'_> {
    pub(super) fn value(&mut self, expr: Expr, dtype: DType) -> Value {
        let leaf = expr.is_leaf();
        let value = self.loops.value(expr, dtype, self.loc);
        if !leaf {
            self.block.push(Stmt::Let(value));
        }
        value
    }

    pub(super) fn constant(&mut self, scalar: Scalar) -> Value {
        self.value(Expr::Const(scalar), scalar.dtype())
    }

    pub(super) fn number(&mut self, number: usize) -> Value {
        self.constant(Scalar::Usize(number))
    }

    pub(super) fn op(&mut self, op: ScalarOp, args: &[Value]) -> Value {
        let types: Vec<DType> = args.iter().map(|arg| self.loops.dtype(*arg)).collect();
        let dtype = op.result_type(&types).expect("operands fit");
        self.value(Expr::Op(op, args.to_vec()), dtype)
    }

    pub(super) fn cast(&mut self, value: Value, dtype: DType) -> Value {
        if self.loops.dtype(value) == dtype { value } else { self.value(Expr::Cast(value), dtype) }
    }

    pub(super) fn fault(&self, kind: FaultKind, buffer: Buffer) -> Fault {
        Fault { kind, loc: self.loc, array: Some(self.loops.buffers[buffer].name.as_str().into()) }
    }

    pub(super) fn note(&mut self, test: EntryTest, locs: Vec<Loc>) {
        let note = Note { pass: "check_parallel", event: Event::Tested(test), locs };
        if !self.loops.notes.contains(&note) {
            self.loops.notes.push(note);
        }
    }

    pub(super) fn name(&self, buffer: Buffer) -> String {
        self.loops.buffers[buffer].name.clone()
    }

    /// Ends the kernel unless the condition holds, or there are no two iterations.
    pub(super) fn check(&mut self, ok: Value, fault: Fault, args: Vec<Value>) {
        let two = self.number(2);
        let few = self.op(ScalarOp::Lt, &[self.parfor.extents[0], two]);
        let ok = self.op(ScalarOp::Or, &[ok, few]);
        self.block.push(Stmt::Check { ok, fault, args, iteration: None });
    }

    fn is_small(&mut self, product: &Product, needed: &Needed) {
        let ok = self.small(product);
        let fault = self.fault(FaultKind::IndicesTooLarge, needed.buffer);
        self.check(ok, fault, Vec::new());
        self.note(EntryTest::Small { array: self.name(needed.buffer) }, needed.locs.to_vec());
    }

    fn small(&mut self, product: &Product) -> Value {
        if let [atom] = product[..] {
            let value = self.cast(atom.value, DType::Usize);
            let most = self.number(SMALL as usize);
            return self.op(ScalarOp::Le, &[value, most]);
        }
        // Floats say how large a product is that integers would wrap around.
        let mut total: Option<Value> = None;
        for atom in product {
            let wide = self.cast(atom.value, DType::Usize);
            let float = self.cast(wide, DType::F64);
            total = Some(match total {
                Some(total) => self.op(ScalarOp::Mul, &[total, float]),
                None => float,
            });
        }
        let most = self.constant(Scalar::F64(SMALL as f64));
        self.op(ScalarOp::Le, &[total.expect("a product has factors"), most])
    }

    /// Tests that a sum of single numbers is not negative.
    fn is_not_negative(&mut self, sum: &Polynomial, needed: &Needed) {
        let mut sides = [Vec::new(), Vec::new()];
        for (product, factor) in &sum.terms {
            let [atom] = product[..] else { unreachable!("a plain sum") };
            let ok = self.is_near(atom);
            let fault = self.fault(FaultKind::IndicesTooLarge, needed.buffer);
            self.check(ok, fault, Vec::new());
            sides[(*factor < 0) as usize].push(atom.value);
        }
        let [more, less] = sides.map(|values| {
            let values: Vec<Value> = values.into_iter().map(|value| self.cast(value, DType::I64)).collect();
            values.into_iter().reduce(|a, b| self.op(ScalarOp::Add, &[a, b]))
        });
        let zero = self.constant(Scalar::I64(0));
        let (more, less) = (more.unwrap_or(zero), less.unwrap_or(zero));
        let by = self.constant(Scalar::I64(sum.constant.abs() as i64));
        let (more, less) = match sum.constant {
            0 => (more, less),
            1.. => (self.op(ScalarOp::Add, &[more, by]), less),
            _ => (more, self.op(ScalarOp::Add, &[less, by])),
        };
        let ok = self.op(ScalarOp::Le, &[less, more]);
        let args = [more, less].map(|number| self.cast(number, DType::Usize)).to_vec();
        let fault = self.fault(FaultKind::IterationsOverlap, needed.buffer);
        self.check(ok, fault, args);
        self.note(EntryTest::Apart { array: self.name(needed.buffer) }, needed.locs.to_vec());
    }

    /// Whether some such numbers can be added.
    fn is_near(&mut self, atom: Atom) -> Value {
        let mut value = self.cast(atom.value, DType::Usize);
        let mut most = self.number(SMALL as usize);
        if self.loops.dtype(atom.value).is_signed() {
            value = self.op(ScalarOp::Add, &[value, most]);
            most = self.number(2 * SMALL as usize);
        }
        self.op(ScalarOp::Le, &[value, most])
    }

    /// A sum of products of numbers from outside, modulo 2^64.
    fn sum(&mut self, sum: &Polynomial) -> Value {
        let mut total = self.number(sum.constant as usize);
        for (product, factor) in &sum.terms {
            let mut term = self.number(*factor as usize);
            for atom in product {
                let atom = self.cast(atom.value, DType::Usize);
                term = self.op(ScalarOp::Mul, &[term, atom]);
            }
            total = self.op(ScalarOp::Add, &[total, term]);
        }
        total
    }

    /// Tests that the elements of an array do not decrease, from the first to the last that the loop loads.
    fn do_not_decrease(&mut self, group: &[&Needed]) {
        let loaded: Vec<&Loaded> = group
            .iter()
            .map(|needed| match &needed.what {
                Need::NotDecreasing(loaded) => loaded,
                _ => unreachable!("a group of one kind"),
            })
            .collect();
        let buffer = loaded[0].buffer;
        let len = self.value(Expr::Dim { buffer, axis: 0 }, DType::Usize);
        let (first, count) = match self.positions(&loaded) {
            Some((first, span)) => {
                let first = self.sum(&first);
                let span = self.number(span);
                let count = self.op(ScalarOp::Add, &[self.parfor.extents[0], span]);
                // What is not there, the loop itself complains of.
                let is_there = self.op(ScalarOp::Lt, &[first, len]);
                let zero = self.number(0);
                let rest = self.op(ScalarOp::Sub, &[len, first]);
                let rest = self.op(ScalarOp::Select, &[is_there, rest, zero]);
                (first, self.op(ScalarOp::Min, &[count, rest]))
            }
            None => (self.number(0), len),
        };
        let one = self.number(1);
        let some = self.op(ScalarOp::Max, &[count, one]);
        let pairs = self.op(ScalarOp::Sub, &[some, one]);

        let (all, own) = (self.flag("ordered"), self.flag("ordered"));
        let yes = self.constant(Scalar::Bool(true));
        self.block.push(Stmt::Set { var: all, value: yes });
        let before = std::mem::take(&mut self.block);
        let index = self.value(Expr::Bound, DType::Usize);
        let (_, ok) = self.neighbours(buffer, first, index);
        let known = self.value(Expr::Var(own), DType::Bool);
        let both = self.op(ScalarOp::And, &[known, ok]);
        self.block.push(Stmt::Set { var: own, value: both });
        let body = std::mem::replace(&mut self.block, before);
        let reduction = Reduction::simple(ReduceOp::And, own, all);
        self.block.push(Stmt::Parfor(Parfor {
            indices: vec![index],
            extents: vec![pairs],
            reductions: vec![reduction],
            grain: Grain::of(&body),
            elements: false,
            sources: vec![Source::new("test", self.loc)],
            body,
        }));

        let all = self.value(Expr::Var(all), DType::Bool);
        let not = self.op(ScalarOp::Not, &[all]);
        let two = self.number(2);
        let many = self.op(ScalarOp::Ge, &[self.parfor.extents[0], two]);
        let not = self.op(ScalarOp::And, &[not, many]);
        let before = std::mem::take(&mut self.block);
        let index = self.value(Expr::Bound, DType::Usize);
        let (position, ok) = self.neighbours(buffer, first, index);
        let fault = self.fault(FaultKind::Decreasing, buffer);
        self.block.push(Stmt::Check { ok, fault, args: vec![position], iteration: None });
        let body = std::mem::replace(&mut self.block, before);
        let then = vec![Stmt::For { index, extent: pairs, until: None, body }];
        self.block.push(Stmt::If { cond: not, then, otherwise: Block::new() });

        // Now that they are in order, the first and the last say of what size all are.
        let zero = self.number(0);
        let cond = self.op(ScalarOp::Lt, &[zero, count]);
        let before = std::mem::take(&mut self.block);
        let last = self.op(ScalarOp::Add, &[first, pairs]);
        for at in [first, last] {
            let dtype = self.loops.buffers[buffer].dtype;
            let element = self.value(Expr::Load { buffer, index: vec![at] }, dtype);
            let element = self.cast(element, DType::Usize);
            let most = self.number(SMALL as usize);
            let ok = self.op(ScalarOp::Le, &[element, most]);
            let fault = self.fault(FaultKind::IndicesTooLarge, group[0].buffer);
            self.check(ok, fault, Vec::new());
        }
        let then = std::mem::replace(&mut self.block, before);
        self.block.push(Stmt::If { cond, then, otherwise: Block::new() });
        self.note(EntryTest::NotDecreasing { array: self.name(buffer) }, group[0].locs.to_vec());
    }

    pub(super) fn flag(&mut self, name: &str) -> Var {
        self.loops.vars.push(VarData { name: name.into(), dtype: DType::Bool })
    }

    /// The position of an element, and whether the next is not less.
    fn neighbours(&mut self, buffer: Buffer, first: Value, index: Value) -> (Value, Value) {
        let dtype = self.loops.buffers[buffer].dtype;
        let position = self.op(ScalarOp::Add, &[first, index]);
        let one = self.number(1);
        let next = self.op(ScalarOp::Add, &[position, one]);
        let [a, b] = [position, next].map(|at| self.value(Expr::Load { buffer, index: vec![at] }, dtype));
        (position, self.op(ScalarOp::Le, &[a, b]))
    }

    /// Where the first of some elements is loaded in the first iteration, and how far behind it the last one in the same, if
    /// they move by one from iteration to iteration.
    fn positions(&self, loaded: &[&Loaded]) -> Option<(Polynomial, usize)> {
        const MOST: i128 = 1 << 10;
        let mut first: Option<(Polynomial, i128)> = None;
        for loaded in loaded {
            let mut at = loaded.index[0].clone();
            let is_index =
                |product: &Product| product.len() == 1 && product[0].value == self.parfor.indices[0];
            at.terms.retain(|(product, factor)| !(is_index(product) && *factor == 1));
            if at.terms.len() + 1 != loaded.index[0].terms.len()
                || at
                    .atoms()
                    .any(|atom| atom.side != Side::Shared || atom.of != super::polynomial::Of::Itself)
            {
                return None;
            }
            first = Some(match first {
                None => (at, 0),
                Some((known, span)) => {
                    let distance = at.minus(&known)?.as_constant()?;
                    if distance < 0 { (at, span - distance) } else { (known, span.max(distance)) }
                }
            });
        }
        let (at, span) = first?;
        (span <= MOST).then_some((at, span as usize))
    }
}
