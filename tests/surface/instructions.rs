//! Instruction sets: the same bits from all, and hot loops of packed instructions without calls or spills.

use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Effort, Isa, Kernel};

#[kernel]
fn bells(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result / 2.5066282746310002 / means.len() as f64
}

#[kernel]
fn escape(height: usize, width: usize, limit: i32) -> Array2<i32> {
    let mut counts = Array2::<i32>::zeros((height, width));
    for row in prange(0..height) {
        let cy = 3.0 * row as f64 / height as f64 - 1.5;
        for column in 0..width {
            let cx = 3.0 * column as f64 / width as f64 - 2.0;
            let (mut x, mut y) = (0.0, 0.0);
            let mut n = 0;
            while n < limit && x * x + y * y <= 4.0 {
                let next = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = next;
                n += 1;
            }
            counts[[row, column]] = n;
        }
    }
    counts
}

fn samples(n: usize) -> (Array1<f64>, Array1<f64>) {
    let means = Array1::from_shape_fn(n, |i| (i as f64 * 0.37).sin() * 30.0);
    // Some widths lead to quotients far out: denormal, infinite, not a number.
    let widths = Array1::from_shape_fn(n, |i| match i % 97 {
        13 => 0.0,
        14 => 1e-310,
        15 => 1e305,
        16 => f64::NAN,
        _ => 1.0 + (i as f64 * 0.1).cos() * 0.9,
    });
    (means, widths)
}

#[test]
fn cold_and_hot_code_for_every_processor_give_the_same_bits() {
    // More elements than code stays cold for.
    let (means, widths) = samples(300_001);
    let bits = |array: Array1<f64>| -> Vec<u64> {
        array.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
    };
    let mut expected = None;
    for isa in Isa::ALL {
        let engine = Engine::builder().isa(isa).build().unwrap();
        assert_eq!(engine.isa(), isa.or_available());
        for call in ["cold", "hot"] {
            let found = bits(engine.install(|| bells::serial(0.3, &means, &widths)).unwrap());
            let expected = expected.get_or_insert_with(|| found.clone());
            let first = expected.iter().zip(&found).position(|(a, b)| a != b);
            assert_eq!(first, None, "{isa}, {call}");
        }
    }
}

/// The lines of the loop in a region's listing whose body contains a text: from the target of the last backward jump
/// behind it.
fn hot_loop<'a>(asm: &'a str, text: &str) -> Vec<&'a str> {
    let (_, region) = asm.split_once("; r0").expect("a region");
    let lines: Vec<&str> = region.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let address = |text: &str| usize::from_str_radix(text.trim_start_matches('0').trim_end_matches('h'), 16);
    let start = |line: &str| address(line.split_whitespace().next().unwrap_or_default()).unwrap_or(0);
    let inside = lines.iter().position(|line| line.contains(text)).expect("the instruction");
    for (end, line) in lines.iter().enumerate().skip(inside) {
        let mut words = line.split_whitespace().skip(1);
        if words.next().is_some_and(|word| word.starts_with('j'))
            && let Some(Ok(target)) = words.next().map(address)
            && let Some(head) = lines.iter().position(|line| start(line) == target)
            && head <= inside
        {
            return lines[head..=end].to_vec();
        }
    }
    panic!("no loop around {text}: {asm}")
}

#[test]
fn hot_loops_are_packed_instructions_without_calls_or_spills() {
    for (isa, register) in [(Isa::Avx512, "zmm"), (Isa::Avx512At256, "ymm")] {
        if !isa.is_available() {
            continue;
        }
        let engine = Engine::builder().isa(isa).build().unwrap();
        let (means, widths) = samples(100);
        engine.install(|| bells::serial(0.3, &means, &widths)).unwrap();
        engine.install(|| escape::serial(8, 40, 10)).unwrap();
        let kernels: [(Kernel, &str); 2] =
            [(engine.kernel::<bells>(), "vfmadd213pd"), (engine.kernel::<escape>(), "vcmple")];
        for (kernel, instruction) in kernels {
            let asm = kernel.asm_of(Effort::Thorough).unwrap();
            let body = hot_loop(&asm, instruction);
            assert!(body.len() > 20, "{body:#?}");
            for line in body.iter().filter(|line| line.contains("pd ")) {
                assert!(line.contains(register), "{isa}: {line}");
            }
            for none in ["call", "[rsp", "sd "] {
                let found = body.iter().find(|line| line.contains(none));
                assert_eq!(found, None, "{isa}: {body:#?}");
            }
        }
    }
}

#[test]
fn a_kernel_tells_what_it_was_compiled_for() {
    for isa in Isa::ALL {
        let engine = Engine::builder().isa(isa).build().unwrap();
        let (means, widths) = samples(10);
        engine.install(|| bells::serial(0.3, &means, &widths)).unwrap();
        let explanation = engine.kernel::<bells>().explain().unwrap();
        assert_eq!(explanation.isa, isa.or_available());
        assert!(explanation.to_string().contains(isa.or_available().name()), "{explanation}");
    }
}

#[kernel]
fn least_rounded(a: &ArrayRef1<i64>) -> usize {
    let mut m = usize::MAX;
    for i in prange(0..a.len()) {
        m = m.min((a[i] as f64).round() as usize);
    }
    m
}

#[test]
fn regions_are_made_of_the_registers_of_their_instruction_set() {
    let a = Array1::from_shape_fn(943, |i| (i as i64 * 7919) % 10_007 + 3);
    for (isa, thorough) in Isa::ALL.into_iter().flat_map(|isa| [false, true].map(|thorough| (isa, thorough)))
    {
        let engine = Engine::builder().isa(isa).thorough(thorough).build().unwrap();
        assert_eq!(engine.install(|| least_rounded::serial(&a)), Ok(3));
        let explanation = engine.kernel::<least_rounded>().explain().unwrap();
        assert_eq!((&explanation.regions[0].narrower, &explanation.stays_quick), (&None, &None), "{isa}");
    }
}
