//! The three ways in make the same program: equal results, and kernels kept for the next time.

use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;

const SQRT_2PI: f64 = 2.506_628_274_631_000_5;

#[kernel]
fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
    let n = means.len();
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result / SQRT_2PI / n as f64
}

fn traced_gaussians(engine: &Engine) -> Kernel {
    let kernel = engine.trace("gaussians", |t| {
        let x = t.scalar::<f64>("x");
        let (means, widths) = (t.array::<f64>("means", 1), t.array::<f64>("widths", 1));
        let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
        result / SQRT_2PI / means.len().cast::<f64>()
    });
    kernel.unwrap()
}

fn mixture(n: usize) -> (Array1<f64>, Array1<f64>) {
    (Array1::linspace(-1.0, 1.0, n), Array1::linspace(0.1, 0.4, n))
}

#[test]
fn attribute_closure_and_lazy_expression_give_the_same_bits() {
    let engine = Engine::new().unwrap();
    let traced = traced_gaussians(&engine);
    for n in [0, 1, 7, 64, 1000, 40_000] {
        let (means, widths) = mixture(n);
        let attribute = gaussians::serial(0.4, &means, &widths).unwrap();
        let closure: Array1<f64> = traced.serial((0.4, &means, &widths)).unwrap();
        let lazy: Array1<f64> = engine
            .eval(|s| {
                let (x, means, widths) = (s.lift(0.4), s.lift(&means), s.lift(&widths));
                let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
                result / SQRT_2PI / means.len().cast::<f64>()
            })
            .unwrap();
        assert_eq!(attribute, closure, "{n} elements");
        assert_eq!(attribute, lazy, "{n} elements");
        assert_eq!(attribute, gaussians::parallel(0.4, &means, &widths).unwrap());
        assert_eq!(attribute, traced.parallel::<Array1<f64>>((0.4, &means, &widths)).unwrap());
    }
}

#[kernel]
fn pi(samples: i64) -> f64 {
    let mut inside = 0i64;
    for _ in prange(0..samples) {
        let (x, y) = (random::<f64>(), random::<f64>());
        if x * x + y * y < 1.0 {
            inside += 1;
        }
    }
    4.0 * inside as f64 / samples as f64
}

#[test]
fn loops_branches_and_random_numbers_are_the_same_in_closures() {
    let engine = Engine::new().unwrap();
    let traced = engine.trace("pi", |t| {
        let samples = t.scalar::<i64>("samples");
        let inside = t.var("inside", 0i64);
        t.prange(..samples, |t, _| {
            let (x, y) = (t.random::<f64>(), t.random::<f64>());
            t.when((x * x + y * y).lt(1.0), || inside.add(1i64));
        });
        4.0 * inside.cast::<f64>() / samples.cast::<f64>()
    });
    let traced = traced.unwrap();
    for seed in 0..3 {
        let plain = with_seed(seed, || pi(20_000));
        let found: f64 = with_seed(seed, || traced.parallel((20_000i64,))).unwrap();
        assert_eq!(found, plain);
        assert_eq!(with_seed(seed, || pi::serial(20_000)), Ok(plain));
    }
}

#[test]
fn an_expression_of_the_same_structure_compiles_once() {
    let engine = Engine::new().unwrap();
    let scaled = |factor: f64, a: &Array1<f64>| -> Array1<f64> {
        engine.eval(|s| s.lift(factor) * s.lift(a) + 1.0).unwrap()
    };
    let before = engine.compilations();
    assert_eq!(scaled(2.0, &array![1.0, 2.0]), array![3.0, 5.0]);
    assert_eq!(engine.compilations(), before + 1);
    for factor in [0.5, -1.0, 3.0] {
        let a = Array1::linspace(0.0, 1.0, 1000);
        assert_eq!(scaled(factor, &a), factor * &a + 1.0);
    }
    assert_eq!(engine.compilations(), before + 1, "other numbers, other lengths: the same code");

    // A literal is part of the structure, and so is the order of operands.
    let a = array![1.0, 2.0];
    assert_eq!(engine.eval(|s| s.lift(2.0) * s.lift(&a) + 2.0), Ok(array![4.0, 6.0]));
    assert_eq!(engine.compilations(), before + 2);
    assert_eq!(engine.eval(|s| s.lift(&a) * s.lift(2.0) + 2.0), Ok(array![4.0, 6.0]));
    assert_eq!(engine.compilations(), before + 3);
}

