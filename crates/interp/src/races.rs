//! Who touches which element while a parallel loop runs: two iterations at one element that one of them writes are a
//! race.
//!
//! ```text
//! b0[5]   read by 3, read by 4      fine
//! b0[6]   written by 3, read by 3   fine
//! b0[7]   written by 3, read by 4   a race
//! ```

use parfuse_ir::arena::Id;
use parfuse_ir::loops::Buffer;
use std::fmt;

/// Two iterations of a parallel loop that touch one element, one of them writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Race {
    /// The array.
    pub buffer: Buffer,
    /// The element's position, in row-major order.
    pub position: usize,
    /// The iterations, counted from 0 in row-major order, by when they touched it.
    pub iterations: [u64; 2],
}

impl fmt::Display for Race {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Race { buffer, position, iterations: [first, second] } = self;
        write!(
            f,
            "iterations {first} and {second} both touch element {position} of {buffer}, and one writes it"
        )
    }
}

/// The elements touched by the iterations of the present parallel loop.
pub(crate) struct Watch {
    /// By buffer and position.
    touched: Vec<Vec<Touched>>,
    /// The present parallel loop, counted from 1.
    parallel_loop: u64,
    /// The first race found.
    pub(crate) race: Option<Race>,
}

/// Who touched an element in a loop.
#[derive(Clone, Copy, Default)]
struct Touched {
    parallel_loop: u64,
    writer: Option<u64>,
    /// The first that read it, and another that did.
    readers: [Option<u64>; 2],
}

impl Watch {
    pub(crate) fn new(buffers: usize) -> Watch {
        Watch { touched: vec![Vec::new(); buffers], parallel_loop: 0, race: None }
    }

    /// Another loop begins: what others touched does not matter to it.
    pub(crate) fn begin_loop(&mut self) {
        self.parallel_loop += 1;
    }

    /// The buffer holds another array: what others touched was not in it.
    pub(crate) fn forget(&mut self, buffer: Buffer) {
        self.touched[buffer.index()].clear();
    }

    pub(crate) fn touch(&mut self, buffer: Buffer, position: usize, iteration: u64, store: bool) {
        let touched = &mut self.touched[buffer.index()];
        if touched.len() <= position {
            touched.resize(position + 1, Touched::default());
        }
        let element = &mut touched[position];
        if element.parallel_loop != self.parallel_loop {
            *element = Touched { parallel_loop: self.parallel_loop, ..Touched::default() };
        }
        let others = |touching: &Option<u64>| touching.filter(|other| *other != iteration);
        let readers = if store { &element.readers[..] } else { &[] };
        if let Some(other) = others(&element.writer).or_else(|| readers.iter().find_map(others)) {
            self.race.get_or_insert(Race { buffer, position, iterations: [other, iteration] });
        }
        match (&mut element.readers, store) {
            (_, true) => element.writer = Some(iteration),
            ([first @ None, _], false) => *first = Some(iteration),
            ([Some(first), second], false) if *first != iteration => *second = Some(iteration),
            ([Some(_), _], false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The race between touches of one element: iteration, and whether it stores.
    fn race(touches: &[(u64, bool)]) -> Option<[u64; 2]> {
        let mut watch = Watch::new(1);
        watch.begin_loop();
        for (iteration, store) in touches {
            watch.touch(Buffer(0), 7, *iteration, *store);
        }
        watch.race.map(|race| race.iterations)
    }

    #[test]
    fn an_iteration_does_not_race_with_itself_nor_do_readers() {
        assert_eq!(race(&[(3, false), (4, false), (3, false)]), None);
        assert_eq!(race(&[(3, false), (3, true), (3, false), (3, true)]), None);
    }

    #[test]
    fn a_writer_races_with_others() {
        assert_eq!(race(&[(3, true), (4, true)]), Some([3, 4]));
        assert_eq!(race(&[(3, true), (4, false)]), Some([3, 4]));
        assert_eq!(race(&[(3, false), (4, true)]), Some([3, 4]));
        assert_eq!(race(&[(3, false), (4, false), (3, true)]), Some([4, 3]));
    }

    #[test]
    fn loops_one_after_the_other_do_not_race() {
        let mut watch = Watch::new(1);
        for iteration in 0..3 {
            watch.begin_loop();
            watch.touch(Buffer(0), 7, iteration, true);
        }
        assert_eq!(watch.race, None);
    }
}
