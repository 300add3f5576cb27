//! Ways through nested blocks, the same for all languages and without recursion.
//!
//! ```text
//! statements     each statement, outermost first, in the order of the text
//! visit_within   the same, with what is known of the place: in how many loops, under which condition
//! visit_mut      the same, for changing statements
//! blocks_mut     each block, for adding and removing statements
//! retain         keeps some statements
//! ```
//!
//! What a statement uses, defines and contains is said by the `walk` of its language: `program::walk`, `loops::walk`,
//! `lane::walk`.

use smallvec::smallvec;

/// The blocks directly inside a statement, in the order in which they run.
pub type Blocks<'a, S> = smallvec::IntoIter<[&'a Vec<S>; 2]>;

/// The same, for changing them.
pub type BlocksMut<'a, S> = smallvec::IntoIter<[&'a mut Vec<S>; 2]>;

/// Blocks that a walk is in the middle of, or has before it. Few programs nest so deep that it takes memory of its own.
type Pending<T> = smallvec::SmallVec<[T; 8]>;

/// A statement that may contain blocks.
pub trait Statement: Sized {
    /// The blocks directly inside.
    fn blocks(&self) -> Blocks<'_, Self>;
    /// The same, for changing them.
    fn blocks_mut(&mut self) -> BlocksMut<'_, Self>;
}

/// See [`statements`].
pub struct Statements<'a, S, B> {
    inside: B,
    pending: Pending<std::slice::Iter<'a, S>>,
    last: Option<&'a S>,
}

impl<'a, S: 'a, B: Fn(&'a S) -> Blocks<'a, S>> Statements<'a, S, B> {
    pub(crate) fn new(block: &'a [S], inside: B) -> Self {
        Statements { inside, pending: smallvec![block.iter()], last: None }
    }
}

impl<'a, S: 'a, B: Fn(&'a S) -> Blocks<'a, S>> Iterator for Statements<'a, S, B> {
    type Item = &'a S;

    #[inline]
    fn next(&mut self) -> Option<&'a S> {
        if let Some(last) = self.last.take() {
            let mut inside = (self.inside)(last);
            while let Some(block) = inside.next_back() {
                self.pending.push(block.iter());
            }
        }
        while let Some(block) = self.pending.last_mut() {
            self.last = block.next();
            if self.last.is_some() {
                return self.last;
            }
            self.pending.pop();
        }
        None
    }
}

