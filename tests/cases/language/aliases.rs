//! One array under several names, one name for several arrays, views written through.

use crate::cases::ways::every_way;
use ndarray::{Array0, Array1, ArrayViewMut1, s};
use parfuse::prelude::*;

#[kernel]
fn aliased(a: &mut Array1<f64>) -> (Array1<f64>, f64) {
    let before = a.clone();
    let view = a.view();
    let s = view.sum();
    a[0] = 50.0;
    let after = a.sum();
    let diff = &*a - &before;
    *a += &before;
    (diff, s * 1000.0 + after)
}
#[kernel]
fn fused_alias(a: &mut Array1<f64>, b: &Array1<f64>) -> Array1<f64> {
    let c = &*a + b;
    *a *= 2.0;
    let d = &*a + &c;
    a.assign(b);
    d - &*a
}
#[kernel]
fn scalars_arrays(x: f64, n: usize) -> (Array0<f64>, Array1<f64>) {
    let z = Array0::<f64>::from_elem((), x);
    let v = Array1::<f64>::ones(n) * x + &z;
    let w = z.clone() * 2.0;
    (w, v)
}
#[kernel]
fn reused_name(n: usize) -> f64 {
    let a = Array1::<f64>::ones(n);
    let a = &a + 1.0;
    let a = a.mapv(|a| a * a);
    let mut t = 0.0;
    for a in prange(0..a.len()) {
        let n = a;
        t += n as f64;
    }
    t + a.sum()
}
#[kernel]
fn view_mut_chain(mut a: ArrayViewMut1<f64>) -> f64 {
    a += 1.0;
    a.mapv_inplace(|x| x * x);
    for i in prange(0..a.len()) {
        a[i] -= 1.0;
    }
    let s = a.sum();
    a /= 2.0;
    s
}
#[test]
fn names_of_one_array_see_its_updates_and_copies_do_not() {
    for n in [1, 2, 9, 1000, 40_000] {
        let f = || Array1::from_shape_fn(n, |i| (i % 17) as f64 * 0.5);
        every_way!(aliased(&mut a) with a = f());
        every_way!(fused_alias(&mut a, &f()) with a = f() * 3.0);
        every_way!(scalars_arrays(2.5, n));
        every_way!(reused_name(n));
        every_way!(view_mut_chain(a.slice_mut(s![..;3])) with a = f());
        every_way!(view_mut_chain(a.slice_mut(s![..;-2])) with a = f());
    }
}
