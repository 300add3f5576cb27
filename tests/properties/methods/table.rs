//! The methods, a row each, by the element types that they are for.

/// What rows refer to.
mod imports {
    pub use super::super::{Row, Sample, Variants, check, check_change};
    pub use ndarray::{Array1, Array2, ArrayD, ArrayRef, Axis, Ix1, Ix2, IxDyn, Slice, s};
    pub use num_complex::{Complex32, Complex64};
    pub use parfuse::prelude::*;
}

/// A module for each element type, with a module for each row: a kernel of two arrays.
macro_rules! methods {
    ($group:ident of $dim:ident [$($module:ident $ty:ty),*] |$a:ident, $b:ident| $rows:tt) => {
        pub mod $group {
            $(mod $module {
                methods!(@rows $dim $ty, $a $b $rows);
            })*

            pub fn rows() -> Vec<&'static super::imports::Row> {
                let mut all = Vec::new();
                $(all.extend($module::ROWS);)*
                all
            }
        }
    };
    (@rows $dim:ident $ty:ty, $a:ident $b:ident { $($name:ident: $result:ty = { $($body:tt)* })* }) => {
        use super::super::imports::*;
        $(mod $name {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::super::super::imports::*;
            #[allow(dead_code)]
            type T = $ty;
            #[allow(dead_code)]
            const ONE: T = <T as Sample>::ONE;
            #[allow(dead_code)]
            const TWO: T = <T as Sample>::TWO;

            #[kernel]
            #[allow(unused_variables)]
            pub fn form($a: &ArrayRef<$ty, $dim>, $b: &ArrayRef<$ty, $dim>) -> $result {
                $($body)*
            }
        })*

        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            check: || check(
                stringify!($name),
                &Variants { plain: $name::form, serial: $name::form::serial, parallel: $name::form::parallel },
            ),
        }),*];
    };
}

/// As `methods`: kernels that write to the first array.
macro_rules! changing_methods {
    ($group:ident of $dim:ident [$($module:ident $ty:ty),*] |$c:ident, $b:ident| $rows:tt) => {
        pub mod $group {
            $(mod $module {
                changing_methods!(@rows $dim $ty, $c $b $rows);
            })*

            pub fn rows() -> Vec<&'static super::imports::Row> {
                let mut all = Vec::new();
                $(all.extend($module::ROWS);)*
                all
            }
        }
    };
    (@rows $dim:ident $ty:ty, $c:ident $b:ident { $($name:ident = { $($body:tt)* })* }) => {
        use super::super::imports::*;
        $(mod $name {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::super::super::imports::*;
            #[allow(dead_code)]
            type T = $ty;
            #[allow(dead_code)]
            const ONE: T = <T as Sample>::ONE;
            #[allow(dead_code)]
            const TWO: T = <T as Sample>::TWO;

            #[kernel]
            #[allow(unused_variables)]
            pub fn form($c: &mut ArrayRef<$ty, $dim>, $b: &ArrayRef<$ty, $dim>) {
                $($body)*
            }
        })*

        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            check: || check_change(
                stringify!($name),
                &Variants { plain: $name::form, serial: $name::form::serial, parallel: $name::form::parallel },
            ),
        }),*];
    };
}

methods! { numbers of IxDyn [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64, of_u8 u8] |a, b| {
    sum: T = { a.sum() }
    product: T = { a.product() }
    mean: T = { a.mean().unwrap() }
    sum_axis: ArrayD<T> = { a.sum_axis(Axis(0)) }
    product_axis: ArrayD<T> = { a.product_axis(Axis(a.ndim() - 1)) }
    mean_axis: ArrayD<T> = { a.mean_axis(Axis(1)).unwrap() }
    fold_axis: ArrayD<T> = { a.fold_axis(Axis(0), ONE, |s, x| *s + *x) }
    map_axis: ArrayD<T> = { a.map_axis(Axis(a.ndim() - 1), |lane| lane.sum() + lane[0]) }
    cumprod: ArrayD<T> = { a.cumprod(Axis(0)) }
    fold: T = { a.fold(ONE, |s, x| s + *x) }
    map: ArrayD<T> = { a.map(|x| *x + ONE) }
    mapv: ArrayD<T> = { a.mapv(|x| x * TWO) }
    mapv_into: ArrayD<T> = { a.to_owned().mapv_into(|x| x + ONE) }
    mapv_into_any: ArrayD<bool> = { a.to_owned().mapv_into_any(|x| x > ONE) }
    operators: ArrayD<T> = { (a + b) * TWO + a * b }
    iter: T = { a.iter().sum::<T>() }
    outer_iter: Array1<T> = { a.outer_iter().map(|part| part.sum()).collect() }
    axis_iter: Array1<T> = { a.axis_iter(Axis(a.ndim() - 1)).map(|part| part.sum()).collect() }
    // `ndarray` has no windows of an array that has no length along another axis.
    axis_windows: Array1<T> = {
        let mut sums = Array1::<T>::default(if a.is_empty() { 0 } else { a.axis_windows(Axis(0), 2).into_iter().count() });
        if !a.is_empty() {
            for (sum, part) in sums.iter_mut().zip(a.axis_windows(Axis(0), 2)) {
                *sum = part.sum();
            }
        }
        sums
    }
    axis_chunks_iter: Array1<T> = { a.axis_chunks_iter(Axis(0), 2).map(|part| part.sum()).collect() }
    rows: Array1<T> = { a.rows().into_iter().map(|row| row.sum()).collect() }
    columns: Array1<T> = { a.columns().into_iter().map(|row| row.sum()).collect() }
    lanes: Array1<T> = { a.lanes(Axis(0)).into_iter().map(|row| row.sum()).collect() }
    split_at: T = { let (x, y) = a.view().split_at(Axis(0), 1); x.sum() + y.sum() * TWO }
    view: T = { a.view().sum() }
    view_mut: ArrayD<T> = { let mut c = a.to_owned(); let mut v = c.view_mut(); v += ONE; c }
    scaled_add: ArrayD<T> = { let mut c = a.to_owned(); c.scaled_add(TWO, b); c }
    clamp: ArrayD<T> = { a.clamp(ONE, TWO) }
    into_dyn: ArrayD<T> = { a.to_owned().into_dyn() + ONE }
} }