/// Each statement of a block and of the blocks inside it, in the order of the text.
pub fn statements<S: Statement>(
    block: &[S],
) -> Statements<'_, S, impl for<'a> Fn(&'a S) -> Blocks<'a, S> + use<S>> {
    Statements::new(block, S::blocks as for<'a> fn(&'a S) -> Blocks<'a, S>)
}

/// Calls `f` with each statement of a block and of the blocks inside it, in the order of the text, and with the context of
/// its block; `f` returns the context of the blocks inside the statement.
pub fn visit_within<'a, S: Statement, C: Clone>(block: &'a [S], context: C, f: impl FnMut(&'a S, C) -> C) {
    visit_blocks_within(block, S::blocks, context, f);
}

/// As [`visit_within`], with the blocks inside a statement as `inside` says.
pub(crate) fn visit_blocks_within<'a, S, C: Clone>(
    block: &'a [S],
    inside: impl Fn(&'a S) -> Blocks<'a, S>,
    context: C,
    mut f: impl FnMut(&'a S, C) -> C,
) {
    let mut pending: Pending<_> = smallvec![(block.iter(), context)];
    while let Some((block, context)) = pending.last_mut() {
        let Some(stmt) = block.next() else {
            pending.pop();
            continue;
        };
        let context = context.clone();
        let mut blocks = inside(stmt);
        let within = f(stmt, context);
        while let Some(block) = blocks.next_back() {
            pending.push((block.iter(), within.clone()));
        }
    }
}

/// Calls `f` with each statement of a block and of the blocks inside it, in the order of the text, for changing it.
pub fn visit_mut<S: Statement>(block: &mut [S], mut f: impl FnMut(&mut S)) {
    let mut pending: Pending<_> = smallvec![block.iter_mut()];
    while let Some(block) = pending.last_mut() {
        let Some(stmt) = block.next() else {
            pending.pop();
            continue;
        };
        f(stmt);
        let mut blocks = stmt.blocks_mut();
        while let Some(block) = blocks.next_back() {
            pending.push(block.iter_mut());
        }
    }
}

/// Calls `f` with a block and with each block inside it, outer ones first.
pub fn blocks_mut<S: Statement>(block: &mut Vec<S>, mut f: impl FnMut(&mut Vec<S>)) {
    let mut pending: Pending<_> = smallvec![block];
    while let Some(block) = pending.pop() {
        f(block);
        for stmt in block.iter_mut().rev() {
            let mut inside = stmt.blocks_mut();
            while let Some(block) = inside.next_back() {
                pending.push(block);
            }
        }
    }
}

/// Keeps the statements for which `keep` holds, in a block and in the blocks inside those that are kept. It is called in
/// the order of the text.
pub fn retain<S: Statement>(block: &mut Vec<S>, mut keep: impl FnMut(&S) -> bool) {
    // By block, in the order in which a walk comes to them; `blocks_mut` comes to them in the same.
    let mut kept: Vec<Vec<bool>> = Vec::new();
    let mut pending: Pending<_> = smallvec![(block.iter(), None)];
    while let Some((block, number)) = pending.last_mut() {
        let number = *number.get_or_insert_with(|| {
            kept.push(Vec::with_capacity(block.len()));
            kept.len() - 1
        });
        let Some(stmt) = block.next() else {
            pending.pop();
            continue;
        };
        let keeps = keep(stmt);
        kept[number].push(keeps);
        let mut inside = stmt.blocks();
        while let Some(block) = inside.next_back().filter(|_| keeps) {
            pending.push((block.iter(), None));
        }
    }
    drop(pending);
    let mut kept = kept.into_iter();
    blocks_mut(block, |block| {
        let mut kept = kept.next().into_iter().flatten();
        block.retain(|_| kept.next() == Some(true));
    });
}

/// How deep blocks nest in a block.
pub fn nesting<S: Statement>(block: &[S]) -> usize {
    let mut deepest = 0;
    visit_within(block, 0, |stmt, depth| {
        deepest = deepest.max(depth + (stmt.blocks().len() > 0) as usize);
        depth + 1
    });
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loops::{Loops, Stmt};

    fn nested() -> Loops {
        let text = "loops f(n: usize, c: bool) {
            var x0 s: usize
            x0 = 0usize
            for v1 in n {
              if c { x0 = 1usize } else { x0 = 2usize for v2 in n { x0 = 3usize } }
              x0 = 4usize
            }
            x0 = 5usize
          }";
        Loops::parse(text).unwrap()
    }

    fn number(loops: &Loops, stmt: &Stmt) -> Option<u64> {
        match stmt {
            Stmt::Set { value, .. } => loops.constant(*value).map(|scalar| scalar.to_bits()),
            _ => None,
        }
    }

    #[test]
    fn statements_come_in_the_order_of_the_text() {
        let loops = nested();
        let numbers: Vec<u64> = statements(&loops.body).filter_map(|stmt| number(&loops, stmt)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        let mut changed = nested();
        let mut again = Vec::new();
        visit_mut(&mut changed.body, |stmt| again.extend(number(&loops, stmt)));
        assert_eq!(again, numbers);
    }

    #[test]
    fn contexts_are_those_of_the_blocks_around() {
        let loops = nested();
        let mut depths = Vec::new();
        visit_within(&loops.body, 0, |stmt, depth| {
            depths.extend(number(&loops, stmt).map(|_| depth));
            depth + matches!(stmt, Stmt::For { .. }) as usize
        });
        assert_eq!(depths, [0, 1, 1, 2, 1, 0]);
        assert_eq!(nesting(&loops.body), 3);
    }

    #[test]
    fn what_is_not_kept_goes_with_all_that_is_in_it() {
        let mut loops = nested();
        let (mut body, mut met) = (std::mem::take(&mut loops.body), Vec::new());
        retain(&mut body, |stmt| {
            met.extend(number(&loops, stmt));
            !matches!(stmt, Stmt::If { .. }) && number(&loops, stmt) != Some(5)
        });
        assert_eq!(met, [0, 4, 5]);
        let numbers: Vec<u64> = statements(&body).filter_map(|stmt| number(&loops, stmt)).collect();
        assert_eq!(numbers, [0, 4]);
        let (mut body, mut met) = (nested().body, Vec::new());
        retain(&mut body, |stmt| {
            met.extend(number(&loops, stmt));
            !matches!(number(&loops, stmt), Some(1 | 3))
        });
        assert_eq!(met, [0, 1, 2, 3, 4, 5]);
        let numbers: Vec<u64> = statements(&body).filter_map(|stmt| number(&loops, stmt)).collect();
        assert_eq!(numbers, [0, 2, 4, 5]);
    }

    #[test]
    fn blocks_nest_as_deep_as_they_like() {
        let mut block = vec![];
        let mut loops = nested();
        let loops::Stmt::For { index, extent, until, .. } = loops.body.remove(1) else { panic!() };
        for _ in 0..100_000 {
            block = vec![Stmt::For { index, extent, until, body: block }];
        }
        assert_eq!(statements(&block).count(), 100_000);
        assert_eq!(nesting(&block), 100_000);
        visit_mut(&mut block, |_| ());
        blocks_mut(&mut block, |_| ());
        // Dropping blocks recurses, so they are taken apart.
        let mut rest = block;
        while let Some(Stmt::For { body, .. }) = rest.pop() {
            rest = body;
        }
    }

    use crate::loops;
}
