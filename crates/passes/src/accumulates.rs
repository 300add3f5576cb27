//! Arrays whose elements a block does nothing with but combine them with other values.
//!
//! ```text
//! v2 = load b0[v1]   v3 = add v2, v9   store b0[v1], v3        sums, wherever they are
//! v2 = load b0[v1]   v3 = max v9, v2   store b0[v1], v3        maxima
//! v2 = load b0[v1]   v3 = add v2, v9   store b0[v4], v3        no: what one element holds goes to another
//! v2 = load b0[v1]   …   store b0[v1], v3   store b1[v5], v2   no: somebody sees it
//! ```
//!
//! If so, the block may run for any parts of the iterations with an array of their own each, whose elements start as what
//! combines with nothing, and all of these arrays combined are what one array would have taken in.

use crate::hash::{FastMap, FastSet};
use crate::lower_arrays::group;
use crate::same::Same;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use parfuse_ir::{MAX_RANK, ReduceOp};

/// Longer chains of operations on one element are not followed.
const LONGEST: usize = 64;

/// The operator by which a block combines values into the elements of an array, if that is all that becomes of them.
pub(crate) fn accumulates(loops: &Loops, block: &[Stmt], buffer: Buffer) -> Option<ReduceOp> {
    // An array for each part has an axis more.
    if usize::from(loops.buffers[buffer].rank) >= MAX_RANK {
        return None;
    }
    let mut uses: FastMap<Value, u32> = FastMap::default();
    let mut stored: FastSet<Buffer> = FastSet::default();
    let (mut loads, mut stores) = (0, 0);
    for stmt in walk::statements(block) {
        let mut count = |value: Value| *uses.entry(value).or_default() += 1;
        walk::uses(stmt, &mut count);
        match stmt {
            Stmt::Let(value) => {
                let expr = &loops.values[*value].expr;
                walk::operands(expr, &mut count);
                loads += matches!(expr, Expr::Load { buffer: own, .. } if *own == buffer) as usize;
            }
            Stmt::Store { buffer: own, .. } => {
                stored.insert(*own);
                stores += (*own == buffer) as usize;
            }
            Stmt::Alloc { buffer: own, .. } if *own == buffer => return None,
            // Another of its iteration.
            Stmt::Alloc { buffer: own, .. } => drop(stored.insert(*own)),
            Stmt::Move { .. } | Stmt::Resize { .. } | Stmt::Call(_) | Stmt::Parfor(_) | Stmt::Nest(_) => {
                return None;
            }
            _ => {}
        }
    }
    let mut search = Search { loops, buffer, stored, uses, op: None, updates: 0 };
    (search.block(block) && search.updates == loads && loads == stores).then_some(search.op)?
}

struct Search<'a> {
    loops: &'a Loops,
    buffer: Buffer,
    /// The arrays that the block stores to.
    stored: FastSet<Buffer>,
    uses: FastMap<Value, u32>,
    op: Option<ReduceOp>,
    /// How often an element is loaded, combined and stored again.
    updates: usize,
}

