//! Operators that users give their structs, `#[kernel] impl Add for Vec3`, and how structs compare.
//!
//! ```text
//! v + w          Vec3::add(v, w)                     2.0 * v      f64::mul(2.0, v), which `#[kernel]` keeps with the struct
//! a < b          a.cmp(&b) is less                   with `#[kernel] impl Ord for Task`
//!                by the first fields that differ     with a derived `PartialOrd`
//! (d, a) < (e, b)    d before e, or the same and a before b
//! ```
//!
//! A derive does not see the ones beside it. So whether a comparison is a derived one is asked of the function itself, with
//! values that differ in one field each; what compares otherwise, and is not traced, is refused.

use crate::errors::{At, Problem, Step, mistake};
use crate::record_methods::RecordMethod;
use crate::records::{Record, Whole};
use crate::state::{Held, Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_names::{Operator, Other};
use std::hash::{Hash, Hasher};

/// What is asked of a struct's comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// Whether `==` is that of all fields.
    Equal,
    /// Whether `<` is that of the first fields that differ.
    Less,
    /// Whether `cmp` is, or there is none.
    Whole,
    /// Whether `==` says what `cmp` says.
    EqualAsWhole,
    /// Whether `<` says what `cmp` says.
    LessAsWhole,
}

/// What a struct's comparisons are.
#[derive(Clone, Copy)]
pub struct ByFields(pub fn(Comparison) -> bool);

impl ByFields {
    /// All of them are those of the fields.
    pub const ALL: ByFields = ByFields(|_| true);
    /// There is no order.
    pub const WITHOUT_ORDER: ByFields = ByFields(|asked| asked == Comparison::Equal);
}

impl std::fmt::Debug for ByFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByFields")
    }
}
// Structs are told apart by their names and fields.
impl PartialEq for ByFields {
    fn eq(&self, _: &ByFields) -> bool {
        true
    }
}
impl Eq for ByFields {}
impl Hash for ByFields {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Record {
    /// The operator in one of the constants that `#[kernel]` adds.
    pub(crate) fn operator(&self, constant: &str) -> Option<&'static RecordMethod> {
        self.operators.iter().copied().flatten().find(|method| method.name == constant)
    }

    fn own(&self, symbol: &str) -> Option<&'static RecordMethod> {
        self.operator(Operator::of_symbol(symbol)?.constant(Other::Same)?)
    }

    fn orders_itself(&self) -> bool {
        self.own("cmp").is_some() || self.own("<").is_some()
    }
}

