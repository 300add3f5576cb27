//! Random numbers and arrays of them.
//!
//! ```text
//! random::<f64>()                       random
//! random_range(1..=6)                   random_range_inclusive 1, 6
//! Array1::<f64>::random_normal(n)       random_normal[n]
//! ```
//!
//! The functions have the same names for numbers and, as associated functions, for arrays, which take a
//! shape in front of the other arguments. That a range has numbers to draw is checked when the kernel runs;
//! that check is not written here, it belongs to the operation.

use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, State, Ty};
use crate::types::{Class, TypeVar};
use crate::{IterationRange, Operand, Tracer, Value};
use parfuse_ir::program::{self, Expr};
use parfuse_ir::{DType, Distribution, Element, ElementType};

impl Tracer {
    /// `name::<T>(args)` for `random`, `random_range`, `random_bool`, `random_normal` or `random_exponential`;
    /// a type that is `None` is left to inference.
    pub fn random_number(
        &self,
        name: &'static str,
        element: Option<ElementType>,
        args: &[Value<'_>],
        at: At,
    ) -> Value<'_> {
        let args = self.ids(args);
        self.step(at, |state| {
            let dtype = state.types.annotated(element);
            Ok(Kind::Plain(state.random_numbers(
                name,
                Vec::new(),
                Ty { dtype, rank: None, of_arrays: false },
                &args,
                at,
            )?))
        })
    }

    // For people

