//! What is known of truth values that are no constants.
//!
//! ```text
//! loop done = false, i = 0 {        in the header and in the body `done` is false:
//!   test (i < n) & !done            what is tested is `i < n`, which is true in the body
//! } do { … }
//! ```

use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Value};

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

    /// A truth value, if it is known.
    pub(crate) fn truth(&self, code: &Code, value: Value) -> Option<bool> {
        truth(code, value, &|value| {
            self.0.iter().rev().find(|(own, _)| *own == value).map(|(_, truth)| *truth)
        })
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