methods! { signed of IxDyn [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64] |a, b| {
    diff: ArrayD<T> = { a.diff(1, Axis(0)) }
    opposite: ArrayD<T> = { -(a - b) }
    quotients: ArrayD<T> = { a / (b * b + ONE) }
} }

methods! { floats of IxDyn [of_f32 f32, of_f64 f64] |a, b| {
    var: T = { a.var(1.0) }
    std: T = { a.std(0.0) }
    var_axis: ArrayD<T> = { a.var_axis(Axis(0), 0.0) }
    std_axis: ArrayD<T> = { a.std_axis(Axis(a.ndim() - 1), 1.0) }
    pow2: ArrayD<T> = { a.pow2() }
    abs: ArrayD<T> = { a.abs() }
    signum: ArrayD<T> = { a.signum() }
    floor: ArrayD<T> = { a.floor() }
    ceil: ArrayD<T> = { a.ceil() }
    round: ArrayD<T> = { a.round() }
    trunc: ArrayD<T> = { a.trunc() }
    fract: ArrayD<T> = { a.fract() }
    recip: ArrayD<T> = { a.recip() }
    sqrt: ArrayD<T> = { a.sqrt() }
    cbrt: ArrayD<T> = { a.cbrt() }
    hypot: ArrayD<T> = { a.hypot(2.0) }
    powi: ArrayD<T> = { a.powi(3) }
    powf: ArrayD<T> = { a.powf(1.5) }
    exp: ArrayD<T> = { a.exp() }
    exp2: ArrayD<T> = { a.exp2() }
    exp_m1: ArrayD<T> = { a.exp_m1() }
    ln: ArrayD<T> = { a.ln() }
    log: ArrayD<T> = { a.log(3.0) }
    log2: ArrayD<T> = { a.log2() }
    log10: ArrayD<T> = { a.log10() }
    ln_1p: ArrayD<T> = { a.ln_1p() }
    sin: ArrayD<T> = { a.sin() }
    cos: ArrayD<T> = { a.cos() }
    tan: ArrayD<T> = { a.tan() }
    asin: ArrayD<T> = { a.asin() }
    acos: ArrayD<T> = { a.acos() }
    atan: ArrayD<T> = { a.atan() }
    sinh: ArrayD<T> = { a.sinh() }
    cosh: ArrayD<T> = { a.cosh() }
    tanh: ArrayD<T> = { a.tanh() }
    asinh: ArrayD<T> = { a.asinh() }
    acosh: ArrayD<T> = { a.acosh() }
    atanh: ArrayD<T> = { a.atanh() }
    to_degrees: ArrayD<T> = { a.to_degrees() }
    to_radians: ArrayD<T> = { a.to_radians() }
    is_nan: ArrayD<bool> = { a.sqrt().is_nan() }
    is_infinite: ArrayD<bool> = { a.recip().is_infinite() }
} }

