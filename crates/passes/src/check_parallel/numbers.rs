//! What is known of the numbers at one access: of the loops and branches around it, and of how values are computed.
//!
//! ```text
//! for v1 in v0 {                          0 ≤ v1 ≤ v0 - 1
//!   if v1 ≠ v2 {                          v1 - v2 is not zero
//!     v3: usize = rem v1, 2usize          v1 = 2 q + v3,  0 ≤ v3 ≤ 1
//!     v4: usize = mul v1, v5              v1 · v5, if that is a number of 64 bits
//! ```
//!
//! Values are numbers of some bits, sums and products are numbers without end: one is the other only if it fits. Where it is not known to, a
//! value stands for itself. For an index that is enough in 64 bits: [`Numbers::modular`].

use super::around::Around;
use super::choices::Choice;
use super::polynomial::{Atom, Of, Polynomial, Product, Side};
use super::system::System;
use super::windows::Window;
use crate::affine::{Linear, Term};
use crate::bounds::Goal;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::loops::{Buffer, Expr, Loops, Origin, Value};
use parfuse_ir::{DType, ScalarOp};

/// No loop runs more often: see [`super::dimension`].
const MOST_TRIPS: i128 = 1 << 60;

/// What products of numbers from outside are at most, where that is assumed; and single ones, of either sign.
pub(super) const SMALL: i128 = 1 << 52;

/// Expressions of greater depth are taken as they are.
const MAX_DEPTH: u32 = 24;

/// An element that is the same whenever it is loaded: nobody stores to its array meanwhile.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Loaded {
    pub(super) value: Value,
    pub(super) atom: Atom,
    pub(super) buffer: Buffer,
    pub(super) index: Vec<Polynomial>,
}

/// What is taken for granted, as tests in front of the loop can find out.
#[derive(Clone, Default, Debug)]
pub(super) struct Taken {
    /// That products of numbers from outside are small.
    pub(super) small: bool,
    /// That these elements are neither negative nor large.
    pub(super) positions: FastSet<Value>,
    /// Whether the conditions hold that have chosen these numbers.
    pub(super) decided: Vec<(Chosen, bool)>,
}

/// A number that a condition has chosen, in an iteration.
pub(super) type Chosen = (Value, Side);

/// What a parallel loop does.
#[derive(Default)]
pub(super) struct Body {
    /// The values that it defines.
    pub(super) inside: FastSet<Value>,
    /// The arrays that it makes, or stores to.
    pub(super) stored: FastSet<Buffer>,
    /// What is read from variables, where it is known to be another value.
    pub(super) same: FastMap<Value, Value>,
    /// What conditions have chosen.
    pub(super) choices: FastMap<Value, Choice>,
}

