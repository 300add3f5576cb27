//! Runs a kernel every way there is: as plain Rust, serially, and in parallel on pools of several sizes.
//!
//! ```text
//! every_way!(sum(&a))                                  the result, a 1-tuple
//! every_way!(double(&mut a) with a = array![1, 2])     the result and the arrays written, made anew for each way
//! exactly!(sorted(&a))                                 as the function, to the last bit
//! compiled_ways!(…)                                    without plain Rust, where that would panic
//! ```

use parfuse::{Agreement, Engine, Error, Returned};
use std::fmt::Debug;
use std::sync::OnceLock;

/// Sizes around lanes, rows of lanes and blocks; the last is large enough to run on several threads.
pub const SIZES: [usize; 15] = [0, 1, 2, 3, 7, 8, 9, 31, 64, 943, 1000, 8191, 8192, 8193, 40_000];

/// Engines of 1, 2, 3, 4 and 7 threads, shared by all tests.
pub fn engines() -> &'static [Engine] {
    static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();
    ENGINES.get_or_init(|| [1, 2, 3, 4, 7].map(|n| Engine::builder().threads(n).build().unwrap()).into())
}

/// Runs the compiled variants on every engine: all must succeed with the same bits. `run` gets the variant: false
/// for serial.
#[track_caller]
pub fn same_bits<R: Returned + Debug>(run: impl Fn(bool) -> Result<R, Error>) -> R {
    let mut first: Option<R> = None;
    for engine in engines() {
        for parallel in [false, true] {
            let found = match engine.install(|| run(parallel)) {
                Ok(found) => found,
                Err(error) => panic!("parallel: {parallel}, {} threads: {error}", engine.threads()),
            };
            let Some(first) = &first else {
                first = Some(found);
                continue;
            };
            let mut agreement = Agreement::default();
            first.compare_elements(&found, &mut agreement);
            let threads = engine.threads();
            assert!(
                agreement.same_bits,
                "parallel: {parallel}, {threads} threads: {found:?} is not {first:?}"
            );
        }
    }
    first.expect("there are engines")
}

/// Runs the compiled variants on every engine: all must fail with the same error.
#[track_caller]
pub fn same_error<R: Debug>(run: impl Fn(bool) -> Result<R, Error>) -> Error {
    let mut first: Option<Error> = None;
    for engine in engines() {
        for parallel in [false, true] {
            let error = engine.install(|| run(parallel)).expect_err("no error");
            assert_eq!(first.get_or_insert_with(|| error.clone()), &error);
        }
    }
    first.expect("there are engines")
}

/// The compiled result is that of plain Rust, but for the rounding of sums and math functions.
#[track_caller]
pub fn agrees_with_plain<R: Returned + Debug>(plain: &R, compiled: &R) {
    let mut agreement = Agreement::default();
    plain.compare_elements(compiled, &mut agreement);
    assert!(agreement.agrees(), "plain {plain:?}, compiled {compiled:?}");
}

/// Serial and parallel calls on every engine agree to the last bit; gives a tuple of the result and the arrays
/// written.
macro_rules! compiled_ways {
    ($kernel:ident($($arg:expr),* $(,)?) $(with $($name:ident = $fresh:expr),+)?) => {
        $crate::cases::ways::same_bits(|parallel| {
            $($(let mut $name = $fresh;)+)?
            let result = match parallel {
                true => $kernel::parallel($($arg),*)?,
                false => $kernel::serial($($arg),*)?,
            };
            Ok((result, $($($name),+)?))
        })
    };
}

/// As `compiled_ways`, and the result agrees with that of the function itself.
macro_rules! every_way {
    ($kernel:ident($($arg:expr),* $(,)?) $(with $($name:ident = $fresh:expr),+)?) => {{
        let plain = {
            $($(let mut $name = $fresh;)+)?
            let result = $kernel($($arg),*);
            (result, $($($name),+)?)
        };
        let compiled = $crate::cases::ways::compiled_ways!($kernel($($arg),*) $(with $($name = $fresh),+)?);
        $crate::cases::ways::agrees_with_plain(&plain, &compiled);
        compiled
    }};
}

/// As `every_way`, and the result is that of the function to the last bit.
macro_rules! exactly {
    ($kernel:ident($($arg:expr),* $(,)?) $(with $($name:ident = $fresh:expr),+)?) => {{
        let compiled = $crate::cases::ways::every_way!($kernel($($arg),*) $(with $($name = $fresh),+)?);
        let plain = {
            $($(let mut $name = $fresh;)+)?
            let result = $kernel($($arg),*);
            (result, $($($name),+)?)
        };
        assert_eq!(compiled, plain);
        compiled
    }};
}

/// The error that serial and parallel calls on every engine end with.
macro_rules! error_of {
    ($kernel:ident($($arg:expr),* $(,)?)) => {
        $crate::cases::ways::same_error(|parallel| match parallel {
            true => $kernel::parallel($($arg),*),
            false => $kernel::serial($($arg),*),
        })
    };
}

pub(crate) use {compiled_ways, error_of, every_way, exactly};