#[test]
fn many_expressions_do_not_fill_the_memory() {
    let engine = Engine::builder().fuse(false).build().unwrap();
    // More than are kept; each a structure of its own. Tracing them again still works.
    for round in 0..2 {
        for literal in 0..300 {
            let found: f64 = engine.eval(|s| s.lift(1.0) + f64::from(literal)).unwrap();
            assert_eq!(found, 1.0 + f64::from(literal), "round {round}");
        }
    }
}

#[test]
fn a_kernel_compiles_once_for_each_layout_of_its_arguments() {
    let engine = Engine::new().unwrap();
    let kernel = traced_gaussians(&engine);
    let run = |x: f64, n: usize| {
        let (means, widths) = mixture(n);
        kernel.parallel::<Array1<f64>>((x, &means, &widths)).unwrap()
    };
    run(0.4, 100);
    assert_eq!(engine.compilations(), 1);
    run(0.5, 5000);
    assert_eq!(engine.compilations(), 1, "other numbers and lengths use the same code");
    let (means, widths) = mixture(100);
    let every_other = means.slice(ndarray::s![..;2]);
    let widths = widths.slice(ndarray::s![..50]);
    let strided: Array1<f64> = kernel.serial((0.4, every_other.view(), widths.view())).unwrap();
    assert_eq!(engine.compilations(), 2, "elements apart are loaded otherwise");
    assert_eq!(strided, gaussians::serial(0.4, &every_other, &widths).unwrap());
}

#[test]
fn mistakes_in_closures_are_all_reported_with_their_places() {
    let engine = Engine::new().unwrap();
    let error = engine.trace("wrong", |t| {
        let (x, n, a) = (t.scalar::<f64>("x"), t.scalar::<i64>("n"), t.array::<f64>("a", 1));
        let _sum = x + n;
        let _element = a.at(&[n, n]);
        x + a.len()
    });
    let Err(Error::Trace(error)) = error else { panic!("{error:?}") };
    assert_eq!(error.complaints.len(), 3, "{error}");
    assert!(error.complaints.iter().all(|complaint| complaint.place.contains("ways_in.rs:")), "{error}");
}

#[kernel]
fn scattered(places: &ArrayRef1<usize>) -> Array1<i64> {
    let mut who = Array1::<i64>::zeros(places.len());
    for i in prange(0..places.len()) {
        who[places[i] / 2] = i as i64;
    }
    who
}

#[kernel]
fn permuted(places: &ArrayRef1<usize>) -> Array1<i64> {
    let mut who = Array1::<i64>::zeros(places.len());
    for i in prange(0..places.len()) {
        who[places[i]] = i as i64;
    }
    who
}

#[kernel]
fn shifted(a: &mut ArrayRef1<f64>) {
    for i in prange(1..a.len()) {
        a[i] = a[i - 1];
    }
}

#[test]
fn races_are_refused_with_their_places() {
    let error = scattered::parallel(&array![1, 0]).unwrap_err().to_string();
    let expected = "two iterations of the `prange` may touch the same element of `who`; if each iteration is to have \
                    elements of its own, index it by the loop's own index";
    assert!(error.starts_with("tests/surface/ways_in.rs:") && error.contains(expected), "{error}");
    assert!(
        error.contains("otherwise write `for` over a plain range, or promise that they never meet"),
        "{error}"
    );
    let error = shifted::serial(&mut array![0.5, 1.5]).unwrap_err().to_string();
    assert!(error.contains("of `a`, here and at tests/surface/ways_in.rs:"), "{error}");
    assert!(error.contains("`let old = a.to_owned();`"), "{error}");
}

