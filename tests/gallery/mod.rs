//! The kernels of the gallery, which are written as users write them, compute what their functions do.
//!
//! ```text
//! function ──────────────► equal, bit for bit; within rounding where a row says so
//! serial, each engine ───► equal, bit for bit           an engine: an instruction set, and quick or thorough code
//! parallel, each engine ─► equal, bit for bit
//! ```

#[allow(dead_code, reason = "sizes to measure and loops by hand are the benchmark's")]
#[path = "../../benches/gallery/kernels/mod.rs"]
mod kernels;

use kernels::row::{Row, Way};
use parfuse::{Engine, Isa};

/// Around the lengths of registers, and too few for most.
const SIZES: [usize; 8] = [0, 1, 2, 3, 7, 8, 17, 34];

fn engines() -> Vec<Engine> {
    let isas = Isa::ALL.into_iter().filter(|isa| isa.is_available());
    let choices = isas.flat_map(|isa| [(isa, false), (isa, true)]);
    choices
        .map(|(isa, thorough)| Engine::builder().threads(2).isa(isa).thorough(thorough).build().unwrap())
        .collect()
}

/// What is wrong with a kernel on arguments of a size.
fn complaints(row: &Row, n: usize, engines: &[Engine]) -> Vec<String> {
    let mut case = (row.prepare)(n);
    case.restore();
    case.run(Way::Function).expect("functions return");
    case.keep();
    let mut complaints = Vec::new();
    for (number, engine) in engines.iter().enumerate() {
        for way in [Way::Serial, Way::Parallel] {
            case.restore();
            let of = format!("{} of {n}, {way:?}, {}, engine {number}", row.name, engine.isa());
            if let Err(error) = engine.install(|| case.run(way)) {
                complaints.push(format!("{of}: {error}"));
                continue;
            }
            let agreement = case.agreement();
            let is_first = number == 0 && way == Way::Serial;
            let right = if is_first && !row.exact { agreement.agrees() } else { agreement.same_bits };
            if !right {
                complaints.push(format!("{of}: {agreement:?}"));
            }
            if is_first {
                // From here on bits are compared with compiled code's.
                case.keep();
            }
        }
    }
    complaints
}

fn check(field: &str) {
    let engines = engines();
    let (_, rows) = kernels::FIELDS.iter().find(|(name, _)| *name == field).expect("a field");
    let cases = rows.iter().flat_map(|row| SIZES.map(|n| (row, n)));
    let cases = cases.filter(|(row, n)| *n >= row.least);
    let complaints: Vec<String> = cases.flat_map(|(row, n)| complaints(row, n, &engines)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A test for each field.
macro_rules! fields {
    ($($field:ident),*) => {
        $(#[test]
        fn $field() {
            check(stringify!($field));
        })*

        #[test]
        fn every_field_is_checked() {
            let fields: Vec<&str> = kernels::FIELDS.iter().map(|(field, _)| *field).collect();
            assert_eq!(fields, [$(stringify!($field)),*]);
        }
    };
}

fields!(
    dense,
    factor,
    stencils,
    images,
    bytes,
    statistics,
    sparse,
    tables,
    scans,
    integers,
    lists,
    algorithms,
    series,
    everyday,
    searches,
    states,
    programs,
    physics,
    signals,
    array_products,
    array_solvers,
    array_grids,
    array_learning,
    array_simulation,
    parallel_totals,
    parallel_extremes,
    parallel_apart
);

#[test]
fn loops_by_hand_compute_what_the_functions_do() {
    for (_, rows) in kernels::FIELDS {
        for row in rows.iter().filter(|row| row.has_rayon) {
            for n in SIZES.into_iter().filter(|n| *n >= row.least) {
                let mut case = (row.prepare)(n);
                case.restore();
                case.run(Way::Function).unwrap();
                case.keep();
                case.restore();
                case.run(Way::Rayon).unwrap();
                assert!(case.agreement().agrees(), "{} of {n}", row.name);
            }
        }
    }
}