impl Tracer {
    /// The struct that a handle stands for.
    fn record_of(&self, v: Value<'_>) -> Option<&'static Record> {
        let id = self.id(v);
        self.with(|state| match state.kind(id) {
            Kind::Tuple(items) if state.record_array(id).is_none() => items.of.record(),
            _ => None,
        })
    }

    /// An operator of one value, if that is a struct.
    pub(crate) fn own_unary<'t>(&'t self, op: &str, v: Value<'t>, at: At) -> Option<Value<'t>> {
        let symbol = match op {
            "-" => "-_",
            "!" => "!_",
            _ => return None,
        };
        let record = self.record_of(v)?;
        Some(match record.own(symbol) {
            Some(method) => (method.inline)(self, &[self.record_now(v, at)], at),
            None => self.lacks(symbol, record.name, record.name, at),
        })
    }

    /// An operator of two values, of which one is a struct, or has some in it that compare in their own way.
    pub(crate) fn own_binary<'t>(
        &'t self,
        op: &str,
        a: Value<'t>,
        b: Value<'t>,
        at: At,
    ) -> Option<Value<'t>> {
        match op {
            "==" | "!=" => {
                let equal = self.own_equality(a, b, at)?;
                Some(if op == "==" { equal } else { self.unary("!", equal, at) })
            }
            "<" | "<=" | ">" | ">=" => self.own_comparison(op, a, b, at),
            _ => self.own_arithmetic(op, a, b, at),
        }
    }

    fn own_arithmetic<'t>(&'t self, op: &str, a: Value<'t>, b: Value<'t>, at: At) -> Option<Value<'t>> {
        let operator = Operator::of_symbol(op)?;
        let (owner, other) = match (self.record_of(a), self.record_of(b)) {
            (Some(first), Some(second)) if first == second => (first, Other::Same),
            (Some(first), Some(_)) => (first, Other::Struct),
            (Some(first), None) => (first, Other::Scalar),
            (None, Some(second)) => (second, Other::ScalarInFront),
            (None, None) => return None,
        };
        let is_number = |v: Value<'t>| match self.record_of(v) {
            Some(record) => record.name,
            None => "f64",
        };
        Some(match operator.constant(other).and_then(|constant| owner.operator(constant)) {
            Some(method) => {
                let a = if method.borrowed { a } else { self.record_now(a, at) };
                (method.inline)(self, &[a, self.record_now(b, at)], at)
            }
            None => self.lacks(op, is_number(a), is_number(b), at),
        })
    }

    /// What is said of an operator that kernels do not know.
    fn lacks(&self, symbol: &str, owner: &str, other: &str, at: At) -> Value<'_> {
        let operator = Operator::of_symbol(symbol).map_or(symbol, |operator| operator.name);
        let symbol = symbol.trim_end_matches('_');
        let of = if owner == other { String::new() } else { format!("<{other}>") };
        self.mistake(
            &format!(
                "kernels do not know `{symbol}` of `{owner}`: put `#[kernel]` on its `impl {operator}{of} for {owner}`"
            ),
            at,
        )
    }

    /// `a == b` of what has structs in it, if one of them says itself what is equal.
    fn own_equality<'t>(&'t self, a: Value<'t>, b: Value<'t>, at: At) -> Option<Value<'t>> {
        let (first, second) = (self.record_of(a), self.record_of(b));
        if let (Some(record), Some(_)) = (first, second) {
            if let Some(method) = record.own("==") {
                return Some((method.inline)(self, &[a, b], at));
            }
            let by_order =
                || !(record.by_fields.0)(Comparison::Equal) && (record.by_fields.0)(Comparison::EqualAsWhole);
            if let Some(method) = record.own("cmp").filter(|_| by_order()) {
                let order = (method.inline)(self, &[a, b], at);
                return Some(self.method(order, Method::is_eq, &[], at));
            }
        }
        let unlike =
            |record: &&'static Record| record.own("==").is_some() || !(record.by_fields.0)(Comparison::Equal);
        let id = self.id(a);
        let record = self.with(|state| state.records_in(id)).into_iter().find(unlike)?;
        Some(self.mistake(
            &match record.own("==").is_some() {
                true => format!(
                    "`==` of what has `{name}` in it, which has an `==` of its own: compare the parts one by one",
                    name = record.name
                ),
                false => format!(
                    "`{name}` has an `==` of its own, which is not that of all fields: put `#[kernel]` on its `impl PartialEq for {name}`",
                    name = record.name
                ),
            },
            at,
        ))
    }

    /// Whether structs in a value compare in their own way.
    fn has_own_order(&self, v: Value<'_>) -> bool {
        let id = self.id(v);
        self.with(|state| state.records_in(id)).into_iter().any(Record::orders_itself)
    }

    /// `a < b` and its kin, if structs in them compare in their own way.
    fn own_comparison<'t>(&'t self, op: &str, a: Value<'t>, b: Value<'t>, at: At) -> Option<Value<'t>> {
        if !self.has_own_order(a) {
            return None;
        }
        let is = match op {
            "<" => Method::is_lt,
            "<=" => Method::is_le,
            ">" => Method::is_gt,
            _ => Method::is_ge,
        };
        if let Some(method) = self.record_of(a).and_then(|record| record.own("<")) {
            let (present, order) = self.parts_of_option((method.inline)(self, &[a, b], at), at);
            let is = || self.method(order, is, &[], at);
            return Some(self.logical(true, present, is, at));
        }
        Some(self.method(self.order_of(a, b, Comparison::LessAsWhole, at), is, &[], at))
    }

    /// How two values compare that have an order: numbers, tuples and structs.
    pub(crate) fn natural_order<'t>(&'t self, a: Value<'t>, b: Value<'t>, at: At) -> Value<'t> {
        match self.has_own_order(a) {
            true => self.order_of(a, b, Comparison::Whole, at),
            false => self.step(at, |state| state.whole_order(a.id, &[b.id], at)),
        }
    }

    /// How values compare in which structs do so in their own way.
    fn order_of<'t>(&'t self, a: Value<'t>, b: Value<'t>, asked: Comparison, at: At) -> Value<'t> {
        if let (Some(record), Some(_)) = (self.record_of(a), self.record_of(b))
            && record.orders_itself()
        {
            return match record.own("cmp") {
                Some(method) if asked == Comparison::Whole || (record.by_fields.0)(asked) => {
                    (method.inline)(self, &[a, b], at)
                }
                _ => self.mistake(
                    &format!(
                        "how `{name}` compares here, its `impl PartialOrd for {name}` says: put `#[kernel]` on that and on \
                         `impl Ord for {name}`, and let `partial_cmp` be `Some(self.cmp(other))`",
                        name = record.name
                    ),
                    at,
                ),
            };
        }
        let (a, b) = (self.id(a), self.id(b));
        let value = |id: u32| Value { tracer: self, id };
        match self.with(|state| (state.kind(a), state.kind(b))) {
            (Kind::Tuple(a), Kind::Tuple(b)) if [a.of, b.of] == [Whole::TurnedAround; 2] => {
                let order = self.order_of(value(a[0]), value(b[0]), asked, at);
                self.method(order, Method::reverse, &[], at)
            }
            (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() && !a.is_empty() => {
                let part = |position: usize| self.order_of(value(a[position]), value(b[position]), asked, at);
                (1..a.len()).fold(part(0), |order, position| {
                    let is_equal = self.method(order, Method::is_eq, &[], at);
                    self.if_(is_equal, || part(position), || order, at)
                })
            }
            _ => self.step(at, |state| {
                let compared = state.compare(a, b, at)?;
                let value = state.scalar(a, "what is compared", at)?;
                if state.is_float(value) {
                    return mistake(
                        "floats beside a struct with an order of its own: compare them one by one, `a.x.total_cmp(&b.x).then_with(…)`",
                    );
                }
                Ok(Kind::Ordering { less: compared.less, greater: compared.greater })
            }),
        }
    }

    /// `a.max(b)` and `a.min(b)` of structs, which may be enums.
    pub(crate) fn extreme_of_records<'t>(
        &'t self,
        method: Method,
        receiver: Value<'_>,
        args: &[Value<'_>],
        at: At,
    ) -> Option<Value<'t>> {
        let [other] = args else { return None };
        if !matches!(method, Method::max | Method::min) {
            return None;
        }
        self.record_of(receiver)?;
        let [first, second] = [self.id(receiver), self.id(*other)].map(|id| Value { tracer: self, id });
        let [first, second] = [first, second].map(|v| self.record_now(v, at));
        let order = self.natural_order(first, second, at);
        let is_greater = self.method(order, Method::is_gt, &[], at);
        Some(match method {
            Method::max => self.if_(is_greater, || first, || second, at),
            _ => self.if_(is_greater, || second, || first, at),
        })
    }

    /// Whether a value is the constant of a pattern: of structs whether all fields are.
    pub fn is_constant<'t>(&'t self, v: Value<'t>, constant: Value<'t>, at: At) -> Value<'t> {
        if self.record_of(v).is_none() {
            return self.binary("==", v, constant, at);
        }
        let (v, constant) = (self.id(v), self.id(constant));
        self.step(at, |state| match state.equal_parts(v, constant, at)? {
            Some(same) => Ok(Kind::Plain(same)),
            None => Err(Problem::Reported),
        })
    }

    /// `v += w` and its kin of a struct.
    pub(crate) fn own_assignment<'t>(&'t self, op: &str, target: u32, v: u32, at: At) -> Option<Value<'t>> {
        let [target, v] = [target, v].map(|id| Value { tracer: self, id });
        let record = self.record_of(target)?;
        let other = match self.record_of(v) {
            Some(second) if record == second => Other::Same,
            Some(_) => Other::Struct,
            None => Other::Scalar,
        };
        let symbol = format!("{op}=");
        let operator = Operator::of_symbol(&symbol).and_then(|operator| operator.constant(other));
        Some(match operator.and_then(|constant| record.operator(constant)) {
            Some(method) => {
                (method.inline)(self, &[target, self.record_now(v, at)], at);
                self.unit()
            }
            None => {
                let other = self.record_of(v).map_or("f64", |record| record.name);
                self.lacks(&symbol, record.name, other, at)
            }
        })
    }

    /// `a[i] += w` and its kin of an array of structs.
    pub(crate) fn own_element_assignment<'t>(
        &'t self,
        op: &str,
        array: Value<'_>,
        index: &[Value<'_>],
        v: Value<'_>,
        at: At,
    ) -> Option<Value<'t>> {
        let array = self.id(array);
        if !self.with(|state| state.holds_records(array, at)) {
            return None;
        }
        let of = |id: u32| Value { tracer: self, id };
        let index: Vec<Value<'t>> = self.ids(index).into_iter().map(of).collect();
        let element = self.index(of(array), &index, at);
        self.own_assignment(op.strip_suffix('=').unwrap_or(op), element.id, self.id(v), at)
    }
}

