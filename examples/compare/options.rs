//! The command line of `compare`.

use crate::Entry;
use lexopt::prelude::*;
use std::path::PathBuf;

/// What the user asked for.
pub struct Options {
    pub entries: Vec<&'static Entry>,
    pub n: Option<usize>,
    pub threads: usize,
    pub seed: u64,
    pub repetitions: usize,
    pub json: bool,
    pub explain: bool,
    pub svg: Option<PathBuf>,
    pub png: Option<PathBuf>,
}

impl Options {
    /// Reads the command line; nothing if it asked for help, which is then printed.
    pub fn from_args(entries: &'static [Entry]) -> Result<Option<Options>, lexopt::Error> {
        let mut options = Options {
            entries: Vec::new(),
            n: None,
            threads: 0,
            seed: 42,
            repetitions: 7,
            json: false,
            explain: false,
            svg: None,
            png: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("kernel") => {
                    let name = parser.value()?.string()?;
                    let names = || entries.iter().map(|e| e.name).collect::<Vec<_>>().join(", ");
                    let found = entries.iter().find(|entry| entry.name == name);
                    options.entries.push(
                        found.ok_or_else(|| format!("there is no kernel `{name}`; there are {}", names()))?,
                    );
                }
                Long("n") => options.n = Some(parser.value()?.parse()?),
                Long("threads") => options.threads = parser.value()?.parse()?,
                Long("seed") => options.seed = parser.value()?.parse()?,
                Long("reps") => options.repetitions = parser.value()?.parse()?,
                Long("json") => options.json = true,
                Long("explain") => options.explain = true,
                Long("svg") => options.svg = Some(parser.value()?.into()),
                Long("png") => options.png = Some(parser.value()?.into()),
                Long("help") | Short('h') => {
                    print_help(entries);
                    return Ok(None);
                }
                other => return Err(other.unexpected()),
            }
        }
        if options.entries.is_empty() {
            options.entries = entries.iter().collect();
        }
        Ok(Some(options))
    }
}

fn print_help(entries: &[Entry]) {
    println!(
        "Runs kernels as the original function, as serial native code and as parallel native code.

Usage: compare [OPTIONS]

  --kernel NAME   run this kernel only (may be repeated); all by default
  --n N           number of elements, samples or pixels
  --threads T     threads of the parallel variant; by default as many as the machine has
  --seed S        seed of the random numbers [42]
  --reps R        rounds, in each of which every variant runs once [7]
  --explain       also tell what each kernel became
  --json          print one JSON object per variant and line instead of tables
  --svg FILE      write a bar chart of the times
  --png FILE      write the Mandelbrot set as a coloured picture
  --help          this text

Kernels:"
    );
    for entry in entries {
        println!("  {:<18}{} [{}]", entry.name, entry.about, entry.default_n);
    }
}
