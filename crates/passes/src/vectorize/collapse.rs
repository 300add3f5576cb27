//! Whether the dimensions of a parallel loop may be merged when all its arrays are contiguous.
//!
//! ```text
//! parfor i, j { b2[i, j] = b0[i, j] + b1[0, j] }      b2: axes 0, 1    b0: axes 0, 1    b1: broadcast, 1
//! parfor i, j { b2[i, j] = i }                        no: the index is more than a place
//! ```
//!
//! Merging walks the elements in the same order in longer rows. Rows decide in which order a reduction of
//! floats rounds, so a loop with one is left alone: its result is to depend on shapes, not on strides.

use parfuse_ir::loops::{Buffer, Expr, Loops, Parfor, Stmt, Value, walk};

/// For each access the buffer and the axis that each dimension walks along.
type Accesses = Vec<(Buffer, Vec<Option<u8>>)>;

/// The accesses of a loop whose indices serve for nothing else.
pub(crate) fn collapsible(loops: &Loops, parfor: &Parfor) -> Option<Accesses> {
    let rounds = |var| loops.vars[var].dtype.is_float();
    if parfor.indices.len() < 2
        || parfor.reductions.iter().flat_map(|reduction| &reduction.locals).any(|local| rounds(*local))
    {
        return None;
    }
    accesses(loops, parfor)
}

fn accesses(loops: &Loops, parfor: &Parfor) -> Option<Accesses> {
    let mut found = Accesses::new();
    for stmt in walk::statements(&parfor.body) {
        match stmt {
            Stmt::Let(value) => match &loops.values[*value].expr {
                Expr::Load { buffer, index } => access(parfor, *buffer, index, &mut found)?,
                expr => no_index(parfor, &expr.operands())?,
            },
            Stmt::Store { buffer, index, value, .. } => {
                no_index(parfor, &[*value])?;
                access(parfor, *buffer, index, &mut found)?;
            }
            Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Parfor(_) => return None,
            _ => {
                let mut used = Vec::new();
                walk::uses(stmt, |value| used.push(value));
                no_index(parfor, &used)?;
            }
        }
    }
    Some(found)
}

fn no_index(parfor: &Parfor, values: &[Value]) -> Option<()> {
    values.iter().all(|value| !parfor.indices.contains(value)).then_some(())
}

fn access(parfor: &Parfor, buffer: Buffer, index: &[Value], accesses: &mut Accesses) -> Option<()> {
    let mut axes = Vec::with_capacity(parfor.indices.len());
    for dimension in &parfor.indices {
        let mut walked = (0..index.len()).filter(|axis| index[*axis] == *dimension);
        axes.push(walked.next().map(|axis| axis as u8));
        if walked.next().is_some() {
            return None;
        }
    }
    if !accesses.contains(&(buffer, axes.clone())) {
        accesses.push((buffer, axes));
    }
    Some(())
}
