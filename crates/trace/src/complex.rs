//! Complex numbers: how they are made, their parts, and what stands on either side of an operator.
//!
//! ```text
//! Complex::new(x, y)       complex x, y
//! z.re                     re z
//! z.re = x                 z = complex x, (im z)
//! z * x                    mul z, x          x is a float of the type of z's parts
//! ```
//!
//! What operations do to the parts is settled when a program is split. Methods are in `complex_methods`.

use crate::errors::{At, Problem, Step, mistake};
use crate::records::{Items, Whole};
use crate::state::{Kind, Literal, State, Ty};
use crate::types::{Class, TypeVar};
use crate::{DTypeArg, Operand, Tracer, Value};
use num_complex::Complex;
use parfuse_ir::program::{self, Expr};
use parfuse_ir::{DType, Part, ScalarOp};

/// A type of complex numbers, whose associated functions a kernel may call.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot call functions of `{Self}`",
    label = "not a type whose functions kernels know",
    note = "if the function is yours, write it as a function with `#[kernel]` outside of the `impl`"
)]
pub trait ComplexType {
    /// The type of the parts, or [`Infer`](crate::Infer).
    type Part: DTypeArg;
}

#[diagnostic::do_not_recommend]
impl<T: DTypeArg> ComplexType for Complex<T> {
    type Part = T;
}

impl Tracer {
    /// `Complex::new(re, im)`, `i`, `from`, `from_polar`, `cis`, `zero`, `one`, `default`.
    pub fn complex_function<C: ComplexType>(
        &self,
        name: &'static str,
        args: &[Value<'_>],
        at: At,
    ) -> Value<'_> {
        let args = self.ids(args);
        self.step(at, |state| {
            state.doing = format!("`Complex::{name}`").into();
            let part = state.types.annotated(C::Part::ELEMENT);
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                values.push(state.scalar(arg, &format!("the argument of `Complex::{name}`"), at)?);
            }
            state.complex_function(name, part, &values, at).map(Kind::Plain)
        })
    }
    /// A complex number of two floats.
    pub(crate) fn complex_number(&self, re: Value<'_>, im: Value<'_>, at: At) -> Value<'_> {
        let (re, im) = (self.id(re), self.id(im));
        self.step(at, |state| {
            let (re, im) = (state.read(re, at)?, state.read(im, at)?);
            state.complex(re, im, at).map(Kind::Plain)
        })
    }
    /// `v.re`, `v.im`.
    pub fn member(&self, v: Value<'_>, name: &'static str, at: At) -> Value<'_> {
        if let Some(field) = self.field_of_record(v, name) {
            return field;
        }
        let v = self.id(v);
        self.step(at, |state| {
            let Some(part) = Part::from_name(name) else {
                return match state.kind(v) {
                    Kind::Poison => Err(Problem::Reported),
                    Kind::Tuple(Items { of: Whole::Record(record), .. }) => {
                        mistake(format!("no field `{name}` in a `{}`", record.name))
                    }
                    Kind::Range(range) if range.step.is_none() && range.total.is_none() => match name {
                        "start" => Ok(Kind::Plain(range.start)),
                        "end" => Ok(Kind::Plain(range.end)),
                        _ => mistake(format!("a range has no field `{name}`")),
                    },
                    _ => mistake(format!(
                        "only structs with `#[derive(KernelData)]` have a field `.{name}` in a kernel"
                    )),
                };
            };
            match state.kind(v) {
                Kind::Variable { .. } | Kind::Element { .. } if state.type_of(v)?.rank.is_none() => {
                    Ok(Kind::Part { complex: v, part })
                }
                _ => {
                    let complex = state.scalar(v, &format!("what has a field `{name}`"), at)?;
                    state.part(complex, part, at).map(Kind::Plain)
                }
            }
        })
    }
    /// `array[index]`, to set a part of it, or a field.
    pub fn element(&self, array: Value<'_>, index: &[Value<'_>], at: At) -> Value<'_> {
        if let Some((list, rest)) = self.in_lists(array, index, at) {
            return self.element(list, &rest, at);
        }
        let (array, index) = (self.id(array), self.ids(index));
        self.step(at, |state| {
            let (array, index) = state.without_ranges(array, &index, at)?;
            if let Some(fields) = state.record_at(array, index, true, at) {
                return fields;
            }
            let (place, index) = state.place(array, index, at)?;
            Ok(Kind::Element { place, index, borrowed: false })
        })
    }
    /// A complex number of two floats, or an array of them.
    #[track_caller]
    pub fn complex<'t>(&'t self, re: impl Operand<'t>, im: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.complex_number(re.operand(self, at), im.operand(self, at), at)
    }
}

