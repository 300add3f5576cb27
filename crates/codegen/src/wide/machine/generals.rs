//! Instructions on general registers.

use super::{HostCall, Kind, Machine, Numbers, Place, Reg, Source};
use crate::wide::assembler::{Alu, Condition, Length, VectorOp};
use crate::wide::host_call::ARGUMENTS;
use regalloc2::{Operand, PReg, RegClass};
use smallvec::SmallVec;

impl Machine {
    /// `a op b` of general registers.
    pub(crate) fn alu(&mut self, op: Alu, wide: bool, a: Reg, b: Reg) -> Reg {
        self.in_place(Kind::Alu(op, wide), a, Some(b))
    }
    /// `a op imm`.
    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, a: Reg, imm: i32) -> Reg {
        self.in_place(Kind::AluImm(op, wide, imm), a, None)
    }
    /// `kind(a, b)` that overwrites `a` with the result.
    pub(crate) fn in_place(&mut self, kind: Kind, a: Reg, b: Option<Reg>) -> Reg {
        let result = self.general();
        let mut operands: SmallVec<[Operand; 3]> = SmallVec::new();
        operands.extend([Operand::reg_reuse_def(result, 1), Operand::reg_use(a)]);
        // These take one from memory as well, if there is no register for it.
        let any = matches!(kind, Kind::Alu(..) | Kind::Multiply(_));
        operands.extend(b.map(if any { Operand::any_use } else { Operand::reg_use }));
        self.push(kind, &operands);
        result
    }
    /// `kind(sources)` in a fresh general register.
    pub(crate) fn fresh(&mut self, kind: Kind, sources: &[Reg]) -> Reg {
        let result = self.general();
        let mut operands: SmallVec<[Operand; 3]> = SmallVec::new();
        operands.push(Operand::reg_def(result));
        let any = matches!(kind, Kind::MultiplyImm(..) | Kind::SignExtend | Kind::ZeroExtend);
        let usage = if any { Operand::any_use } else { Operand::reg_use };
        operands.extend(sources.iter().map(|source| usage(*source)));
        self.push(kind, &operands);
        result
    }
    /// A constant in a general register.
    pub(crate) fn imm(&mut self, imm: u64) -> Reg {
        self.fresh(Kind::Imm(imm), &[])
    }
    /// `yes` if `condition` is not zero, else `no`.
    pub(crate) fn select(&mut self, condition: Reg, yes: Reg, no: Reg) -> Reg {
        let result = self.general();
        self.push(
            Kind::Select,
            &[
                Operand::reg_reuse_def(result, 1),
                Operand::reg_use(no),
                Operand::reg_use(yes),
                Operand::reg_use(condition),
            ],
        );
        result
    }
    /// `yes` if these numbers compare so, else `no`; the second is a constant if it is not among the registers.
    pub(crate) fn select_by(
        &mut self,
        condition: Condition,
        numbers: Numbers,
        compared: (&[Reg], Option<i32>),
        [yes, no]: [Reg; 2],
    ) -> Reg {
        let result = self.general();
        let mut operands: SmallVec<[Operand; 5]> = SmallVec::new();
        operands.extend([Operand::reg_reuse_def(result, 1), Operand::reg_use(no), Operand::reg_use(yes)]);
        operands.extend(compared.0.iter().map(|register| Operand::reg_use(*register)));
        self.push(Kind::SelectBy(condition, numbers, compared.1), &operands);
        result
    }
    /// Quotient and remainder.
    pub(crate) fn divide(&mut self, signed: bool, wide: bool, a: Reg, b: Reg) -> [Reg; 2] {
        let [rax, rdx] = [0, 2].map(|number| PReg::new(number, RegClass::Int));
        let [quotient, remainder] = [(); 2].map(|()| self.general());
        self.push(
            Kind::Divide { signed, wide },
            &[
                Operand::reg_fixed_def(quotient, rax),
                Operand::reg_fixed_def(remainder, rdx),
                Operand::reg_fixed_use(a, rax),
                // Not in rdx, which is written before the divisor is read.
                Operand::reg_use_at_end(b),
            ],
        );
        [quotient, remainder]
    }
    /// The upper half of `a * b`.
    pub(crate) fn multiply_high(&mut self, signed: bool, wide: bool, a: Reg, b: Reg) -> Reg {
        let [rax, rdx] = [0, 2].map(|number| PReg::new(number, RegClass::Int));
        let [upper, lower] = [(); 2].map(|()| self.general());
        self.push(
            Kind::MultiplyHigh { signed, wide },
            &[
                Operand::reg_fixed_def(upper, rdx),
                Operand::reg_fixed_def(lower, rax),
                Operand::reg_fixed_use(a, rax),
                Operand::reg_use(b),
            ],
        );
        upper
    }
    /// Loads 1, 4 or 8 bytes, zero-extended.
    pub(crate) fn load(&mut self, bytes: u8, place: Place) -> Reg {
        let result = self.general();
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        operands.push(Operand::reg_def(result));
        let place = Machine::place(&mut operands, place);
        self.push(Kind::Load(bytes, place), &operands);
        result
    }
    /// Stores the low 1, 2, 4 or 8 bytes.
    pub(crate) fn store(&mut self, bytes: u8, register: Reg, place: Place) {
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        operands.push(Operand::reg_use(register));
        let place = Machine::place(&mut operands, place);
        self.push(Kind::Store(bytes, place), &operands);
    }
    /// Stores a constant of 64 bits.
    pub(crate) fn store_imm(&mut self, place: Place, imm: i32) {
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        let place = Machine::place(&mut operands, place);
        self.push(Kind::StoreImm(place, imm), &operands);
    }
    /// `place op= register`.
    pub(crate) fn update(&mut self, op: Alu, wide: bool, place: Place, register: Reg) {
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        operands.push(Operand::reg_use(register));
        let place = Machine::place(&mut operands, place);
        self.push(Kind::Update(op, wide, place), &operands);
    }
    /// `place op= imm`.
    pub(crate) fn update_imm(&mut self, op: Alu, wide: bool, place: Place, imm: i32) {
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        let place = Machine::place(&mut operands, place);
        self.push(Kind::UpdateImm(op, wide, place, imm), &operands);
    }
    /// The address of a place.
    pub(crate) fn address_of(&mut self, place: Place) -> Reg {
        let result = self.general();
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        operands.push(Operand::reg_def(result));
        let place = Machine::place(&mut operands, place);
        self.push(Kind::AddressOf(place), &operands);
        result
    }
    /// Calls the host; returns the status.
    pub(crate) fn call_host(&mut self, call: HostCall, frame: Reg, arguments: [Reg; ARGUMENTS]) -> Reg {
        let operands: SmallVec<[Reg; 4]> = std::iter::once(frame).chain(arguments).collect();
        self.fresh(Kind::HostCall(call), &operands)
    }
    /// The same number or lanes in another register, which the allocator does not take for the same.
    pub(crate) fn same(&mut self, register: Reg) -> Reg {
        match register.class() {
            RegClass::Int => self.address_of(Place::Address { base: register, index: None, displacement: 0 }),
            RegClass::Float => self.unary(VectorOp::Vmovapd, Length::L128, Source::Register(register)),
            RegClass::Vector => unreachable!("masks are of lanes"),
        }
    }
}
