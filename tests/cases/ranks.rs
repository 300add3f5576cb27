//! Arrays of four, five and six axes, however they lie in memory, and kernels of many parameters.

use super::ways::every_way;
use ndarray::{
    Array1, Array4, Array5, Array6, ArrayRef1, ArrayRef4, ArrayRef5, ArrayRef6, ArrayView4, ArrayView6, Axis,
    Dimension, IntoDimension, s,
};
use parfuse::prelude::*;
use parfuse::{ArgumentList, Dynamic};

#[kernel]
fn weighted(a: ArrayView4<f64>, w: &ArrayRef1<f64>) -> Array4<f64> {
    let shape = (a.shape()[0], a.shape()[1], a.shape()[2], a.shape()[3]);
    let mut result = Array4::<f64>::zeros(shape);
    for i in prange(0..shape.0) {
        for j in 0..shape.1 {
            for k in 0..shape.2 {
                for l in 0..shape.3 {
                    result[[i, j, k, l]] = a[[i, j, k, l]] * w[l] + (i * 1000 + j * 100 + k * 10 + l) as f64;
                }
            }
        }
    }
    result
}

#[kernel]
fn counted(a: &ArrayRef5<i64>, counts: &mut ArrayRef5<i64>) -> i64 {
    let mut total = 0;
    for i in prange(0..a.shape()[0]) {
        for j in 0..a.shape()[1] {
            for k in 0..a.shape()[2] {
                for l in 0..a.shape()[3] {
                    for m in 0..a.shape()[4] {
                        let x = a[[i, j, k, l, m]];
                        counts[[i, j, k, l, m]] += x * (i + 2 * j + 3 * k + 5 * l + 7 * m) as i64;
                        total += x ^ (m as i64);
                    }
                }
            }
        }
    }
    total
}

#[kernel]
fn mixed(a: ArrayView6<f64>, b: ArrayView4<f64>, x: f64) -> (Array6<f64>, f64, bool) {
    let sum = &a * x + b - 0.25;
    let total = sum.sum();
    let largest = total > 10.0;
    (sum, total, largest)
}

#[kernel]
fn wave(a: &ArrayRef6<f32>, out: &mut ArrayRef6<f32>) -> i64 {
    let mut hits = 0;
    for i in prange(0..a.shape()[0]) {
        for j in 0..a.shape()[1] {
            for k in 0..a.shape()[2] {
                for l in 0..a.shape()[3] {
                    for m in 0..a.shape()[4] {
                        for n in 0..a.shape()[5] {
                            let x = a[[i, j, k, l, m, n]];
                            if x > 0.5 {
                                hits += 1;
                                out[[i, j, k, l, m, n]] = x.sqrt() + (i + j + k + l + m + n) as f32;
                            } else {
                                out[[i, j, k, l, m, n]] = -x;
                            }
                        }
                    }
                }
            }
        }
    }
    hits
}

#[kernel]
fn drawn(a: &ArrayRef4<f64>) -> Array4<f64> {
    let noise = Array4::<f64>::random((a.shape()[0], a.shape()[1], a.shape()[2], a.shape()[3]));
    a * 1.0 + &noise
}

fn four(shape: (usize, usize, usize, usize)) -> Array4<f64> {
    Array4::from_shape_fn(shape, |(i, j, k, l)| (i * 7 + j * 5 + k * 3 + l) as f64 * 0.125 - 2.0)
}

fn six(shape: [usize; 6]) -> Array6<f64> {
    Array6::from_shape_fn(shape, |d| {
        d.into_dimension().slice().iter().fold(0.0, |x, index| x * 0.5 + *index as f64)
    })
}

#[test]
fn four_axes_in_any_layout() {
    for shape in [(3, 2, 4, 5), (1, 1, 1, 1), (2, 0, 3, 4), (3, 2, 1, 0), (5, 1, 70, 40), (1, 9000, 1, 3)] {
        let a = four(shape);
        let w = |n: usize| Array1::from_shape_fn(n, |l| 1.0 + l as f64);
        every_way!(weighted(a.view(), &w(shape.3)));
        every_way!(weighted(a.t(), &w(shape.0)));
        every_way!(weighted(a.view().permuted_axes([2, 0, 3, 1]), &w(shape.1)));
        every_way!(weighted(a.slice(s![..;-1, .., ..;2, ..;-1]), &w(shape.3)));
    }
    let row = four((1, 3, 1, 5));
    let spread = row.broadcast((4, 3, 6, 5)).unwrap();
    every_way!(weighted(spread, &Array1::ones(5)));
    every_way!(weighted(spread.permuted_axes([3, 2, 1, 0]), &Array1::ones(4)));
}

