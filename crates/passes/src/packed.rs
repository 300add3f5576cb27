//! Which arrays have a short last axis whose elements lie together: pixels, points, pairs.
//!
//! ```text
//! b0 image: u8[_, _, 3]                3: the kernel is specialised to that
//! alloc b1[n, m, 3usize]               3: so are arrays that it makes
//! alloc b2[n, 3usize]  move b2 to b1   what is handed on must agree
//! alloc b3[n, 16usize]                 longer rows whose length is known are no more than that
//! ```

use parfuse_ir::Scalar;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::{Buffer, Loops, MOST_PACKED, Origin, Stmt, walk};

/// By array, the length of its last axis if that is known and elements lie together.
pub(crate) struct Packed(Vec<Option<usize>>);

/// The length of an argument's last axis, if that is packed.
pub(crate) fn of_argument(loops: &Loops, buffer: Buffer) -> Option<u8> {
    match &loops.buffers[buffer].origin {
        Origin::Param { layout, .. } => layout.packed,
        Origin::Local => None,
    }
}

impl Packed {
    pub(crate) fn of(loops: &Loops) -> Packed {
        let of_argument = |buffer| of_argument(loops, buffer).map(usize::from);
        let mut packed = Packed(loops.buffers.ids().map(of_argument).collect());
        // What is made somewhere has the length of all arrays that are made for it, or moved to it.
        let mut seen = vec![false; packed.0.len()];
        let mut moves = Vec::new();
        for stmt in walk::statements(&loops.body) {
            match stmt {
                Stmt::Alloc { buffer, shape, .. } => {
                    let length = match shape[..] {
                        [_, .., last] => loops.constant(last),
                        _ => None,
                    };
                    let length = match length {
                        Some(Scalar::Usize(length)) => Some(length).filter(|length| *length > 1),
                        _ => None,
                    };
                    let known = &mut packed.0[buffer.index()];
                    *known =
                        if seen[buffer.index()] { known.filter(|own| Some(*own) == length) } else { length };
                    seen[buffer.index()] = true;
                }
                Stmt::Move { to, from } => moves.push((*to, *from)),
                _ => {}
            }
        }
        loop {
            let mut changed = false;
            for (to, from) in &moves {
                let (own, moved) = (packed.row_of(*to), packed.row_of(*from));
                // A buffer that nothing is allocated for has what is moved to it.
                let both = if seen[to.index()] { own.filter(|own| Some(*own) == moved) } else { None };
                changed |= both != own;
                packed.0[to.index()] = both;
            }
            if !changed {
                return packed;
            }
        }
    }

    /// The length of a packed last axis.
    pub(crate) fn of_buffer(&self, buffer: Buffer) -> Option<u8> {
        let length = self.row_of(buffer).and_then(|length| u8::try_from(length).ok());
        length.filter(|length| *length <= MOST_PACKED)
    }

    /// The length of a last axis, packed or longer, whose rows lie one behind the other.
    pub(crate) fn row_of(&self, buffer: Buffer) -> Option<usize> {
        self.0[buffer.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    fn packed(body: &str) -> Vec<Option<u8>> {
        let loops = parse(&format!(
            "loops f(n: usize, b0 image: u8[_, _, 3]) {{
               buffer b1 a: [f64; 2]
               buffer b2 b: [f64; 2]
               {body}
             }}"
        ));
        let packed = Packed::of(&loops);
        loops.buffers.ids().map(|buffer| packed.of_buffer(buffer)).collect()
    }

    #[test]
    fn arguments_and_arrays_made_with_a_short_last_axis_are_packed() {
        assert_eq!(packed("alloc b1[n, 2usize] alloc b2[n, n]"), [Some(3), Some(2), None]);
        assert_eq!(packed("alloc b1[n, 1usize] alloc b2[2usize, 9usize]"), [Some(3), None, None]);
    }

    #[test]
    fn arrays_that_are_made_or_moved_with_different_axes_are_not() {
        assert_eq!(
            packed("alloc b1[n, 2usize] alloc b2[n, 2usize] move b2 to b1"),
            [Some(3), Some(2), Some(2)]
        );
        assert_eq!(packed("alloc b1[n, 2usize] alloc b2[n, 3usize] move b2 to b1"), [Some(3), None, Some(3)]);
        assert_eq!(packed("alloc b1[n, 2usize] alloc b1[n, 3usize]"), [Some(3), None, None]);
    }
}
