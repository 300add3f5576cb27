//! Distributions and the numbering of draws: one seed gives the same bits as plain Rust, serially, and in
//! parallel on any number of threads.

use super::ways::{error_of, same_bits};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, array};
use num_complex::Complex64;
use parfuse::prelude::*;
use parfuse::{Agreement, CallOptions, Returned, Seeding};
use std::collections::HashSet;

/// Sizes around lanes and blocks.
const SIZES: [usize; 5] = [0, 1, 3, 33, 8193];

#[track_caller]
fn same_as_plain<R: Returned + std::fmt::Debug>(plain: &R, compiled: &R) {
    let mut agreement = Agreement::default();
    plain.compare_elements(compiled, &mut agreement);
    assert!(agreement.same_bits, "plain {plain:?}, compiled {compiled:?}");
}

/// The result of a call under seed 7, the same for every variant.
macro_rules! seeded {
    ($kernel:ident($($arg:expr),* $(,)?)) => {{
        let plain = with_seed(7, || $kernel($($arg),*));
        let compiled = same_bits(|parallel| with_seed(7, || match parallel {
            true => $kernel::parallel($($arg),*),
            false => $kernel::serial($($arg),*),
        }));
        same_as_plain(&plain, &compiled);
        compiled
    }};
}

#[kernel]
fn scalars(n: usize) -> (Array1<f64>, Array1<f32>, Array1<usize>, Array1<bool>) {
    let mut floats = Array1::<f64>::zeros(n);
    let mut shorts = Array1::<f32>::zeros(n);
    let mut sizes = Array1::<usize>::zeros(n);
    let mut flags = Array1::from_elem(n, false);
    for i in prange(0..n) {
        let normal = random_normal::<f64>();
        let time: f64 = random_exponential();
        floats[i] = normal + time * random_range(-2.0..3.0);
        shorts[i] = random_normal::<f32>() + random_exponential::<f32>() * random_range(0.5..=1.5);
        let small: i32 = random_range(-3..10);
        let any: i64 = random_range(i64::MIN..=i64::MAX);
        sizes[i] = random_range(0..=i) + ((small as i64 ^ any) >> 61) as usize % 2 * n;
        flags[i] = random_bool(0.25) || random_bool(0.5);
    }
    (floats, shorts, sizes, flags)
}

#[test]
fn scalars_in_a_parallel_loop() {
    for n in SIZES {
        let (_, _, sizes, flags) = seeded!(scalars(n));
        assert!(sizes.iter().enumerate().all(|(i, size)| size % n <= i));
        let share = flags.iter().filter(|flag| **flag).count() as f64 / n as f64;
        assert!(n < 8000 || (share - 0.625).abs() < 0.03, "{share}");
    }
}

/// Half of these ranges' numbers need their second draw; the number after them must not notice.
#[kernel]
fn long_ranges(n: usize) -> (Array1<i64>, Array1<usize>, Array1<f64>) {
    let mut signed = Array1::<i64>::zeros(n);
    let mut sizes = Array1::<usize>::zeros(n);
    let mut after = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        signed[i] = random_range(i64::MIN..i as i64);
        sizes[i] = random_range(1 + i..=usize::MAX);
        after[i] = random();
    }
    (signed, sizes, after)
}

#[kernel]
fn third_number(n: usize) -> Array1<f64> {
    let mut after = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        // Two draws each.
        let _ = (random_range(0..6), random_range(0..6));
        after[i] = random();
    }
    after
}

#[test]
fn what_a_range_draws_does_not_move_later_numbers() {
    for n in SIZES {
        let (signed, sizes, after) = seeded!(long_ranges(n));
        assert!(signed.iter().enumerate().all(|(i, x)| *x < i as i64));
        assert!(sizes.iter().enumerate().all(|(i, x)| *x > i));
        assert_eq!(after, seeded!(third_number(n)));
    }
}

/// Points of the unit disk by rejection, and how many were drawn.
#[kernel]
fn disk(n: usize) -> (Array1<f64>, Array1<f64>, Array1<f64>, i64) {
    let mut xs = Array1::<f64>::zeros(n);
    let mut ys = Array1::<f64>::zeros(n);
    let mut after = Array1::<f64>::zeros(n);
    let mut drawn = 0i64;
    for i in prange(0..n) {
        let mut x = 1.0;
        let mut y = 1.0;
        while x * x + y * y >= 1.0 {
            x = random_range(-1.0..1.0);
            y = 2.0 * random::<f64>() - 1.0;
            drawn += 1;
        }
        xs[i] = x;
        ys[i] = y;
        after[i] = random();
    }
    (xs, ys, after, drawn)
}