#[test]
fn five_axes_are_read_and_written_in_any_layout() {
    for shape in [(3, 2, 4, 5, 3), (2, 2, 0, 2, 2), (1, 3, 1, 4, 1), (4, 3, 2, 30, 40)] {
        let a =
            Array5::from_shape_fn(shape, |(i, j, k, l, m)| (i + 3 * j + 5 * k + 7 * l + m * m) as i64 - 9);
        every_way!(counted(&a, &mut counts) with counts = Array5::zeros(shape));
        let turned = a.view().permuted_axes([4, 1, 0, 2, 3]);
        let dim = turned.raw_dim();
        every_way!(counted(&turned, &mut counts) with counts = Array5::ones(dim));
        let reversed = a.slice(s![..;-1, .., .., ..;-1, ..;-1]);
        every_way!(counted(&reversed, &mut counts.view_mut().reversed_axes())
            with counts = Array5::ones(shape).reversed_axes());
    }
}

#[test]
fn six_axes_broadcast_sum_and_branch() {
    for shape in [[2, 3, 2, 2, 3, 5], [1; 6], [2, 1, 3, 0, 2, 2], [3, 2, 1, 4, 5, 90]] {
        let a = six(shape);
        let b = four((shape[2], shape[3], shape[4], shape[5]));
        every_way!(mixed(a.view(), b.view(), 1.5));
        every_way!(mixed(a.view(), four((1, shape[3], 1, shape[5])).view(), -0.5));
        let turned = a.view().permuted_axes([0, 1, 2, 4, 3, 5]);
        every_way!(mixed(turned, four((shape[2], 1, shape[3], 1)).view(), 2.0));
        let flipped = a.slice(s![.., ..;-1, .., ..;-1, .., ..;-1]);
        every_way!(mixed(flipped, b.slice(s![..;-1, .., .., ..;-1]), 2.0));
        let spread = a.slice(s![.., .., .., .., .., ..1.min(shape[5])]);
        let spread = spread.broadcast(ndarray::Dim(shape));
        if let Some(spread) = spread {
            every_way!(mixed(spread, b.view(), 2.0));
        }
        let small = a.mapv(|x| x as f32);
        every_way!(wave(&small, &mut out) with out = Array6::zeros(shape));
        every_way!(wave(&small.t(), &mut out) with out = Array6::zeros(small.t().raw_dim()));
    }
}

#[test]
fn a_nest_of_six_loops_is_one_space() {
    let a = six([2, 2, 2, 2, 2, 9]).mapv(|x| x as f32);
    let kernel = wave::kernel();
    kernel.serial::<i64>((&a, &mut Array6::<f32>::zeros(a.raw_dim()))).unwrap();
    let lane = kernel.lane().unwrap();
    let extents = lane.lines().find(|line| line.contains("region r0")).unwrap();
    assert_eq!(extents.matches(',').count(), 5, "{extents}");
}

#[test]
fn random_arrays_of_four_axes_are_those_of_plain_rust() {
    let a = four((3, 4, 5, 6));
    let plain = with_seed(4, || drawn(&a));
    assert_eq!(with_seed(4, || drawn::parallel(&a)), Ok(plain));
}

#[test]
fn arrays_of_more_axes_are_refused_and_not_dropped() {
    let kernel = Engine::current().trace("double", |t| t.array::<f64>("a", 6) * 2.0).unwrap();
    let a = six([2, 1, 2, 1, 2, 3]);
    assert_eq!(kernel.serial::<Array6<f64>>((&a,)), Ok(&a * 2.0));
    let deep = a.clone().into_dyn().insert_axis(Axis(0));
    let error = kernel.run_dynamic(Variant::Serial, &mut [Dynamic::F64(deep)]).unwrap_err();
    assert!(error.to_string().contains("expected &Array6<f64>, found &Array7<f64>"), "{error}");
    let error = Engine::current().trace("deep", |t| t.array::<f64>("a", 7)).unwrap_err();
    assert!(error.to_string().contains("arrays have at most 6 axes"), "{error}");
    let mut list = ArgumentList::new();
    list.push(&a);
    assert_eq!(kernel.serial::<Array6<f64>>(list), Ok(&a * 2.0));
}