methods! { anything of IxDyn
    [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64, of_u8 u8, of_bool bool, of_c64 Complex64, of_c32 Complex32]
|a, b| {
    len: usize = { a.len() }
    ndim: usize = { a.ndim() }
    is_empty: bool = { a.is_empty() }
    len_of: usize = { a.len_of(Axis(1)) }
    shape: (usize, usize) = { (a.shape()[0], a.shape()[a.ndim() - 1]) }
    dim: ArrayD<T> = { ArrayD::from_elem(a.dim(), ONE) }
    raw_dim: ArrayD<T> = { ArrayD::from_elem(a.raw_dim(), ONE) }
    to_owned: ArrayD<T> = { a.to_owned() }
    into_owned: ArrayD<T> = { a.view().into_owned() }
    as_standard_layout: ArrayD<T> = { a.as_standard_layout().to_owned() }
    t: ArrayD<T> = { a.t().to_owned() }
    reversed_axes: ArrayD<T> = { a.to_owned().reversed_axes() }
    swap_axes: ArrayD<T> = { let mut c = a.to_owned(); c.swap_axes(0, a.ndim() - 1); c }
    invert_axis: ArrayD<T> = { let mut c = a.to_owned(); c.invert_axis(Axis(0)); c }
    insert_axis: ArrayD<T> = { a.view().insert_axis(Axis(1)).to_owned() }
    remove_axis: ArrayD<T> = { a.view().remove_axis(Axis(0)).to_owned() }
    broadcast: ArrayD<T> = { a.broadcast(IxDyn(a.shape())).unwrap().to_owned() }
    to_shape: Array1<T> = { a.to_shape(a.len()).unwrap().to_owned() }
    into_shape_clone: Array1<T> = { a.to_owned().into_shape_clone(a.len()).unwrap() }
    flatten: Array1<T> = { a.flatten().to_owned() }
    into_flat: Array1<T> = { a.to_owned().into_flat() }
    diag: Array1<T> = { a.diag().to_owned() }
    into_diag: Array1<T> = { a.to_owned().into_diag() }
    index_axis: ArrayD<T> = { a.index_axis(Axis(0), 1).to_owned() }
    index_axis_move: ArrayD<T> = { a.to_owned().index_axis_move(Axis(0), 0) }
    slice_axis: ArrayD<T> = { a.slice_axis(Axis(0), Slice::from(1..)).to_owned() }
    slice_axis_move: ArrayD<T> = { a.to_owned().slice_axis_move(Axis(0), Slice::from(..1)) }
    select: ArrayD<T> = { a.select(Axis(0), &[1, 0, 1]) }
    first: T = { *a.first().unwrap() }
    last: T = { *a.last().unwrap() }
    append: ArrayD<T> = { let mut c = a.to_owned(); c.append(Axis(0), b.view()).unwrap(); c }
    remove_index: ArrayD<T> = { let mut c = a.to_owned(); c.remove_index(Axis(0), 0); c }
} }

methods! { truth_values of IxDyn [of_bool bool] |a, b| {
    logic: ArrayD<bool> = { (!a & b) | (a ^ b) }
    any: bool = { a.iter().any(|x| *x) }
    all: bool = { a.iter().all(|x| *x) }
    count: usize = { a.iter().filter(|x| **x).count() }
    map: ArrayD<bool> = { a.map(|x| !*x) }
    mapv: ArrayD<i32> = { a.mapv(|x| if x { 1 } else { -1 }) }
} }

methods! { complex_numbers of IxDyn [of_c64 Complex64, of_c32 Complex32] |a, b| {
    sum: T = { a.sum() }
    product: T = { a.product() }
    mean: T = { a.mean().unwrap() }
    sum_axis: ArrayD<T> = { a.sum_axis(Axis(0)) }
    product_axis: ArrayD<T> = { a.product_axis(Axis(a.ndim() - 1)) }
    mean_axis: ArrayD<T> = { a.mean_axis(Axis(0)).unwrap() }
    fold: T = { a.fold(ONE, |s, x| s * x) }
    map: ArrayD<T> = { a.map(|z| z.conj()) }
    mapv: ArrayD<T> = { a.mapv(|z| z * TWO) }
    operators: ArrayD<T> = { (a + b) * TWO - a * b / (b + TWO) }
    opposite: ArrayD<T> = { -(a - b) }
    iter: T = { a.iter().sum::<T>() }
    outer_iter: Array1<T> = { a.outer_iter().map(|part| part.sum()).collect() }
    rows: Array1<T> = { a.rows().into_iter().map(|row| row.sum()).collect() }
    scaled_add: ArrayD<T> = { let mut c = a.to_owned(); c.scaled_add(TWO, b); c }
} }

