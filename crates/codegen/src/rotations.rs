//! Rotations, which processors do in one instruction: a shift to either side, and what is common to both.
//!
//! ```text
//! v1 = ushr v0, 7
//! v2 = shl v0, 25        v3 = v0 rotated to the right by 7
//! v3 = ior v1, v2
//! ```

use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Value};

/// What a value is a rotation of, and by how much to the right.
pub(crate) fn rotation(code: &Code, value: Value) -> Option<(Value, u8)> {
    let operands = |value: Value| match &code.values[value].inst {
        Inst::Op(op, args) if args.len() == 2 => Some((*op, args[0], args[1])),
        _ => None,
    };
    let width = match code.values[value].ty {
        LaneType::I32 => 32,
        LaneType::I64 => 64,
        _ => return None,
    };
    let (LaneOp::IOr | LaneOp::IXor | LaneOp::IAdd, a, b) = operands(value)? else { return None };
    let ((first, x, up), (second, y, down)) = (operands(a)?, operands(b)?);
    let (up, down) = match (first, second) {
        (LaneOp::Shl, LaneOp::UShr) => (up, down),
        (LaneOp::UShr, LaneOp::Shl) => (down, up),
        _ => return None,
    };
    let [Inst::Const(up), Inst::Const(down)] = [up, down].map(|count| &code.values[count].inst) else {
        return None;
    };
    let fits = x == y && (1..width).contains(down) && up + down == width;
    fits.then_some((x, *down as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_of_one_number_that_leave_no_bit_out_are_rotations() {
        let mut code = Code::default();
        let [x, y] = [(); 2].map(|()| code.value(Inst::Bound, LaneType::I32, false));
        let mut joined = |op: LaneOp, [(first, a, up), (second, b, down)]: [(LaneOp, Value, u64); 2]| {
            let mut shifted = |op: LaneOp, a: Value, count: u64| {
                let count = code.constant(LaneType::I32, count);
                code.value(Inst::Op(op, [a, count].as_slice().into()), LaneType::I32, false)
            };
            let sides = [shifted(first, a, up), shifted(second, b, down)];
            let value = code.value(Inst::Op(op, sides.as_slice().into()), LaneType::I32, false);
            rotation(&code, value)
        };
        use LaneOp::{IAnd, IOr, IXor, SShr, Shl, UShr};
        assert_eq!(joined(IOr, [(Shl, x, 25), (UShr, x, 7)]), Some((x, 7)));
        assert_eq!(joined(IXor, [(UShr, x, 31), (Shl, x, 1)]), Some((x, 31)));
        assert_eq!(joined(IOr, [(Shl, x, 24), (UShr, x, 7)]), None);
        assert_eq!(joined(IOr, [(Shl, x, 32), (UShr, x, 0)]), None);
        assert_eq!(joined(IOr, [(Shl, x, 25), (SShr, x, 7)]), None);
        assert_eq!(joined(IOr, [(Shl, x, 25), (UShr, y, 7)]), None);
        assert_eq!(joined(IAnd, [(Shl, x, 25), (UShr, x, 7)]), None);
    }
}