#[test]
fn rejection_draws_on_in_every_lane() {
    for n in SIZES {
        let (xs, ys, after, drawn) = seeded!(disk(n));
        assert!(xs.iter().zip(&ys).all(|(x, y)| x * x + y * y < 1.0));
        if n > 8000 {
            let tries = drawn as f64 / n as f64;
            assert!((tries - 4.0 / std::f64::consts::PI).abs() < 0.03, "{tries}");
            assert!((after.mean().unwrap() - 0.5).abs() < 0.02);
            // A quarter of the disk's area is within half its radius.
            let near = xs.iter().zip(&ys).filter(|(x, y)| *x * *x + *y * *y < 0.25).count();
            assert!((near as f64 / n as f64 - 0.25).abs() < 0.02, "{near}");
        }
    }
}

/// Draws under conditions and in inner loops, of distributions with several draws each.
#[kernel]
fn walks(n: usize) -> (Array1<f64>, i64) {
    let mut ends = Array1::<f64>::zeros(n);
    let mut longest = 0;
    for i in prange(0..n) {
        let steps: i64 = random_range(0..20);
        let mut at = 0.0;
        for _ in prange(0..steps) {
            if random_bool(0.3) {
                at += random_normal::<f64>();
            } else {
                at -= 0.1 * random_exponential::<f64>();
            }
        }
        ends[i] = at + random::<f64>();
        longest = longest.max(steps);
    }
    (ends, longest)
}

#[test]
fn draws_count_on_through_branches_and_loops() {
    for n in SIZES {
        let (_, longest) = seeded!(walks(n));
        assert!(n < 8000 || longest == 19);
    }
}

#[kernel]
fn arrays(n: usize, low: i64, p: f64) -> (Array1<f64>, Array2<i64>, f64, i32) {
    let noise = Array1::<f64>::random_normal(n) * 0.5 + Array1::<f64>::random_exponential(n);
    let dice = Array2::<i64>::random_range((n, 2), low..=low + 5);
    let kept = Array1::<bool>::random_bool(n, p);
    let shift: Array1<f32> = Array1::random_range(n, -1.0..1.0);
    let outside = random_normal::<f64>() + random_exponential::<f64>();
    let chosen = kept.mapv(|kept| if kept { 1.0 } else { 0.0 });
    let moved = shift.mapv(|x| x as f64);
    (noise * chosen + moved, dice, outside, random_range(0..1000))
}

#[test]
fn arrays_and_numbers_outside_of_loops() {
    for n in SIZES {
        let (_, dice, _, number) = seeded!(arrays(n, -3, 0.75));
        assert!(dice.iter().all(|eyes| (-3..=2).contains(eyes)));
        assert!((0..1000).contains(&number));
    }
}

#[kernel]
fn edges(p: f64, low: f64, high: f64) -> (bool, f64, f64) {
    (random_bool(p), random_range(low..=high), random_range(low - 1.0..high))
}

#[test]
fn the_ends_of_domains() {
    for (p, expected) in [(0.0, false), (-1.0, false), (f64::NAN, false), (1.0, true), (7.0, true)] {
        let (found, x, y) = seeded!(edges(p, 3.0, 3.0));
        assert!(found == expected && x == 3.0 && (2.0..3.0).contains(&y));
    }
}

#[kernel]
fn from_range(low: i64, high: i64) -> i64 {
    random_range(low..high)
}

#[kernel]
fn from_float_range(low: f64, high: f64) -> f64 {
    let mut sum = 0.0;
    for _ in prange(0..100) {
        sum += random_range(low..high);
    }
    sum
}

#[kernel]
fn array_of_range(n: usize, low: f32, high: f32) -> Array1<f32> {
    Array1::random_range(n, low..=high)
}

#[kernel]
fn up_to(limits: &ArrayRef1<i64>) -> Array1<i64> {
    let mut out = Array1::zeros(limits.len());
    for i in prange(0..limits.len()) {
        out[i] = random_range(0..limits[i]);
    }
    out
}

