//! Signatures: what is known of the layouts of a call's arguments, 16 bits each.
//!
//! ```text
//! bit   15 … 13   │ 12 … 8            │ 7 … 2                │ 1    │ 0
//!       packed    │ unit 4 … unit 0   │ single 5 … single 0  │ unit │ array          a scalar is 0
//! ```
//!
//! The bits of an array are made when the array is bound, where its rank is known, so that finding code for a call is
//! comparing numbers.

use crate::argument::Description;
use parfuse_ir::MAX_RANK;
use parfuse_ir::loops::{Layout, MOST_PACKED};
use parfuse_ir::program::{Param, Type};
use smallvec::SmallVec;

/// Nothing is known of scalars.
pub(crate) const SCALAR: u16 = 0;
const ARRAY: u16 = 1;
/// Neighbours lie along the last axis …
const UNIT: u16 = 2;
const FIRST_SINGLE: u16 = 4;
/// … or along this one.
const FIRST_UNIT: u16 = FIRST_SINGLE << MAX_RANK;
/// The length of a packed last axis less one, zero if it is not packed.
const PACKED: u32 = 2 + MAX_RANK as u32 + (MAX_RANK as u32 - 1);
const _: () =
    assert!(PACKED + (MOST_PACKED as u32 - 1).ilog2() < u16::BITS, "there is a bit for all that is known");

/// How many parameters of code an argument is: a complex number goes by its parts.
fn parameters_of(ty: Type) -> usize {
    match ty {
        Type::Scalar(element) => 1 + element.is_complex() as usize,
        Type::Array(..) => 1,
    }
}

/// What code is made for: what is known of each argument, which is nothing of a scalar and a [`Layout`] of an array.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature {
    layouts: SmallVec<[u16; 12]>,
    /// Which of the wishes for equal lengths ([`Wishes`](crate::wishes::Wishes)) come true, a bit each.
    equal: u64,
    /// Whether the call can be stopped, so that its loops have to look whether it is.
    polls: bool,
}

impl Signature {
    /// The signature of these arguments.
    pub(crate) fn of(arguments: &[Description], polls: bool) -> Signature {
        let words = |argument: &Description| std::iter::repeat_n(argument.layout, parameters_of(argument.ty));
        Signature { layouts: arguments.iter().flat_map(words).collect(), equal: 0, polls }
    }

    /// The signature of contiguous arrays without axes of length one.
    pub(crate) fn contiguous(params: &[Param]) -> Signature {
        let bits = |param: &Param| {
            let bits = match (param.ty.rank(), param.ty.is_complex()) {
                (None, _) => SCALAR,
                (Some(0), true) | (_, false) => ARRAY | UNIT,
                // The parts lie along the last axis, without gaps.
                (Some(_), true) => ARRAY | UNIT | 1 << PACKED,
            };
            std::iter::repeat_n(bits, parameters_of(param.ty))
        };
        Signature { layouts: params.iter().flat_map(bits).collect(), equal: 0, polls: false }
    }

    /// The same of arguments for which these wishes come true.
    pub(crate) fn with_equal(&self, equal: u64) -> Signature {
        Signature { equal, ..self.clone() }
    }

    /// Which wishes come true.
    pub(crate) fn equal(&self) -> u64 {
        self.equal
    }

    /// Whether calls can be stopped.
    pub(crate) fn polls(&self) -> bool {
        self.polls
    }

    /// What it says of each parameter, nothing of scalars.
    pub(crate) fn layouts(&self, params: &[Param]) -> Vec<Option<Layout>> {
        let layout = |(bits, param): (&u16, &Param)| match param.ty {
            Type::Scalar(_) => None,
            Type::Array(_, rank) => {
                let single = (0..rank).map(|axis| bits & (FIRST_SINGLE << axis) != 0).collect();
                let other = (0..rank.saturating_sub(1)).find(|axis| bits & (FIRST_UNIT << axis) != 0);
                let unit = if bits & UNIT != 0 { rank.checked_sub(1) } else { other };
                let packed = (bits >> PACKED != 0).then_some((bits >> PACKED) as u8 + 1);
                Some(Layout { unit, single, packed })
            }
        };
        self.layouts.iter().zip(params).map(layout).collect()
    }
}

