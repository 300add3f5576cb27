//! Every element type end to end: what a kernel computes is what its function does, bit for bit, at every length around
//! registers and on every instruction set that runs here.
//!
//! ```text
//! operators, methods, literals     as elements, as scalars, as results, written to and in place
//! casts                            of all numbers of 8 and 16 bits, and of the limits of the others, to all types
//! reductions                       wrap as sums of Rust do, with the identity of the type
//! indices, ranges                  of the type; what wraps in it is not proven not to
//! random numbers                   those of the function
//! ```

use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Engine, Error, Isa};
use std::sync::OnceLock;

/// Around registers of 4, 8 and 16 lanes, and steps of several.
const LENGTHS: [usize; 20] = [0, 1, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 25, 31, 33, 49, 64, 97, 129, 1000];

/// Engines with thorough and with quick code of every instruction set that runs here.
fn engines() -> &'static [Engine] {
    static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();
    ENGINES.get_or_init(|| {
        let engine =
            |isa, thorough| Engine::builder().threads(2).thorough(thorough).isa(isa).build().unwrap();
        let all = Isa::ALL.into_iter().filter(|isa| isa.is_available());
        all.flat_map(|isa| [engine(isa, true), engine(isa, false)]).collect()
    })
}

/// The result of a kernel on every engine is the one expected.
fn everywhere<R: PartialEq + std::fmt::Debug>(expected: R, run: impl Fn(bool) -> Result<R, Error>) {
    for engine in engines() {
        for parallel in [false, true] {
            let found = engine.install(|| run(parallel));
            assert_eq!(found.as_ref(), Ok(&expected), "{:?}, parallel: {parallel}", engine.isa());
        }
    }
}

