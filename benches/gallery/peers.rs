//! The same loops elsewhere: in processes that are asked, kernel by kernel, and answer with times.
//!
//! ```text
//! we ask     matmul_ikj 90 0.15 5            a kernel, a size, for how many seconds, and how many rounds at least
//! native     41250 8123.4                    the least time in nanoseconds, and the sum of all results
//! Numba      65100 8123.4                    the same, from a process on one thread and from one on two
//!            none                            it has no such kernel
//! ```
//!
//! `native` is this benchmark, compiled once more for this very processor. What it depends on is not: all code of a
//! function, what it takes from `ndarray` included, is compiled with the function.

use crate::kernels::row::{Row, Way};
use crate::measure::{self, Budget};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How far the sums of results may be apart, relatively: sums of many floats in another order.
const TOLERANCE: f64 = 1e-6;

/// Those who are asked.
pub struct Peers {
    native: Option<Peer>,
    /// On one thread, and on as many as parallel calls have.
    numba: Option<[Peer; 2]>,
}

/// What they answered.
#[derive(Clone, Copy, Default)]
pub struct Others {
    /// The function, made for this processor.
    pub native: Option<Duration>,
    /// Numba on one thread, and on two.
    pub numba: Option<[Duration; 2]>,
}

struct Peer {
    name: &'static str,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peers {
    /// Nobody.
    pub fn none() -> Peers {
        Peers { native: None, numba: None }
    }

    /// Builds what has to be built, and starts all there are.
    ///
    /// # Errors
    /// If the build fails.
    pub fn start() -> Result<Peers, Box<dyn Error>> {
        let native = Peer::start("native", Command::new(build_native()?).arg("--serve"))?;
        let python = std::env::var_os("NUMBA_PYTHON").unwrap_or_else(|| "python3".into());
        let has_numba = Command::new(&python).args(["-c", "import numba"]).stderr(Stdio::null()).status();
        let start = |threads: usize| {
            let mut numba = Command::new(&python);
            numba.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/gallery/numba/serve.py"));
            numba.env("NUMBA_NUM_THREADS", threads.to_string());
            numba.env("NUMBA_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("numba"));
            Peer::start("Numba", &mut numba)
        };
        let numba = if has_numba.is_ok_and(|status| status.success()) {
            Some([start(1)?, start(measure::THREADS)?])
        } else {
            eprintln!(
                "without Numba: `python3 -c 'import numba'` fails, and NUMBA_PYTHON names no other Python"
            );
            None
        };
        Ok(Peers { native: Some(native), numba })
    }

    /// Their times for a kernel of a size, whose results sum up to `total` here.
    ///
    /// # Errors
    /// If one ends, or computes something else.
    pub fn ask(
        &mut self,
        name: &str,
        n: usize,
        budget: Budget,
        total: f64,
    ) -> Result<Others, Box<dyn Error>> {
        let mut others = Others::default();
        if let Some(native) = &mut self.native {
            others.native = native.ask(name, n, budget, total)?;
        }
        if let Some([one, two]) = &mut self.numba {
            let times = [one.ask(name, n, budget, total)?, two.ask(name, n, budget, total)?];
            others.numba = times[0].zip(times[1]).map(<[Duration; 2]>::from);
        }
        Ok(others)
    }
}

/// Compiles this benchmark for this processor: the path of the program.
fn build_native() -> Result<String, Box<dyn Error>> {
    eprintln!("compiling the functions for this processor …");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["rustc", "--quiet", "--bench", "gallery", "--profile", "bench", "--message-format", "json"]);
    cargo.args(["--", "-C", "target-cpu=native"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = cargo.stderr(Stdio::inherit()).output()?;
    let messages = String::from_utf8(output.stdout)?;
    // The one message of the kind that names a program: `…,"executable":"/path",…`.
    let path = messages.split(r#""executable":""#).nth(1).and_then(|rest| rest.split('"').next());
    Ok(path.ok_or("the functions cannot be compiled for this processor")?.to_owned())
}

impl Peer {
    fn start(name: &'static str, command: &mut Command) -> Result<Peer, Box<dyn Error>> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (requests, answers) = (child.stdin.take(), child.stdout.take());
        let answers = BufReader::new(answers.expect("it was asked for"));
        Ok(Peer { name, child, requests, answers })
    }

    /// Its time for a kernel of a size; none if it has no such kernel.
    fn ask(
        &mut self,
        kernel: &str,
        n: usize,
        budget: Budget,
        total: f64,
    ) -> Result<Option<Duration>, Box<dyn Error>> {
        let requests = self.requests.as_mut().expect("it was not told to end");
        writeln!(requests, "{kernel} {n} {} {}", budget.time.as_secs_f64(), budget.rounds)?;
        requests.flush()?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(format!("{} ended at {kernel} of {n}", self.name).into());
        }
        if answer.trim() == "none" {
            return Ok(None);
        }
        let (time, found) = answer.trim().split_once(' ').ok_or("an answer is: time, sum")?;
        let (time, found): (u64, f64) = (time.parse()?, found.parse()?);
        // Where random numbers are others, the sum is not a number.
        if (found - total).abs() > TOLERANCE * total.abs().max(1.0) {
            return Err(format!("{kernel} of {n}: {} has {found}, the function {total}", self.name).into());
        }
        Ok(Some(Duration::from_nanos(time)))
    }
}

impl Drop for Peer {
    /// Without requests to come it ends.
    fn drop(&mut self) {
        drop(self.requests.take());
        let ended = self.child.wait();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("{} did not end well", self.name);
        }
    }
}

/// Answers requests with times of the functions.
///
/// # Errors
/// If a request cannot be read.
pub fn serve<R: Iterator<Item = &'static Row>>(rows: impl Fn() -> R) -> Result<(), Box<dyn Error>> {
    for request in std::io::stdin().lock().lines() {
        let request = request?;
        let mut words = request.split_whitespace();
        let mut word = || words.next().ok_or("a request is: kernel, size, seconds, rounds");
        let (name, n, seconds, rounds): (_, usize, f64, usize) =
            (word()?, word()?.parse()?, word()?.parse()?, word()?.parse()?);
        let row = rows().find(|row| row.name == name).ok_or_else(|| format!("no kernel {name}"))?;
        let mut case = (row.prepare)(n);
        measure::time(&mut *case, Way::Function)?;
        let (mut least, mut round, start) = (Duration::MAX, 0, Instant::now());
        while round < rounds || start.elapsed().as_secs_f64() < seconds {
            least = measure::time(&mut *case, Way::Function)?.min(least);
            round += 1;
        }
        println!("{} {:?}", least.as_nanos(), case.total());
    }
    Ok(())
}
