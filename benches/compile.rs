//! How long the way from a traced program to callable code takes, and its parts.

#[path = "../examples/compare/kernels.rs"]
#[allow(dead_code)]
mod kernels;

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use parfuse::{KernelFunction, kernel};
use parfuse_codegen::{Compiler, Effort};
use parfuse_ir::lane::Lane;
use parfuse_ir::loops::{Layout, Loops};
use parfuse_ir::program::{Program, Type};
use parfuse_passes::{check_parallel, lower_arrays, optimize, vectorize};
use std::hint::black_box;

/// Many regions of much text: rows and columns several at a time, and what is left of them.
#[kernel]
fn product(a: &Array2<f64>, b: &Array2<f64>, c: &Array2<f64>) -> Array2<f64> {
    a.dot(b) + c
}

fn lower(program: &Program) -> Loops {
    let layout = |ty| match ty {
        Type::Scalar(_) => None,
        Type::Array(_, rank) => Some(Layout::rows(rank)),
    };
    let layouts: Vec<_> = program.params.iter().map(|param| layout(param.ty)).collect();
    let mut loops = lower_arrays(program, &layouts).expect("the kernel is supported");
    check_parallel(&mut loops).expect("its loops are parallel");
    optimize(&mut loops, &Default::default());
    loops
}

fn stages<F: KernelFunction>(c: &mut Criterion) {
    let compiler = Compiler::new(Default::default()).expect("there is a code generator");
    let program = F::traced().trace(&[]).expect("the kernel is correct");
    let loops = lower(&program);
    let lane: Lane = vectorize(&loops);
    let mut group = c.benchmark_group(F::NAME);
    group.bench_function("trace", |b| b.iter(|| black_box(F::traced().trace(&[]))));
    group.bench_function("lower and fuse", |b| b.iter(|| black_box(lower(&program))));
    group.bench_function("vectorize", |b| b.iter(|| black_box(vectorize(&loops))));
    group.bench_function("emit quickly", |b| b.iter(|| black_box(compiler.compile(&lane, Effort::Quick))));
    group.bench_function("emit thoroughly", |b| {
        b.iter(|| black_box(compiler.compile(&lane, Effort::Thorough)))
    });
    group.finish();
}

fn compile(c: &mut Criterion) {
    stages::<kernels::gaussians>(c);
    stages::<kernels::monte_carlo_pi>(c);
    stages::<kernels::mandelbrot>(c);
    stages::<kernels::add>(c);
    stages::<product>(c);
}

criterion_group!(benches, compile);
criterion_main!(benches);
