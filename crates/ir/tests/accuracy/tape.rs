//! An expansion evaluated for many arguments at once: fast enough for all arguments of a type.
//!
//! ```text
//! ln x                 s0 = argument                   one column of lanes for each value
//!                      s1 = fsub s0, s7                one loop over all lanes for each step
//!                      s0 = ...                        a column is used again when its value is dead
//! rare(c, y, slow)     skipped if c is true of no lane
//! ```
//!
//! The steps are recorded once. Each is a loop over [`LaneOp::eval`] of an operation known when this is compiled, so
//! that an optimised build has vector instructions for it, and the results are those of the interpreter by
//! construction.

use parfuse_ir::lane::{LaneOp, LaneType};
use parfuse_ir::math::{Primitives, expand};
use parfuse_ir::{ScalarOp, for_each_lane_op};

/// Lanes of a column: few enough for the columns of a function to stay in the nearest cache.
pub(super) const LANES: usize = 256;

/// The bits of a value in all lanes: in one of the two arrays, by its type.
#[derive(Clone)]
pub(super) struct Column {
    wide: Box<[u64; LANES]>,
    narrow: Box<[u32; LANES]>,
}

impl Column {
    fn new(bits: u64) -> Column {
        Column { wide: Box::new([bits; LANES]), narrow: Box::new([bits as u32; LANES]) }
    }
    #[inline(always)]
    pub(super) fn lane(&self, ty: LaneType, lane: usize) -> u64 {
        match ty {
            LaneType::F64 | LaneType::I64 => self.wide[lane],
            LaneType::F32 | LaneType::I32 | LaneType::Bool => self.narrow[lane] as u64,
        }
    }
    #[inline(always)]
    pub(super) fn set_lane(&mut self, ty: LaneType, lane: usize, bits: u64) {
        match ty {
            LaneType::F64 | LaneType::I64 => self.wide[lane] = bits,
            LaneType::F32 | LaneType::I32 | LaneType::Bool => self.narrow[lane] = bits as u32,
        }
    }
}

/// A value while steps are recorded.
#[derive(Clone, Copy)]
pub(super) struct Value {
    ty: LaneType,
    column: usize,
}

enum Step {
    /// An operation on columns into a column; the type is that of the last operand.
    Op { op: LaneOp, ty: LaneType, operands: [usize; 3], result: usize },
    /// What is not run if no lane of the condition is set: this many steps, the last of which selects between theirs
    /// and the common result, which the result is then.
    Rare { condition: usize, common: usize, result: usize, steps: usize },
}

/// An expansion, recorded.
pub(super) struct Tape {
    steps: Vec<Step>,
    columns: Vec<Column>,
    /// Takes the place of a column that is written.
    spare: Column,
    operands: usize,
    result: usize,
}

impl Primitives for Tape {
    type Value = Value;

    fn constant(&mut self, ty: LaneType, bits: u64) -> Value {
        self.columns.push(Column::new(bits));
        Value { ty, column: self.columns.len() - 1 }
    }
    fn op(&mut self, op: LaneOp, operands: &[Value]) -> Value {
        let types: Vec<LaneType> = operands.iter().map(|operand| operand.ty).collect();
        let result = self.constant(op.result_type(&types).expect("operands that fit"), 0);
        let mut columns = [0; 3];
        for (column, operand) in columns.iter_mut().zip(operands) {
            *column = operand.column;
        }
        self.steps.push(Step::Op {
            op,
            ty: types[types.len() - 1],
            operands: columns,
            result: result.column,
        });
        result
    }
    fn ty(&self, value: Value) -> LaneType {
        value.ty
    }
    fn rare(&mut self, condition: Value, common: Value, slow: &mut dyn FnMut(&mut Self) -> Value) -> Value {
        let start = self.steps.len();
        let (condition_column, common_column) = (condition.column, common.column);
        let rare =
            |result, steps| Step::Rare { condition: condition_column, common: common_column, result, steps };
        self.steps.push(rare(0, 0));
        let slow = slow(self);
        let result = self.select(condition, slow, common);
        self.steps[start] = rare(result.column, self.steps.len() - start - 1);
        result
    }
}

impl Tape {
    /// Records the expansion of a function of operands of a float type.
    pub(super) fn new(op: ScalarOp, ty: LaneType) -> Tape {
        let mut tape = Tape {
            steps: Vec::new(),
            columns: Vec::new(),
            spare: Column::new(0),
            operands: op.arity(),
            result: 0,
        };
        let operands: Vec<Value> = (0..op.arity()).map(|_| tape.constant(ty, 0)).collect();
        let result = expand(&mut tape, op, &operands).expect("a function that is defined by an expansion");
        tape.result = result.column;
        tape.reuse_columns();
        tape
    }

