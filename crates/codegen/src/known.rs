//! What is known of truth values that are no constants.
//!
//! ```text
//! loop done = false, i = 0 {        in the header and in the body `done` is false:
//!   test (i < n) & !done            what is tested is `i < n`, which is true in the body
//! } do { … }
//! ```

use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Shape, Value};

/// How deep conditions are looked into.
const DEPTH: u32 = 8;

/// Truth values that are known at a point of emission.
#[derive(Default)]
pub(crate) struct Known(Vec<(Value, bool)>);

impl Known {
    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are, to [`Known::forget`] later ones.
    pub(crate) fn mark(&self) -> usize {
        self.0.len()
    }

    /// Forgets what became known since there were so many.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// Takes away what became known since there were so many, to [`Known::put_back`] it.
    pub(crate) fn set_aside(&mut self, mark: usize) -> Vec<(Value, bool)> {
        self.0.split_off(mark)
    }

    /// Knows again what was set aside.
    pub(crate) fn put_back(&mut self, aside: Vec<(Value, bool)>) {
        self.0.extend(aside);
    }

    /// Takes a truth value for known, and what follows of what it was computed from.
    pub(crate) fn learn(&mut self, code: &Code, value: Value, truth: bool) {
        let mut open = vec![(value, truth)];
        while let Some((value, truth)) = open.pop() {
            self.0.push((value, truth));
            match &code.values[value].inst {
                Inst::Op(LaneOp::BNot, args) => open.push((args[0], !truth)),
                Inst::Op(LaneOp::BAnd, args) if truth => open.extend(args.iter().map(|arg| (*arg, true))),
                Inst::Op(LaneOp::BOr, args) if !truth => open.extend(args.iter().map(|arg| (*arg, false))),
                _ => {}
            }
        }
    }

    /// Whether an integer is known not to be zero: it is a constant, differs from zero, or is above something.
    pub(crate) fn is_not_zero(&self, code: &Code, value: Value) -> bool {
        let bits = |value: Value| match code.values[value].inst {
            Inst::Const(bits) => Some(bits),
            _ => None,
        };
        let says = |(fact, truth): &(Value, bool)| {
            let Inst::Op(op, args) = &code.values[*fact].inst else { return false };
            let [a, b] = args[..] else { return false };
            match (op, truth) {
                (LaneOp::INe, true) | (LaneOp::IEq, false) => {
                    a == value && bits(b) == Some(0) || b == value && bits(a) == Some(0)
                }
                (LaneOp::ULt, true) => b == value,
                (LaneOp::ULe, false) => a == value,
                (LaneOp::SLt, true) => b == value && bits(a) == Some(0),
                _ => false,
            }
        };
        bits(value).is_some_and(|bits| bits != 0) || self.0.iter().any(says)
    }

    /// Whether an integer, taken without a sign, is known to be at most this.
    pub(crate) fn is_at_most(&self, code: &Code, value: Value, most: u64) -> bool {
        let bits = |value: Value| match (&code.values[value].inst, code.values[value].ty) {
            (Inst::Const(bits), LaneType::I32) => Some(u64::from(*bits as u32)),
            (Inst::Const(bits), _) => Some(*bits),
            _ => None,
        };
        let says = |(fact, truth): &(Value, bool)| {
            let Inst::Op(op, args) = &code.values[*fact].inst else { return false };
            let [a, b] = args[..] else { return false };
            match (op, truth) {
                (LaneOp::IEq, true) | (LaneOp::INe, false) => {
                    a == value && bits(b).is_some_and(|own| own <= most)
                }
                (LaneOp::ULe, true) => a == value && bits(b).is_some_and(|own| own <= most),
                (LaneOp::ULt, true) => a == value && bits(b).is_some_and(|own| own <= most.saturating_add(1)),
                (LaneOp::ULe, false) => {
                    b == value && bits(a).is_some_and(|own| own <= most.saturating_add(1))
                }
                (LaneOp::ULt, false) => b == value && bits(a).is_some_and(|own| own <= most),
                _ => false,
            }
        };
        self.0.iter().any(says)
    }

    /// A truth value, if it is known.
    pub(crate) fn truth(&self, code: &Code, value: Value) -> Option<bool> {
        let known = |value: Value| {
            let exactly = self.0.iter().rev().find(|(own, _)| *own == value).map(|(_, truth)| *truth);
            let compares =
                |(own, truth): &(Value, bool)| compare_alike(code, *own, value).map(|same| *truth == same);
            exactly.or_else(|| self.0.iter().rev().find_map(compares))
        };
        truth(code, value, &known)
    }
}

