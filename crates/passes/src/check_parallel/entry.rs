//! The tests in front of a loop that its iterations are apart.
//!
//! ```text
//! v9 ≤ v8                        v10: bool = le v9, v8
//!                                check v10, iterations_meet(0) with v8, v9
//! b1 does not decrease           parfor v11 in v12 { … x1 = and x1, le b1[v11], b1[v11 + 1] }
//!                                if not x1 { for v13 in v12 { check … } }           to find the first that does
//! b1 has no number twice         for v11 in v0 { v12 = load b1[v11]  v13 = load b9[v12]  x1 = or x1, v13  store b9[v12], true }
//!                                if x1 { … }                                        to find two that are equal
//! ```
//!
//! The last computes what indices are computed from as the loop does, under the same conditions as far as they can be known in advance.

use super::apart::{Need, Needed, defined_in, entered, stored_in};
use super::numbers::{Around, Loaded, SMALL};
use super::polynomial::{Atom, Polynomial, Product, Side};
use crate::hash::{FastMap, FastSet};
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, BufferData, EntryTest, Event, Expr, Loops, Note, Origin, Parfor, Reduction, Source, Stmt,
    Value, Var, VarData, walk,
};
use parfuse_ir::{DType, Fault, FaultKind, Loc, ReduceOp, Scalar, ScalarOp};