impl Search<'_> {
    fn block(&mut self, block: &[Stmt]) -> bool {
        // Where elements have been loaded, since the array was last stored to.
        let mut loaded: FastMap<Value, &[Value]> = FastMap::default();
        for stmt in block {
            match stmt {
                Stmt::Let(value) => {
                    if let Expr::Load { buffer, index } = &self.loops.values[*value].expr
                        && *buffer == self.buffer
                    {
                        loaded.insert(*value, index);
                    }
                }
                Stmt::Store { buffer, index, value, .. } if *buffer == self.buffer => {
                    if !self.update(&loaded, index, *value) {
                        return false;
                    }
                    loaded.clear();
                }
                _ => {
                    let inside: Vec<&Block> = walk::blocks(stmt).collect();
                    if !inside.iter().all(|block| self.block(block)) {
                        return false;
                    }
                    let stores =
                        |stmt: &Stmt| matches!(stmt, Stmt::Store { buffer, .. } if *buffer == self.buffer);
                    if inside.into_iter().any(|block| walk::statements(block).any(stores)) {
                        loaded.clear();
                    }
                }
            }
        }
        true
    }

    /// Whether what is stored is what the element held, combined with something by the one operator.
    fn update(&mut self, loaded: &FastMap<Value, &[Value]>, index: &[Value], stored: Value) -> bool {
        let mut value = stored;
        for _ in 0..LONGEST {
            // Each link leads to the next, and nowhere else.
            if self.uses.get(&value) != Some(&1) {
                return false;
            }
            if let Some(from) = loaded.get(&value) {
                self.updates += 1;
                return value != stored && Same::in_block(self.loops, &self.stored).tuples(from, index);
            }
            let Expr::Op(op, operands) = &self.loops.values[value].expr else { return false };
            let found = operands.iter().enumerate().find_map(|(position, operand)| {
                let op = group(*op, position, self.loops.dtype(value)).ok()?;
                self.leads_back(loaded, *operand).then_some((op, *operand))
            });
            let Some((op, operand)) = found else { return false };
            if *self.op.get_or_insert(op) != op {
                return false;
            }
            value = operand;
        }
        false
    }

    /// Whether a value comes from an element that has been loaded.
    fn leads_back(&self, loaded: &FastMap<Value, &[Value]>, value: Value) -> bool {
        let mut pending = vec![value];
        for _ in 0..LONGEST {
            let Some(value) = pending.pop() else { return false };
            if loaded.contains_key(&value) {
                return true;
            }
            if let Expr::Op(_, operands) = &self.loops.values[value].expr {
                pending.extend(operands);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    /// The operator by which a body combines into `b0`.
    fn accumulated(body: &str) -> Option<ReduceOp> {
        let text = format!(
            "loops f(n: usize, c: bool, mut b0 h: i64[unit], b1 k: usize[unit], mut b2 o: i64[unit]) {{
               parfor v0 in n {{ v1: usize = load b1[v0] v9: i64 = cast v0 {body} }}
             }}"
        );
        let loops = parse(&text);
        let Stmt::Parfor(parfor) = &loops.body[0] else { panic!("{loops}") };
        accumulates(&loops, &parfor.body, loops.buffers.iter().next().expect("b0").0)
    }

    #[test]
    fn elements_that_are_combined_are_totals() {
        let sum = "v2: i64 = load b0[v1] v3: i64 = add v2, v9 store b0[v1], v3";
        assert_eq!(accumulated(sum), Some(ReduceOp::Sum));
        let twice =
            format!("{sum} v4: i64 = load b0[v0] v5: i64 = sub v4, v9 v6: i64 = add v5, v9 store b0[v0], v6");
        assert_eq!(accumulated(&twice), Some(ReduceOp::Sum));
        let by_name = "v7: usize = load b1[v0] v2: i64 = load b0[v7] v3: i64 = add v2, v9 v8: usize = load b1[v0] store b0[v8], v3";
        assert_eq!(accumulated(by_name), Some(ReduceOp::Sum));
        let inside = "if c { for v7 in n { v2: i64 = load b0[v7] v3: i64 = max v9, v2 store b0[v7], v3 } }";
        assert_eq!(accumulated(inside), Some(ReduceOp::Max));
    }

    #[test]
    fn elements_that_are_looked_at_are_none() {
        let others = [
            "v2: i64 = load b0[v1] v3: i64 = add v2, v9 store b0[v0], v3",
            "v2: i64 = load b0[v1] v3: i64 = add v2, v9 store b0[v1], v3 store b2[v0], v2",
            "v2: i64 = load b0[v1] v3: i64 = add v2, v2 store b0[v1], v3",
            "v2: i64 = load b0[v1] v3: i64 = sub v9, v2 store b0[v1], v3",
            "v2: i64 = load b0[v1] v3: i64 = div v2, v9 store b0[v1], v3",
            "v2: i64 = load b0[v1] v3: i64 = add v2, v9 v4: i64 = mul v3, v9 store b0[v1], v4",
            "v2: i64 = load b0[v1] v3: i64 = add v2, v9 store b0[v1], v9",
            "v2: i64 = load b0[v1] store b0[v1], v2",
            "store b0[v1], v9",
            "v7: i64 = load b2[v0] v8: usize = cast v7 v2: i64 = load b0[v8] v3: i64 = add v2, v9 store b2[v0], v9
             v4: i64 = load b2[v0] v5: usize = cast v4 store b0[v5], v3",
            "v2: i64 = load b0[v1] v3: i64 = add v2, v9 store b0[v1], v9 store b0[v1], v3",
        ];
        for body in others {
            assert_eq!(accumulated(body), None, "{body}");
        }
    }

    #[test]
    fn an_element_from_before_another_update_is_none() {
        let late = "v2: i64 = load b0[v1] v4: i64 = load b0[v1] v5: i64 = add v4, v9 store b0[v1], v5
                    v3: i64 = add v2, v9 store b0[v1], v3";
        assert_eq!(accumulated(late), None);
        let over_a_loop = "v2: i64 = load b0[v1] for v7 in n { v4: i64 = load b0[v7] v5: i64 = add v4, v9 store b0[v7], v5 }
                           v3: i64 = add v2, v9 store b0[v1], v3";
        assert_eq!(accumulated(over_a_loop), None);
    }
}
