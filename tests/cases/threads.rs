//! Many threads at once: callers outside any pool, workers of other pools, engines that go away.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse::{Engine, Kernel};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

#[kernel]
fn hash_of_draws(n: i64) -> i64 {
    let mut hash = 0;
    for i in prange(0..n) {
        hash ^= random::<i64>().wrapping_mul(i + 1);
    }
    hash
}

#[kernel]
fn waves(a: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let wave = (a * 3.0).sin();
    let total = wave.sum();
    (wave, total)
}

/// Runs the same on many threads that start together.
fn together<R: Send>(threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let start = |index| {
            scope.spawn(move || {
                barrier.wait();
                work(index)
            })
        };
        let running: Vec<_> = (0..threads).map(start).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

#[test]
fn sixty_four_threads_call_one_new_kernel_at_once() {
    let engine = Engine::builder().threads(3).build().unwrap();
    let a = Array1::from_shape_fn(50_000, |i| i as f64 * 0.01);
    let expected = engine.install(|| waves::serial(&a)).unwrap();
    let fresh = Engine::builder().threads(3).build().unwrap();
    let all = together(64, |index| {
        fresh.install(|| if index % 2 == 0 { waves::parallel(&a) } else { waves::serial(&a) }).unwrap()
    });
    assert!(all.iter().all(|found| *found == expected));
}

#[test]
fn threads_draw_their_own_numbers_unless_seeded() {
    let engine = Engine::builder().threads(3).build().unwrap();
    let n = 40_000;
    let draws = together(64, |index| {
        engine
            .install(|| if index % 2 == 0 { hash_of_draws::parallel(n) } else { hash_of_draws::serial(n) })
            .unwrap()
    });
    assert_eq!(draws.iter().collect::<HashSet<_>>().len(), 64);
    let plain = with_seed(9, || hash_of_draws(n));
    let seeded = together(64, |index| {
        let call = || if index % 2 == 0 { hash_of_draws::parallel(n) } else { hash_of_draws::serial(n) };
        engine.install(|| with_seed(9, call)).unwrap()
    });
    assert!(seeded.iter().all(|found| *found == plain));
}

#[test]
fn plain_functions_draw_different_numbers_in_different_threads() {
    let draws = together(16, |_| hash_of_draws(100));
    assert_eq!(draws.iter().collect::<HashSet<_>>().len(), 16);
}

/// The names of this process's threads.
#[cfg(target_os = "linux")]
fn thread_names() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    // A thread may end between the listing and the reading.
    tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect()
}

/// Counts threads named `parfuse-…` in a process of its own: other tests of this one start pools, too.
#[cfg(target_os = "linux")]
fn own_threads() -> usize {
    thread_names().iter().filter(|name| name.starts_with("parfuse-")).count()
}

