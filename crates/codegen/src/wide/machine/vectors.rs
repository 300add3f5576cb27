//! Vector and mask instructions.

use super::{Kind, Machine, Place, PlaceKind, Reg, Source, Vector};
use crate::wide::assembler::{Form, Length, VectorOp};
use regalloc2::{Operand, RegClass};
use smallvec::SmallVec;

impl Machine {
    /// A vector instruction of any form with everything it can have; the more special methods build on it.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn vector(
        &mut self,
        op: VectorOp,
        length: Length,
        result: Option<Reg>,
        old: Option<Reg>,
        first: Option<Reg>,
        source: Source,
        imm: Option<u8>,
        mask: Option<(Reg, bool)>,
    ) {
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        if let Some(result) = result {
            operands.push(match old {
                Some(_) => Operand::reg_reuse_def(result, 1),
                None => Operand::reg_def(result),
            });
        }
        operands.extend(old.iter().chain(&first).map(|register| Operand::reg_use(*register)));
        let (place, broadcast) = Machine::source(&mut operands, op, source);
        if let Some((mask, _)) = mask {
            operands.push(Operand::reg_use(mask));
        }
        let in_place = old.is_some();
        let (masked, zeroing) = mask.map_or((false, false), |(_, zeroing)| (true, zeroing));
        let vector = Vector { op, length, place, broadcast, imm, masked, zeroing, in_place };
        self.push(Kind::Vector(vector), &operands);
    }

    /// `result = op(first, source)` in a fresh register.
    pub(crate) fn binary(
        &mut self,
        op: VectorOp,
        length: Length,
        first: Reg,
        source: impl Into<Source>,
    ) -> Reg {
        let result = self.register(first.class());
        self.vector(op, length, Some(result), None, Some(first), source.into(), None, None);
        result
    }
    /// `result = op(source)` in a fresh vector register.
    pub(crate) fn unary(&mut self, op: VectorOp, length: Length, source: impl Into<Source>) -> Reg {
        self.unary_to(RegClass::Float, op, length, source)
    }
    /// `result = op(source)` in a fresh register of a class.
    pub(crate) fn unary_to(
        &mut self,
        class: RegClass,
        op: VectorOp,
        length: Length,
        source: impl Into<Source>,
    ) -> Reg {
        let result = self.register(class);
        self.vector(op, length, Some(result), None, None, source.into(), None, None);
        result
    }
    /// `result = op(source, imm)` in a fresh vector register.
    pub(crate) fn unary_imm(
        &mut self,
        op: VectorOp,
        length: Length,
        source: impl Into<Source>,
        imm: u8,
    ) -> Reg {
        let result = self.register(RegClass::Float);
        self.vector(op, length, Some(result), None, None, source.into(), Some(imm), None);
        result
    }
    /// A comparison: in a fresh register of the class of masks.
    pub(crate) fn compare_lanes(
        &mut self,
        masks: RegClass,
        op: VectorOp,
        length: Length,
        first: Reg,
        source: impl Into<Source>,
        imm: Option<u8>,
    ) -> Reg {
        let result = self.register(masks);
        self.vector(op, length, Some(result), None, Some(first), source.into(), imm, None);
        result
    }
    /// `old = old op (first, source)`, the fused forms, in a fresh register.
    pub(crate) fn fused(
        &mut self,
        op: VectorOp,
        length: Length,
        old: Reg,
        first: Reg,
        source: impl Into<Source>,
    ) -> Reg {
        let result = self.register(RegClass::Float);
        self.vector(op, length, Some(result), Some(old), Some(first), source.into(), None, None);
        result
    }
    /// `op(source)` in the lanes of the mask, zero in the others.
    pub(crate) fn zeroed(
        &mut self,
        op: VectorOp,
        length: Length,
        source: impl Into<Source>,
        mask: Reg,
    ) -> Reg {
        let result = self.register(RegClass::Float);
        self.vector(op, length, Some(result), None, None, source.into(), None, Some((mask, true)));
        result
    }
    /// VEX: lanes of `yes` where the mask is set, else of `no`.
    pub(crate) fn blend(&mut self, op: VectorOp, length: Length, no: Reg, yes: Source, mask: Reg) -> Reg {
        debug_assert_eq!(op.row().form, Form::Rvmr);
        let result = self.register(RegClass::Float);
        self.vector(op, length, Some(result), None, Some(no), yes, None, Some((mask, false)));
        result
    }
    /// Stores a vector register.
    pub(crate) fn store_vector(
        &mut self,
        op: VectorOp,
        length: Length,
        register: Reg,
        place: Place,
        mask: Option<Reg>,
    ) {
        let mask = mask.map(|mask| (mask, false));
        self.vector(op, length, None, None, Some(register), Source::Memory(place), None, mask);
    }
    /// Moves a register to one of another class, or narrows it: `op` has the form `rm, reg`.
    pub(crate) fn move_out(
        &mut self,
        class: RegClass,
        op: VectorOp,
        length: Length,
        from: Reg,
        imm: Option<u8>,
    ) -> Reg {
        let result = self.register(class);
        let vector = Vector { imm, ..Vector::plain(op, length) };
        self.push(Kind::Vector(vector), &[Operand::reg_def(result), Operand::reg_use(from)]);
        result
    }
    /// Loads the lanes of a mask from `base + index * 2^scale + displacement`; the others keep `old`. The mask's register
    /// is cleared, so it is taken as a copy.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn gather(
        &mut self,
        op: VectorOp,
        length: Length,
        old: Reg,
        base: Reg,
        index: Reg,
        scale: u8,
        displacement: i32,
        mask: Reg,
    ) -> Reg {
        let result = self.register(RegClass::Float);
        let cleared = self.register(mask.class());
        let place = Some(PlaceKind::Address { scale: Some(scale), displacement });
        let vector = Vector { place, masked: true, in_place: true, ..Vector::plain(op, length) };
        self.push(
            Kind::Vector(vector),
            &[
                Operand::reg_reuse_def(result, 2),
                Operand::reg_reuse_def(cleared, 5),
                Operand::reg_use(old),
                Operand::reg_use(base),
                Operand::reg_use(index),
                Operand::reg_use(mask),
            ],
        );
        result
    }
    /// Stores the lanes of a mask to `base + index * 2^scale + displacement`, the highest lane last.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn scatter(
        &mut self,
        op: VectorOp,
        length: Length,
        register: Reg,
        base: Reg,
        index: Reg,
        scale: u8,
        displacement: i32,
        mask: Reg,
    ) {
        let cleared = self.register(mask.class());
        let place = Some(PlaceKind::Address { scale: Some(scale), displacement });
        let vector = Vector { place, masked: true, ..Vector::plain(op, length) };
        self.push(
            Kind::Vector(vector),
            &[
                Operand::reg_reuse_def(cleared, 4),
                Operand::reg_use(register),
                Operand::reg_use(base),
                Operand::reg_use(index),
                Operand::reg_use(mask),
            ],
        );
    }
}
