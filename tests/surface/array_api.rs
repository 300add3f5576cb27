//! `docs/ARRAY_API.md`: the numeric surface of `ndarray`, each name that kernels have with a kernel that uses it.
//!
//! The names are a table in `crates/names/src/surface.rs`. A form below is both a row of the document and a kernel, which must
//! give what the function itself gives.

use crate::tidy::document_says;
use ndarray::Array1;
use parfuse::prelude::*;
use parfuse::{Agreement, Returned};
use parfuse_names::surface::{Group, SURFACE};
use std::fmt::{Debug, Write};

/// A form of a name: how it is written, and whether compiled code does what the function does.
struct FormOf {
    name: &'static str,
    text: &'static str,
    check: fn(),
}

fn agrees<R: Returned + Debug>(name: &str, plain: &R, compiled: Result<R, Error>) {
    let compiled = compiled.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut agreement = Agreement::default();
    plain.compare_elements(&compiled, &mut agreement);
    assert!(agreement.agrees(), "{name}: the function gives {plain:?}, compiled code {compiled:?}");
}

fn vectors() -> (Array1<f64>, Array1<f64>) {
    let a = Array1::from_shape_fn(12, |i| ((i * 37 + 11) % 23) as f64 * 0.04 + 0.05);
    let b = Array1::from_shape_fn(12, |i| ((i * 17 + 5) % 19) as f64 * 0.03 - 0.2);
    (a, b)
}

/// What forms are written with.
mod imports {
    pub(super) use super::{agrees, vectors};
    pub(super) use ndarray::linalg::{general_mat_mul, general_mat_vec_mul, kron};
    pub(super) use ndarray::{
        Array1, Array2, ArrayD, ArrayRef1, ArrayRef2, Axis, FoldWhile, Ix2, Slice, Zip, concatenate, s, stack,
    };
    pub(super) use parfuse::prelude::*;
}

/// Forms of functions of two vectors, a matrix and indices.
macro_rules! forms {
    (|$a:ident, $b:ident, $m:ident, $i:ident| $($name:ident: $result:ty = { $($body:tt)* })*) => {
        /// A module for each, so that a form may have the name of what it is about.
        mod kernels {
            forms!(@kernels [$a $b $m $i] $([$name $result { $($body)* }])*);
        }

        const FORMS: &[FormOf] =
            &[$(FormOf { name: stringify!($name), text: stringify!($($body)*), check: kernels::$name::check }),*];
    };
    (@kernels $parameters:tt $($form:tt)*) => { $(forms!(@kernel $parameters $form);)* };
    (@kernel [$a:ident $b:ident $m:ident $i:ident] [$name:ident $result:ty { $($body:tt)* }]) => {
        pub(super) mod $name {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::super::imports::*;

            #[kernel]
            #[allow(unused_variables)]
            pub fn form($a: &ArrayRef1<f64>, $b: &ArrayRef1<f64>, $m: &ArrayRef2<f64>, $i: &[usize]) -> $result {
                $($body)*
            }

            pub fn check() {
                let ((a, b), i) = (vectors(), [2, 0, 1]);
                let m = Array2::from_shape_fn((3, 4), |(j, k)| a[4 * j + k]);
                form::kernel().check().unwrap_or_else(|error| panic!("{}: {error}", stringify!($name)));
                let plain = form(&a, &b, &m, &i);
                agrees(stringify!($name), &plain, form::serial(&a, &b, &m, &i));
                agrees(stringify!($name), &plain, form::parallel(&a, &b, &m, &i));
            }
        }
    };
}