/// The parts of complex numbers; of each element of an array.
impl<'t> Value<'t> {
    /// The real part.
    #[track_caller]
    pub fn re(self) -> Value<'t> {
        self.part(Part::Re, At::caller())
    }
    /// The imaginary part.
    #[track_caller]
    pub fn im(self) -> Value<'t> {
        self.part(Part::Im, At::caller())
    }
    fn part(self, part: Part, at: At) -> Value<'t> {
        let id = self.tracer.id(self);
        self.tracer.step(at, |state| {
            let complex = state.read(id, at)?;
            state.part(complex, part, at).map(Kind::Plain)
        })
    }
}

impl State {
    fn complex_function(
        &mut self,
        name: &str,
        part: TypeVar,
        args: &[program::Value],
        at: At,
    ) -> Step<program::Value> {
        let expected = match name {
            "i" | "zero" | "one" | "default" => 0,
            "from" | "cis" => 1,
            _ => 2,
        };
        if args.len() != expected {
            return mistake(format!("`Complex::{name}` takes {expected} arguments, not {}", args.len()));
        }
        if name == "from" && matches!(self.class(args[0]), Class::Complex(_)) {
            return Ok(args[0]);
        }
        for arg in args {
            let found = self.ty(*arg).dtype;
            self.unify(part, found, &format!("the parts of `Complex::{name}`"))?;
        }
        let mut number = |number: f64| self.literal(Literal::Float(number), part, at);
        let (re, im) = match (name, args) {
            ("new", [re, im]) => (*re, *im),
            ("from", [re]) => (*re, number(0.0)),
            ("i", _) => (number(0.0), number(1.0)),
            ("one", _) => (number(1.0), number(0.0)),
            ("zero" | "default", _) => (number(0.0), number(0.0)),
            ("cis", [angle]) => {
                let re = self.op(ScalarOp::Cos, &[*angle], at)?;
                (re, self.op(ScalarOp::Sin, &[*angle], at)?)
            }
            ("from_polar", [norm, angle]) => return self.of_polar(*norm, *angle, at),
            _ => return mistake(format!("`Complex::{name}` is not supported in a kernel")),
        };
        self.complex(re, im, at)
    }

    /// A complex number of two floats; of arrays element by element, in the shape that both have together.
    pub(crate) fn complex(&mut self, re: program::Value, im: program::Value, at: At) -> Step<program::Value> {
        let (a, b) = (self.ty(re).dtype, self.ty(im).dtype);
        self.unify(a, b, "the parts of a complex number")?;
        let dtype = match self.types.complex(a) {
            Ok(dtype) => dtype,
            Err(part) => return mistake(format!("the parts of a complex number must be floats, not {part}")),
        };
        let (re, im) = (self.drawn_out(re, im, at)?, self.drawn_out(im, re, at)?);
        let rank = self.ty(re).rank;
        self.emit(Expr::Complex { re, im }, Ty { dtype, rank, of_arrays: false }, at)
    }

    /// A number, in the shape of an array.
    fn drawn_out(&mut self, part: program::Value, other: program::Value, at: At) -> Step<program::Value> {
        if self.ty(part).rank.is_some() || self.ty(other).rank.is_none() {
            return Ok(part);
        }
        let anything = self.op(ScalarOp::Eq, &[other, other], at)?;
        self.op(ScalarOp::Select, &[anything, part, part], at)
    }