    /// Gives values the columns of values that are dead.
    fn reuse_columns(&mut self) {
        let mut last_use = vec![0; self.columns.len()];
        let mut is_computed = vec![false; self.columns.len()];
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Op { operands, op, result, .. } => {
                    operands[..op.arity()].iter().for_each(|operand| last_use[*operand] = at);
                    is_computed[*result] = true;
                }
                // The common result is copied here, or used by the selection at the end.
                Step::Rare { condition, common, steps, .. } => {
                    [*condition, *common].iter().for_each(|operand| last_use[*operand] = at + steps);
                }
            }
        }
        last_use[self.result] = usize::MAX;
        let mut place: Vec<usize> = (0..self.columns.len()).collect();
        let mut free = Vec::new();
        for (at, step) in self.steps.iter_mut().enumerate() {
            match step {
                Step::Op { op, operands, result, .. } => {
                    // The result has a column of its own while the operands are read.
                    let own = free.pop().unwrap_or(*result);
                    let mut dead: Vec<usize> = operands[..op.arity()].to_vec();
                    dead.sort_unstable();
                    dead.dedup();
                    dead.retain(|operand| is_computed[*operand] && last_use[*operand] == at);
                    free.extend(dead.iter().map(|operand| place[*operand]));
                    operands.iter_mut().for_each(|operand| *operand = place[*operand]);
                    place[*result] = own;
                    *result = own;
                }
                Step::Rare { condition, common, .. } => {
                    (*condition, *common) = (place[*condition], place[*common]);
                }
            }
        }
        // The result of a rare part is that of its last step.
        for at in 0..self.steps.len() {
            if let Step::Rare { steps, .. } = self.steps[at] {
                let Step::Op { result: last, .. } = self.steps[at + steps] else { panic!("no selection") };
                let Step::Rare { result, .. } = &mut self.steps[at] else { unreachable!() };
                *result = last;
            }
        }
        self.result = place[self.result];
    }

    /// The column of an operand, to be filled.
    pub(super) fn operand(&mut self, operand: usize) -> &mut Column {
        assert!(operand < self.operands);
        &mut self.columns[operand]
    }

    /// The function of the operands.
    pub(super) fn run(&mut self) -> &Column {
        let mut at = 0;
        while at < self.steps.len() {
            match self.steps[at] {
                Step::Op { op, ty, operands, result } => {
                    std::mem::swap(&mut self.columns[result], &mut self.spare);
                    let operands = operands.map(|operand| &self.columns[operand]);
                    perform(op, ty, operands, &mut self.spare);
                    std::mem::swap(&mut self.columns[result], &mut self.spare);
                }
                Step::Rare { condition, common, result, steps } => {
                    if self.columns[condition].narrow.iter().all(|lane| lane & 1 == 0) {
                        self.columns[result] = self.columns[common].clone();
                        at += steps;
                    }
                }
            }
            at += 1;
        }
        &self.columns[self.result]
    }
}

/// A loop over lanes for each type of operands that the operation has.
#[inline(always)]
fn for_each_lane(op: LaneOp, ty: LaneType, [a, b, c]: [&Column; 3], out: &mut Column) {
    macro_rules! of {
        ($($ty:ident),*) => { match ty { $(LaneType::$ty => {
            let ty = LaneType::$ty;
            let first = if op == LaneOp::Select { LaneType::Bool } else { ty };
            let result = op.result_type(&[first, ty, ty][..op.arity()]).expect("operands that fit");
            for i in 0..LANES {
                let lanes = [a.lane(first, i), b.lane(ty, i), c.lane(ty, i)];
                out.set_lane(result, i, op.eval(first, &lanes[..op.arity()]));
            }
        })* } };
    }
    of!(F64, F32, I64, I32, Bool)
}

macro_rules! define_perform {
    ($(($variant:ident, $name:literal, $arity:literal, $shape:expr, $doc:literal)),* $(,)?) => {
        /// Performs an operation on columns.
        fn perform(op: LaneOp, ty: LaneType, operands: [&Column; 3], out: &mut Column) {
            match op {
                $(LaneOp::$variant => for_each_lane(LaneOp::$variant, ty, operands, out)),*
            }
        }
    };
}

for_each_lane_op!(define_perform);

#[test]
fn many_arguments_at_once_have_the_results_of_one() {
    for function in super::FUNCTIONS {
        for ty in [LaneType::F64, LaneType::F32] {
            let mut tape = Tape::new(function.op, ty);
            let mut state = 1;
            let ranges = if ty == LaneType::F32 { function.ranges_f32 } else { function.ranges };
            // Of some batches all lanes are usual, of others some are rare.
            for range in ranges.iter().take(1).chain(&[(-1e3, 1e3), (0.0, f64::INFINITY)]) {
                let arguments: Vec<[f64; 2]> = (0..LANES)
                    .map(|_| [*range, (-3.0, 3.0)].map(|range| super::between(range, &mut state)))
                    .collect();
                let bits =
                    |x: f64| if ty == LaneType::F32 { (x as f32).to_bits() as u64 } else { x.to_bits() };
                for (lane, arguments) in arguments.iter().enumerate() {
                    for (operand, argument) in arguments.iter().enumerate().take(function.op.arity()) {
                        tape.operand(operand).set_lane(ty, lane, bits(*argument));
                    }
                }
                let results = tape.run();
                for (lane, [x, y]) in arguments.iter().enumerate() {
                    let (actual, name) = (results.lane(ty, lane), function.name);
                    if ty == LaneType::F32 {
                        let expected = function.apply_f32(*x as f32, *y as f32);
                        let same = actual == expected.to_bits() as u64 || expected.is_nan();
                        assert!(same, "{name} {x:e} {y:e} {expected:e}");
                    } else {
                        let expected = function.apply_f64(*x, *y);
                        assert!(
                            actual == expected.to_bits() || expected.is_nan(),
                            "{name} {x:e} {y:e} {expected:e}"
                        );
                    }
                }
            }
        }
    }
}