/// Numbers in one iteration.
pub(super) struct Numbers<'a> {
    pub(super) loops: &'a Loops,
    body: &'a Body,
    side: Side,
    taken: &'a Taken,
    known: FastMap<Value, Polynomial>,
    pub(super) facts: System,
    pub(super) loaded: Vec<Loaded>,
    /// Exclusive ors, with their operands.
    pub(super) flipped: Vec<(Atom, [Polynomial; 2])>,
    /// Products and numbers from outside that are taken to be small.
    pub(super) assumed: Vec<Product>,
    /// What conditions have chosen that nothing is taken of.
    pub(super) open: Vec<Chosen>,
    /// Quotients by numbers that are no constants, by dividend and divisor.
    pub(super) quotients: Vec<([Value; 2], Polynomial)>,
    /// Whether checks are known; then it pays to ask which of two numbers is the greater one.
    knows_checks: bool,
    depth: u32,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(loops: &'a Loops, body: &'a Body, side: Side, taken: &'a Taken) -> Numbers<'a> {
        Numbers {
            loops,
            body,
            side,
            taken,
            known: FastMap::default(),
            facts: System::default(),
            loaded: Vec::new(),
            flipped: Vec::new(),
            assumed: Vec::new(),
            open: Vec::new(),
            quotients: Vec::new(),
            knows_checks: false,
            depth: 0,
        }
    }

    pub(super) fn side(&self, value: Value) -> Side {
        if self.body.inside.contains(&value) { self.side } else { Side::Shared }
    }

    /// The value as the number that it is.
    fn itself(&mut self, value: Value) -> Polynomial {
        Polynomial::atom(self.atom(value, Of::Itself))
    }

    pub(super) fn atom(&self, value: Value, of: Of) -> Atom {
        Atom { value, of, side: self.side(value) }
    }

    /// A value as the number that it is.
    pub(super) fn number(&mut self, value: Value) -> Polynomial {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        self.depth += 1;
        let number = if self.depth > MAX_DEPTH { None } else { self.computed(value) };
        self.depth -= 1;
        let number = match number {
            Some(number) => number,
            None => {
                let own = self.itself(value);
                self.limit(value);
                if self.depth < MAX_DEPTH {
                    self.known.insert(value, own.clone());
                    self.describe(value, &own);
                }
                own
            }
        };
        self.known.insert(value, number.clone());
        number
    }

    /// An index inside a window, modulo 2^64.
    pub(super) fn within(&mut self, window: &Window) -> Option<Polynomial> {
        let (start, length) = (self.modular(window.start), self.number(window.length));
        let offset = Atom { value: window.length, of: Of::Offset, side: self.side };
        let offset = Polynomial::atom(offset);
        self.facts.natural.extend(offset.atoms());
        self.facts.not_negative.push(offset.clone());
        self.at_most(&offset.plus_constant(1), &length);
        start.plus(&offset)
    }

    /// A value of 64 bits as a sum that is the same modulo 2^64.
    pub(super) fn modular(&mut self, value: Value) -> Polynomial {
        self.modular_within(value, MAX_DEPTH)
    }

    fn modular_within(&mut self, value: Value, depth: u32) -> Polynomial {
        let data = &self.loops.values[value];
        let wide = |value: &Value| self.loops.dtype(*value).is_wide_int();
        if let Some(choice) = self.body.choices.get(&value).filter(|_| depth > 0)
            && let Some(chosen) = self.chosen(value, *choice)
        {
            return self.modular_within(chosen, depth - 1);
        }
        let found = match &data.expr {
            _ if depth == 0 => None,
            Expr::Cast(from) if wide(from) => Some(self.modular_within(*from, depth - 1)),
            // Extended by a sign or by zeros, it is the same modulo 2^64.
            Expr::Cast(from) if data.dtype.is_wide_int() && self.loops.dtype(*from).is_int() => {
                Some(self.number(*from))
            }
            Expr::Op(op @ (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul), args) => {
                let [a, b] = [args[0], args[1]].map(|arg| self.modular_within(arg, depth - 1));
                arithmetic(*op, &a, &b)
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.number(value))
    }

    /// What a value is computed as, if it is that as a number.
    fn computed(&mut self, value: Value) -> Option<Polynomial> {
        let data = &self.loops.values[value];
        if !data.dtype.is_int() {
            return None;
        }
        if let Some(choice) = self.body.choices.get(&value) {
            return self.chosen(value, *choice).map(|chosen| self.number(chosen));
        }
        let found = match &data.expr {
            Expr::Const(scalar) => return Some(Polynomial::constant(scalar.as_integer()?)),
            Expr::Cast(from) if self.loops.dtype(*from).is_int() => self.number(*from),
            Expr::Op(op @ (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul), args) => {
                let [a, b] = [args[0], args[1]].map(|arg| self.number(arg));
                arithmetic(*op, &a, &b)?
            }
            Expr::Var(_) => {
                let same = *self.body.same.get(&value)?;
                return Some(self.number(same));
            }
            Expr::Op(ScalarOp::Neg, args) => self.number(args[0]).times(-1)?,
            Expr::Op(ScalarOp::Shl, args) => {
                let count = self.number(args[1]).as_constant().filter(|count| (0..32).contains(count))?;
                self.number(args[0]).times(1 << count)?
            }
            _ => return None,
        };
        let (least, most) = limits(data.dtype);
        self.is_between(&found, least, most).then_some(found)
    }

    /// What a condition has chosen, if it is taken that it holds, or does not.
    fn chosen(&mut self, value: Value, choice: Choice) -> Option<Value> {
        let chosen = (value, self.side(value));
        let Some((_, holds)) = self.taken.decided.iter().find(|(of, _)| *of == chosen) else {
            self.open.push(chosen);
            return None;
        };
        self.decide(choice.cond, *holds);
        Some(if *holds { choice.yes } else { choice.no })
    }

    /// Learns what the type of a value says of it.
    fn limit(&mut self, value: Value) {
        let (dtype, atom) = (self.loops.dtype(value), self.atom(value, Of::Itself));
        if !dtype.is_int() {
            return;
        }
        let (least, most) = range(self.loops, self.taken, atom);
        let own = Polynomial::atom(atom);
        self.facts.not_negative.push(own.plus_constant(-least));
        if least >= 0 {
            self.facts.natural.insert(atom);
        }
        self.facts.not_negative.extend(own.times(-1).map(|own| own.plus_constant(most)));
    }

    /// Learns what an operation says of its result.
    fn describe(&mut self, value: Value, own: &Polynomial) {
        let data = &self.loops.values[value];
        let (op, args) = match &data.expr {
            Expr::Op(op, args) if data.dtype.is_int() => (*op, args.clone()),
            Expr::Load { buffer, index } if data.dtype.is_int() && !self.body.stored.contains(buffer) => {
                let (buffer, index) = (*buffer, index.clone());
                let index = index.iter().map(|index| self.number(*index)).collect();
                let atom = self.atom(value, Of::Itself);
                self.loaded.push(Loaded { value, atom, buffer, index });
                return;
            }
            _ => return,
        };
        let constant = |numbers: &mut Self, at: usize| numbers.number(args[at]).as_constant();
        match op {
            ScalarOp::Rem => self.is_remainder(value, own, args[0], args[1]),
            ScalarOp::And => {
                for (mask, other) in [(0, 1), (1, 0)] {
                    if let Some(mask) = constant(self, mask)
                        && mask >= 0
                        && (mask + 1) & mask == 0
                    {
                        self.is_residue(value, own, args[other], mask + 1);
                    }
                }
                if self.loops.dtype(value).is_unsigned() {
                    for arg in &args {
                        let arg = self.number(*arg);
                        self.at_most(own, &arg);
                    }
                }
            }
            ScalarOp::Div => {
                let (dividend, divisor) = (self.number(args[0]), self.number(args[1]));
                let natural =
                    self.loops.dtype(value).is_unsigned() || self.is_between(&dividend, 0, i128::MAX >> 2);
                if natural
                    && divisor.as_constant().is_none_or(|divisor| divisor > 0)
                    && self.is_natural(&divisor)
                {
                    self.is_quotient(own, &dividend, &divisor);
                    self.is_below_limits_of(own, &dividend);
                    self.is_known_quotient([args[0], args[1]], own);
                }
            }
            ScalarOp::Shr => {
                if let Some(count @ 0..=32) = constant(self, 1) {
                    let dividend = self.number(args[0]);
                    self.is_quotient(own, &dividend, &Polynomial::constant(1 << count));
                }
            }
            ScalarOp::Min => {
                for arg in &args {
                    let number = self.number(*arg);
                    self.at_most(own, &number);
                    if self.knows_checks && args.iter().all(|other| self.is_at_most(*arg, *other)) {
                        self.at_most(&number, own);
                    }
                }
            }
            ScalarOp::Max => {
                for arg in &args {
                    let number = self.number(*arg);
                    self.at_most(&number, own);
                    if self.knows_checks && args.iter().all(|other| self.is_at_most(*other, *arg)) {
                        self.at_most(own, &number);
                    }
                }
            }
            ScalarOp::Xor => {
                let operands = [args[0], args[1]].map(|arg| self.number(arg));
                self.flipped.push((self.atom(value, Of::Itself), operands));
            }
            _ => {}
        }
    }

    /// Whether a value is known to be at most another, also where that is the least of several.
    fn is_at_most(&mut self, less: Value, more: Value) -> bool {
        let mut pending = vec![more];
        while let Some(more) = pending.pop() {
            match &self.loops.values[more].expr {
                _ if more == less => {}
                Expr::Op(ScalarOp::Min, args) if pending.len() < MAX_DEPTH as usize => pending.extend(args),
                _ => {
                    let [less, more] = [less, more].map(|value| self.number(value));
                    let rise = more.minus(&less);
                    if !rise.is_some_and(|rise| self.is_between(&rise, 0, i128::MAX >> 2)) {
                        return false;
                    }
                }
            }
        }
        true
    }

    pub(super) fn is_natural(&self, sum: &Polynomial) -> bool {
        sum.constant >= 0
            && sum.terms.iter().all(|(product, factor)| {
                *factor >= 0 && product.iter().all(|atom| self.facts.natural.contains(atom))
            })
    }

    /// Learns that a sum is at most another.
    pub(super) fn at_most(&mut self, less: &Polynomial, more: &Polynomial) {
        self.facts.not_negative.extend(more.minus(less));
    }

    /// Enters what stands around.
    pub(super) fn enter(&mut self, around: Around) {
        match around {
            Around::Branch(cond, holds) => self.decide(cond, holds),
            Around::Check(cond) => {
                self.knows_checks = true;
                self.decide(cond, true);
            }
            Around::Loop(index, extent) => {
                let own = self.number(index);
                let count = self.number(extent);
                self.at_most(&own, &count.plus_constant(-1));
                if let Expr::Trips { start, end, step } = self.loops.values[extent].expr {
                    let [start, end, step] = [start, end, step].map(|value| self.number(value));
                    let last = own.by(&step).and_then(|way| way.plus(&start));
                    if let Some(last) = last {
                        self.at_most(&last, &end.plus_constant(-1));
                    }
                    // The loop runs: a step of zero has been an error.
                    self.at_most(&Polynomial::constant(1), &step);
                    if step == Polynomial::constant(1)
                        && let Some(span) = end.minus(&start)
                    {
                        // As often as that, now that it runs.
                        self.facts.zero.extend(count.minus(&span));
                    }
                }
            }
        }
    }

    /// Learns that a condition holds, or does not.
    fn decide(&mut self, cond: Value, holds: bool) {
        let mut pending = vec![(cond, holds)];
        while let Some((cond, holds)) = pending.pop() {
            let Expr::Op(op, args) = &self.loops.values[cond].expr else { continue };
            let (op, args) = (*op, args.clone());
            let ints = |loops: &Loops| loops.dtype(args[0]).is_int();
            match (op, holds) {
                (ScalarOp::Not, _) if self.loops.dtype(args[0]).is_bool() => pending.push((args[0], !holds)),
                (ScalarOp::And, true) | (ScalarOp::Or, false) => {
                    pending.extend(args.iter().map(|arg| (*arg, holds)));
                }
                (ScalarOp::Lt | ScalarOp::Ge, _) if ints(self.loops) => {
                    let [a, b] = [args[0], args[1]].map(|arg| self.number(arg));
                    match (op == ScalarOp::Lt) == holds {
                        true => self.at_most(&a.plus_constant(1), &b),
                        false => self.at_most(&b, &a),
                    }
                }
                (ScalarOp::Gt | ScalarOp::Le, _) if ints(self.loops) => {
                    let [a, b] = [args[0], args[1]].map(|arg| self.number(arg));
                    match (op == ScalarOp::Gt) == holds {
                        true => self.at_most(&b.plus_constant(1), &a),
                        false => self.at_most(&a, &b),
                    }
                }
                (ScalarOp::Eq | ScalarOp::Ne, _) if ints(self.loops) => {
                    let [a, b] = [args[0], args[1]].map(|arg| self.number(arg));
                    let Some(distance) = a.minus(&b) else { continue };
                    if (op == ScalarOp::Eq) == holds {
                        self.facts.zero.push(distance);
                        continue;
                    }
                    // At an end of what it can be, it is beyond.
                    let ends = [distance.clone(), distance.times(-1).unwrap_or_default()];
                    for end in ends {
                        if !end.terms.is_empty() && self.is_between(&end, 0, i128::MAX >> 2) {
                            self.facts.not_negative.push(end.plus_constant(-1));
                        }
                    }
                    self.facts.not_zero.push(distance);
                }
                _ => {}
            }
        }
    }

    /// Learns what [`crate::bounds`] knows of what variables hold.
    pub(super) fn learn(&mut self, fact: &Linear, needs: &[Goal]) {
        const NO_LIMIT: i128 = i128::MAX >> 2;
        let holds = needs.iter().all(|need| match need {
            Goal::NotNegative(form) => self.sum(form).is_some_and(|sum| self.is_between(&sum, 0, NO_LIMIT)),
            Goal::Below { form, signed } => {
                let most = (1 << (64 - *signed as u32)) - 1;
                self.sum(form).is_some_and(|sum| self.is_between(&sum, -NO_LIMIT, most))
            }
        });
        if holds {
            let sum = self.sum(fact);
            self.facts.not_negative.extend(sum);
        }
    }

    fn sum(&mut self, form: &Linear) -> Option<Polynomial> {
        let mut sum = Polynomial::constant(form.constant.into());
        for (term, factor) in &form.terms {
            let Term::Value(value) = *term else { return None };
            let number = self.number(value);
            sum = sum.combined(1, &number, (*factor).into())?;
        }
        Some(sum)
    }

    /// Whether a sum is known to be in a range.
    pub(super) fn is_between(&mut self, sum: &Polynomial, least: i128, most: i128) -> bool {
        if let Some((low, high)) = interval(self.loops, self.taken, sum)
            && low >= least
            && high <= most
        {
            return true;
        }
        [(1, most), (-1, -least)].into_iter().all(|(sign, most)| {
            let Some(beyond) = sum.times(sign).filter(|_| most.abs() < 1 << 80) else {
                // No limit on this side.
                return most > 0;
            };
            let mut facts = self.facts.clone();
            facts.not_negative.push(beyond.plus_constant(-most - 1));
            self.is_impossible(facts)
        })
    }

    /// Whether facts contradict each other, with what is assumed.
    pub(super) fn is_impossible(&mut self, facts: System) -> bool {
        match facts.contradiction(self.taken.small, false) {
            Some(used) => {
                self.assumed.extend(used);
                true
            }
            None => false,
        }
    }
}

/// The range of a sum by the types of its values.
pub(super) fn interval(loops: &Loops, taken: &Taken, sum: &Polynomial) -> Option<(i128, i128)> {
    let (mut low, mut high) = (sum.constant, sum.constant);
    for (product, factor) in &sum.terms {
        let (mut least, mut most) = (*factor, *factor);
        for atom in product {
            let (a, b) = range(loops, taken, *atom);
            let ends =
                [least.checked_mul(a)?, least.checked_mul(b)?, most.checked_mul(a)?, most.checked_mul(b)?];
            least = ends.into_iter().min()?;
            most = ends.into_iter().max()?;
        }
        low = low.checked_add(least)?;
        high = high.checked_add(most)?;
    }
    Some((low, high))
}

fn range(loops: &Loops, taken: &Taken, atom: Atom) -> (i128, i128) {
    let data = &loops.values[atom.value];
    if taken.positions.contains(&atom.value) {
        return (0, SMALL);
    }
    match atom.of {
        Of::Itself => {}
        Of::Division => return (-(1 << 64), 1 << 64),
        Of::Offset => return limits(DType::Usize),
    }
    match &data.expr {
        Expr::Bound => (0, MOST_TRIPS - 1),
        // An axis of an array without elements may be longer, if the array has others.
        Expr::Dim { buffer, .. } => match &loops.buffers[*buffer] {
            data if data.rank == 1 || data.origin != Origin::Local => {
                (0, isize::MAX as i128 / data.dtype.size() as i128)
            }
            _ => limits(DType::Usize),
        },
        _ => limits(data.dtype),
    }
}

fn arithmetic(op: ScalarOp, a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
    match op {
        ScalarOp::Add => a.plus(b),
        ScalarOp::Sub => a.minus(b),
        _ => a.by(b),
    }
}

/// The least and the greatest number of a type.
fn limits(dtype: DType) -> (i128, i128) {
    match (dtype.is_signed(), dtype.bits()) {
        (true, bits) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        (false, bits) => (0, (1 << bits) - 1),
    }
}
