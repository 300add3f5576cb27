//! Whether the comparisons of a struct are those that a derive writes, of one field after the other.
//!
//! ```text
//! #[derive(PartialOrd)]                Body { x: 0, y: 1 } < Body { x: 1, y: 0 }, as fields compare
//! impl PartialOrd for Body { … }       the same for all values that are tried, or kernels do not compare them
//! ```
//!
//! The functions are asked, since no macro sees what else a type derives.

use crate::kernel_data::KernelData;
use parfuse_ir::Scalar;
use parfuse_trace::{Comparison, DeclaredType};
use std::cmp::Ordering;
use std::marker::PhantomData;

/// A type, of which is found out what it implements: methods of it itself come before those of references.
#[derive(Debug)]
pub struct Known<T>(PhantomData<T>);

impl<T> Known<T> {
    /// The only one.
    pub const NEW: Known<T> = Known(PhantomData);
}

type Equal<T> = fn(&T, &T) -> bool;
type Partial<T> = fn(&T, &T) -> Option<Ordering>;
type Whole<T> = fn(&T, &T) -> Ordering;

macro_rules! found_out {
    ($($name:ident $method:ident $bound:path, $function:ty, $is:expr;)*) => { $(
        #[doc = concat!("The function of `", stringify!($bound), "`, if a type has it.")]
        pub trait $name<T> {
            /// The function.
            fn $method(&self) -> Option<$function>;
        }
        impl<T: $bound> $name<T> for Known<T> {
            fn $method(&self) -> Option<$function> {
                Some($is)
            }
        }
        impl<T> $name<T> for &Known<T> {
            fn $method(&self) -> Option<$function> {
                None
            }
        }
    )* };
}
found_out! {
    Equates equates PartialEq, Equal<T>, |a, b| a == b;
    Orders orders PartialOrd, Partial<T>, |a, b| a.partial_cmp(b);
    OrdersWhole orders_whole Ord, Whole<T>, |a, b| a.cmp(b);
}

/// Answers for a type with these comparisons.
pub fn compares_by_fields<T: KernelData>(
    asked: Comparison,
    equal: Option<Equal<T>>,
    partial: Option<Partial<T>>,
    whole: Option<Whole<T>>,
) -> bool {
    let all = samples::<T>();
    let (finite, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|sample| !sample.has_nan());
    let has_floats = !others.is_empty();
    let holds = |others: &[Sample<T>], is: &dyn Fn(&Sample<T>, &Sample<T>) -> bool| {
        let both = |a: &Sample<T>, b: &Sample<T>| is(a, b) && is(b, a);
        // One that panics is none of a derive.
        let tried = std::panic::AssertUnwindSafe(|| {
            finite.iter().all(|a| finite.iter().all(|b| is(a, b)))
                && others.iter().all(|a| finite.iter().chain(others).all(|b| both(a, b)))
        });
        std::panic::catch_unwind(tried).unwrap_or(false)
    };
    match (asked, equal, partial, whole) {
        (Comparison::Equal, Some(equal), ..) => {
            holds(&others, &|a, b| equal(&a.value, &b.value) == a.equals(b))
        }
        // No derive makes a whole order of floats.
        (Comparison::Less | Comparison::Whole, .., Some(_)) if has_floats => false,
        (Comparison::Less, _, Some(partial), _) => {
            holds(&others, &|a, b| partial(&a.value, &b.value) == a.compare(b))
        }
        (Comparison::Whole, .., Some(whole)) => {
            holds(&others, &|a, b| Some(whole(&a.value, &b.value)) == a.compare(b))
        }
        (Comparison::EqualAsWhole, Some(equal), _, Some(whole)) => {
            holds(&[], &|a, b| equal(&a.value, &b.value) == whole(&a.value, &b.value).is_eq())
        }
        (Comparison::LessAsWhole, _, Some(partial), Some(whole)) => {
            holds(&[], &|a, b| partial(&a.value, &b.value) == Some(whole(&a.value, &b.value)))
        }
        // What is not there is not called: rustc would not have it.
        (Comparison::Equal | Comparison::Whole, ..) => true,
        _ => false,
    }
}

/// A value, and the numbers that it is made of.
struct Sample<T> {
    value: T,
    numbers: Vec<Scalar>,
}

impl<T: KernelData> Sample<T> {
    fn new(numbers: &[Scalar]) -> Sample<T> {
        let value = T::of_field_scalars(&mut numbers.iter().copied());
        let mut numbers = Vec::with_capacity(numbers.len());
        value.field_scalars(&mut numbers);
        Sample { value, numbers }
    }

    fn has_nan(&self) -> bool {
        self.numbers.iter().any(|number| number.as_float().is_some_and(f64::is_nan))
    }

    fn equals(&self, other: &Sample<T>) -> bool {
        self.numbers.iter().zip(&other.numbers).all(|(a, b)| compare(*a, *b) == Some(Ordering::Equal))
    }

    fn compare(&self, other: &Sample<T>) -> Option<Ordering> {
        let orders = self.numbers.iter().zip(&other.numbers).map(|(a, b)| compare(*a, *b));
        orders.into_iter().find(|order| *order != Some(Ordering::Equal)).unwrap_or(Some(Ordering::Equal))
    }
}

/// How two numbers of one type compare.
fn compare(a: Scalar, b: Scalar) -> Option<Ordering> {
    match (a, b) {
        (Scalar::F32(a), Scalar::F32(b)) => a.partial_cmp(&b),
        (Scalar::F64(a), Scalar::F64(b)) => a.partial_cmp(&b),
        (Scalar::Bool(a), Scalar::Bool(b)) => a.partial_cmp(&b),
        (a, b) => Some(a.as_integer()?.cmp(&b.as_integer()?)),
    }
}

/// Values that differ in one field from others, by much and by little.
fn samples<T: KernelData>() -> Vec<Sample<T>> {
    let fields = DeclaredType::Record(T::RECORD).flattened();
    let parts = fields.iter().filter_map(|field| field.element()).flat_map(|element| {
        let dtype = element.part();
        std::iter::repeat_n(dtype, if element.is_complex() { 2 } else { 1 })
    });
    let parts: Vec<_> = parts.collect();
    let zeros: Vec<Scalar> = parts.iter().map(|part| part.zero()).collect();
    let ones: Vec<Scalar> = parts.iter().map(|part| part.one()).collect();
    let mut all = vec![Sample::new(&zeros), Sample::new(&ones)];
    for (position, part) in parts.iter().enumerate() {
        let some: Vec<Scalar> = match part {
            part if part.is_float() => [1.0, -1.0, 1e-6, -0.0, f64::NAN, f64::INFINITY]
                .map(|number| Scalar::F64(number).cast(*part))
                .to_vec(),
            part => {
                // Enums have many values in one field.
                let numbers = if parts.len() == 1 { -128..256 } else { -1..4 };
                let small = numbers.filter_map(|number| part.integer(number));
                small.chain([part.one(), part.least(), part.greatest()]).collect()
            }
        };
        for number in some {
            for others in [&zeros, &ones] {
                let mut numbers = others.clone();
                numbers[position] = number;
                all.push(Sample::new(&numbers));
            }
        }
    }
    all
}