#[test]
fn an_empty_range_is_an_error_with_its_place() {
    #[track_caller]
    fn is_empty(error: Error, at: Option<usize>) {
        let Error::EmptyRange { iteration, ref place } = error else { panic!("{error}") };
        assert!(iteration == at && place.as_str().starts_with("tests/cases/random.rs:"), "{error}");
    }
    is_empty(error_of!(from_range(3, 3)), None);
    is_empty(error_of!(from_range(i64::MAX, i64::MIN)), None);
    is_empty(error_of!(from_float_range(1.0, 1.0)), Some(0));
    is_empty(error_of!(from_float_range(f64::NAN, 1.0)), Some(0));
    is_empty(error_of!(from_float_range(-1e308, 1e308)), Some(0));
    is_empty(error_of!(array_of_range(0, 1.0, 0.5)), None);
    is_empty(error_of!(array_of_range(10, 0.0, f32::INFINITY)), None);
    let mut limits = Array1::<i64>::from_elem(20_000, 6);
    (limits[12_345], limits[12_346], limits[19_000]) = (0, -1, i64::MIN);
    is_empty(error_of!(up_to(&limits)), Some(12_345));
    assert_eq!(seeded!(up_to(&array![1, 1, 1])), array![0, 0, 0]);
    let message = from_range::serial(3, 3).unwrap_err().to_string();
    assert!(message.ends_with(": there are no numbers to draw from in this range"), "{message}");
}

#[test]
#[should_panic = "there are no numbers to draw from in the range from 3 to 3"]
fn plain_rust_panics_on_an_empty_range() {
    from_range(3, 3);
}

#[kernel]
fn a_few(n: usize) -> (Array1<f64>, Array1<i64>) {
    (Array1::random_normal(n), Array1::random_range(n, i64::MIN..=i64::MAX))
}

#[test]
fn without_a_seed_numbers_differ_from_call_to_call() {
    let numbers: Vec<(Array1<f64>, Array1<i64>)> =
        (0..2).flat_map(|_| [a_few(5), a_few::serial(5).unwrap(), a_few::parallel(5).unwrap()]).collect();
    for (position, (floats, integers)) in numbers.iter().enumerate() {
        assert!(numbers[..position].iter().all(|other| other.0 != floats && other.1 != integers));
    }
}

#[kernel]
fn mixture(n: usize) -> (f64, Array1<f64>) {
    let mut sum = 0.0;
    for _ in prange(0..n) {
        sum += random_range(1i64..=6) as f64 + random_normal::<f64>() + random_range(0.5..2.5);
        if random_bool(0.5) {
            sum += random_exponential::<f64>();
        }
    }
    let noise = Array1::<f64>::random_normal(n) + Array1::<f64>::random_exponential(n);
    (sum, noise * Array1::<f64>::random_range(n, 1.0..=2.0))
}

#[test]
fn closures_draw_the_same_numbers() {
    let kernel = Engine::new().unwrap().trace("mixture", |t| {
        let n = t.scalar::<usize>("n");
        let sum = t.var("sum", 0.0);
        t.prange((0, n), |t, _| {
            let eyes = t.random_range(1i64..=6).cast::<f64>();
            sum.add(eyes + t.random_normal::<f64>() + t.random_range(0.5..2.5));
            t.when(t.random_bool(0.5), || sum.add(t.random_exponential::<f64>()));
        });
        let noise = t.random_normal_array::<f64>(&[n]) + t.random_exponential_array::<f64>(&[n]);
        let noise = noise * t.random_range_array(&[n], 1.0..=2.0);
        t.tuple(&[sum, noise])
    });
    let kernel = kernel.unwrap();
    let traced: (f64, Array1<f64>) = with_seed(7, || kernel.parallel((1000usize,))).unwrap();
    assert_eq!(traced, with_seed(7, || mixture::serial(1000)).unwrap());
}

#[kernel]
fn behind_operations(a: &ArrayRef2<f64>, z: &Array2<Complex64>) -> (f64, Array1<f64>, Complex64) {
    let rows = a.map_axis(Axis(1), |row| row.sum());
    let table = Array2::from_shape_fn((4, 5), |(i, j)| (i + 10 * j) as f64);
    let mut running = a.to_owned();
    running.accumulate_axis_inplace(Axis(0), |&before, x| *x += before);
    let first = random::<f64>();
    let product = z.dot(z);
    let mut drawn = Array1::zeros(rows.len());
    for i in prange(0..rows.len()) {
        drawn[i] = random::<f64>() + rows[i] + table[[i % 4, i % 5]] + running[[i, 0]];
    }
    (first, drawn, product[[0, 0]])
}

