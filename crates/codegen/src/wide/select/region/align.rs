//! Where the steps of a row begin: at memory that a register of it does not share with another cache line.
//!
//! ```text
//! row        |...aaaaa|bbbbbbbb|bbbbbbbb|…|ccc       a: a register, b: steps, c: the tail       | multiples of a register
//! lanes        01234567…                              accumulators of the row's elements, by position
//! registers          [567…      ][      ]…[   ]01234  of steps: rotated by the elements before them
//! ```
//!
//! A register that lies in two cache lines takes two accesses. What is aligned is what is stored first or, where the
//! region reduces, what is loaded first; other arrays lie as they may. Short rows begin at their first element.

use super::super::Selector;
use super::{OnFault, Shape};
use crate::wide::assembler::{Alu, Condition};
use crate::wide::machine::{Reg, Test};
use regalloc2::RegClass;

impl Shape<'_> {
    /// Does the elements of a long row that come before the first aligned one, and sets where steps begin.
    pub(super) fn align(&mut self, s: &mut Selector<'_>) {
        let [long, short, head, ready] = [(); 4].map(|()| s.machine.block());
        let before = s.machine.param(ready, RegClass::Int);
        // Where accumulators are those of the row's first element.
        (self.first, self.rotation) = (self.column_start, None);
        let elements = s.machine.alu(Alu::Sub, true, self.column_end, self.column_start);
        let enough = Test::CompareImm(Condition::GreaterEqual, true, self.plan.long_row());
        s.machine.branch(enough, &[elements], long, short);
        s.machine.fill(short);
        let none = s.machine.imm(0);
        s.machine.jump(ready, &[none]);

        s.machine.fill(long);
        let misplaced = self.elements_before_aligned(s);
        let aligned = s.machine.block();
        s.machine.branch(Test::NonZero, &[misplaced], head, aligned);
        s.machine.fill(aligned);
        s.machine.jump(ready, &[misplaced]);

        s.machine.fill(head);
        s.count = 1;
        // Those of them that steps compute once more may come to the same.
        s.active = match self.plan.overlaps_beyond {
            Some(_) => None,
            None => Some(s.mask_of_first(misplaced)),
        };
        s.on_fault = OnFault::Record;
        let mark = self.elements(s, self.column_start);
        self.take_in(s, self.column_start);
        s.leave(mark);
        s.active = None;
        for accumulator in &self.accumulators {
            accumulator.turn(s);
        }
        s.machine.jump(ready, &[misplaced]);

        s.machine.fill(ready);
        self.first = s.machine.alu(Alu::Add, true, self.column_start, before);
        self.steps_end = self.plan.steps_end(s, self.first, self.column_end);
        self.rotation = (!self.accumulators.is_empty()).then_some(before);
        s.index = Some(self.first);
    }

    /// How many elements of the row come before the first at a multiple of a register's size.
    fn elements_before_aligned(&self, s: &mut Selector<'_>) -> Reg {
        let access = match self.accumulators[..] {
            [] => s.first_stored(&self.region.code.body),
            _ => s.first_loaded(&self.region.code.body),
        };
        s.elements_before_aligned(access.expect("a plan that aligns has seen an access"))
    }

    /// At the end of a row: puts the accumulators to where they are for the next.
    pub(super) fn turn_back(&self, s: &mut Selector<'_>) {
        let Some(rotation) = self.rotation else { return };
        let [rotated, done, straight] = [(); 3].map(|()| s.machine.block());
        s.machine.branch(Test::NonZero, &[rotation], rotated, straight);
        s.machine.fill(straight);
        s.machine.jump(done, &[]);
        s.machine.fill(rotated);
        let mask = s.mask_of_first(rotation);
        for accumulator in &self.accumulators {
            accumulator.turn_back(s, mask);
        }
        s.machine.jump(done, &[]);
        s.machine.fill(done);
    }
}
