//! The threads of a pool: they wait at a board for work to help with.
//!
//! ```text
//! hire(3) ──► parfuse-1, parfuse-2, refused: two of three; another time perhaps more
//! ```

use crate::FloatMode;
use crate::board::Board;
use crate::process;
use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

/// After the system has refused a thread, it is asked again no sooner than this.
const RETRY: Duration = Duration::from_millis(100);

/// Some threads. They end soon after it is dropped.
pub(crate) struct Crew {
    /// How many forks lie between the start of the program and the process whose threads they are.
    forks: usize,
    board: Arc<Board>,
    hired: usize,
    refused: Option<Instant>,
}

impl Crew {
    /// Nobody yet.
    pub(crate) fn new() -> Crew {
        Crew { forks: process::forks(), board: Arc::default(), hired: 0, refused: None }
    }

    /// Whether they are threads of this process, and not of one that it is a child of.
    pub(crate) fn is_here(&self) -> bool {
        self.forks == process::forks()
    }

    /// Where the threads look for work.
    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// How many threads there are.
    pub(crate) fn hired(&self) -> usize {
        self.hired
    }

    /// Starts threads until there are this many, or the system refuses one.
    pub(crate) fn hire(&mut self, wanted: usize) {
        self.hire_by(wanted, |number, board| {
            let work = move || {
                // A thread inherits the mode of the one that starts it.
                let _mode = FloatMode::standard();
                board.serve(number);
            };
            Builder::new().name(format!("parfuse-{number}")).spawn(work).map(drop)
        });
    }

    /// As `hire`, with a function that starts the thread of a number.
    fn hire_by(&mut self, wanted: usize, mut start: impl FnMut(usize, Arc<Board>) -> io::Result<()>) {
        if self.refused.is_some_and(|refused| refused.elapsed() < RETRY) {
            return;
        }
        self.refused = None;
        while self.hired < wanted && self.refused.is_none() {
            match start(self.hired + 1, self.board.clone()) {
                Ok(()) => self.hired += 1,
                Err(_) => self.refused = Some(Instant::now()),
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // In a child, a thread that is not there may have locked the board.
        if self.is_here() {
            self.board.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_work_as_the_system_gives_and_more_later() {
        let mut crew = Crew::new();
        let most = std::cell::Cell::new(2);
        let start = |number: usize, _: Arc<Board>| match number <= most.get() {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::WouldBlock)),
        };
        crew.hire_by(5, start);
        assert_eq!(crew.hired(), 2);
        most.set(4);
        crew.hire_by(5, |_, _| panic!("not asked again at once"));
        assert_eq!(crew.hired(), 2);
        std::thread::sleep(RETRY);
        crew.hire_by(5, start);
        assert_eq!(crew.hired(), 4);
        std::thread::sleep(RETRY);
        most.set(9);
        crew.hire_by(5, start);
        assert_eq!(crew.hired(), 5);
        crew.hire_by(5, |_, _| panic!("all are there"));
    }
}