impl State {
    /// The structs in a value, those in structs among them.
    fn records_in(&self, handle: u32) -> Vec<&'static Record> {
        let (mut records, mut open) = (Vec::new(), vec![handle]);
        while let Some(handle) = open.pop() {
            match self.kind(handle) {
                Kind::Tuple(items) => {
                    records.extend(items.of.record());
                    open.extend(items);
                }
                Kind::Optional(
                    Held::Value { value, .. }
                    | Held::Sure(value)
                    | Held::Either { value, .. }
                    | Held::Variable { value, .. },
                ) => open.push(value),
                _ => {}
            }
        }
        records
    }

    /// Whether a handle stands for an array of structs, perhaps one that grows.
    fn holds_records(&mut self, array: u32, at: At) -> bool {
        let Ok(array) = self.as_present(array, at) else { return false };
        matches!(self.kind(array), Kind::Tuple(items) if items.of.record().is_some())
            && self.record_array(array).is_some()
    }

    /// Whether a struct compares by its fields, or what to write.
    pub(crate) fn compares_by_fields(&self, record: &'static Record) -> Step<()> {
        if [Comparison::Less, Comparison::Whole].into_iter().all(|asked| (record.by_fields.0)(asked)) {
            return Ok(());
        }
        let name = record.name;
        if record.is_enum {
            return mistake(format!(
                "how enums `{name}` compare a kernel does not know: derive `PartialOrd` and `Ord`, put `#[kernel]` on an `impl Ord for \
                 {name}`, or compare their numbers, `a as u8`, as `sort_by_key(|a| *a as u8)` does"
            ));
        }
        mistake(format!(
            "how structs `{name}` compare a kernel does not know: derive `PartialOrd` and `Ord`, put `#[kernel]` on their `impl Ord for \
             {name}`, or compare their fields, as `sort_by_key(|p| p.x)` does, or tuples of what decides, `(p.x, i)`"
        ))
    }
}