#[test]
fn operations_on_arrays_take_no_random_numbers() {
    for n in [1, 9, 300] {
        let a = Array2::from_shape_fn((n, 3), |(i, j)| (i * 3 + j) as f64);
        let z = Array2::from_shape_fn((n, n), |(i, j)| Complex64::new(i as f64, j as f64));
        seeded!(behind_operations(&a, &z));
    }
}

#[kernel]
fn uniform() -> f64 {
    random::<f64>()
}

#[kernel]
fn sum_of_uniforms(n: usize) -> f64 {
    let mut sum = 0.0;
    for _ in 0..n {
        sum += uniform();
    }
    sum
}

#[kernel]
fn doubled(x: f64) -> f64 {
    2.0 * x
}

/// Nothing is drawn in the first loop.
#[kernel]
fn noise(n: usize, wanted: bool) -> Array1<f64> {
    let mut values = Array1::zeros(n);
    for i in prange(0..n) {
        values[i] = doubled(i as f64);
    }
    for i in prange(0..n) {
        if wanted {
            values[i] += random_normal::<f64>() * uniform();
        }
    }
    if wanted { values + Array1::<f64>::random(n) } else { values }
}

#[test]
fn each_call_of_a_function_in_a_scope_draws_what_the_kernel_draws() {
    let plain = with_seed(3, || {
        let first = (uniform(), sum_of_uniforms(5), noise(9, true), doubled(1.0));
        let nested = with_seed(8, || [uniform(), uniform()]);
        (first, noise(9, false), nested, noise(9, true), sum_of_uniforms(1))
    });
    let compiled = with_seed(3, || {
        let first = (
            uniform::serial()?,
            sum_of_uniforms::serial(5)?,
            noise::parallel(9, true)?,
            doubled::serial(1.0)?,
        );
        let nested = with_seed(8, || Ok::<_, Error>([uniform::serial()?, uniform::parallel()?]))?;
        Ok::<_, Error>((
            first,
            noise::serial(9, false)?,
            nested,
            noise::parallel(9, true)?,
            sum_of_uniforms::serial(1)?,
        ))
    });
    assert_eq!(Ok(plain), compiled);
}

#[test]
fn draws_between_calls_are_a_call() {
    let drawn =
        with_seed(3, || (random::<f64>(), random::<f64>(), uniform(), random::<f64>(), uniform::serial()));
    let (first, second) = with_seed(3, || (random::<f64>(), random::<f64>()));
    let calls = with_seed(3, || [(); 4].map(|()| uniform()));
    assert_eq!(drawn, (first, second, calls[1], calls[2], Ok(calls[3])));
    assert_eq!(first, calls[0]);
}

#[kernel]
fn many_draws(n: usize) -> (Array1<i64>, f64) {
    let mut numbers = Array1::zeros(n);
    let mut sum = 0.0;
    for i in prange(0..n) {
        numbers[i] = random::<i64>();
        sum += random_normal::<f64>();
    }
    (numbers, sum / (n as f64).sqrt())
}

#[test]
fn threads_may_draw_from_generators_of_their_own_unless_there_is_a_seed() {
    let n = 100_000;
    let per_thread = CallOptions::new().seeding(Seeding::PerThread);
    let seeded = with_seed(7, || many_draws::serial(n)).unwrap();
    let of_call = CallOptions::new().seeding(Seeding::PerThread).seed(7);
    let (mut drawn, mut sums) = (HashSet::new(), Vec::new());
    for engine in super::ways::engines() {
        engine.install(|| {
            let scope = per_thread.install(|| with_seed(7, || many_draws::parallel(n)));
            assert_eq!(scope, Ok(seeded.clone()));
            assert_eq!(of_call.install(|| many_draws::parallel(n)), Ok(seeded.clone()));
            for numbers in
                [many_draws::serial, many_draws::parallel].map(|call| per_thread.install(|| call(n)))
            {
                let (numbers, sum) = numbers.unwrap();
                drawn.extend(numbers);
                sums.push(sum);
            }
        });
    }
    // Each number is drawn once, and totals are those of a normal distribution.
    assert_eq!(drawn.len(), 10 * n);
    assert!(sums.iter().all(|sum| sum.abs() < 6.0), "{sums:?}");
    let errors = per_thread.install(|| up_to::parallel(&Array1::zeros(20_000)));
    assert!(matches!(errors, Err(Error::EmptyRange { iteration: Some(0), .. })), "{errors:?}");
}
