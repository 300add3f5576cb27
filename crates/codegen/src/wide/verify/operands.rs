//! The operands that an instruction must have.

use super::*;

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Def(RegClass),
    /// A definition in the register of the operand at a position.
    Reuse(RegClass, usize),
    Use(RegClass),
}
use RegClass::{Float, Int, Vector as Mask};
use Role::{Def, Reuse, Use};

/// Fails unless an instruction has the operands of its kind, in their order and classes.
pub(super) fn check(inst: Inst, operands: &[Operand], target: Target) -> Result<(), String> {
    let roles: SmallVec<[Role; 8]> = operands
        .iter()
        .map(|operand| match (operand.kind(), operand.constraint()) {
            (OperandKind::Def, OperandConstraint::Reuse(position)) => Reuse(operand.class(), position),
            (OperandKind::Def, _) => Def(operand.class()),
            (OperandKind::Use, _) => Use(operand.class()),
        })
        .collect();
    let expected = match inst.kind {
        Kind::Vector(vector) => {
            if !vector.op.exists(target.evex()) {
                return Err("is no instruction of the target".to_owned());
            }
            of_vector(vector, target)
        }
        kind => of_general(kind),
    };
    if roles != expected {
        return Err(format!("has the operands {roles:?}, not {expected:?}"));
    }
    Ok(())
}

/// The registers of a place in memory.
fn address(place: PlaceKind) -> impl Iterator<Item = Role> {
    let registers = match place {
        PlaceKind::Constant(_) | PlaceKind::Own(_) => 0,
        PlaceKind::Address { scale, .. } => 1 + scale.is_some() as usize,
    };
    std::iter::repeat_n(Use(Int), registers)
}

fn of_general(kind: Kind) -> SmallVec<[Role; 8]> {
    let mut roles: SmallVec<[Role; 8]> = SmallVec::new();
    match kind {
        Kind::Arguments => roles.extend([Def(Int); 4]),
        Kind::Alu(..) | Kind::Multiply(_) | Kind::Better(..) => {
            roles.extend([Reuse(Int, 1), Use(Int), Use(Int)]);
        }
        Kind::AluImm(..) | Kind::Shift(..) | Kind::Negate(_) | Kind::Not(_) => {
            roles.extend([Reuse(Int, 1), Use(Int)]);
        }
        Kind::LowestBit
        | Kind::MultiplyImm(..)
        | Kind::SignExtend
        | Kind::ZeroExtend
        | Kind::CompareImm(..) => {
            roles.extend([Def(Int), Use(Int)]);
        }
        Kind::ShiftBy(..) | Kind::Compare(..) | Kind::LowBits(_) | Kind::Deposit(_) => {
            roles.extend([Def(Int), Use(Int), Use(Int)]);
        }
        Kind::Divide { .. } | Kind::MultiplyHigh { .. } => {
            roles.extend([Def(Int), Def(Int), Use(Int), Use(Int)])
        }
        Kind::Imm(_) => roles.push(Def(Int)),
        Kind::Load(_, place) | Kind::AddressOf(place) => {
            roles.push(Def(Int));
            roles.extend(address(place));
        }
        Kind::Store(_, place) | Kind::Update(_, _, place) => {
            roles.push(Use(Int));
            roles.extend(address(place));
        }
        Kind::StoreImm(place, _) | Kind::UpdateImm(_, _, place, _) => roles.extend(address(place)),
        Kind::CompareFloats(..) => roles.extend([Def(Int), Use(Float), Use(Float)]),
        Kind::SelectBy(_, numbers, constant) => {
            roles.extend([Reuse(Int, 1), Use(Int), Use(Int)]);
            let compared = if constant.is_some() { 1 } else { 2 };
            roles.extend(std::iter::repeat_n(Use(numbers.class()), compared));
        }
        Kind::Select => roles.extend([Reuse(Int, 1), Use(Int), Use(Int), Use(Int)]),
        Kind::Branch(Test::Compare(..)) => roles.extend([Use(Int); 2]),
        Kind::Branch(Test::CompareFloats(..)) => roles.extend([Use(Float); 2]),
        Kind::Branch(Test::CompareImm(..) | Test::NonZero) => roles.push(Use(Int)),
        Kind::Branch(Test::AnyMask) => roles.push(Use(Mask)),
        Kind::HostCall(_) => {
            roles.push(Def(Int));
            roles.extend([Use(Int); 1 + ARGUMENTS]);
        }
        Kind::Jump | Kind::Return(_) => {}
        Kind::Vector(_) => unreachable!("has roles of its own"),
    }
    roles
}

fn of_vector(vector: Vector, target: Target) -> SmallVec<[Role; 8]> {
    use VectorOp::*;
    let mask = if target.evex() { Mask } else { Float };
    let mut roles: SmallVec<[Role; 8]> = SmallVec::new();
    if vector.op.is_gather() {
        roles.extend([Reuse(Float, 2), Reuse(mask, 5), Use(Float), Use(Int), Use(Float), Use(mask)]);
        return roles;
    }
    if vector.op.is_scatter() {
        roles.extend([Reuse(mask, 4), Use(Float), Use(Int), Use(Float), Use(mask)]);
        return roles;
    }
    let form = vector.op.row().form;
    let of_masks = matches!(vector.op, Kmovq | KmovqTo | Kandq | Kandnq | Korq | Kxorq | Kortestq);
    let masked_store = matches!(vector.op, VmaskmovpdTo | VmaskmovpsTo);
    let stores = masked_store || form == Form::Mr && vector.place.is_some();
    let result = match vector.op {
        _ if of_masks => Mask,
        KmovqFrom | Vpcmpq | Vpcmpd | Vpcmpw | Vpcmpb | Vpcmpuq | Vpcmpud | Vpcmpuw | Vpcmpub | Vptestmb => {
            Mask
        }
        Vcmppd | Vcmpps => mask,
        KmovqOut | VmovqTo | VmovdTo | Vmovmskpd | Vmovmskps | Vpmovmskb | Vcvttsd2si => Int,
        _ => Float,
    };
    let source = match vector.op {
        VmovqFrom | VmovdFrom | VpbroadcastqFrom | VpbroadcastdFrom | VpbroadcastwFrom | VpbroadcastbFrom
        | Vcvtsi2sd | Vcvtsi2ss | KmovqFrom => Int,
        KmovqOut => Mask,
        _ if of_masks => Mask,
        _ => Float,
    };
    match (stores, vector.in_place) {
        (true, _) => {}
        (false, true) => roles.extend([Reuse(result, 1), Use(result)]),
        (false, false) => roles.push(Def(result)),
    }
    let masked_load = matches!(vector.op, Vmaskmovpd | Vmaskmovps);
    if stores || matches!(form, Form::Rvm | Form::RvmInPlace | Form::Rvmr) && !masked_load {
        roles.push(Use(if of_masks { Mask } else { Float }));
    }
    match vector.place {
        Some(place) => roles.extend(address(place)),
        None => roles.push(Use(source)),
    }
    if vector.masked || masked_load || masked_store {
        roles.push(Use(mask));
    }
    roles
}
