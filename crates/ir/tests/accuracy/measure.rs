//! Measures the functions, and records the maxima: for `f32` those of all arguments there are.
//!
//! ```text
//! f32, one argument      all that count, against core-math's f32; where that differs, the true error
//! f32, two arguments     random ones, likewise
//! f64                    true errors of data/accuracy/exact, worst arguments of searches among them; random
//!                        arguments against core-math
//! ```
//!
//! It takes minutes, so it is done when asked for: `docs/ACCURACY.md` says how. Special
//! values must be right without exception.

use super::functions::{FUNCTIONS, Function};
use super::recorded::{Record, records, rounded_up, write};
use super::tape::{LANES, Tape};
use super::{distance, distance_f32, error_f32, exact_errors, rows};
use parfuse_ir::lane::LaneType;

/// What is found out about a function and a type.
struct Figures {
    error: f64,
    worst: [u64; 2],
    distance: i64,
    /// Results that are finite and not zero, and how many of them are correctly rounded.
    ordinary: u64,
    correct: u64,
    /// For how many others a result stands.
    weight: u64,
}

impl Default for Figures {
    fn default() -> Figures {
        Figures { error: 0.0, worst: [0; 2], distance: 0, ordinary: 0, correct: 0, weight: 1 }
    }
}

impl Figures {
    fn add_error(&mut self, error: f64, arguments: [u64; 2]) {
        if error > self.error {
            (self.error, self.worst) = (error, arguments);
        }
    }
    fn add_f32(&mut self, function: &Function, [x, y]: [f32; 2], actual: f32) {
        let expected = (function.reference_f32)(x, y);
        let is_ordinary = expected.is_finite() && expected != 0.0;
        self.ordinary += is_ordinary as u64 * self.weight;
        if actual.to_bits() == expected.to_bits() {
            self.correct += is_ordinary as u64 * self.weight;
            return;
        }
        if actual.is_nan() && expected.is_nan() {
            return;
        }
        let exact = (function.reference)(x as f64, y as f64);
        let error = error_f32(actual, exact);
        assert!(error <= function.bound(), "{}({x:e}, {y:e}) = {actual:e}, not {exact:e}", function.name);
        self.add_error(error, [x, y].map(|argument| argument.to_bits() as u64));
        self.distance = self.distance.max(distance_f32(actual, expected));
    }
    fn add_f64(&mut self, function: &Function, [x, y]: [f64; 2], actual: f64) {
        let expected = (function.reference)(x, y);
        let is_ordinary = expected.is_finite() && expected != 0.0;
        let distance = distance(actual, expected);
        assert!(distance <= 2, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
        self.ordinary += is_ordinary as u64;
        self.correct += (is_ordinary && distance == 0) as u64;
        self.distance = self.distance.max(distance);
    }
    fn record(self, function: &Function, ty: LaneType, over: Option<u64>) -> Record {
        Record {
            name: function.name.to_string(),
            ty,
            over,
            // A correctly rounded result may be off by half.
            error: rounded_up(self.error.max(0.5)),
            distance: self.distance,
            correct: 100.0 * self.correct as f64 / self.ordinary as f64,
            worst: self.worst,
        }
    }
}

/// All arguments of a function of one `f32` where each counts, and one batch in so many of the others.
fn all_f32(function: &Function, stride: usize) -> Record {
    let mut figures = Figures::default();
    let mut tape = Tape::new(function.op, LaneType::F32);
    for (batch, start) in (0..=u32::MAX).step_by(LANES).enumerate() {
        let (from, to) = function.busy()[(start >> 31) as usize];
        let last = f32::from_bits((start | (LANES as u32 - 1)) & i32::MAX as u32);
        let is_busy = from <= last && f32::from_bits(start & i32::MAX as u32) <= to;
        if !is_busy && batch % stride != 0 {
            continue;
        }
        figures.weight = if is_busy { 1 } else { stride as u64 };
        for i in 0..LANES {
            tape.operand(0).set_lane(LaneType::F32, i, start as u64 + i as u64);
        }
        let results = tape.run();
        for i in 0..LANES {
            let (x, actual) = (start + i as u32, results.lane(LaneType::F32, i) as u32);
            figures.add_f32(function, [f32::from_bits(x), 0.0], f32::from_bits(actual));
        }
    }
    figures.record(function, LaneType::F32, None)
}

/// So many random arguments, a batch at a time.
fn random(function: &Function, ty: LaneType, samples: u64) -> Figures {
    let single = ty == LaneType::F32;
    let ranges = if single { function.ranges_f32 } else { function.ranges };
    let mut figures = Figures::default();
    let mut tape = Tape::new(function.op, ty);
    let mut state = 1;
    for batch in 0..samples as usize / LANES {
        let range = ranges[batch % ranges.len()];
        let arguments: Vec<(f64, f64)> = (0..LANES)
            .map(|_| function.arguments(range, function.seconds[single as usize], &mut state))
            .collect();
        let bits = |x: f64| if single { (x as f32).to_bits() as u64 } else { x.to_bits() };
        for operand in 0..function.op.arity() {
            for (i, (x, y)) in arguments.iter().enumerate() {
                tape.operand(operand).set_lane(ty, i, bits([*x, *y][operand]));
            }
        }
        let results = tape.run();
        for (i, (x, y)) in arguments.iter().enumerate() {
            let actual = results.lane(ty, i);
            if single {
                figures.add_f32(function, [*x as f32, *y as f32], f32::from_bits(actual as u32));
            } else {
                figures.add_f64(function, [*x, *y], f64::from_bits(actual));
            }
        }
    }
    figures
}

fn two_f32(function: &Function, samples: u64) -> Record {
    let mut figures = random(function, LaneType::F32, samples);
    for row in rows(&format!("f32/{}", function.name)) {
        let [x, y] = [row[0], row[1]].map(|bits| f32::from_bits(bits as u32));
        figures.add_f32(function, [x, y], function.apply_f32(x, y));
    }
    figures.record(function, LaneType::F32, Some(samples))
}

fn one_f64(function: &Function, samples: u64) -> Record {
    let mut figures = random(function, LaneType::F64, samples);
    for (error, arguments) in exact_errors(function) {
        figures.add_error(error, arguments);
    }
    for row in rows(&format!("f64/{}", function.name)) {
        let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 2]));
        let expected = f64::from_bits(row[row.len() - 1]);
        figures.distance = figures.distance.max(distance(function.apply_f64(x, y), expected));
    }
    figures.record(function, LaneType::F64, Some(samples))
}

/// Whether the environment asks for it: `ACCURACY_FUNCTIONS=exp,erf` for some of the functions, `ACCURACY_TYPES=f64` for
/// one of the types. `ACCURACY_STRIDE=1` leaves no argument out.
fn is_asked_for(variable: &str, name: &str) -> bool {
    std::env::var(variable).map_or(true, |names| names.split(',').any(|asked| asked == name))
}

#[test]
#[ignore = "takes minutes, and rewrites the recorded maxima and the documents"]
fn record_the_maxima() {
    let stride =
        std::env::var("ACCURACY_STRIDE").map_or(61, |stride| stride.parse().expect("a number of batches"));
    for function in FUNCTIONS.iter().filter(|function| is_asked_for("ACCURACY_FUNCTIONS", function.name)) {
        for ty in [LaneType::F64, LaneType::F32] {
            if !is_asked_for("ACCURACY_TYPES", &ty.to_string()) {
                continue;
            }
            let record = match ty {
                LaneType::F64 => one_f64(function, 1_000_000),
                _ if function.op.arity() == 2 => two_f32(function, 1 << 25),
                _ => all_f32(function, stride),
            };
            println!("{record:?}");
            write(records(), record);
        }
    }
    super::document::write_the_documents();
}