#[kernel]
#[allow(clippy::too_many_arguments)]
fn forty(
    x0: f64,
    v0: &ArrayRef1<f64>,
    n0: i64,
    x1: f64,
    v1: &ArrayRef1<f64>,
    n1: i64,
    x2: f64,
    v2: &ArrayRef1<f64>,
    n2: i64,
    x3: f64,
    v3: &ArrayRef1<f64>,
    n3: i64,
    x4: f64,
    v4: &ArrayRef1<f64>,
    n4: i64,
    x5: f64,
    v5: &ArrayRef1<f64>,
    n5: i64,
    x6: f64,
    v6: &ArrayRef1<f64>,
    n6: i64,
    x7: f64,
    v7: &ArrayRef1<f64>,
    n7: i64,
    x8: f64,
    v8: &ArrayRef1<f64>,
    n8: i64,
    x9: f64,
    v9: &ArrayRef1<f64>,
    n9: i64,
    x10: f64,
    v10: &ArrayRef1<f64>,
    n10: i64,
    x11: f64,
    v11: &ArrayRef1<f64>,
    n11: i64,
    x12: f64,
    v12: &ArrayRef1<f64>,
    n12: i64,
    out: &mut ArrayRef1<f64>,
) -> f64 {
    let mut total = 0.0;
    for i in prange(0..out.len()) {
        let mut s = 0.0;
        s += x0 * v0[i] + n0 as f64;
        s += x1 * v1[i] + n1 as f64;
        s += x2 * v2[i] + n2 as f64;
        s += x3 * v3[i] + n3 as f64;
        s += x4 * v4[i] + n4 as f64;
        s += x5 * v5[i] + n5 as f64;
        s += x6 * v6[i] + n6 as f64;
        s += x7 * v7[i] + n7 as f64;
        s += x8 * v8[i] + n8 as f64;
        s += x9 * v9[i] + n9 as f64;
        s += x10 * v10[i] + n10 as f64;
        s += x11 * v11[i] + n11 as f64;
        s += x12 * v12[i] + n12 as f64;
        out[i] = s;
        total += s;
    }
    total
}

#[test]
fn kernels_have_as_many_parameters_as_simulations_need() {
    let v = Array1::from_shape_fn(20_000, |i| (i % 17) as f64 / 8.0);
    let (total, written) = every_way!(forty(0.5, &v, 0, 1.5, &v, 1, 2.5, &v, 2, 3.5, &v, 3, 4.5, &v, 4, 5.5, &v, 5, 6.5, &v, 6, 7.5, &v, 7, 8.5, &v, 8, 9.5, &v, 9, 10.5, &v, 10, 11.5, &v, 11, 12.5, &v, 12, &mut out) with out = Array1::zeros(20_000));
    assert!(total > 0.0 && written[1] != 0.0);
    let mut out = Array1::<f64>::zeros(20_000);
    let arguments = (
        0.5, &v, 0i64, 1.5, &v, 1i64, 2.5, &v, 2i64, 3.5, &v, 3i64, 4.5, &v, 4i64, 5.5, &v, 5i64, 6.5, &v,
        6i64, 7.5, &v, 7i64, 8.5, &v, 8i64, 9.5, &v, 9i64, 10.5, &v, 10i64, 11.5, &v, 11i64, 12.5, &v, 12i64,
        &mut out,
    );
    assert_eq!(forty::kernel().parallel(arguments), Ok(total));
    let mut out = Array1::<f64>::zeros(20_000);
    let comparison = forty::compare(
        0.5, &v, 0, 1.5, &v, 1, 2.5, &v, 2, 3.5, &v, 3, 4.5, &v, 4, 5.5, &v, 5, 6.5, &v, 6, 7.5, &v, 7, 8.5,
        &v, 8, 9.5, &v, 9, 10.5, &v, 10, 11.5, &v, 11, 12.5, &v, 12, &mut out,
    )
    .unwrap();
    assert!(comparison.agrees(), "{comparison}");
}
