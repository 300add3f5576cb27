//! The test in front of a loop that no number is read in two of its iterations.
//!
//! ```text
//! parfor v10 in shares {                                      each has places of its own for all numbers
//!   for v11 in share v10 { v12 = load b1[v11]  v13 = load b9[v10, v12]  x1 = or x1, v13  store b9[v10, v12], true }
//! }
//! parfor v14 in numbers { … x1 = or x1, b9[0, v14] and b9[1, v14] … }       in two shares
//! if x1 { for v11 in v0 { … check … } }                                     to find two that are equal
//! ```
//!
//! It computes what indices are computed from as the loop does, under the same conditions as far as they can be known in
//! advance. How many shares there are is nobody's business.

use super::apart::{Need, Needed};
use super::around::{Around, entered};
use super::entry::Entry;
use super::numbers::{Loaded, SMALL};
use crate::emit::Emit;
use crate::hash::FastMap;
use crate::shares::Shares;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, BufferData, EntryTest, Expr, Origin, Parfor, Reduction, Source, Stmt, Value, Var, walk,
};
use parfuse_ir::{DType, Fault, FaultKind, ReduceOp, Scalar, ScalarOp};

/// The most shares.
const SHARES: usize = 8;
/// How many iterations a share has at least.
const LEAST: usize = 1 << 14;
/// How many places a share may have for each of its iterations.
const PLACES: usize = 4;
/// What the places of all shares may take, in bytes.
const MEMORY: usize = 1 << 26;

/// Whose numbers are looked at.
struct Group<'a> {
    loaded: Vec<&'a Loaded>,
    around: Vec<Vec<Around>>,
    /// How many numbers there are.
    len: Value,
}

/// What is done with each element.
enum Scan {
    /// Finds out whether a number comes twice, in the places of a share.
    Search { twice: Var, seen: Buffer, share: Value, alone: bool, large: Option<Fault> },
    /// Says which elements are the same.
    Report { owner: Buffer, place: Buffer, fault: Fault },
}

