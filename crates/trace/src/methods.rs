//! Methods by name: which ones a kernel may call, on what, and with how many arguments.
//!
//! ```text
//! x.sqrt()                   sqrt x                        scalars and arrays
//! a.mean().unwrap()          check len > 0; sum a / len    arrays
//! (0..n).rev()               the range, backwards          ranges
//! ```
//!
//! What a method of numbers means in terms of operations is in `numbers.rs`.

use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, State, Ty};
use crate::{Tracer, Value};
use parfuse_ir::program::{self, Expr};
use parfuse_ir::{DType, FaultKind, ReduceOp, ScalarOp};

impl Tracer {
    /// `receiver.name(args)`, for every method whose arguments are not closures. The argument of `expect` may
    /// be left out.
    pub fn method(&self, receiver: Value<'_>, name: &'static str, args: &[Value<'_>], at: At) -> Value<'_> {
        let (receiver, args) = (self.id(receiver), self.ids(args));
        self.step(at, |state| {
            state.doing = format!("`.{name}()`").into();
            state.method(receiver, name, &args, at)
        })
    }
}

impl State {
    fn method(&mut self, receiver: u32, name: &str, args: &[u32], at: At) -> Step<Kind> {
        let state = self;
        match state.kind(receiver) {
            Kind::Poison => Err(Problem::Reported),
            Kind::Range(range) => match (name, args) {
                ("rev", []) => state.reverse(range, at),
                ("step_by", [step]) => state.step_by(range, *step, at),
                ("clone" | "into_iter", []) => Ok(Kind::Range(range)),
                _ => unsupported(name, "a range", "ranges have `rev()` and `step_by(n)`"),
            },
            Kind::Optional { present, value } => state.optional_method(present, value, name, args, at),
            Kind::Lengths(lengths) => match name {
                "clone" | "to_owned" | "to_vec" | "into_pattern" | "as_ref" => Ok(Kind::Lengths(lengths)),
                "len" | "ndim" => Ok(Kind::Plain(state.usize_constant(lengths.len(), at))),
                _ => unsupported(name, "a shape", "index it with the number of an axis"),
            },
            Kind::Tuple(_) if matches!(name, "clone" | "to_owned") => Ok(state.kind(receiver)),
            kind @ (Kind::Plain(_) | Kind::Variable { .. }) => {
                let rank = match &kind {
                    Kind::Variable { var, .. } => state.var_types[var.0 as usize].rank,
                    Kind::Plain(value) => state.ty(*value).rank,
                    _ => None,
                };
                match rank {
                    Some(_) => state.array_method(receiver, name, args, at),
                    None => state.scalar_method(receiver, name, args, at),
                }
            }
            _ => {
                state.read(receiver, at)?;
                unsupported(name, "this value", "use the methods of numbers and arrays")
            }
        }
    }
}

/// The mistake of calling a method that kernels do not have.
pub(crate) fn unsupported<T>(name: &str, receiver: &str, instead: &str) -> Step<T> {
    mistake(format!("`.{name}()` of {receiver} is not supported in a kernel; {instead}"))
}

fn no_arguments(name: &str, args: &[u32]) -> Step<()> {
    match args {
        [] => Ok(()),
        _ => mistake(format!("`.{name}()` takes no arguments, not {}", args.len())),
    }
}
fn one_argument(name: &str, args: &[u32]) -> Step<u32> {
    match args {
        [arg] => Ok(*arg),
        _ => mistake(format!("`.{name}()` takes 1 argument, not {}", args.len())),
    }
}

impl State {
    fn scalar_method(&mut self, receiver: u32, name: &str, args: &[u32], at: At) -> Step<Kind> {
        if matches!(name, "clone" | "to_owned" | "borrow" | "as_ref" | "into") && args.is_empty() {
            return if name == "into" {
                unsupported(name, "a number", "convert with `as`")
            } else {
                Ok(Kind::Plain(self.read(receiver, at)?))
            };
        }
        if name == "sin_cos" {
            no_arguments(name, args)?;
            let value = self.read(receiver, at)?;
            let sin = self.number_method(value, "sin", &[], at)?;
            let cos = self.number_method(value, "cos", &[], at)?;
            let items = vec![self.handle(Kind::Plain(sin)), self.handle(Kind::Plain(cos))];
            return Ok(Kind::Tuple(items));
        }
        let value = self.read(receiver, at)?;
        let mut operands = Vec::with_capacity(args.len());
        for arg in args {
            operands.push(self.scalar(*arg, &format!("the argument of `{name}`"), at)?);
        }
        Ok(Kind::Plain(self.number_method(value, name, &operands, at)?))
    }

    fn array_method(&mut self, receiver: u32, name: &str, args: &[u32], at: At) -> Step<Kind> {
        let usize_type = Ty { dtype: self.types.known(DType::Usize), rank: None };
        match name {
            "view" | "view_mut" | "as_ref" | "borrow" | "as_mut" | "borrow_mut" => {
                no_arguments(name, args)?;
                Ok(self.borrow(receiver))
            }
            "into_owned" => {
                no_arguments(name, args)?;
                Ok(self.kind(receiver))
            }
            "clone" | "to_owned" => {
                no_arguments(name, args)?;
                match self.kind(receiver) {
                    Kind::Variable { var, .. } => {
                        let contents = self.read_var(var, at)?;
                        Ok(Kind::Plain(self.copy(contents, at)?))
                    }
                    // A value that is no variable never changes, so it serves as its own copy.
                    kind => Ok(kind),
                }
            }
            "len" | "is_empty" | "dim" | "raw_dim" | "shape" | "nrows" | "ncols" | "ndim" => {
                no_arguments(name, args)?;
                let (array, rank) = self.array(receiver, name, at)?;
                match (name, rank) {
                    ("len", _) => Ok(Kind::Plain(self.len(array, at)?)),
                    ("is_empty", _) => {
                        let (len, none) = (self.len(array, at)?, self.usize_constant(0, at));
                        Ok(Kind::Plain(self.op(ScalarOp::Eq, &[len, none], at)?))
                    }
                    ("ndim", _) => Ok(Kind::Plain(self.usize_constant(rank.into(), at))),
                    ("dim", 1) => Ok(Kind::Plain(self.len(array, at)?)),
                    ("dim", _) => {
                        let lengths = self.lengths(array, rank, at)?;
                        let items = lengths.into_iter().map(|length| self.handle(Kind::Plain(length)));
                        Ok(Kind::Tuple(items.collect()))
                    }
                    ("nrows" | "ncols", 2) => {
                        let axis = if name == "nrows" { 0 } else { 1 };
                        Ok(Kind::Plain(self.emit(Expr::Dim { array, axis }, usize_type, at)?))
                    }
                    ("nrows" | "ncols", _) => {
                        mistake(format!("`.{name}()` is for arrays with 2 axes, not {rank}"))
                    }
                    _ => Ok(Kind::Lengths(self.lengths(array, rank, at)?)),
                }
            }
            "sum" | "product" => {
                no_arguments(name, args)?;
                let (array, _) = self.array(receiver, name, at)?;
                let op = if name == "sum" { ReduceOp::Sum } else { ReduceOp::Product };
                Ok(Kind::Plain(self.reduce(op, array, at)?))
            }
            "mean" => {
                no_arguments(name, args)?;
                let (array, _) = self.array(receiver, name, at)?;
                let (len, none) = (self.len(array, at)?, self.usize_constant(0, at));
                let present = self.op(ScalarOp::Gt, &[len, none], at)?;
                let sum = self.reduce(ReduceOp::Sum, array, at)?;
                let dtype = self.ty(sum).dtype;
                let count = self.cast(len, dtype, at)?;
                let value = self.op(ScalarOp::Div, &[sum, count], at)?;
                Ok(Kind::Optional { present, value })
            }
            "fill" | "assign" => {
                let arg = one_argument(name, args)?;
                let var = self.target(receiver, name)?;
                let value = self.read(arg, at)?;
                let (target, source) = (self.var_types[var.0 as usize], self.ty(value));
                if (name == "fill") != source.rank.is_none() || source.rank > target.rank {
                    let (target, source) = (self.describe(target), self.describe(source));
                    return mistake(format!("`.{name}()`: {source} does not fit into {target}"));
                }
                self.unify(target.dtype, source.dtype, &format!("the argument of `{name}`"))?;
                self.update(var, value, at)?;
                Ok(Kind::Tuple(Vec::new()))
            }
            "scaled_add" => {
                let [alpha, other] = args else { return mistake("`.scaled_add()` takes 2 arguments") };
                let var = self.target(receiver, name)?;
                let alpha = self.scalar(*alpha, "the factor of `scaled_add`", at)?;
                let (other, rank) = self.array(*other, "`scaled_add`", at)?;
                if Some(rank) > self.var_types[var.0 as usize].rank {
                    return mistake("`.scaled_add()` of an array with more axes than its receiver");
                }
                let contents = self.read_var(var, at)?;
                let scaled = self.homogeneous(ScalarOp::Mul, &[alpha, other], "`scaled_add`", at)?;
                let value = self.homogeneous(ScalarOp::Add, &[contents, scaled], "`scaled_add`", at)?;
                self.update(var, value, at)?;
                Ok(Kind::Tuple(Vec::new()))
            }
            "floor" | "ceil" | "round" | "trunc" | "fract" | "abs" | "signum" | "recip" | "sqrt" | "cbrt"
            | "exp" | "exp2" | "exp_m1" | "ln" | "log" | "log2" | "log10" | "ln_1p" | "sin" | "cos"
            | "tan" | "asin" | "acos" | "atan" | "sinh" | "cosh" | "tanh" | "asinh" | "acosh" | "atanh"
            | "hypot" | "to_degrees" | "to_radians" | "powi" | "powf" | "is_nan" | "is_infinite" | "pow2"
            | "clamp" => {
                let (array, _) = self.array(receiver, name, at)?;
                let mut operands = Vec::with_capacity(args.len());
                for arg in args {
                    operands.push(self.scalar(*arg, &format!("the argument of `{name}`"), at)?);
                }
                Ok(Kind::Plain(self.number_method(array, name, &operands, at)?))
            }
            _ => {
                let instead = match name {
                    "mapv" | "map" | "mapv_into" | "mapv_inplace" => "give it a closure",
                    _ => "use `mapv` with the methods of numbers, or a loop over the indices",
                };
                unsupported(name, "an array", instead)
            }
        }
    }

    pub(crate) fn reduce(&mut self, op: ReduceOp, array: program::Value, at: At) -> Step<program::Value> {
        let dtype = self.ty(array).dtype;
        self.emit(Expr::Reduce { op, array }, Ty { dtype, rank: None }, at)
    }

    fn optional_method(
        &mut self,
        present: program::Value,
        value: program::Value,
        name: &str,
        args: &[u32],
        at: At,
    ) -> Step<Kind> {
        match (name, args) {
            ("unwrap", []) | ("expect", _) => {
                self.check(present, FaultKind::EmptyMean, at);
                Ok(Kind::Plain(value))
            }
            ("unwrap_or", [other]) => {
                let other = self.scalar(*other, "the argument of `unwrap_or`", at)?;
                self.select(present, value, other, at).map(Kind::Plain)
            }
            ("unwrap_or_default", []) => {
                let zero = self.small(0, value, at);
                self.select(present, value, zero, at).map(Kind::Plain)
            }
            ("is_some", []) => Ok(Kind::Plain(present)),
            ("is_none", []) => Ok(Kind::Plain(self.op(ScalarOp::Not, &[present], at)?)),
            _ => unsupported(name, "an `Option`", "use `unwrap()`, `expect(…)` or `unwrap_or(…)`"),
        }
    }

    pub(crate) fn select(
        &mut self,
        cond: program::Value,
        yes: program::Value,
        no: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let (a, b) = (self.ty(yes).dtype, self.ty(no).dtype);
        self.unify(a, b, "the two choices")?;
        self.op(ScalarOp::Select, &[cond, yes, no], at)
    }
}
