//! The order in which blocks lie.
//!
//! ```text
//! head:  cmp  jae after              end:   add  cmp  jae after
//! body:  …    ja  end                body:  …    ja  end
//!        …                     ⇒            …    jmp end
//! end:   add  cmp  jb body           after: …
//! after: …
//! ```
//!
//! Blocks come in the order in which they were filled, seldom run ones last. A block that does nothing but jump is never jumped
//! to: its target is, in its place. Where the ways through a loop meet at its end, the end lies in front of its head: each way
//! goes there by one jump then, of which processors take one at a time, and remember fewer to foresee what comes.

use crate::wide::allocate::Numbered;
use crate::wide::machine::Kind;
use regalloc2::{Block, Function, InstOrEdit, Output};

/// The order of blocks.
pub(super) struct Layout {
    pub(super) blocks: Vec<Block>,
    /// By block: whether it begins at a line, since loops come by there in each turn.
    aligned: Vec<bool>,
    /// By block: where it goes on if it does nothing else.
    skipped: Vec<Option<Block>>,
}

impl Layout {
    pub(super) fn new(numbered: &Numbered<'_>, output: &Output) -> Layout {
        let all = || (0..numbered.num_blocks()).map(Block::new);
        let skipped: Vec<Option<Block>> = all().map(|block| only_jumps(numbered, output, block)).collect();
        let cold = |block: &Block| numbered.data(*block).cold;
        let blocks: Vec<Block> = all()
            .filter(|block| !cold(block))
            .chain(all().filter(cold))
            .filter(|block| block.index() == 0 || skipped[block.index()].is_none())
            .collect();
        let aligned = all().map(|block| numbered.data(block).aligned).collect();
        let mut layout = Layout { blocks, aligned, skipped };
        for head in all().filter(|block| numbered.data(*block).aligned && !cold(block)) {
            layout.end_in_front(numbered, output, head);
        }
        layout
    }

    /// Where jumps to a block go.
    pub(super) fn target(&self, mut block: Block) -> Block {
        // Chains of jumps end: a loop contains a branch.
        while let Some(next) = self.skipped[block.index()] {
            block = next;
        }
        block
    }

    pub(super) fn is_aligned(&self, block: Block) -> bool {
        self.aligned[block.index()]
    }

    /// Puts the end of a loop in front of its head, if that is where several ways meet.
    fn end_in_front(&mut self, numbered: &Numbered<'_>, output: &Output, head: Block) {
        let Some(place) = self.blocks.iter().position(|block| *block == head) else { return };
        let goes_to = |from: Block, to: Block| {
            numbered.successors(from).iter().filter(|next| self.target(**next) == to).count()
        };
        let jumps_to = |block: Block| self.blocks.iter().map(|from| goes_to(*from, block)).sum::<usize>();
        // Who jumps to a short test does it on the spot.
        let ways_of = |from: &Block| match is_short_test(numbered, output, *from) {
            true => jumps_to(*from),
            false => 1,
        };
        let ways = |block: Block| {
            let before = self.blocks.iter().filter(|from| **from != head && goes_to(**from, block) > 0);
            before.map(ways_of).sum::<usize>()
        };
        let is_end = |block: &Block| {
            numbered.successors(*block).len() == 1
                && goes_to(*block, head) == 1
                && !numbered.data(*block).cold
        };
        let ends = self.blocks[place + 1..].iter().copied().filter(is_end);
        if let Some((2.., end)) = ends.map(|end| (ways(end), end)).max_by_key(|(ways, _)| *ways) {
            self.blocks.retain(|block| *block != end);
            self.blocks.insert(place, end);
            self.aligned.swap(head.index(), end.index());
        }
    }
}

/// Where a block goes on that does nothing else.
fn only_jumps(numbered: &Numbered<'_>, output: &Output, block: Block) -> Option<Block> {
    let mut steps = output.block_insts_and_edits(numbered, block);
    match (steps.next(), steps.next()) {
        (Some(InstOrEdit::Inst(inst)), None) if numbered.machine.insts[inst.index()].kind == Kind::Jump => {
            Some(numbered.successors(block)[0])
        }
        _ => None,
    }
}

/// The most instructions of a test that is done where others would jump to it.
const SHORT_TEST: usize = 4;

/// Whether a block does little but branch.
pub(super) fn is_short_test(numbered: &Numbered<'_>, output: &Output, block: Block) -> bool {
    let mut steps = output.block_insts_and_edits(numbered, block);
    let last = steps.by_ref().take(SHORT_TEST).last();
    let branches =
        |inst: regalloc2::Inst| matches!(numbered.machine.insts[inst.index()].kind, Kind::Branch(_));
    steps.next().is_none() && matches!(last, Some(InstOrEdit::Inst(inst)) if branches(inst))
}
