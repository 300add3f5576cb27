//! Systems that refuse memory for machine code: kernels are interpreted.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use ndarray::{Array1, Array2, ArrayRef1, array};
use parfuse::prelude::*;

#[kernel]
fn smoothed(a: &ArrayRef1<f64>, flags: &mut ArrayRef1<bool>) -> (Array1<f64>, f64, i64) {
    let mut b = Array1::zeros(a.len());
    let mut sum = 0.0;
    for i in prange(1..a.len() - 1) {
        let mut x = a[i];
        while x < 1.0 {
            x = x * 1.5 + a[i - 1].sqrt();
        }
        b[i] = x;
        flags[i] = x > 2.0;
        sum += x / a[i + 1];
    }
    let mut last = 0;
    for i in 0..a.len() {
        if flags[i] {
            last = i as i64;
            b[i] += 0.5;
        }
    }
    (b, sum, last)
}

#[kernel]
fn picked(a: &ArrayRef1<f64>, k: &ArrayRef1<usize>) -> Array1<f64> {
    let mut r = Array1::zeros(k.len());
    for i in prange(0..k.len()) {
        r[i] = a[k[i]];
    }
    r
}

#[kernel]
fn product(n: usize) -> Array2<f32> {
    let mut c = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in 0..n {
            c[[i, j]] = random::<f32>() + (i * j) as f32;
        }
    }
    c
}

/// Whether the system now refuses to make memory executable.
fn refuse() -> bool {
    const PR_SET_MDWE: libc::c_int = 65;
    const REFUSE_EXEC_GAIN: libc::c_ulong = 1;
    let none: libc::c_ulong = 0;
    // SAFETY: it changes what the process may ask for, and takes no memory.
    unsafe { libc::prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, none, none, none) == 0 }
}

#[test]
fn kernels_are_interpreted_without_machine_code() {
    super::threads::in_new_process(module_path!(), "runs_without_machine_code");
}

#[test]
#[ignore = "forbids machine code: run in a process of its own"]
fn runs_without_machine_code() {
    if !refuse() {
        println!("skipped: this system cannot refuse memory for machine code");
        return;
    }
    let a = Array1::from_shape_fn(3_000, |i| (i as f64 * 0.37).sin().abs() + 0.01);
    for threads in [1, 3] {
        let engine = Engine::builder().threads(threads).build().unwrap();
        engine.install(|| {
            let [mut plain, mut ours] = [(); 2].map(|()| Array1::from_elem(a.len(), false));
            let expected = smoothed(&a, &mut plain);
            let found = smoothed::parallel(&a, &mut ours).unwrap();
            assert_eq!((found.0, found.2, &ours), (expected.0, expected.2, &plain));
            assert!((found.1 - expected.1).abs() < 1e-9 * expected.1.abs());
            assert_eq!(picked::serial(&array![1.0, 2.0], &array![1, 0, 1]), Ok(array![2.0, 1.0, 2.0]));
            let error = picked::serial(&array![1.0, 2.0], &array![0, 1, 2, 5]).unwrap_err();
            assert!(matches!(error, Error::Index { index: 2, len: 2, .. }), "{error}");
            assert_eq!(with_seed(3, || product::parallel(40)), Ok(with_seed(3, || product(40))));
        });
        let explanation = engine.kernel::<smoothed>().explain().unwrap().to_string();
        assert!(explanation.contains("interpreted"), "{explanation}");
        assert!(engine.kernel::<smoothed>().asm().is_ok());
    }
}