forms! {
    |a, b, m, i|

    zeros: Array2<f64> = { Array2::zeros((3, a.len())) }
    ones: Array1<i64> = { Array1::ones(4) }
    from_elem: Array1<f64> = { Array1::from_elem(4, a[0]) }
    default: Array1<f64> = { Array1::default(4) }
    from_shape_fn: Array2<f64> = { Array2::from_shape_fn((3, 4), |(j, k)| a[j] * b[k]) }
    from_shape_simple_fn: Array1<f64> = { Array1::from_shape_simple_fn(4, || 0.5) }
    from_iter: Array1<f64> = { Array1::from_iter(a.iter().map(|x| x * 2.0)) }
    from_vec: Array1<f64> = { Array1::from_vec(vec![a[0], b[0]]) }
    from_shape_vec: Array2<f64> = { Array2::from_shape_vec((2, 2), vec![a[0], a[1], b[0], 1.0]).unwrap() }
    from: Array1<f64> = { Array1::from(vec![a[0], 2.0]) }
    linspace: Array1<f64> = { Array1::linspace(0.0, 1.0, 5) }
    range: Array1<f64> = { Array1::range(0.0, 1.0, 0.25) }
    logspace: Array1<f64> = { Array1::logspace(10.0, 0.0, 2.0, 3) }
    geomspace: Array1<f64> = { Array1::geomspace(1.0, 100.0, 3).unwrap() }
    eye: Array2<f64> = { Array2::eye(3) }
    from_diag: Array2<f64> = { Array2::from_diag(&a.to_owned()) }
    from_diag_elem: Array2<f64> = { Array2::from_diag_elem(3, a[0]) }

    stack: Array2<f64> = { stack![Axis(0), a.view(), b.view()] }
    concatenate: Array1<f64> = { concatenate![Axis(0), a.view(), b.view()] }
    kron: Array2<f64> = { kron(m, m) }
    general_mat_mul: Array2<f64> = { let mut c = Array2::zeros((3, 3)); general_mat_mul(2.0, m, &m.t(), 0.0, &mut c); c }
    general_mat_vec_mul: Array1<f64> = { let mut y = Array1::ones(3); general_mat_vec_mul(2.0, m, &a.slice(s![..4]), 1.0, &mut y); y }

    len: usize = { a.len() + m.len() }
    dim: (usize, usize) = { m.dim() }
    raw_dim: Array2<f64> = { Array2::zeros(m.raw_dim()) }
    shape: usize = { m.shape()[1] }
    ndim: usize = { m.ndim() }
    nrows: usize = { m.nrows() }
    ncols: usize = { m.ncols() }
    len_of: usize = { m.len_of(Axis(1)) }
    is_empty: bool = { a.is_empty() }
    is_square: bool = { m.is_square() }

    row: f64 = { m.row(1).sum() }
    row_mut: Array2<f64> = { let mut c = m.to_owned(); c.row_mut(1).fill(0.5); c }
    column: Array1<f64> = { m.column(2).to_owned() }
    column_mut: Array2<f64> = { let mut c = m.to_owned(); c.column_mut(1).assign(&a.slice(s![..3])); c }
    index_axis: Array1<f64> = { m.index_axis(Axis(1), 2).to_owned() }
    index_axis_mut: Array2<f64> = { let mut c = m.to_owned(); c.index_axis_mut(Axis(0), 2).fill(1.0); c }
    index_axis_move: Array1<f64> = { m.to_owned().index_axis_move(Axis(0), 1) }
    slice: Array2<f64> = { m.slice(s![1.., ..;2]).to_owned() }
    slice_mut: Array1<f64> = { let mut c = a.to_owned(); c.slice_mut(s![2..5]).fill(0.0); c }
    slice_move: Array1<f64> = { a.to_owned().slice_move(s![..;-1]) }
    slice_collapse: Array1<f64> = { let mut c = a.to_owned(); c.slice_collapse(s![1..]); c }
    slice_axis: Array2<f64> = { m.slice_axis(Axis(1), Slice::from(1..)).to_owned() }
    slice_axis_mut: Array2<f64> = { let mut c = m.to_owned(); c.slice_axis_mut(Axis(0), Slice::from(..1)).fill(2.0); c }
    slice_axis_move: Array2<f64> = { m.to_owned().slice_axis_move(Axis(0), Slice::from(1..)) }
    slice_axis_inplace: Array2<f64> = { let mut c = m.to_owned(); c.slice_axis_inplace(Axis(1), Slice::from(..2)); c }
    multi_slice_mut: Array1<f64> = { let mut c = a.to_owned(); let (mut x, y) = c.multi_slice_mut((s![..6], s![6..])); x += &y; c }
    split_at: f64 = { let (x, y) = a.view().split_at(Axis(0), 5); x.sum() - y.sum() }
    diag: Array1<f64> = { m.diag().to_owned() }
    diag_mut: Array2<f64> = { let mut c = m.to_owned(); c.diag_mut().fill(1.0); c }
    into_diag: Array1<f64> = { m.to_owned().into_diag() }
    view: f64 = { a.view().sum() }
    view_mut: Array1<f64> = { let mut c = a.to_owned(); let mut v = c.view_mut(); v += 1.0; c }

    t: Array2<f64> = { m.t().to_owned() }
    reversed_axes: Array2<f64> = { m.to_owned().reversed_axes() }
    permuted_axes: Array2<f64> = { m.view().permuted_axes([1, 0]).to_owned() }
    swap_axes: Array2<f64> = { let mut c = m.to_owned(); c.swap_axes(0, 1); c }
    invert_axis: Array2<f64> = { let mut c = m.to_owned(); c.invert_axis(Axis(0)); c }
    reverse_axes: Array2<f64> = { let mut c = m.to_owned(); c.reverse_axes(); c }
    permute_axes: Array2<f64> = { let mut c = m.to_owned(); c.permute_axes([1, 0]); c }
    collapse_axis: Array2<f64> = { let mut c = m.to_owned(); c.collapse_axis(Axis(0), 1); c }
    insert_axis: Array2<f64> = { a.view().insert_axis(Axis(1)).to_owned() }
    remove_axis: Array1<f64> = { m.view().remove_axis(Axis(0)).to_owned() }
    broadcast: Array2<f64> = { a.broadcast((2, a.len())).unwrap().to_owned() }
    into_shape_with_order: Array2<f64> = { a.to_owned().into_shape_with_order((3, 4)).unwrap() }
    into_shape_clone: Array2<f64> = { a.to_owned().into_shape_clone((4, 3)).unwrap() }
    to_shape: f64 = { a.to_shape((4, 3)).unwrap()[[1, 2]] }
    flatten: Array1<f64> = { m.flatten().to_owned() }
    into_flat: Array1<f64> = { m.to_owned().into_flat() }
    into_dyn: ArrayD<f64> = { m.to_owned().into_dyn() }
    into_dimensionality: Array2<f64> = { m.to_owned().into_dyn().into_dimensionality::<Ix2>().unwrap() }

    get: f64 = { a.get(20).copied().unwrap_or(-1.0) }
    first: f64 = { *a.first().unwrap() }
    last: f64 = { *a.last().unwrap() }
    get_mut: Array1<f64> = { let mut c = a.to_owned(); if let Some(x) = c.get_mut(2) { *x = 0.5; } c }
    first_mut: Array1<f64> = { let mut c = a.to_owned(); *c.first_mut().unwrap() = 0.5; c }
    last_mut: Array1<f64> = { let mut c = a.to_owned(); if let Some(x) = c.last_mut() { *x += 0.5; } c }
    swap: Array1<f64> = { let mut c = a.to_owned(); c.swap(0, 3); c }
    select: Array2<f64> = { m.select(Axis(0), i) }
    into_scalar: f64 = { a.sum_axis(Axis(0)).into_scalar() }

    iter: f64 = { a.iter().sum() }
    iter_mut: Array1<f64> = { let mut c = a.to_owned(); for x in c.iter_mut() { *x *= 2.0; } c }
    indexed_iter: f64 = { m.indexed_iter().map(|((j, k), x)| (j + k) as f64 * x).sum() }
    indexed_iter_mut: Array1<f64> = { let mut c = a.to_owned(); for (k, x) in c.indexed_iter_mut() { *x += k as f64; } c }
    outer_iter: Array1<f64> = { m.outer_iter().map(|row| row.sum()).collect() }
    outer_iter_mut: Array2<f64> = { let mut c = m.to_owned(); for mut row in c.outer_iter_mut() { row.fill(0.5); } c }
    axis_iter: Array1<f64> = { m.axis_iter(Axis(1)).map(|column| column[0]).collect() }
    axis_iter_mut: Array2<f64> = { let mut c = m.to_owned(); for mut x in c.axis_iter_mut(Axis(1)) { x[0] = 0.5; } c }
    rows: f64 = { m.rows().into_iter().map(|row| row[0]).sum() }
    rows_mut: Array2<f64> = { let mut c = m.to_owned(); for mut row in c.rows_mut() { row /= 2.0; } c }
    columns: f64 = { let mut total = 0.0; for column in m.columns() { total += column[1]; } total }
    columns_mut: Array2<f64> = { let mut c = m.to_owned(); for mut column in c.columns_mut() { column += 1.0; } c }
    lanes: f64 = { let mut total = 0.0; for lane in m.lanes(Axis(0)) { total += lane[0]; } total }
    lanes_mut: Array2<f64> = { let mut c = m.to_owned(); for mut lane in c.lanes_mut(Axis(1)) { lane[0] = 1.0; } c }
    windows: Array1<f64> = { a.windows(3).into_iter().map(|w| w.sum()).collect() }
    windows_with_stride: Array1<f64> = { a.windows_with_stride(3, 2).into_iter().map(|w| w[0] + w[2]).collect() }
    axis_windows_with_stride: f64 = { let mut total = 0.0; for w in m.axis_windows_with_stride(Axis(1), 2, 2) { total += w.sum(); } total }
    axis_windows: f64 = { let mut total = 0.0; for w in m.axis_windows(Axis(0), 2) { total += w.sum(); } total }
    exact_chunks: f64 = { let mut total = 0.0; for c in a.exact_chunks(4) { total += c[0]; } total }
    exact_chunks_mut: Array1<f64> = { let mut c = a.to_owned(); for mut x in c.exact_chunks_mut(4) { x[0] = 0.0; } c }
    axis_chunks_iter: Array1<f64> = { a.axis_chunks_iter(Axis(0), 5).map(|c| c.sum()).collect() }
    axis_chunks_iter_mut: Array1<f64> = { let mut c = a.to_owned(); for mut x in c.axis_chunks_iter_mut(Axis(0), 5) { x += 1.0; } c }

    map: Array1<f64> = { a.map(|x| x * 2.0) }
    mapv: Array1<bool> = { a.mapv(|x| x > 0.5) }
    mapv_into: Array1<f64> = { a.to_owned().mapv_into(|x| x + 1.0) }
    mapv_into_any: Array1<i64> = { a.to_owned().mapv_into_any(|x| (x * 10.0) as i64) }
    mapv_inplace: Array1<f64> = { let mut c = a.to_owned(); c.mapv_inplace(|x| x + 1.0); c }
    map_inplace: Array1<f64> = { let mut c = a.to_owned(); c.map_inplace(|x| *x += 1.0); c }
    zip_mut_with: Array1<f64> = { let mut c = a.to_owned(); c.zip_mut_with(b, |x, y| *x = x.max(*y)); c }
    assign: Array1<f64> = { let mut c = a.to_owned(); c.assign(b); c }
    assign_to: Array1<f64> = { let mut c = Array1::zeros(a.len()); a.assign_to(&mut c); c }
    fill: Array1<f64> = { let mut c = a.to_owned(); c.fill(0.5); c }
    scaled_add: Array1<f64> = { let mut c = a.to_owned(); c.scaled_add(2.0, b); c }
    clamp: Array1<f64> = { a.clamp(0.2, 0.5) }
    pow2: Array1<f64> = { a.pow2() }
    abs: Array1<f64> = { b.abs() }
    signum: Array1<f64> = { b.signum() }
    floor: Array1<f64> = { (b * 10.0).floor() }
    ceil: Array1<f64> = { (b * 10.0).ceil() }
    round: Array1<f64> = { (b * 10.0).round() }
    trunc: Array1<f64> = { (b * 10.0).trunc() }
    fract: Array1<f64> = { b.fract() }
    recip: Array1<f64> = { a.recip() }
    sqrt: Array1<f64> = { a.sqrt() }
    cbrt: Array1<f64> = { a.cbrt() }
    hypot: Array1<f64> = { a.hypot(2.0) }
    powi: Array1<f64> = { a.powi(3) }
    powf: Array1<f64> = { a.powf(1.5) }
    exp: Array1<f64> = { a.exp() }
    exp2: Array1<f64> = { a.exp2() }
    exp_m1: Array1<f64> = { a.exp_m1() }
    ln: Array1<f64> = { a.ln() }
    log: Array1<f64> = { a.log(3.0) }
    log2: Array1<f64> = { a.log2() }
    log10: Array1<f64> = { a.log10() }
    ln_1p: Array1<f64> = { a.ln_1p() }
    sin: Array1<f64> = { a.sin() }
    cos: Array1<f64> = { a.cos() }
    tan: Array1<f64> = { a.tan() }
    asin: Array1<f64> = { a.asin() }
    acos: Array1<f64> = { a.acos() }
    atan: Array1<f64> = { a.atan() }
    sinh: Array1<f64> = { a.sinh() }
    cosh: Array1<f64> = { a.cosh() }
    tanh: Array1<f64> = { a.tanh() }
    asinh: Array1<f64> = { a.asinh() }
    acosh: Array1<f64> = { (a + 1.0).acosh() }
    atanh: Array1<f64> = { a.atanh() }
    to_degrees: Array1<f64> = { a.to_degrees() }
    to_radians: Array1<f64> = { a.to_radians() }
    is_nan: bool = { a.is_nan().iter().any(|&x| x) }
    is_infinite: bool = { a.is_infinite().iter().any(|&x| x) }

    sum: f64 = { a.sum() }
    product: f64 = { a.product() }
    mean: f64 = { a.mean().unwrap() }
    var: f64 = { a.var(1.0) }
    std: f64 = { a.std(0.0) }
    sum_axis: Array1<f64> = { m.sum_axis(Axis(0)) }
    product_axis: Array1<f64> = { m.product_axis(Axis(0)) }
    mean_axis: Array1<f64> = { m.mean_axis(Axis(1)).unwrap() }
    var_axis: Array1<f64> = { m.var_axis(Axis(1), 0.0) }
    std_axis: Array1<f64> = { m.std_axis(Axis(1), 1.0) }
    fold_axis: Array1<f64> = { m.fold_axis(Axis(1), 0.0, |s, x| s * 0.5 + x) }
    map_axis: Array1<f64> = { m.map_axis(Axis(0), |column| column[0] + column.sum()) }
    map_axis_mut: Array1<f64> = { let mut c = m.to_owned(); let s = c.map_axis_mut(Axis(0), |mut column| { column[0] += 1.0; column.sum() }); s + c.row(0) }
    accumulate_axis_inplace: Array2<f64> = { let mut c = m.to_owned(); c.accumulate_axis_inplace(Axis(0), |&p, x| *x += p); c }
    diff: Array1<f64> = { a.diff(2, Axis(0)) }
    cumprod: Array1<f64> = { a.cumprod(Axis(0)) }
    fold: f64 = { a.fold(1.0, |s, x| s * 0.5 + x) }
    partition: f64 = { let (low, high): (Vec<f64>, Vec<f64>) = a.iter().partition(|x| **x < 0.5); low.len() as f64 - high.len() as f64 }

    dot: Array2<f64> = { m.dot(&m.t()) }
    triu: Array2<f64> = { m.triu(1) }
    tril: Array2<f64> = { m.tril(-1) }

    to_owned: Array1<f64> = { a.to_owned() }
    into_owned: Array1<f64> = { a.view().into_owned() }
    to_vec: f64 = { let v = a.to_vec(); v[1] }
    as_standard_layout: f64 = { m.t().as_standard_layout()[[1, 0]] }
    append: Array1<f64> = { let mut c = a.to_owned(); c.append(Axis(0), b.view()).unwrap(); c }
    push: Array2<f64> = { let mut c = m.to_owned(); c.push(Axis(0), a.slice(s![..4])).unwrap(); c }
    push_row: Array2<f64> = { let mut c = m.to_owned(); c.push_row(a.slice(s![..4])).unwrap(); c }
    push_column: Array2<f64> = { let mut c = m.to_owned(); c.push_column(a.slice(s![..3])).unwrap(); c }
    remove_index: Array2<f64> = { let mut c = m.to_owned(); c.remove_index(Axis(1), 1); c }
    as_slice: f64 = { a.as_slice().unwrap()[1] }
    as_slice_mut: Array1<f64> = { let mut c = a.to_owned(); c.as_slice_mut().unwrap()[1] = 0.5; c }

    and: Array1<f64> = { Zip::from(a).and(b).map_collect(|x, y| x * y) }
    and_broadcast: Array2<f64> = { Zip::from(m).and_broadcast(&a.slice(s![..4])).map_collect(|x, y| x * y) }
    for_each: Array1<f64> = { let mut c = a.to_owned(); Zip::from(&mut c).and(b).for_each(|x, y| *x += y); c }
    fold_while: f64 = { Zip::from(a).fold_while(0.0, |s, &x| if s > 2.0 { FoldWhile::Done(s) } else { FoldWhile::Continue(s + x) }).into_inner() }
    map_collect: Array1<f64> = { Zip::indexed(a).map_collect(|k, x| k as f64 * x) }
    map_assign_into: Array1<f64> = { let mut c = Array1::zeros(a.len()); Zip::from(a).and(b).map_assign_into(&mut c, |x, y| x - y); c }
    all: bool = { Zip::from(a).and(b).all(|x, y| x > y) }
    any: bool = { Zip::from(a).any(|&x| x > 0.5) }
}