/// Writes the tests of a loop.
pub(super) struct Entry<'a> {
    loops: &'a mut Loops,
    parfor: &'a Parfor,
    inside: FastSet<Value>,
    stored: FastSet<Buffer>,
    block: Block,
    loc: Loc,
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
    fn value(&mut self, expr: Expr, dtype: DType) -> Value {
        let leaf = expr.is_leaf();
        let value = self.loops.value(expr, dtype, self.loc);
        if !leaf {
            self.block.push(Stmt::Let(value));
        }
        value
    }

    fn constant(&mut self, scalar: Scalar) -> Value {
        self.value(Expr::Const(scalar), scalar.dtype())
    }

    fn number(&mut self, number: usize) -> Value {
        self.constant(Scalar::Usize(number))
    }

    fn op(&mut self, op: ScalarOp, args: &[Value]) -> Value {
        let types: Vec<DType> = args.iter().map(|arg| self.loops.dtype(*arg)).collect();
        let dtype = op.result_type(&types).expect("operands fit");
        self.value(Expr::Op(op, args.to_vec()), dtype)
    }

    fn cast(&mut self, value: Value, dtype: DType) -> Value {
        if self.loops.dtype(value) == dtype { value } else { self.value(Expr::Cast(value), dtype) }
    }

    fn fault(&self, kind: FaultKind, buffer: Buffer) -> Fault {
        Fault { kind, loc: self.loc, array: Some(self.loops.buffers[buffer].name.as_str().into()) }
    }

    fn note(&mut self, test: EntryTest, locs: Vec<Loc>) {
        let note = Note { pass: "check_parallel", event: Event::Tested(test), locs };
        if !self.loops.notes.contains(&note) {
            self.loops.notes.push(note);
        }
    }

    fn name(&self, buffer: Buffer) -> String {
        self.loops.buffers[buffer].name.clone()
    }

    /// Ends the kernel unless the condition holds, or there are no two iterations.
    fn check(&mut self, ok: Value, fault: Fault, args: Vec<Value>) {
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
            sources: vec![Source { what: "test".into(), loc: self.loc }],
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

    fn flag(&mut self, name: &str) -> Var {
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

    /// Tests that elements are not the same number in different iterations; nothing if they cannot be known in front.
    fn are_different(&mut self, group: &[&Needed]) -> Option<()> {
        let mut loaded: Vec<&Loaded> = Vec::new();
        for needed in group {
            let Need::Different { elements, .. } = &needed.what else { unreachable!("a group of one kind") };
            for element in elements {
                if !loaded.iter().any(|known| known.value == element.value) {
                    loaded.push(element);
                }
            }
        }
        let strict = group.iter().any(|needed| matches!(needed.what, Need::Different { strict: true, .. }));
        let Need::Different { axis, more, .. } = group[0].what else { unreachable!("a group of one kind") };
        let len = self.value(Expr::Dim { buffer: group[0].buffer, axis }, DType::Usize);
        let more = self.number(more);
        let len = self.op(ScalarOp::Add, &[len, more]);
        let around: Vec<Vec<Around>> =
            loaded.iter().map(|loaded| around(&self.parfor.body, loaded.value)).collect::<Option<_>>()?;

        // Where each iteration has but one of them, it is enough to know whether a number has been there.
        let alone = loaded.len() == 1 && !around[0].iter().any(|around| matches!(around, Around::Loop(..)));
        let twice = self.flag("twice");
        let no = self.constant(Scalar::Bool(false));
        self.block.push(Stmt::Set { var: twice, value: no });
        let seen = self.array("seen", if alone { DType::Bool } else { DType::Usize }, len);
        let large = self.fault(FaultKind::IndicesTooLarge, group[0].buffer);
        let search = Scan::Search { twice, seen, alone, large: strict.then_some(large) };
        self.scan(&loaded, &around, len, &search)?;

        let cond = self.value(Expr::Var(twice), DType::Bool);
        let before = std::mem::take(&mut self.block);
        let (owner, place) = (self.array("owner", DType::Usize, len), self.array("place", DType::Usize, len));
        let fault = self.fault(FaultKind::EqualElements, loaded[0].buffer);
        let found = self.scan(&loaded, &around, len, &Scan::Report { owner, place, fault });
        let then = std::mem::replace(&mut self.block, before);
        found?;
        self.block.push(Stmt::If { cond, then, otherwise: Block::new() });
        self.note(EntryTest::Different { array: self.name(loaded[0].buffer) }, group[0].locs.to_vec());
        Some(())
    }

    /// An array of zeros.
    fn array(&mut self, name: &str, dtype: DType, len: Value) -> Buffer {
        let data = BufferData { name: name.into(), dtype, rank: 1, origin: Origin::Local };
        let buffer = self.loops.buffers.push(data);
        self.block.push(Stmt::Alloc { buffer, shape: vec![len], zeroed: true, loc: self.loc });
        buffer
    }

    /// Goes through the elements of all iterations.
    fn scan(&mut self, loaded: &[&Loaded], around: &[Vec<Around>], len: Value, scan: &Scan) -> Option<()> {
        let index = self.value(Expr::Bound, DType::Usize);
        let before = std::mem::take(&mut self.block);
        for (loaded, around) in loaded.iter().zip(around) {
            let own = std::mem::take(&mut self.block);
            let copies = FastMap::from_iter([(self.parfor.indices[0], index)]);
            let mut copying = Copying { entry: self, copies, open: Vec::new() };
            around.iter().for_each(|around| copying.enter(*around));
            copying.value(loaded.value)?;
            copying.visit(loaded, index, len, scan);
            let mut visited = copying.close();
            self.block = own;
            self.block.append(&mut visited);
        }
        let body = std::mem::replace(&mut self.block, before);
        self.block.push(Stmt::For { index, extent: self.parfor.extents[0], until: None, body });
        Some(())
    }
}

/// What is done with each element.
enum Scan {
    /// Finds out whether a number comes twice.
    Search { twice: Var, seen: Buffer, alone: bool, large: Option<Fault> },
    /// Says which elements are the same.
    Report { owner: Buffer, place: Buffer, fault: Fault },
}

/// Computes what the loop computes.
struct Copying<'a, 'l> {
    entry: &'a mut Entry<'l>,
    copies: FastMap<Value, Value>,
    /// The blocks around the one that is written.
    open: Vec<Open>,
}

enum Open {
    If { before: Block, cond: Value },
    For { before: Block, index: Value, extent: Value },
}

impl Copying<'_, '_> {
    /// Enters what stands around, if it can be known; without a condition there is more to look at.
    fn enter(&mut self, around: Around) {
        match around {
            Around::Branch(cond, holds) => {
                let Some(mut cond) = self.value(cond) else { return };
                if !holds {
                    cond = self.entry.op(ScalarOp::Not, &[cond]);
                }
                self.when(cond);
            }
            Around::Loop(index, extent) => {
                let Some(extent) = self.value(extent) else { return };
                let copy = self.entry.value(Expr::Bound, DType::Usize);
                self.copies.insert(index, copy);
                let before = std::mem::take(&mut self.entry.block);
                self.open.push(Open::For { before, index: copy, extent });
            }
        }
    }

    fn when(&mut self, cond: Value) {
        let before = std::mem::take(&mut self.entry.block);
        self.open.push(Open::If { before, cond });
    }

    /// Closes all blocks.
    fn close(mut self) -> Block {
        let mut block = std::mem::take(&mut self.entry.block);
        while let Some(open) = self.open.pop() {
            let (mut before, stmt) = match open {
                Open::If { before, cond } => {
                    (before, Stmt::If { cond, then: block, otherwise: Block::new() })
                }
                Open::For { before, index, extent } => {
                    (before, Stmt::For { index, extent, until: None, body: block })
                }
            };
            before.push(stmt);
            block = before;
        }
        block
    }

    /// A value as the loop computes it; nothing if that takes what is not known in front.
    fn value(&mut self, value: Value) -> Option<Value> {
        if !self.entry.inside.contains(&value) {
            return Some(value);
        }
        if let Some(copy) = self.copies.get(&value) {
            return Some(*copy);
        }
        let mut data = self.entry.loops.values[value].clone();
        match &data.expr {
            Expr::Const(_) | Expr::Param(_) => return Some(value),
            Expr::Op(..) | Expr::Cast(_) | Expr::Dim { .. } => {}
            Expr::Trips { step, .. } => {
                let step = self.entry.loops.constant(*step).and_then(Scalar::as_integer);
                step.filter(|step| *step > 0)?;
            }
            Expr::Load { buffer, .. } if !self.entry.stored.contains(buffer) => {}
            Expr::Load { .. } | Expr::Bound | Expr::Var(_) | Expr::LinearIndex | Expr::Random { .. } => {
                return None;
            }
        }
        for operand in data.expr.operands() {
            self.value(operand)?;
        }
        walk::operands_mut(&mut data.expr, |operand| {
            *operand = self.copies.get(operand).copied().unwrap_or(*operand)
        });
        if let Expr::Load { buffer, index } = &data.expr {
            for (axis, index) in index.iter().enumerate() {
                let len = self.entry.value(Expr::Dim { buffer: *buffer, axis: axis as u8 }, DType::Usize);
                let is_there = self.entry.op(ScalarOp::Lt, &[*index, len]);
                self.when(is_there);
            }
        }
        let copy = self.entry.value(data.expr, data.dtype);
        self.copies.insert(value, copy);
        Some(copy)
    }

    fn visit(&mut self, loaded: &Loaded, iteration: Value, len: Value, scan: &Scan) {
        let element = self.copies[&loaded.value];
        let Expr::Load { index, .. } = &self.entry.loops.values[element].expr else {
            unreachable!("it is loaded")
        };
        let position = index[0];
        let key = self.entry.cast(element, DType::Usize);
        if let Scan::Search { large: Some(fault), .. } = scan {
            let most = self.entry.number(SMALL as usize);
            let ok = self.entry.op(ScalarOp::Le, &[key, most]);
            self.entry.check(ok, fault.clone(), Vec::new());
        }
        let is_there = self.entry.op(ScalarOp::Lt, &[key, len]);
        self.when(is_there);
        let entry = &mut *self.entry;
        let at = vec![key];
        let store = |buffer, value, loc| Stmt::Store { buffer, index: vec![key], value, loc };
        let load = |buffer| Expr::Load { buffer, index: at.clone() };
        let (one, zero) = (entry.number(1), entry.number(0));
        let number = entry.op(ScalarOp::Add, &[iteration, one]);
        match scan {
            Scan::Search { twice, seen, alone, .. } => {
                let (seen_before, own) = if *alone {
                    (entry.value(load(*seen), DType::Bool), entry.constant(Scalar::Bool(true)))
                } else {
                    let owner = entry.value(load(*seen), DType::Usize);
                    let other = entry.op(ScalarOp::Ne, &[owner, number]);
                    let some = entry.op(ScalarOp::Ne, &[owner, zero]);
                    (entry.op(ScalarOp::And, &[other, some]), number)
                };
                let known = entry.value(Expr::Var(*twice), DType::Bool);
                let either = entry.op(ScalarOp::Or, &[known, seen_before]);
                entry.block.push(Stmt::Set { var: *twice, value: either });
                entry.block.push(store(*seen, own, entry.loc));
            }
            Scan::Report { owner, place, fault } => {
                let before = entry.value(load(*owner), DType::Usize);
                let first = entry.value(load(*place), DType::Usize);
                let own = entry.op(ScalarOp::Eq, &[before, number]);
                let none = entry.op(ScalarOp::Eq, &[before, zero]);
                let ok = entry.op(ScalarOp::Or, &[own, none]);
                let args = vec![first, position];
                entry.block.push(Stmt::Check { ok, fault: fault.clone(), args, iteration: None });
                entry.block.push(store(*owner, number, entry.loc));
                let place_of_first = entry.op(ScalarOp::Select, &[none, position, first]);
                entry.block.push(store(*place, place_of_first, entry.loc));
            }
        }
    }
}

/// What stands around the definition of a value in a block, if it is there.
fn around(block: &Block, value: Value) -> Option<Vec<Around>> {
    for stmt in block {
        if matches!(stmt, Stmt::Let(own) if *own == value) {
            return Some(Vec::new());
        }
        for (number, inner) in walk::blocks(stmt).enumerate() {
            if let Some(mut found) = around(inner, value) {
                found.splice(0..0, entered(stmt, number));
                return Some(found);
            }
        }
    }
    None
}