/// Some numbers whose bits are everywhere.
fn words(n: usize, seed: u64) -> impl Iterator<Item = u64> {
    (0..n as u64).map(move |i| {
        let word = (i + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(seed.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let word = (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        // Small numbers and limits are more interesting than most.
        match i % 7 {
            0 => word >> 61,
            1 => u64::MAX - (word >> 62),
            2 => 1 << (word % 64),
            _ => word ^ word >> 32,
        }
    })
}

macro_rules! integers {
    ($($ty:ident),*) => { $(mod $ty {
        use super::*;

        fn numbers(n: usize, seed: u64) -> Array1<$ty> {
            words(n, seed).map(|word| word as $ty).collect()
        }

        #[kernel]
        fn arithmetic(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> (Array2<$ty>, Array1<bool>) {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((17, n));
            let mut less = Array1::<bool>::from_elem(n, false);
            for i in prange(0..n) {
                let (x, y) = (a[i], b[i]);
                r[[0, i]] = x.wrapping_add(y);
                r[[1, i]] = x.wrapping_sub(y);
                r[[2, i]] = x.wrapping_mul(y);
                if y != 0 {
                    r[[3, i]] = x.wrapping_div(y);
                    r[[4, i]] = x.wrapping_rem(y);
                }
                r[[5, i]] = x & y;
                r[[6, i]] = x | y;
                r[[7, i]] = x ^ y;
                r[[8, i]] = !x;
                r[[9, i]] = x << 3;
                r[[10, i]] = x >> 3;
                r[[11, i]] = x >> (y & 7);
                r[[12, i]] = x.min(y);
                r[[13, i]] = x.max(y);
                r[[14, i]] = x.wrapping_mul(3).wrapping_add(y.wrapping_mul(y)).wrapping_sub(100) >> 1;
                r[[15, i]] = x.clamp(3, 100);
                r[[16, i]] = if x.wrapping_add(1) > y { x.wrapping_neg() } else { (y / 7).wrapping_add(x % 10) };
                less[i] = x < y || x.wrapping_mul(2) >= y;
            }
            (r, less)
        }

        #[kernel]
        fn totals(a: &ArrayRef1<$ty>, start: $ty) -> ($ty, $ty, $ty, $ty) {
            let (mut sum, mut product, mut least, mut most) = (start, 1 as $ty, start, start);
            for i in prange(0..a.len()) {
                sum = sum.wrapping_add(a[i]);
                product = product.wrapping_mul(a[i] | 1);
                least = least.min(a[i]);
                most = most.max(a[i]);
            }
            (sum, product, least, most)
        }

        #[kernel]
        fn combined(a: &ArrayRef1<$ty>, start: $ty) -> ($ty, $ty, $ty) {
            let (mut all, mut some, mut odd) = (<$ty>::MAX, start, start);
            for i in prange(0..a.len()) {
                all &= a[i];
                some |= a[i];
                odd ^= a[i];
            }
            (all, some, odd)
        }

        #[kernel]
        fn expressions(a: &ArrayRef1<$ty>, x: $ty) -> (Array1<$ty>, $ty) {
            let r = (a / 3 + x / 2) & (a | 5);
            let quarters = a / 4;
            let third = if quarters.len() > 2 { quarters[2] } else { x };
            (r, third)
        }

        #[kernel]
        fn in_place(a: &mut ArrayRef1<$ty>, by: $ty) {
            for i in prange(0..a.len()) {
                if a[i] & 1 == 0 {
                    a[i] = a[i].wrapping_add(by);
                } else {
                    a[i] ^= 0x55;
                }
            }
        }

        #[kernel]
        fn every_third(a: &ArrayRef1<$ty>, at: &ArrayRef1<$ty>) -> Array1<$ty> {
            let mut r = Array1::<$ty>::zeros(a.len());
            for i in prange(0..a.len() / 3) {
                r[3 * i] = a[3 * i + 1].wrapping_add(a[at[i] as usize % a.len()]);
            }
            r
        }

        #[kernel]
        fn ranges(n: $ty) -> (i64, Array1<$ty>) {
            let mut total = 0;
            let mut r = Array1::<$ty>::zeros(n as usize + 1);
            for i in prange(1..n) {
                r[i as usize] = i;
                for j in (0..i).step_by(3) {
                    total += j as i64;
                }
                for j in (i / 2..i).rev() {
                    total -= j as i64;
                }
            }
            (total, r)
        }

        #[kernel]
        fn divided(a: &ArrayRef1<$ty>, by: $ty) -> Array1<$ty> {
            a / by
        }

        #[kernel]
        fn powers(x: $ty, n: u32) -> ($ty, $ty, $ty) {
            (x.pow(2), x.pow(n), <$ty>::MAX.rem_euclid(x).div_euclid(3))
        }

        #[kernel]
        fn drawn(n: usize) -> (Array1<$ty>, Array1<$ty>, $ty) {
            let mut dice = Array1::<$ty>::zeros(n);
            for i in prange(0..n) {
                dice[i] = random_range(1..=6);
            }
            (Array1::<$ty>::random(n), dice, random::<$ty>())
        }

        #[test]
        fn operations_are_those_of_rust() {
            for n in LENGTHS {
                let (a, b) = (numbers(n, 1), numbers(n, 2));
                everywhere(arithmetic(&a, &b), |parallel| match parallel {
                    true => arithmetic::parallel(&a, &b),
                    false => arithmetic::serial(&a, &b),
                });
                everywhere(expressions(&(&a / 3), 9), |parallel| match parallel {
                    true => expressions::parallel(&(&a / 3), 9),
                    false => expressions::serial(&(&a / 3), 9),
                });
            }
            let reversed = numbers(100, 3);
            let reversed = reversed.slice(ndarray::s![..;-1]);
            everywhere(arithmetic(&reversed, &reversed), |_| arithmetic::serial(&reversed, &reversed));
        }

        #[test]
        fn reductions_wrap_in_the_type() {
            for n in LENGTHS {
                let a = numbers(n, 4);
                everywhere(totals(&a, 77), |parallel| match parallel {
                    true => totals::parallel(&a, 77),
                    false => totals::serial(&a, 77),
                });
                everywhere(combined(&a, 77), |_| combined::serial(&a, 77));
            }
            let a = numbers(100_000, 4);
            everywhere(totals(&a, 77), |_| totals::parallel(&a, 77));
            everywhere(combined(&a, 77), |_| combined::parallel(&a, 77));
        }

        #[test]
        fn elements_are_written_where_they_belong() {
            for n in LENGTHS {
                let (a, at) = (numbers(n, 5), numbers(n, 6));
                let written = |run: &dyn Fn(&mut ArrayRef1<$ty>) -> Result<(), Error>| {
                    // What surrounds the elements stays.
                    let mut all = Array1::from_elem(n + 2, 42 as $ty);
                    all.slice_mut(ndarray::s![1..n + 1]).assign(&a);
                    run(&mut all.slice_mut(ndarray::s![1..n + 1])).map(|()| all)
                };
                let expected = written(&|a| Ok(in_place(a, 3))).unwrap();
                everywhere(expected, |parallel| match parallel {
                    true => written(&|a| in_place::parallel(a, 3)),
                    false => written(&|a| in_place::serial(a, 3)),
                });
                everywhere(every_third(&a, &at), |_| every_third::serial(&a, &at));
            }
        }

        #[test]
        fn ranges_and_indices_have_the_type() {
            for n in [0, 1, 2, 20, 100] {
                everywhere(ranges(n), |parallel| match parallel {
                    true => ranges::parallel(n),
                    false => ranges::serial(n),
                });
            }
        }

        #[test]
        fn divisions_fault_on_zero_and_wrap_at_the_least_number() {
            let a = Array1::from_vec(vec![<$ty>::MIN, <$ty>::MAX, 7]);
            everywhere(divided(&a, 3), |_| divided::serial(&a, 3));
            for engine in engines() {
                let failed = engine.install(|| divided::parallel(&a, 0));
                assert!(matches!(failed, Err(Error::DivisionByZero { .. })), "{failed:?}");
            }
            let minus_one = (0 as $ty).wrapping_sub(1);
            everywhere(a.mapv(|x| x.wrapping_div(minus_one)), |_| divided::serial(&a, minus_one));
        }

        #[test]
        fn methods_are_those_of_the_type() {
            for (x, n) in [(1, 0), (2, 6), (3, 4), (5, 2)] {
                everywhere(powers(x, n), |_| powers::serial(x, n));
            }
        }

        #[test]
        fn random_numbers_are_those_of_the_function() {
            for n in [0, 1, 33, 1000] {
                everywhere(with_seed(7, || drawn(n)), |parallel| with_seed(7, || match parallel {
                    true => drawn::parallel(n),
                    false => drawn::serial(n),
                }));
            }
        }

        #[test]
        fn results_go_into_what_is_there() {
            let a = numbers(33, 9);
            let (mut r, mut x) = (Array1::zeros(33), 0);
            expressions::serial_into(&(&a / 3), 9, (&mut *r, &mut x)).unwrap();
            assert_eq!((r, x), expressions(&(&a / 3), 9));
        }
    })* };
}
integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

macro_rules! casts {
    ($($from:ident: $name:ident),*) => { $(
        #[kernel]
        fn $name(
            a: &ArrayRef1<$from>,
            i8s: &mut ArrayRef1<i8>,
            i16s: &mut ArrayRef1<i16>,
            i32s: &mut ArrayRef1<i32>,
            i64s: &mut ArrayRef1<i64>,
            isizes: &mut ArrayRef1<isize>,
            u8s: &mut ArrayRef1<u8>,
            u16s: &mut ArrayRef1<u16>,
            u32s: &mut ArrayRef1<u32>,
            u64s: &mut ArrayRef1<u64>,
            usizes: &mut ArrayRef1<usize>,
        ) -> (Array1<f32>, Array1<f64>) {
            let (mut f32s, mut f64s) = (Array1::<f32>::zeros(a.len()), Array1::<f64>::zeros(a.len()));
            for i in prange(0..a.len()) {
                let x = a[i];
                i8s[i] = x as i8;
                i16s[i] = x as i16;
                i32s[i] = x as i32;
                i64s[i] = x as i64;
                isizes[i] = x as isize;
                u8s[i] = x as u8;
                u16s[i] = x as u16;
                u32s[i] = x as u32;
                u64s[i] = x as u64;
                usizes[i] = x as usize;
                f32s[i] = x as f32;
                f64s[i] = x as f64;
            }
            (f32s, f64s)
        }
    )* };
}
casts!(i8: from_i8, i16: from_i16, i32: from_i32, i64: from_i64, isize: from_isize, u8: from_u8, u16: from_u16,
    u32: from_u32, u64: from_u64, usize: from_usize, f32: from_f32, f64: from_f64);

/// The bits of the floats that a function or a kernel returns.
type Bits = (Array1<u32>, Array1<u64>);

trait Floats {
    fn bits(self) -> Result<Bits, Error>;
}
impl Floats for (Array1<f32>, Array1<f64>) {
    fn bits(self) -> Result<Bits, Error> {
        Ok((self.0.mapv(f32::to_bits), self.1.mapv(f64::to_bits)))
    }
}
impl Floats for Result<(Array1<f32>, Array1<f64>), Error> {
    fn bits(self) -> Result<Bits, Error> {
        self?.bits()
    }
}

/// Runs a kernel that converts to all types: the bits of all results.
macro_rules! converted {
    ($kernel:path, $a:expr) => {{
        let n = $a.len();
        let (mut i8s, mut i16s, mut i32s, mut i64s) =
            (Array1::zeros(n), Array1::zeros(n), Array1::zeros(n), Array1::zeros(n));
        let (mut u8s, mut u16s, mut u32s, mut u64s) =
            (Array1::zeros(n), Array1::zeros(n), Array1::zeros(n), Array1::zeros(n));
        let (mut isizes, mut usizes) = (Array1::zeros(n), Array1::zeros(n));
        let done = $kernel(
            $a,
            &mut i8s,
            &mut i16s,
            &mut i32s,
            &mut i64s,
            &mut isizes,
            &mut u8s,
            &mut u16s,
            &mut u32s,
            &mut u64s,
            &mut usizes,
        );
        let floats = done.bits();
        floats.map(|floats| ((i8s, i16s, i32s, i64s, isizes), (u8s, u16s, u32s, u64s, usizes), floats))
    }};
}

macro_rules! check_casts {
    ($kernel:ident, $a:expr) => {{
        let a = &$a;
        let expected = converted!($kernel, a).unwrap();
        everywhere(expected, |parallel| match parallel {
            true => converted!($kernel::parallel, a),
            false => converted!($kernel::serial, a),
        });
    }};
}

#[test]
fn all_numbers_of_few_bits_convert_as_in_rust() {
    check_casts!(from_i8, (i8::MIN..=i8::MAX).collect::<Array1<i8>>());
    check_casts!(from_u8, (u8::MIN..=u8::MAX).collect::<Array1<u8>>());
    check_casts!(from_i16, (i16::MIN..=i16::MAX).collect::<Array1<i16>>());
    check_casts!(from_u16, (u16::MIN..=u16::MAX).collect::<Array1<u16>>());
}

#[test]
fn integers_around_powers_of_two_convert_as_in_rust() {
    let around = |power: u32| [-2i128, -1, 0, 1, 2].map(|by| ((1i128 << power) + by) as u64);
    let integers: Array1<u64> = (0..65).flat_map(around).chain(words(1000, 3)).collect();
    check_casts!(from_i32, integers.mapv(|x| x as i32));
    check_casts!(from_u32, integers.mapv(|x| x as u32));
    check_casts!(from_i64, integers.mapv(|x| x as i64));
    check_casts!(from_u64, integers);
    check_casts!(from_isize, integers.mapv(|x| x as isize));
    check_casts!(from_usize, integers.mapv(|x| x as usize));
}

#[test]
fn floats_saturate_at_the_limits_of_every_type() {
    let mut floats = vec![0.0, f64::NAN, f64::INFINITY, 0.5, 0.999, f64::MIN_POSITIVE, f64::MAX];
    for power in 0..66 {
        let limit = 2f64.powi(power);
        floats.extend([
            limit - 1.5,
            limit - 1.0,
            limit - 0.5,
            limit.next_down(),
            limit,
            limit.next_up(),
            limit + 1.0,
        ]);
    }
    let floats: Array1<f64> = floats.iter().flat_map(|x| [*x, -*x]).collect();
    check_casts!(from_f64, floats);
    check_casts!(from_f32, floats.mapv(|x| x as f32));
}

#[kernel]
fn wrapped_sum(a: &ArrayRef1<u8>) -> (u8, u8) {
    (a.sum(), a.product())
}

#[test]
fn sums_of_bytes_wrap_as_those_of_rust_in_release() {
    let a: Array1<u8> = words(10_000, 8).map(|word| word as u8 | 1).collect();
    let sum = a.iter().fold(0u8, |sum, x| sum.wrapping_add(*x));
    let product = a.iter().fold(1u8, |product, x| product.wrapping_mul(*x));
    everywhere((sum, product), |_| wrapped_sum::parallel(&a));
}

#[kernel]
fn stored_at_a_byte(n: usize) -> Array1<usize> {
    let mut r = Array1::<usize>::zeros(256);
    for i in prange(0..n) {
        r[(i as u8) as usize] = i;
    }
    r
}

#[test]
fn an_index_that_wraps_in_its_type_is_a_race() {
    let refused = stored_at_a_byte::parallel(10);
    assert!(matches!(refused, Err(Error::PossibleRace { .. })), "{refused:?}");
}

#[kernel]
fn rows_of_a_byte(n: u8) -> Array1<u8> {
    let mut r = Array1::<u8>::zeros(256);
    for i in prange(0..n) {
        r[i.wrapping_add(100) as usize] = i;
    }
    r
}

#[test]
fn an_index_in_a_range_of_its_type_is_proven() {
    for n in [0, 1, 100, 255] {
        everywhere(rows_of_a_byte(n), |_| rows_of_a_byte::parallel(n));
    }
}

#[kernel]
fn shifted(a: &ArrayRef1<u8>, by: i32, wide: u64) -> (Array1<u8>, Array1<u8>) {
    (a << by, a >> wide)
}

#[test]
fn a_count_beyond_the_width_shifts_all_bits_out_whatever_its_type() {
    let a: Array1<u8> = (0..=255).collect();
    let none = Array1::<u8>::zeros(256);
    everywhere((a.mapv(|x| x << 3), a.mapv(|x| x >> 7)), |_| shifted::serial(&a, 3, 7));
    for (by, wide) in [(8, 8), (256, 256), (-1, 1 << 32), (-256, 1 << 63), (i32::MIN, u64::MAX)] {
        everywhere((none.clone(), none.clone()), |_| shifted::serial(&a, by, wide));
    }
}

#[kernel]
fn letters(text: &[u8]) -> (usize, u8, u32) {
    let (mut vowels, mut largest, mut hash) = (0, u8::MIN, 0u32);
    for i in 0..text.len() {
        let letter = if text[i] >= b'A' && text[i] <= b'Z' { text[i] + (b'a' - b'A') } else { text[i] };
        if letter == b'a' || letter == b'e' || letter == b'i' || letter == b'o' || letter == b'u' {
            vowels += 1;
        }
        largest = largest.max(letter);
        hash = hash.wrapping_mul(31).wrapping_add(letter as u32) ^ b'\n' as u32;
    }
    (vowels, largest, hash)
}

#[test]
fn bytes_are_written_as_letters() {
    let text = b"Every Byte Is A Number\xff";
    everywhere(letters(text), |_| letters::serial(text));
    assert_eq!(letters::serial(b"AEiou xyz").unwrap().0, 5);
}

#[kernel]
fn narrow_limits(x: i16) -> (i8, i16, u8, u16) {
    let above = if x == i16::MAX { i8::MAX } else { i8::MIN };
    (above, i16::MIN, u8::MAX, u16::MAX)
}

#[kernel]
fn wide_limits(x: u64) -> (u32, u64, isize, i64) {
    (u8::BITS, u64::MAX - x, isize::MIN, u8::MAX as i64 + i64::from(i8::MIN))
}

#[test]
fn constants_of_types_are_what_they_are_in_rust() {
    for x in [i16::MAX, 0] {
        everywhere(narrow_limits(x), |_| narrow_limits::serial(x));
    }
    everywhere(wide_limits(1), |_| wide_limits::serial(1));
}