fn names(group: &Group) -> impl Iterator<Item = &'static str> {
    group.names.split_whitespace()
}

#[test]
fn what_is_supported_does_what_the_function_does() {
    for form in FORMS {
        (form.check)();
    }
}

#[test]
fn the_document_lists_all_of_the_surface() {
    let mut text = String::from("\n");
    let (mut supported, mut refused) = (0, 0);
    for group in SURFACE {
        writeln!(text, "## {}\n\n| name | in a kernel |\n|---|---|", group.of).unwrap();
        for name in names(group) {
            match group.advice(name) {
                None => {
                    supported += 1;
                    let of = |name: &str| FORMS.iter().find(|form| form.name == name);
                    // Those of the feature `rayon` are parallel where the others are, too.
                    let form = of(name).or_else(|| of(name.strip_prefix("par_")?));
                    let form = form.unwrap_or_else(|| panic!("`{name}` has no kernel here"));
                    let written = form.text.replace(&format!("{}(", form.name), &format!("{name}("));
                    writeln!(text, "| `{name}` | `{}` |", written.replace('\n', " ").replace('|', "\\|"))
                        .unwrap();
                }
                Some(advice) => {
                    refused += 1;
                    assert!(advice.contains(name) && !advice.contains("if it is yours"), "{name}: {advice}");
                    let instead = advice.split_once("in a kernel: ").map_or(&*advice, |(_, instead)| instead);
                    writeln!(text, "| `{name}` | no: {} |", instead.replace('|', "\\|")).unwrap();
                }
            }
        }
        text.push('\n');
    }
    let unknown = FORMS.iter().find(|form| !SURFACE.iter().flat_map(names).any(|name| name == form.name));
    assert!(unknown.is_none_or(|form| panic!("`{}` is not in the table", form.name)));
    let count = format!(
        "\nOf {} names kernels have {supported}, and refuse {refused} with an advice.\n",
        supported + refused
    );
    document_says("docs/ARRAY_API.md", "counts", &(count + "\n"));
    document_says("docs/ARRAY_API.md", "names", &text);
}