/// A truth value, if it is constant or follows of what is known.
pub(crate) fn truth(code: &Code, value: Value, known: &dyn Fn(Value) -> Option<bool>) -> Option<bool> {
    truth_within(code, value, known, DEPTH)
}

fn truth_within(
    code: &Code,
    value: Value,
    known: &dyn Fn(Value) -> Option<bool>,
    depth: u32,
) -> Option<bool> {
    let data = &code.values[value];
    if data.ty != LaneType::Bool {
        return None;
    }
    let of = |value: Value| truth_within(code, value, known, depth - 1);
    known(value).or_else(|| match &data.inst {
        Inst::Const(bits) => Some(bits & 1 == 1),
        Inst::Op(LaneOp::BNot, args) if depth > 0 => of(args[0]).map(|truth| !truth),
        Inst::Op(op @ (LaneOp::BAnd | LaneOp::BOr), args) if depth > 0 => {
            let (dominant, sides) = (*op == LaneOp::BOr, [of(args[0]), of(args[1])]);
            match sides {
                sides if sides.contains(&Some(dominant)) => Some(dominant),
                [Some(_), Some(_)] => Some(!dominant),
                _ => None,
            }
        }
        _ => None,
    })
}

/// Whether two truth values are always the same or always differ, if they say of the same integers how they compare.
fn compare_alike(code: &Code, a: Value, b: Value) -> Option<bool> {
    let comparison = |value: Value| match &code.values[value].inst {
        Inst::Op(op, args) if op.shape() == Shape::IntCompare => Some((*op, [args[0], args[1]])),
        _ => None,
    };
    let ((op, args), (other, others)) = (comparison(a)?, comparison(b)?);
    let turned = [others[1], others[0]];
    let symmetric = matches!(op, LaneOp::IEq | LaneOp::INe);
    if op == other && (args == others || symmetric && args == turned) {
        return Some(true);
    }
    let opposite = match op {
        LaneOp::IEq => return (other == LaneOp::INe && (args == others || args == turned)).then_some(false),
        LaneOp::INe => return (other == LaneOp::IEq && (args == others || args == turned)).then_some(false),
        LaneOp::SLt => LaneOp::SLe,
        LaneOp::SLe => LaneOp::SLt,
        LaneOp::ULt => LaneOp::ULe,
        LaneOp::ULe => LaneOp::ULt,
        _ => return None,
    };
    // a < b unless b <= a.
    (other == opposite && args == turned).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_the_same_numbers_tell_of_each_other() {
        let mut code = Code::default();
        let [a, b, c] = [(); 3].map(|()| code.value(Inst::Bound, LaneType::I64, false));
        let mut compare = |op: LaneOp, args: [Value; 2]| {
            code.value(Inst::Op(op, args.as_slice().into()), LaneType::Bool, false)
        };
        let below = compare(LaneOp::ULt, [a, b]);
        let asked = [
            (compare(LaneOp::ULt, [a, b]), Some(true)),
            (compare(LaneOp::ULe, [b, a]), Some(false)),
            (compare(LaneOp::ULe, [a, b]), None),
            (compare(LaneOp::ULt, [b, a]), None),
            (compare(LaneOp::SLt, [a, b]), None),
            (compare(LaneOp::ULt, [a, c]), None),
        ];
        let equal = compare(LaneOp::IEq, [a, c]);
        let differs = compare(LaneOp::INe, [c, a]);
        let mut known = Known::default();
        known.learn(&code, below, true);
        for (value, expected) in asked {
            assert_eq!(known.truth(&code, value), expected, "{value}");
        }
        known.learn(&code, equal, false);
        assert_eq!(known.truth(&code, differs), Some(true));
    }

    #[test]
    fn comparisons_with_constants_tell_how_large_numbers_are() {
        let mut code = Code::default();
        let x = code.value(Inst::Bound, LaneType::I32, false);
        let nine = code.value(Inst::Const(9), LaneType::I32, false);
        let facts = [
            (LaneOp::ULe, [x, nine], true, 9),
            (LaneOp::ULt, [x, nine], true, 8),
            (LaneOp::ULe, [nine, x], false, 8),
            (LaneOp::ULt, [nine, x], false, 9),
            (LaneOp::IEq, [x, nine], true, 9),
            (LaneOp::INe, [x, nine], false, 9),
        ];
        for (op, args, truth, most) in facts {
            let fact = code.value(Inst::Op(op, args.as_slice().into()), LaneType::Bool, false);
            let mut known = Known::default();
            known.learn(&code, fact, truth);
            let found = (0..20).find(|most| known.is_at_most(&code, x, *most));
            assert_eq!(found, Some(most), "{op:?}");
            known.forget(0);
            known.learn(&code, fact, !truth);
            assert!(!known.is_at_most(&code, x, 20), "{op:?}");
        }
    }
}
