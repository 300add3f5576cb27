//! Kernels as users write them, beside the functions that they are made of and beside the same loops elsewhere.
//!
//! ```text
//! kernel       n     function   serial  /function  /native   first  parallel   /serial  /rayon  Numba 1  Numba 2
//! matmul_ikj  90       130 µs    41 µs       3.17     1.55              22 µs      1.86    1.10     1.60     1.54
//! ```
//!
//! Times are the least of rounds in which all take turns; the quotients say how many times as long as ours the others
//! take. `native` is the function made for this very processor, by a process that this one builds; `first` the function
//! beside a first call, compilation included; Numba is there if Python finds it (`NUMBA_PYTHON` names another Python),
//! on one thread beside `serial`, on two beside `parallel`.
//!
//! `cargo bench --bench gallery -- [NAME …] [--quick] [--alone] [--write]`: names are parts of names of kernels, `--alone`
//! leaves the other processes out, `--write` puts the table into `docs/BENCHMARKS.md`. Instead of measuring, `--explain`
//! says what became of the kernels, and `--program`, `--loops`, `--lane` and `--asm` list what they are on the way to machine code.

#[path = "../clock.rs"]
mod clock;
#[allow(dead_code, reason = "the least sizes are for tests")]
mod kernels;
mod measure;
mod peers;
mod table;

use kernels::row::Row;
use measure::{Budget, Show};
use peers::Peers;
use std::error::Error;
use std::time::Duration;
use table::Line;

/// What is asked for on the command line.
#[derive(Default)]
struct Choice {
    names: Vec<String>,
    quick: bool,
    alone: bool,
    write: bool,
    show: Option<Show>,
    serve: bool,
}

impl Choice {
    fn of_arguments() -> Result<Choice, lexopt::Error> {
        use lexopt::prelude::*;
        let mut choice = Choice::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(name) => choice.names.push(name.string()?),
                Long("quick") => choice.quick = true,
                Long("alone") => choice.alone = true,
                Long("write") => choice.write = true,
                Long("explain") => choice.show = Some(Show::Explanation),
                Long("program") => choice.show = Some(Show::Program),
                Long("loops") => choice.show = Some(Show::Loops),
                Long("lane") => choice.show = Some(Show::Lane),
                Long("asm") => choice.show = Some(Show::Asm),
                Long("serve") => choice.serve = true,
                Long("bench") => {}
                other => return Err(other.unexpected()),
            }
        }
        Ok(choice)
    }

    fn takes(&self, row: &Row) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| row.name.contains(name.as_str()))
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    kernels::FIELDS.iter().flat_map(|(_, rows)| rows.iter())
}

fn main() -> Result<(), Box<dyn Error>> {
    let choice = Choice::of_arguments()?;
    if choice.serve {
        return peers::serve(rows);
    }
    if let Some(show) = choice.show {
        for row in rows().filter(|row| choice.takes(row)) {
            println!("{}", measure::shown(row, show)?);
        }
        return Ok(());
    }
    let budget = match choice.quick {
        true => Budget { rounds: 3, time: Duration::from_millis(20) },
        false => Budget { rounds: 5, time: Duration::from_millis(150) },
    };
    rayon::ThreadPoolBuilder::new().num_threads(measure::THREADS).build_global()?;
    let mut peers = if choice.alone { Peers::none() } else { Peers::start()? };
    let (mut lines, mut wrong) = (Vec::new(), 0);
    for row in rows().filter(|row| choice.takes(row)) {
        for n in row.sizes {
            match measure(row, n, budget, &mut peers) {
                Ok(line) => lines.push(line),
                Err(error) => {
                    eprintln!("{error}");
                    wrong += 1;
                }
            }
        }
    }
    let table = table::table(lines);
    println!("{table}");
    if choice.write {
        table::write(&table)?;
    }
    if wrong > 0 { Err(format!("{wrong} could not be measured").into()) } else { Ok(()) }
}

fn measure(row: &'static Row, n: usize, budget: Budget, peers: &mut Peers) -> Result<Line, Box<dyn Error>> {
    let times = measure::times(row, n, budget)?;
    let others = peers.ask(row.name, n, budget, times.total)?;
    eprintln!("{} {n}: {:.2}", row.name, times.function.as_secs_f64() / times.serial.as_secs_f64());
    Ok(Line { name: row.name, n, times, others })
}