    /// A part of a complex number, or of each element of an array.
    pub(crate) fn part(&mut self, complex: program::Value, part: Part, at: At) -> Step<program::Value> {
        let ty = self.ty(complex);
        self.close_type(ty.dtype)?;
        match self.types.class(ty.dtype) {
            Class::Complex(dtype) => {
                self.emit(Expr::Part { complex, part }, Ty { dtype, rank: ty.rank, of_arrays: false }, at)
            }
            Class::Any => {
                mistake(format!("`.{}` of a value whose type is not known yet; annotate it", part.name()))
            }
            _ => {
                let found = self.describe(ty);
                mistake(format!("`.{}` is a field of complex numbers, not of {found}", part.name()))
            }
        }
    }

    /// Both parts.
    pub(crate) fn both_parts(&mut self, complex: program::Value, at: At) -> Step<[program::Value; 2]> {
        Ok([self.part(complex, Part::Re, at)?, self.part(complex, Part::Im, at)?])
    }

    /// `variable.re = value`: the complex number with another part.
    pub(crate) fn assign_part(
        &mut self,
        complex: u32,
        part: Part,
        value: program::Value,
        at: At,
    ) -> Step<()> {
        let present = self.read(complex, at)?;
        let [re, im] = self.both_parts(present, at)?;
        let changed = match part {
            Part::Re => self.complex(value, im, at)?,
            Part::Im => self.complex(re, value, at)?,
        };
        let changed = self.handle(Kind::Plain(changed));
        self.assign(complex, changed, at)
    }

    /// Brings the operands of a binary operator to types that fit, and gives that of the result.
    pub(crate) fn operand_types(
        &mut self,
        symbol: &str,
        op: ScalarOp,
        a: program::Value,
        b: program::Value,
    ) -> Step<TypeVar> {
        use ScalarOp::{Add, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Sub};
        if matches!(op, Add | Sub | Mul | Div)
            && let Some(result) = self.mixed_types(symbol, a, b)?
        {
            return Ok(result);
        }
        self.same_types(symbol, a, b)?;
        Ok(match op {
            Eq | Ne | Lt | Le | Gt | Ge => self.types.known(DType::Bool),
            _ => self.ty(a).dtype,
        })
    }

    /// The type of the result if one operand is complex and the other is not, or may turn out to be.
    fn mixed_types(&mut self, symbol: &str, a: program::Value, b: program::Value) -> Step<Option<TypeVar>> {
        let (left, right) = (self.ty(a).dtype, self.ty(b).dtype);
        let is_float = |class: Class| match class {
            Class::Float => true,
            Class::Known(dtype) => dtype.is_float(),
            Class::Any | Class::Integer | Class::Complex(_) => false,
        };
        let (left_class, right_class) = (self.types.class(left), self.types.class(right));
        Ok(match (left_class, right_class) {
            (Class::Complex(_), Class::Complex(_)) => None,
            (Class::Complex(part), Class::Any) => {
                self.types.stands_beside(right, part, left);
                Some(left)
            }
            (Class::Any, Class::Complex(part)) => {
                self.types.stands_beside(left, part, right);
                Some(right)
            }
            (Class::Complex(part), _) | (_, Class::Complex(part)) => {
                let (complex, real) = match left_class {
                    Class::Complex(_) => (left, right),
                    _ => (right, left),
                };
                let shown = (self.types.show(left), self.types.show(right));
                if self.types.unify(part, real).is_err() {
                    let (left, right) = shown;
                    return mistake(format!(
                        "`{symbol}` of {left} and {right}: beside a complex number stands another, or a float of the \
                         type of its parts"
                    ));
                }
                Some(complex)
            }
            (Class::Any, class) if is_float(class) => {
                self.types.stands_beside(left, right, right);
                Some(left)
            }
            (class, Class::Any) if is_float(class) => {
                self.types.stands_beside(right, left, left);
                Some(right)
            }
            _ => None,
        })
    }
}
