//! Writes the words that random numbers are made of to the standard output, for programs that test generators.
//!
//! ```text
//! single        the elements of one stream
//! interleaved   the elements of eight streams of consecutive seeds, in turn
//! fresh         sixteen elements of a stream of each consecutive seed
//! ```
//!
//! `cargo run --release --example random_stream -- single 42 | RNG_test stdin64 -tlmax 1GB`

use parfuse_ir::random::{random_scalar, seed_key};
use parfuse_ir::{DType, Scalar};
use std::io::{self, BufWriter, Write};

/// An element of the first stream under a seed.
fn word(seed: u64, element: u64) -> u64 {
    match random_scalar(seed_key(seed), 0, element as i64, 0, DType::Usize) {
        Scalar::Usize(word) => word as u64,
        other => panic!("{other} is no usize"),
    }
}

/// The word at a position of the output.
type Mode = fn(seed: u64, position: u64) -> u64;

const MODES: [(&str, Mode); 3] = [
    ("single", word),
    ("interleaved", |seed, position| word(seed.wrapping_add(position % 8), position / 8)),
    ("fresh", |seed, position| word(seed.wrapping_add(position / 16), position % 16)),
];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("single", String::as_str);
    let seed = arguments.get(1).map_or(Ok(42), |seed| seed.parse());
    let mode = MODES.iter().find(|(known, _)| *known == name);
    let (Some((_, mode)), Ok(seed)) = (mode, seed) else {
        eprintln!("random_stream [single | interleaved | fresh] [SEED]");
        std::process::exit(2);
    };
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    for position in 0.. {
        match output.write_all(&mode(seed, position).to_le_bytes()) {
            // The reader has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            result => result?,
        }
    }
    Ok(())
}
