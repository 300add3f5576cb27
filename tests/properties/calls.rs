//! A kernel that calls others gives the bits of calling them one by one, however their calls nest.
//!
//! ```text
//! whirled(blurred(a, b), squeezed(b, blurred(a, b)))      one kernel: fused, its arrays contracted and moved
//! x = blurred(a, b); y = squeezed(b, x); whirled(x, y)    three
//! ```

use ndarray::{Array1, ArrayRef1};
use parfuse::__private::{At, Inline, KernelFunction, Tracer, Value};
use parfuse::prelude::*;
use parfuse::{Engine, Isa};
use parfuse_testing::Choices;

#[kernel]
fn blurred(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let n = a.len();
    let mut out = a.to_owned();
    for i in prange(1..n) {
        out[i] = 0.5 * (a[i] + b[i - 1]);
    }
    out
}

#[kernel]
fn squeezed(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let total = b.sum();
    (a - b).mapv(|x| if x > total { x - total } else { 0.25 * x })
}

#[kernel]
fn whirled(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let (mut x, mut y) = (a.to_owned(), b.to_owned());
    for _ in 0..3 {
        x[0] += 1.0;
        (x, y) = (y, x);
    }
    x - y * 0.125
}

#[kernel]
fn summed(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = a * 1.0;
    for i in 1..a.len() {
        out[i] += out[i - 1] * b[i].abs().min(0.5);
    }
    out
}

#[kernel]
fn picked(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let n = a.len();
    let mut most = f64::NEG_INFINITY;
    for i in prange(0..n) {
        most = most.max(a[i]);
    }
    let mut out = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        let from = (b[i].abs() * 7.0) as usize % n;
        out[n - 1 - i] = most.min(a[from]);
    }
    out
}

type Handle = fn(&Engine) -> Kernel;
type Call = for<'t> fn(&'t Tracer, &[Value<'t>]) -> Value<'t>;

fn inlined<'t, F: Inline>(tracer: &'t Tracer, args: &[Value<'t>]) -> Value<'t> {
    F::inline(tracer, args, At::caller())
}

fn alone<F: KernelFunction>(engine: &Engine) -> Kernel {
    engine.kernel::<F>()
}

/// Each function, to be inlined and by itself.
const FUNCTIONS: [(Call, Handle); 5] = [
    (inlined::<blurred>, alone::<blurred>),
    (inlined::<squeezed>, alone::<squeezed>),
    (inlined::<whirled>, alone::<whirled>),
    (inlined::<summed>, alone::<summed>),
    (inlined::<picked>, alone::<picked>),
];

#[test]
fn calls_of_kernels_in_kernels_give_the_bits_of_calls_one_by_one() {
    for seed in 0..30 {
        let choices = &mut Choices::seeded(seed);
        // Each call takes two of the arrays before it.
        let calls: Vec<[usize; 3]> = (2..3 + choices.below(6))
            .map(|arrays| [choices.below(FUNCTIONS.len()), choices.below(arrays), choices.below(arrays)])
            .collect();
        let isa = choices.pick(&Isa::ALL);
        let engine = Engine::builder().threads(2).isa(isa).thorough(choices.below(2) == 0).build().unwrap();
        let n = choices.pick(&[1, 5, 40, 9000]);
        let [a, b] =
            [3.7, 11.3].map(|step| Array1::from_shape_fn(n, |i| (i as f64 * step).rem_euclid(5.0) - 2.0));

        let mut arrays = vec![a.clone(), b.clone()];
        for [function, first, second] in &calls {
            let kernel = FUNCTIONS[*function].1(&engine);
            let next: Array1<f64> = kernel.parallel((&arrays[*first], &arrays[*second])).unwrap();
            arrays.push(next);
        }

        let kernel = engine.trace("calls", |t| {
            let mut handles = vec![t.array::<f64>("a", 1), t.array::<f64>("b", 1)];
            for [function, first, second] in &calls {
                let next = FUNCTIONS[*function].0(t, &[handles[*first], handles[*second]]);
                handles.push(next);
            }
            *handles.last().expect("there are two at least")
        });
        let together: Array1<f64> = kernel.unwrap().parallel((&a, &b)).unwrap();
        let bits = |array: &Array1<f64>| array.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let last = arrays.last().expect("there are two at least");
        assert_eq!(bits(&together), bits(last), "seed {seed}: {calls:?} with {n} elements for {isa}");
    }
}
