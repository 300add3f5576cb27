//! Has bits that are cut out of a number and put elsewhere shifted once.
//!
//! ```text
//! v2: u32 = shr v1, 3u32
//! v3: u32 = and v2, 1u32               v6: u64 = cast v1
//! v4: u64 = cast v3            ⇒       v7: u64 = shl v6, 3u64
//! v5: u64 = shl v4, 6u64               v5: u64 = and v7, 64u64
//! ```
//!
//! The bits of a number go to their places by one shift by the difference, whatever bits it takes along, as those that stay are
//! named by the mask. A number all of whose bits are placed is widened once, and not each of its bits.

use crate::Changed;
use crate::emit::Emit;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Has bits that are cut out of a number and put elsewhere shifted once.
pub fn place_bits(loops: &mut Loops) -> Changed {
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner));
        if let Stmt::Let(value) = stmt
            && let Some(placed) = Placed::of(loops, value)
        {
            let loc = loops.values[value].loc;
            let expr = placed.shifted_once(loops.dtype(value), Emit { loops, block, loc });
            loops.values[value].expr = expr;
            changed = true;
        }
        block.push(stmt);
    }
    changed
}

/// Bits of a number at other places than there.
struct Placed {
    number: Value,
    /// By how many places they are higher than in the number.
    higher: i64,
    /// Where they are.
    mask: u64,
}

impl Placed {
    /// Takes `(number >> down & mask) << up` apart, with a conversion to a type of as many bits or more on the way.
    fn of(loops: &Loops, value: Value) -> Option<Placed> {
        let operands = |value: Value, wanted: ScalarOp| match &loops.values[value].expr {
            Expr::Op(op, args) if *op == wanted => Some([args[0], args[1]]),
            _ => None,
        };
        let number = |value: Value| {
            let constant = loops.constant(value)?;
            (loops.dtype(value).is_int()).then(|| constant.to_bits() & ones(loops.dtype(value)))
        };
        let [mut cut, up] = operands(value, ScalarOp::Shl)?;
        let (width, up) = (loops.dtype(value).bits() as u64, number(up)?);
        if let Expr::Cast(from) = loops.values[cut].expr
            && loops.dtype(from).is_int()
            && loops.dtype(from).bits() as u64 <= width
        {
            cut = from;
        }
        let [a, b] = operands(cut, ScalarOp::And)?;
        let (moved, mask) = number(b).map(|mask| (a, mask)).or_else(|| Some((b, number(a)?)))?;
        let [source, down] = operands(moved, ScalarOp::Shr)?;
        let (own, down) = (loops.dtype(source).bits() as u64, number(down)?);
        // Of what is shifted in from above the mask takes nothing, be it zeros or copies of the sign.
        let inside = down > 0 && down < own && mask >> (own - down) == 0;
        (inside && up < width).then(|| Placed {
            number: source,
            higher: up as i64 - down as i64,
            mask: mask << up & ones(loops.dtype(value)),
        })
    }

    fn shifted_once(&self, dtype: DType, mut emit: Emit<'_>) -> Expr {
        let mut number = self.number;
        if emit.loops.dtype(number) != dtype {
            number = emit.typed(Expr::Cast(number), dtype);
        }
        let constant = |emit: &mut Emit<'_>, bits: u64| {
            emit.loops.value(Expr::Const(Scalar::from_bits(dtype, bits)), dtype, Loc::NONE)
        };
        if self.higher != 0 {
            let op = if self.higher > 0 { ScalarOp::Shl } else { ScalarOp::Shr };
            let distance = constant(&mut emit, self.higher.unsigned_abs());
            number = emit.typed(Expr::Op(op, vec![number, distance]), dtype);
        }
        let mask = constant(&mut emit, self.mask);
        Expr::Op(ScalarOp::And, vec![number, mask])
    }
}

/// As many bits as a type has.
fn ones(dtype: DType) -> u64 {
    u64::MAX >> (64 - dtype.bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops bits(b0 a: u32[unit], mut b1 c: u64[unit], x: u64) {{ v90: usize = dim b0, 0 parfor v0 in v90 {{ source prange @1:1 {body} }} }}"
        )
    }

    #[test]
    fn bits_go_to_their_places_at_once() {
        let text = "v1: u32 = load b0[v0] v2: u32 = shr v1, 3u32 v3: u32 = and v2, 1u32 v4: u64 = cast v3 \
                    v5: u64 = shl v4, 6u64 store b1[v0], v5";
        let after = "v1: u32 = load b0[v0] v2: u32 = shr v1, 3u32 v3: u32 = and v2, 1u32 v4: u64 = cast v3 \
                     v91: u64 = cast v1 v93: u64 = shl v91, 3u64 v5: u64 = and v93, 64u64 store b1[v0], v5";
        check(place_bits, &kernel(text), &kernel(after));
    }

    #[test]
    fn bits_may_go_down() {
        let text = "v1: u64 = load b1[v0] v2: u64 = shr v1, 40u64 v3: u64 = and v2, 255u64 v4: u64 = shl v3, 8u64 \
                    store b1[v0], v4";
        let after = run(place_bits, &kernel(text)).to_string();
        assert!(after.contains("shr v1, 32u64") && after.contains(", 65280u64"), "{after}");
    }

    #[test]
    fn what_takes_bits_from_above_stays() {
        let text = "v1: u32 = load b0[v0] v2: u32 = shr v1, 30u32 v3: u32 = and v2, 7u32 v4: u64 = cast v3 \
                    v5: u64 = shl v4, 6u64 store b1[v0], v5";
        unchanged(place_bits, &kernel(text));
    }
}