methods! { vectors of Ix1 [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64, of_u8 u8, of_c64 Complex64] |a, b| {
    dot: T = { a.dot(b) }
    get: T = { a.get(2).copied().unwrap_or(ONE) }
    get_mut: Array1<T> = { let mut c = a.to_owned(); if let Some(x) = c.get_mut(2) { *x = TWO; } c }
    windows: Array1<T> = { a.windows(2).into_iter().map(|part| part.sum()).collect() }
    windows_with_stride: Array1<T> = { a.windows_with_stride(2, 3).into_iter().map(|part| part.sum()).collect() }
    exact_chunks: Array1<T> = { a.exact_chunks(3).into_iter().map(|part| part.sum()).collect() }
    slice: Array1<T> = { a.slice(s![..;2]).to_owned() }
    slice_move: Array1<T> = { a.to_owned().slice_move(s![..;-1]) }
    to_vec: T = { let v = a.to_vec(); v[0] }
    indexed_iter: Array1<T> = { a.indexed_iter().map(|(i, x)| if i % 2 == 0 { *x } else { ONE }).collect() }
} }

methods! { matrices of Ix2 [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64, of_u8 u8, of_c64 Complex64] |a, b| {
    dot: Array2<T> = { a.dot(&b.t()) }
    row: Array1<T> = { a.row(1).to_owned() }
    column: Array1<T> = { a.column(0).to_owned() }
    nrows: usize = { a.nrows() }
    is_square: bool = { a.is_square() }
    ncols: usize = { a.ncols() }
    triu: Array2<T> = { a.triu(0) }
    tril: Array2<T> = { a.tril(1) }
    permuted_axes: Array2<T> = { a.view().permuted_axes([1, 0]).to_owned() }
    slice: Array2<T> = { a.slice(s![..;-1, 1..]).to_owned() }
    windows: Array1<T> = { a.windows((2, 1)).into_iter().map(|part| part.sum()).collect() }
    axis_windows_with_stride: Array1<T> = {
        a.axis_windows_with_stride(Axis(0), 2, 2).into_iter().map(|part| part.sum()).collect()
    }
    indexed_iter: T = { a.indexed_iter().map(|((i, j), x)| if i > j { *x } else { ONE }).sum::<T>() }
} }

changing_methods! { changes of IxDyn
    [of_f32 f32, of_f64 f64, of_i32 i32, of_i64 i64, of_u8 u8, of_bool bool, of_c64 Complex64, of_c32 Complex32]
|c, b| {
    fill = { c.fill(TWO); }
    assign = { c.assign(b); }
    zip_mut_with = { c.zip_mut_with(b, |x, y| *x = *y); }
    mapv_inplace = { c.mapv_inplace(|x| if x == ONE { x } else { TWO }); }
    map_inplace = { c.map_inplace(|x| *x = ONE); }
    iter_mut = { for (x, y) in c.iter_mut().zip(b.iter()) { *x = *y; } }
    outer_iter_mut = { for mut part in c.outer_iter_mut() { part.fill(TWO); } }
    axis_iter_mut = { for mut part in c.axis_iter_mut(Axis(c.ndim() - 1)) { part.fill(ONE); } }
    rows_mut = { for mut row in c.rows_mut() { row[0] = TWO; } }
    columns_mut = { for mut row in c.columns_mut() { row[0] = TWO; } }
    lanes_mut = { for mut row in c.lanes_mut(Axis(0)) { row[0] = TWO; } }
    axis_chunks_iter_mut = { for mut part in c.axis_chunks_iter_mut(Axis(0), 2) { part.fill(TWO); } }
    index_axis_mut = { c.index_axis_mut(Axis(0), 0).fill(ONE); }
    slice_axis_mut = { c.slice_axis_mut(Axis(0), Slice::from(1..)).fill(TWO); }
    diag_mut = { c.diag_mut().fill(TWO); }
    first_mut = { *c.first_mut().unwrap() = TWO; }
    last_mut = { if let Some(x) = c.last_mut() { *x = TWO; } }
    accumulate_axis_inplace = { c.accumulate_axis_inplace(Axis(0), |&p, x| *x = if p == ONE { *x } else { p }); }
} }

changing_methods! { changes_of_floats of IxDyn [of_f32 f32, of_f64 f64] |c, b| {
    scaled_add = { c.scaled_add(0.5, b); }
    operators = { *c += b; *c *= 2.0; }
} }

changing_methods! { changes_of_vectors of Ix1 [of_f32 f32, of_i32 i32, of_u8 u8, of_c64 Complex64] |c, b| {
    swap = { c.swap(0, 1); }
    slice_mut = { c.slice_mut(s![..;2]).fill(TWO); }
    exact_chunks_mut = { for mut part in c.exact_chunks_mut(2) { part.fill(TWO); } }
    indexed_iter_mut = { for (i, x) in c.indexed_iter_mut() { if i % 2 == 0 { *x = TWO; } } }
} }

changing_methods! { changes_of_matrices of Ix2 [of_f32 f32, of_i32 i32, of_u8 u8, of_c64 Complex64] |c, b| {
    row_mut = { c.row_mut(1).fill(TWO); }
    column_mut = { c.column_mut(0).assign(&b.column(0)); }
    slice_mut = { c.slice_mut(s![1.., ..;-1]).fill(TWO); }
} }
