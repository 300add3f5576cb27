//! Structs of scalars: parameters, results, variables, and what kernels pass to each other.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Agreement, Returned};

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Body {
    position: f64,
    velocity: f64,
}

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Settings {
    mass: f32,
    steps: usize,
    wraps: bool,
    side: f64,
    start: Body,
    kind: u8,
}

#[kernel]
fn kicked(body: Body, force: f64, dt: f64) -> Body {
    let Body { position, velocity: before } = body;
    let velocity = before + force * dt;
    Body { position: position + velocity * dt, velocity }
}

#[kernel]
fn trajectory(settings: Settings, dt: f64) -> (Body, Array1<f64>) {
    let mut body = settings.start;
    let mut path = Array1::zeros(settings.steps);
    for step in 0..settings.steps {
        let force =
            if settings.kind == 1 { -body.position } else { -body.position.powi(3) / settings.mass as f64 };
        body = kicked(body, force, dt);
        if settings.wraps {
            body.position %= settings.side;
        }
        path[step] = body.position;
    }
    (body, path)
}

#[kernel]
fn changed(settings: Settings) -> Settings {
    let mut other = Settings { steps: settings.steps + 1, kind: 7, ..settings };
    other.start.velocity += 1.5;
    other.mass *= 2.0;
    if other.wraps {
        other = Settings { wraps: false, ..other };
    }
    other
}

#[kernel]
fn ensemble(x: &ArrayRef1<f64>, v: &ArrayRef1<f64>, steps: usize) -> (Array2<f64>, f64) {
    let mut out = Array2::<f64>::zeros((x.len(), 2));
    let mut energy = 0.0;
    for i in prange(0..x.len()) {
        let mut body = Body { velocity: v[i], position: x[i] };
        for _ in 0..steps {
            let pushed = kicked(body, -body.position, 0.01);
            body = if pushed.position > 3.0 { Body { position: 3.0, ..pushed } } else { pushed };
        }
        out[[i, 0]] = body.position;
        out[[i, 1]] = body.velocity;
        energy += body.velocity * body.velocity + body.position * body.position;
    }
    (out, energy)
}

#[kernel]
fn guarded(body: Body) -> f64 {
    if body.velocity > 100.0 {
        fail!("{} is too fast", body.velocity);
    }
    let step = |body: Body| body.position + 0.5 * body.velocity;
    step(body)
}

impl Settings {
    fn of(steps: usize, wraps: bool, kind: u8) -> Settings {
        Settings { mass: 1.5, steps, wraps, side: 0.75, start: Body { position: 1.0, velocity: -0.25 }, kind }
    }
}

#[test]
fn structs_are_taken_and_returned() {
    for (steps, wraps, kind) in [(0, false, 1), (100, true, 1), (333, false, 2)] {
        let settings = Settings::of(steps, wraps, kind);
        let plain = trajectory(settings, 0.05);
        let compiled = exactly!(changed(settings)).0;
        assert_eq!(
            (compiled.steps, compiled.wraps, compiled.kind, compiled.mass),
            (steps + 1, false, 7, 3.0)
        );
        let found = trajectory::parallel(settings, 0.05).unwrap();
        let mut agreement = Agreement::default();
        plain.compare_elements(&found, &mut agreement);
        assert!(agreement.agrees(), "{plain:?} {found:?}");
        let (mut body, mut path) = (settings.start, Array1::zeros(steps));
        trajectory::serial_into(settings, 0.05, (&mut body, &mut path)).unwrap();
        assert_eq!((body, path), found);
    }
    exactly!(guarded(Body { position: 1.0, velocity: 3.0 }));
    let Error::Assertion { message, .. } = error_of!(guarded(Body { position: 1.0, velocity: 300.0 })) else {
        panic!()
    };
    assert_eq!(message, "300 is too fast");
}

#[test]
fn structs_live_in_iterations() {
    for n in [0, 1, 37, 5000] {
        let x = Array1::from_shape_fn(n, |i| (i % 17) as f64 * 0.2);
        let v = Array1::from_shape_fn(n, |i| (i % 5) as f64 - 2.0);
        let (found, _) = ensemble::parallel(&x, &v, 20).unwrap();
        assert_eq!(ensemble::serial(&x, &v, 20).unwrap().0, found);
        assert_eq!(ensemble(&x, &v, 20).0, found);
    }
}

#[test]
fn a_comparison_runs_all_variants() {
    let comparison = trajectory::compare(Settings::of(50, true, 1), 0.05).unwrap();
    assert!(comparison.to_string().contains("parallel"), "{comparison}");
}