#[test]
fn what_a_call_brings_is_tested_in_front_of_the_loop() {
    assert_eq!(permuted::parallel(&array![1, 0, 2]), Ok(array![1, 0, 2]));
    let error = permuted::parallel(&array![1, 0, 1]).unwrap_err().to_string();
    assert!(error.starts_with("tests/surface/ways_in.rs:"), "{error}");
    assert!(error.contains("`places` holds the same number at 0 and at 2"), "{error}");
    let explanation = permuted::kernel().explain().unwrap();
    assert_eq!(explanation.tests.len(), 1);
    let line = "tested in front of the loop: no number comes twice in `places`, but in one iteration (tests/surface/ways_in.rs:";
    assert!(explanation.to_string().contains(line), "{explanation}");
}

#[test]
fn arguments_and_results_of_other_types_are_errors() {
    let engine = Engine::new().unwrap();
    let kernel = engine.trace("half", |t| t.array::<f64>("a", 1) / 2.0).unwrap();
    let of_floats: Result<Array1<f64>, Error> = kernel.serial((&array![1.0f32],));
    assert_eq!(
        of_floats.unwrap_err().to_string(),
        "argument `a` of `half`: expected &Array1<f64>, found &Array1<f32>"
    );
    let of_two: Result<Array1<f64>, Error> = kernel.serial((&array![1.0], 2.0));
    assert_eq!(of_two.unwrap_err().to_string(), "`half` takes 1 argument, not 2");
    let scalar: Result<f64, Error> = kernel.serial((&array![1.0],));
    assert_eq!(scalar.unwrap_err().to_string(), "`half` returns Array1<f64>, not f64");
    // The kernel is as good as before.
    assert_eq!(kernel.serial((&array![1.0],)), Ok(array![0.5]));
}

/// What goes wrong with a formula in reverse Polish notation, of `x` and numbers.
#[derive(Debug, PartialEq)]
enum Failure {
    Unreadable(String),
    Kernel(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Kernel(error)
    }
}

fn formula(engine: &Engine, text: &str) -> Result<Kernel, Failure> {
    engine.try_trace("formula", |t| {
        let x = t.array::<f64>("x", 1);
        let mut stack = vec![x];
        let mut column = 1;
        for word in text.split(' ') {
            let value = t.at("formula.txt", 1, column, || match (word, stack.len()) {
                ("+", 2..) => Ok(stack.remove(stack.len() - 2) + stack.remove(stack.len() - 1)),
                ("x", _) => Ok(x),
                ("k", _) => Ok(x.at(&[t.value(9usize)])),
                ("?", _) => Ok(t.refuse("the formula is doubtful")),
                (number, _) => match number.parse::<i64>() {
                    Ok(number) => Ok(t.value(number)),
                    Err(_) => Err(Failure::Unreadable(number.to_string())),
                },
            })?;
            stack.push(value);
            column += word.len() as u32 + 1;
        }
        Ok(stack.pop().unwrap_or(x))
    })
}

#[test]
fn closures_fail_with_errors_of_their_own_and_name_places_of_their_own() {
    let engine = Engine::new().unwrap();
    assert_eq!(formula(&engine, "x +").unwrap().serial((&array![1.0, 2.0],)), Ok(array![2.0, 4.0]));
    assert_eq!(formula(&engine, "x x over").unwrap_err(), Failure::Unreadable("over".to_string()));
    // Mistakes of types, and the caller's own, at places of the text.
    let Err(Failure::Kernel(Error::Trace(error))) = formula(&engine, "x ? 3 +") else { panic!("no mistake") };
    let complaints: Vec<String> = error.complaints.iter().map(ToString::to_string).collect();
    assert_eq!(complaints, ["formula.txt:1:3: the formula is doubtful"]);
    let Err(Failure::Kernel(Error::Trace(error))) = formula(&engine, "x 3 +") else { panic!("no mistake") };
    assert!(error.complaints[0].to_string().starts_with("formula.txt:1:5: `+` of f64 and i64"), "{error}");
    // Faults too.
    let fault = formula(&engine, "k").unwrap().serial::<f64>((&array![1.0],)).unwrap_err();
    assert!(fault.to_string().starts_with("formula.txt:1:1: "), "{fault}");
}