/// Runs an ignored test of a module in a new process.
#[cfg(target_os = "linux")]
pub(super) fn in_new_process(module: &str, test: &str) {
    let program = std::env::current_exe().unwrap();
    let path = format!("{}::{test}", module.split_once("::").unwrap().1);
    let output = std::process::Command::new(program).args(["--exact", "--ignored", &path]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn serial_calls_start_no_thread_and_parallel_calls_one_pool() {
    in_new_process(module_path!(), "counts_threads");
}

#[test]
#[ignore = "counts threads: run in a process of its own"]
#[cfg(target_os = "linux")]
fn counts_threads() {
    let engine = Engine::builder().threads(3).build().unwrap();
    let a = Array1::from_shape_fn(50_000, |i| i as f64);
    engine.install(|| waves::serial(&a)).unwrap();
    assert_eq!(own_threads(), 0, "serial calls need no pool");
    engine.install(|| waves::parallel(&Array1::zeros(10))).unwrap();
    assert_eq!(own_threads(), 0, "little work needs no pool");
    let single = Engine::builder().threads(1).build().unwrap();
    single.install(|| waves::parallel(&a)).unwrap();
    assert_eq!(own_threads(), 0, "one thread is the caller's");
    for _ in 0..3 {
        together(8, |_| engine.install(|| waves::parallel(&a)).unwrap());
        // The caller is one of the three. A new thread names itself.
        while own_threads() < 2 {
            std::thread::yield_now();
        }
        assert_eq!(own_threads(), 2);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn calls_from_workers_of_another_pool_stay_in_it() {
    in_new_process(module_path!(), "calls_in_a_foreign_pool");
}

#[test]
#[ignore = "counts threads: run in a process of its own"]
#[cfg(target_os = "linux")]
fn calls_in_a_foreign_pool() {
    use rayon::prelude::*;
    let engine = Engine::builder().threads(4).build().unwrap();
    let a = Array1::from_shape_fn(200_000, |i| i as f64);
    let expected = engine.install(|| waves::serial(&a)).unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .thread_name(|i| format!("foreign-{i}"))
        .build()
        .unwrap();
    let found = pool.install(|| engine.install(|| waves::parallel(&a))).unwrap();
    assert_eq!(found, expected);
    let all: Vec<_> = pool.install(|| {
        (0..32).into_par_iter().map(|_| engine.install(|| waves::parallel(&a)).unwrap()).collect()
    });
    assert!(all.iter().all(|found| *found == expected));
    assert_eq!(own_threads(), 0, "{:?}", thread_names());
    assert_eq!(thread_names().iter().filter(|name| name.starts_with("foreign-")).count(), 2);
}

thread_local! {
    static IS_CALLING: Cell<bool> = const { Cell::new(false) };
}

#[test]
fn jobs_of_a_rayon_pool_see_no_seed_or_engine_of_another_job() {
    let default = Engine::current().threads();
    let odd = Engine::builder().threads(default + 3).build().unwrap();
    let expected: Vec<i64> =
        (0..4).map(|seed| with_seed(seed, || hash_of_draws::serial(40_000)).unwrap()).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let mistakes = AtomicUsize::new(0);
    let check = |holds: bool| {
        mistakes.fetch_add(!holds as usize, Ordering::Relaxed);
    };
    pool.scope(|scope| {
        for job in 0..400 {
            let (odd, expected, check) = (&odd, &expected, &check);
            scope.spawn(move |_| {
                check(!IS_CALLING.replace(true) && Engine::current().threads() == default);
                let seed = job % 4;
                let call = || with_seed(seed as u64, || hash_of_draws::parallel(40_000)).unwrap();
                check(call() == expected[seed] && odd.install(call) == expected[seed]);
                IS_CALLING.set(false);
            });
        }
    });
    assert_eq!(mistakes.into_inner(), 0);
}

/// Calls kernels, new ones too, when it is dropped.
struct Late(std::sync::mpsc::Sender<bool>);

impl Drop for Late {
    fn drop(&mut self) {
        let a = Array1::<f64>::ones(50_000);
        let engine = Engine::builder().threads(2).build().unwrap();
        let inside = engine.install(|| (waves::serial(&a), waves::parallel(&a)));
        let seeded = with_seed(3, || hash_of_draws::serial(100));
        let holds = waves::parallel(&a) == inside.0
            && inside.0 == inside.1
            && seeded == Ok(with_seed(3, || hash_of_draws(100)))
            && hash_of_draws::serial(100) != seeded
            && (0.0..1.0).contains(&random::<f64>());
        let _ = self.0.send(holds);
    }
}

#[test]
fn destructors_of_thread_local_values_may_call_kernels() {
    thread_local! {
        static FIRST: RefCell<Option<Late>> = const { RefCell::new(None) };
        static LAST: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        FIRST.set(Some(Late(sender.clone())));
        drop(Late(sender.clone()));
        LAST.set(Some(Late(sender)));
    });
    thread.join().unwrap();
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [true; 3]);
}

#[test]
fn kernels_are_called_inside_parallel_iterators() {
    use rayon::prelude::*;
    let arrays: Vec<Array1<f64>> =
        (0..100).map(|k| Array1::from_shape_fn(k * 300, |i| (i + k) as f64 * 0.1)).collect();
    let expected: Vec<_> = arrays.iter().map(|a| waves::serial(a).unwrap()).collect();
    let found: Vec<_> = arrays.par_iter().map(|a| waves::parallel(a).unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn kernels_outlive_their_engine() {
    let a = Array1::from_shape_fn(50_000, |i| i as f64 * 0.1);
    let expected = waves::serial(&a).unwrap();
    let kernel: Kernel = {
        let engine = Engine::builder().threads(2).build().unwrap();
        engine.kernel::<waves>()
    };
    let call = |variant| kernel.run::<(Array1<f64>, f64)>(variant, (&a,)).unwrap();
    assert_eq!(call(Variant::Parallel), expected);
    assert_eq!(call(Variant::Serial), expected);
    let clone = kernel.clone();
    drop(kernel);
    assert_eq!(clone.parallel::<(Array1<f64>, f64)>((&a,)).unwrap(), expected);
}

#[test]
fn engines_are_made_used_and_dropped_by_many_threads() {
    let a = Array1::from_shape_fn(40_000, |i| i as f64 * 0.1);
    let expected = waves::serial(&a).unwrap();
    together(8, |_| {
        for _ in 0..3 {
            let engine = Engine::builder().threads(2).build().unwrap();
            let kernel = engine.kernel::<waves>();
            assert_eq!(engine.install(|| waves::parallel(&a)).unwrap(), expected);
            drop(engine);
            assert_eq!(kernel.parallel::<(Array1<f64>, f64)>((&a,)).unwrap(), expected);
        }
    });
}

#[test]
fn one_engine_is_current_per_thread_and_scopes_nest() {
    let outer = Engine::builder().threads(2).build().unwrap();
    let inner = Engine::builder().threads(5).build().unwrap();
    outer.install(|| {
        assert_eq!(Engine::current().threads(), 2);
        inner.install(|| assert_eq!(Engine::current().threads(), 5));
        assert_eq!(Engine::current().threads(), 2);
        let other = std::thread::spawn(|| Engine::current().threads()).join().unwrap();
        assert_eq!(other, Engine::new().unwrap().threads());
    });
}

#[test]
fn a_panic_of_the_caller_leaves_the_engine_usable() {
    let engine = Engine::builder().threads(2).build().unwrap();
    let a = Array1::<f64>::ones(40_000);
    let poisoned = Mutex::new(());
    let caught = std::panic::catch_unwind(|| {
        engine.install(|| {
            let _guard = poisoned.lock();
            waves::parallel(&a).unwrap();
            std::panic::panic_any("the caller's own mistake");
        })
    });
    assert!(caught.is_err());
    assert!(engine.install(|| waves::parallel(&a)).is_ok());
    assert_eq!(Engine::current().threads(), Engine::new().unwrap().threads());
}