impl Entry<'_> {
    /// Tests that elements are not the same number in different iterations; nothing if they cannot be known in front.
    pub(super) fn are_different(&mut self, needs: &[&Needed]) -> Option<()> {
        let mut loaded: Vec<&Loaded> = Vec::new();
        for needed in needs {
            let Need::Different { elements, .. } = &needed.what else { unreachable!("a group of one kind") };
            for element in elements {
                if !loaded.iter().any(|known| known.value == element.value) {
                    loaded.push(element);
                }
            }
        }
        let strict = needs.iter().any(|needed| matches!(needed.what, Need::Different { strict: true, .. }));
        let Need::Different { axis, more, .. } = needs[0].what else { unreachable!("a group of one kind") };
        let len = self.value(Expr::Dim { buffer: needs[0].buffer, axis }, DType::Usize);
        let more = self.number(more);
        let len = self.op(ScalarOp::Add, &[len, more]);
        let around: Vec<Vec<Around>> =
            loaded.iter().map(|loaded| around(&self.parfor.body, loaded.value)).collect::<Option<_>>()?;
        let group = Group { loaded, around, len };

        let twice = self.flag("twice");
        let no = self.constant(Scalar::Bool(false));
        self.block.push(Stmt::Set { var: twice, value: no });
        match strict {
            true => {
                let large = self.fault(FaultKind::IndicesTooLarge, needs[0].buffer);
                self.search_in_order(&group, twice, large)?;
            }
            false => self.search(&group, twice)?,
        }

        let cond = self.value(Expr::Var(twice), DType::Bool);
        let before = std::mem::take(&mut self.block);
        let [owner, place] = ["owner", "place"].map(|name| self.array(name, DType::Usize, vec![len]));
        let fault = self.fault(FaultKind::EqualElements, group.loaded[0].buffer);
        let found = self.report(&group, &Scan::Report { owner, place, fault });
        let then = std::mem::replace(&mut self.block, before);
        found?;
        self.block.push(Stmt::If { cond, then, otherwise: Block::new() });
        self.note(EntryTest::Different { array: self.name(group.loaded[0].buffer) }, needs[0].locs.to_vec());
        Some(())
    }

    /// Where numbers may be too large, the first that is must be found.
    fn search_in_order(&mut self, group: &Group<'_>, twice: Var, large: Fault) -> Option<()> {
        let [share, one] = [0, 1].map(|number| self.number(number));
        let seen = self.array("seen", group.place(), vec![one, group.len]);
        let alone = group.is_alone();
        self.report(group, &Scan::Search { twice, seen, share, alone, large: Some(large) })
    }

    /// Goes through all iterations in order.
    fn report(&mut self, group: &Group<'_>, scan: &Scan) -> Option<()> {
        let index = self.value(Expr::Bound, DType::Usize);
        let body = self.scan(group, index, scan)?;
        self.block.push(Stmt::For { index, extent: self.parfor.extents[0], until: None, body });
        Some(())
    }

    /// Looks for numbers that come twice in a share, and then for those that come in two.
    fn search(&mut self, group: &Group<'_>, twice: Var) -> Option<()> {
        let shares = self.shares(group);
        let seen = self.array("seen", group.place(), vec![shares, group.len]);
        let extent = self.parfor.extents[0];
        let cut = Shares::new(&mut self.emit(), extent, shares);

        let before = std::mem::take(&mut self.block);
        let own = self.own_flag();
        let share = self.value(Expr::Bound, DType::Usize);
        let [first, extent] = cut.of(&mut self.emit(), share);
        let index = self.value(Expr::Bound, DType::Usize);
        let head = std::mem::take(&mut self.block);
        let number = self.op(ScalarOp::Add, &[first, index]);
        let scan = Scan::Search { twice: own, seen, share, alone: group.is_alone(), large: None };
        let mut iteration = std::mem::replace(&mut self.block, head);
        let found = self.scan(group, number, &scan);
        if let Some(mut inner) = found {
            iteration.append(&mut inner);
        } else {
            self.block = before;
            return None;
        }
        self.block.push(Stmt::For { index, extent, until: None, body: iteration });
        let body = std::mem::replace(&mut self.block, before);
        self.region([share, shares], [own, twice], true, body);

        let one = self.number(1);
        let several = self.op(ScalarOp::Lt, &[one, shares]);
        let before = std::mem::take(&mut self.block);
        let own = self.own_flag();
        let any = self.own_flag();
        let key = self.value(Expr::Bound, DType::Usize);
        let share = self.value(Expr::Bound, DType::Usize);
        let head = std::mem::take(&mut self.block);
        let place = self.value(Expr::Load { buffer: seen, index: vec![share, key] }, group.place());
        let here = self.cast(place, DType::Bool);
        let there = self.value(Expr::Var(any), DType::Bool);
        let both = self.op(ScalarOp::And, &[here, there]);
        self.either(own, both);
        self.either(any, here);
        let body = std::mem::replace(&mut self.block, head);
        self.block.push(Stmt::For { index: share, extent: shares, until: None, body });
        let body = std::mem::take(&mut self.block);
        self.region([key, group.len], [own, twice], false, body);
        let then = std::mem::replace(&mut self.block, before);
        self.block.push(Stmt::If { cond: several, then, otherwise: Block::new() });
        Some(())
    }

    /// How many shares look at the same time.
    fn shares(&mut self, group: &Group<'_>) -> Value {
        let extent = self.parfor.extents[0];
        let [one, least, most, places, memory, size] =
            [1, LEAST, SHARES, PLACES, MEMORY, group.place().size()].map(|number| self.number(number));
        let long = self.op(ScalarOp::Div, &[extent, least]);
        let some = self.op(ScalarOp::Max, &[group.len, one]);
        let all = self.op(ScalarOp::Mul, &[extent, places]);
        let dense = self.op(ScalarOp::Div, &[all, some]);
        let bytes = self.op(ScalarOp::Mul, &[some, size]);
        let fitting = self.op(ScalarOp::Div, &[memory, bytes]);
        let shares = [dense, fitting, most].into_iter().fold(long, |a, b| self.op(ScalarOp::Min, &[a, b]));
        self.op(ScalarOp::Max, &[shares, one])
    }

    /// Pushes a parallel loop that finds out whether something is so anywhere.
    fn region(&mut self, [index, extent]: [Value; 2], [own, all]: [Var; 2], elements: bool, body: Block) {
        self.block.push(Stmt::Parfor(Parfor {
            indices: vec![index],
            extents: vec![extent],
            reductions: vec![Reduction::simple(ReduceOp::Or, own, all)],
            grain: Grain::of(&body),
            elements,
            sources: vec![Source::new("test", self.loc)],
            body,
        }));
    }

    /// A flag that does not hold yet.
    fn own_flag(&mut self) -> Var {
        let own = self.flag("twice");
        let no = self.constant(Scalar::Bool(false));
        self.block.push(Stmt::Set { var: own, value: no });
        own
    }

    fn either(&mut self, flag: Var, more: Value) {
        let known = self.value(Expr::Var(flag), DType::Bool);
        let value = self.op(ScalarOp::Or, &[known, more]);
        self.block.push(Stmt::Set { var: flag, value });
    }

    fn emit(&mut self) -> Emit<'_> {
        Emit { loops: self.loops, block: &mut self.block, loc: self.loc }
    }

    /// An array of zeros.
    fn array(&mut self, name: &str, dtype: DType, shape: Vec<Value>) -> Buffer {
        let data = BufferData { name: name.into(), dtype, rank: shape.len() as u8, origin: Origin::Local };
        let buffer = self.loops.buffers.push(data);
        self.block.push(Stmt::Alloc { buffer, shape, zeroed: true, loc: self.loc });
        buffer
    }

    /// What is done with the elements of an iteration.
    fn scan(&mut self, group: &Group<'_>, iteration: Value, scan: &Scan) -> Option<Block> {
        let before = std::mem::take(&mut self.block);
        for (loaded, around) in group.loaded.iter().zip(&group.around) {
            let own = std::mem::take(&mut self.block);
            let copies = FastMap::from_iter([(self.parfor.indices[0], iteration)]);
            let mut copying = Copying { entry: self, copies, open: Vec::new() };
            around.iter().for_each(|around| copying.enter(*around));
            let known = copying.value(loaded.value);
            if known.is_some() {
                copying.visit(loaded, iteration, group.len, scan);
            }
            let mut visited = copying.close();
            self.block = own;
            self.block.append(&mut visited);
            if known.is_none() {
                self.block = before;
                return None;
            }
        }
        Some(std::mem::replace(&mut self.block, before))
    }
}