/// The bits of an array with these lengths and strides. Neighbours lie along the last axis if they can.
#[inline]
pub(crate) fn layout(shape: &[usize], strides: &[isize]) -> u16 {
    let mut bits = ARRAY;
    for (axis, len) in shape.iter().enumerate() {
        if *len == 1 {
            bits |= FIRST_SINGLE << axis;
        }
    }
    let Some(last) = shape.len().checked_sub(1) else { return bits | UNIT };
    if strides[last] == 1 || shape[last] <= 1 {
        let length = shape[last];
        let short = (2..=MOST_PACKED as usize).contains(&length) && last > 0;
        let packed = short && (shape[last - 1] == 1 || strides[last - 1] == length as isize);
        return bits | UNIT | if packed { (length as u16 - 1) << PACKED } else { 0 };
    }
    match (0..last).find(|axis| strides[*axis] == 1 && shape[*axis] > 1) {
        Some(axis) => bits | FIRST_UNIT << axis,
        None => bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The axis along which neighbours lie, and which axes have length one.
    fn known(shape: &[usize], strides: &[isize]) -> (Option<u8>, Vec<bool>) {
        let layout = packed_and_unpacked(shape, strides);
        (layout.unit, layout.single)
    }

    fn packed_and_unpacked(shape: &[usize], strides: &[isize]) -> Layout {
        let param = Param {
            name: String::new(),
            ty: Type::array(parfuse_ir::DType::F64, shape.len() as u8),
            mutable: false,
        };
        let layouts = [layout(shape, strides)].into_iter().collect();
        let signature = Signature { layouts, equal: 0, polls: false };
        signature.layouts(&[param]).remove(0).expect("an array")
    }

    #[test]
    fn short_last_axes_without_gaps_are_known() {
        let packed = |shape: &[usize], strides: &[isize]| packed_and_unpacked(shape, strides).packed;
        assert_eq!(packed(&[9, 3], &[3, 1]), Some(3));
        assert_eq!(packed(&[9, 8], &[8, 1]), Some(8));
        assert_eq!(packed(&[7, 9, 2], &[90, 2, 1]), Some(2), "rows of pixels may have gaps");
        assert_eq!(packed(&[1, 9, 1, 4], &[0, 4, 99, 1]), Some(4), "an axis of one element has no stride");
        assert_eq!(packed(&[1; 6], &[7; 6]), None);
        assert_eq!(packed(&[9, 9], &[9, 1]), None, "too long");
        assert_eq!(packed(&[9, 3], &[4, 1]), None, "gaps");
        assert_eq!(packed(&[9, 3], &[-3, 1]), None, "backwards");
        assert_eq!(packed(&[9, 3], &[1, 9]), None, "column-major");
        assert_eq!(packed(&[3], &[1]), None, "no axis before it");
    }

    #[test]
    fn layouts_survive_being_packed() {
        assert_eq!(known(&[], &[]), (None, vec![]));
        assert_eq!(known(&[5], &[1]), (Some(0), vec![false]));
        assert_eq!(known(&[5], &[-1]), (None, vec![false]));
        assert_eq!(known(&[1], &[7]), (Some(0), vec![true]));
        assert_eq!(known(&[4, 5], &[5, 1]), (Some(1), vec![false, false]));
        assert_eq!(known(&[4, 5], &[1, 4]), (Some(0), vec![false, false]));
        assert_eq!(known(&[4, 5, 6], &[1, 4, 20]), (Some(0), vec![false, false, false]));
        assert_eq!(known(&[4, 5, 6], &[6, 1, 30]), (Some(1), vec![false, false, false]));
        assert_eq!(known(&[1, 5, 1], &[5, 1, 1]), (Some(2), vec![true, false, true]));
        assert_eq!(
            known(&[2, 1, 3, 2, 1, 4], &[1, 9, 2, 6, 9, 12]),
            (Some(0), vec![false, true, false, false, true, false])
        );
        assert_eq!(known(&[2, 3, 2, 3, 2, 3], &[72, 24, 12, 4, 1, 2]).0, Some(4));
        assert_eq!(known(&[1; 6], &[7; 6]), (Some(5), vec![true; 6]));
        assert_eq!(known(&[4, 5, 6], &[60, 12, 2]), (None, vec![false, false, false]));
    }
}