    /// A random number, uniform over `[0, 1)` for floats, over all values for other types.
    #[track_caller]
    pub fn random<T: Element>(&self) -> Value<'_> {
        self.random_number("random", Some(T::DTYPE.into()), &[], At::caller())
    }
    /// A random number of a range of integers or floats: `1..=6`, `(0, n)`, `0.5..2.5`.
    #[track_caller]
    pub fn random_range<'t>(&'t self, range: impl IterationRange<'t>) -> Value<'t> {
        let at = At::caller();
        self.random_number("random_range", None, &[range.range(self, at)], at)
    }
    /// `true` with a probability.
    #[track_caller]
    pub fn random_bool<'t>(&'t self, p: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.random_number("random_bool", None, &[p.operand(self, at)], at)
    }
    /// A float of the normal distribution with mean 0 and standard deviation 1.
    #[track_caller]
    pub fn random_normal<T: Element>(&self) -> Value<'_> {
        self.random_number("random_normal", Some(T::DTYPE.into()), &[], At::caller())
    }
    /// A float of the exponential distribution with mean 1.
    #[track_caller]
    pub fn random_exponential<T: Element>(&self) -> Value<'_> {
        self.random_number("random_exponential", Some(T::DTYPE.into()), &[], At::caller())
    }

    /// An array of independent numbers as [`Tracer::random`] draws them.
    #[track_caller]
    pub fn random_array<T: Element>(&self, shape: &[Value<'_>]) -> Value<'_> {
        self.random_numbers("random", Some(T::DTYPE.into()), shape, None, At::caller())
    }
    /// An array of independent numbers as [`Tracer::random_range`] draws them.
    #[track_caller]
    pub fn random_range_array<'t>(
        &'t self,
        shape: &[Value<'t>],
        range: impl IterationRange<'t>,
    ) -> Value<'t> {
        let at = At::caller();
        self.random_numbers("random_range", None, shape, Some(range.range(self, at)), at)
    }
    /// An array of independent values as [`Tracer::random_bool`] draws them.
    #[track_caller]
    pub fn random_bool_array<'t>(&'t self, shape: &[Value<'t>], p: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.random_numbers("random_bool", None, shape, Some(p.operand(self, at)), at)
    }
    /// An array of independent numbers as [`Tracer::random_normal`] draws them.
    #[track_caller]
    pub fn random_normal_array<T: Element>(&self, shape: &[Value<'_>]) -> Value<'_> {
        self.random_numbers("random_normal", Some(T::DTYPE.into()), shape, None, At::caller())
    }
    /// An array of independent numbers as [`Tracer::random_exponential`] draws them.
    #[track_caller]
    pub fn random_exponential_array<T: Element>(&self, shape: &[Value<'_>]) -> Value<'_> {
        self.random_numbers("random_exponential", Some(T::DTYPE.into()), shape, None, At::caller())
    }

    fn random_numbers<'t>(
        &'t self,
        name: &'static str,
        element: Option<ElementType>,
        shape: &[Value<'_>],
        arg: Option<Value<'_>>,
        at: At,
    ) -> Value<'t> {
        let args: Vec<Value<'_>> = [self.tuple(shape)].into_iter().chain(arg).collect();
        self.new_array(name, element, None, &args, at)
    }
}

/// Whether a function draws random numbers.
pub(crate) fn is_known(name: &str) -> bool {
    matches!(name, "random" | "random_range" | "random_bool" | "random_normal" | "random_exponential")
}

/// How many arguments a function takes, without the shape of an array.
pub(crate) fn argument_count(name: &str) -> usize {
    matches!(name, "random_range" | "random_bool") as usize
}

/// The function that draws from a distribution.
pub(crate) fn name(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::RangeInclusive => Distribution::Range.name(),
        _ => distribution.name(),
    }
}

impl State {
    /// A random number, or an array of them.
    pub(crate) fn random_numbers(
        &mut self,
        name: &str,
        shape: Vec<program::Value>,
        ty: Ty,
        args: &[u32],
        at: At,
    ) -> Step<program::Value> {
        if self.map_depth + self.row_closures > 0 {
            let closure = if self.map_depth > 0 { "the closure of `mapv`" } else { "a closure over rows" };
            return mistake(format!("`{name}` is not supported inside {closure}; use a `prange` loop"));
        }
        // Plain loops do not count among those that number the draws.
        if self.has_ordered_loops() {
            return mistake(format!(
                "`{name}` in a kernel with a `prange` that pushes to a vector from outside, and so runs in order: collect what is kept, \
                 `prange(0..n).filter(…).map(…).collect()`, or write a plain `for`"
            ));
        }
        let expected = argument_count(name);
        if args.len() != expected {
            let expected = ["no argument", "one argument"][expected];
            return mistake(format!("`{name}` takes {expected}, not {}", args.len()));
        }
        let (distribution, operands) = self.distribution(name, ty.dtype, args, at)?;
        self.emit(Expr::Random { distribution, operands, shape }, ty, at)
    }

    fn distribution(
        &mut self,
        name: &str,
        dtype: TypeVar,
        args: &[u32],
        at: At,
    ) -> Step<(Distribution, Vec<program::Value>)> {
        Ok(match name {
            "random_range" => match self.kind(args[0]) {
                Kind::Range(range)
                    if range.step.is_none() && range.total.is_none() && range.claim.is_none() =>
                {
                    self.unify(dtype, range.dtype, "the bounds of a range")?;
                    let distribution = match range.inclusive {
                        true => Distribution::RangeInclusive,
                        false => Distribution::Range,
                    };
                    (distribution, vec![range.start, range.end])
                }
                Kind::Poison => return Err(Problem::Reported),
                _ => return mistake("`random_range` takes a range: `random_range(0..n)`"),
            },
            "random_bool" => {
                let bool_type = self.types.known(DType::Bool);
                self.unify(dtype, bool_type, "the type of `random_bool`")?;
                let p = self.scalar(args[0], "a probability", at)?;
                self.unify_known(p, DType::F64, "a probability")?;
                (Distribution::Bool, vec![p])
            }
            "random_normal" | "random_exponential" => {
                let float = self.types.fresh(Class::Float);
                self.unify(float, dtype, &format!("the type of `{name}`"))?;
                let normal = name == "random_normal";
                (if normal { Distribution::Normal } else { Distribution::Exponential }, Vec::new())
            }
            _ => (Distribution::Uniform, Vec::new()),
        })
    }
}