impl Group<'_> {
    /// Whether each iteration has but one element: then it is enough to know whether a number has been there.
    fn is_alone(&self) -> bool {
        let in_loop = |around: &Around| matches!(around, Around::Loop(..));
        self.loaded.len() == 1 && !self.around[0].iter().any(in_loop)
    }

    /// What is kept for a number: whether it has been there, or in which iteration.
    fn place(&self) -> DType {
        if self.is_alone() { DType::Bool } else { DType::Usize }
    }
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
            Around::Check(_) => {}
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
            Expr::Op(..) | Expr::Cast(_) | Expr::Threads | Expr::Dim { .. } => {}
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
        let store = |buffer, index, value, loc| Stmt::Store { buffer, index, value, loc };
        let load = |buffer, index| Expr::Load { buffer, index };
        let (one, zero) = (entry.number(1), entry.number(0));
        let number = entry.op(ScalarOp::Add, &[iteration, one]);
        match scan {
            Scan::Search { twice, seen, share, alone, .. } => {
                let at = vec![*share, key];
                let (seen_before, own) = if *alone {
                    (entry.value(load(*seen, at.clone()), DType::Bool), entry.constant(Scalar::Bool(true)))
                } else {
                    let owner = entry.value(load(*seen, at.clone()), DType::Usize);
                    let other = entry.op(ScalarOp::Ne, &[owner, number]);
                    let some = entry.op(ScalarOp::Ne, &[owner, zero]);
                    (entry.op(ScalarOp::And, &[other, some]), number)
                };
                let known = entry.value(Expr::Var(*twice), DType::Bool);
                let either = entry.op(ScalarOp::Or, &[known, seen_before]);
                entry.block.push(Stmt::Set { var: *twice, value: either });
                entry.block.push(store(*seen, at, own, entry.loc));
            }
            Scan::Report { owner, place, fault } => {
                let before = entry.value(load(*owner, vec![key]), DType::Usize);
                let first = entry.value(load(*place, vec![key]), DType::Usize);
                let own = entry.op(ScalarOp::Eq, &[before, number]);
                let none = entry.op(ScalarOp::Eq, &[before, zero]);
                let ok = entry.op(ScalarOp::Or, &[own, none]);
                let args = vec![first, position];
                entry.block.push(Stmt::Check { ok, fault: fault.clone(), args, iteration: None });
                entry.block.push(store(*owner, vec![key], number, entry.loc));
                let place_of_first = entry.op(ScalarOp::Select, &[none, position, first]);
                entry.block.push(store(*place, vec![key], place_of_first, entry.loc));
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
