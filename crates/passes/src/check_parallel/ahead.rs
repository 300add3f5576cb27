//! Elements that an iteration loads before a later one stores to them.
//!
//! ```text
//! for v1 in v0 { load b0[v1 + 1]; store b0[v1] }         the next iteration stores there
//! for v1 in v0 { load b0[v1 - 1]; store b0[v1] }         no: the one before has stored there
//! for v1 in v0 { store b0[v1]; load b0[v1 + 1] }         no: lanes would load what other lanes have stored
//! ```
//!
//! Lanes that run in order do so right, for what stands first in an iteration all of them do first.

use super::Access;
use super::dimension::Dimension;
use crate::affine::{Affine, Width};
use parfuse_ir::loops::{Block, Stmt, walk};

/// Iterations this far from each other are not told from those of a wrap around.
const FAR: i64 = 1 << 60;

/// By how much a step may move; products with iterations then do not wrap around.
const MOST_STEP: u64 = 4;

/// Whether the accesses of a loop's body happen in the order in which they stand there.
pub(super) fn is_straight(body: &Block) -> bool {
    let repeats = |stmt: &Stmt| matches!(stmt, Stmt::For { .. } | Stmt::While { .. } | Stmt::Parfor(_));
    !walk::statements(body).any(repeats)
}

/// Whether what one access stores another, by its position, has loaded before in the same or an earlier iteration. The
/// forms are those of the axes' indices.
pub(super) fn loads_ahead(
    dimension: &Dimension,
    accesses: &[Access<'_>],
    forms: &[Vec<Option<Affine>>],
    store: usize,
    load: usize,
) -> bool {
    if accesses[load].store || load > store {
        return false;
    }
    forms.iter().any(|axis| {
        let (Some(stored), Some(loaded)) = (&axis[store], &axis[load]) else { return false };
        let Some(step) = stored.coefficient.as_constant() else { return false };
        let fits = stored.coefficient == loaded.coefficient
            && [stored, loaded].iter().all(|form| form.width == Width::FULL)
            && (1..=MOST_STEP).contains(&step.unsigned_abs());
        let ahead = |distance: u64| {
            let distance = distance as i64;
            distance.unsigned_abs() < FAR as u64 && distance % step == 0 && distance / step > 0
        };
        fits && dimension.distance(loaded, stored).is_some_and(ahead)
    })
}
