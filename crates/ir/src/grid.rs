//! How an index space is cut into blocks, and in which order a reduction combines: the rules that give
//! the same bits for every executor, thread count and register width.
//!
//! A region's space has up to [`MAX_RANK`](crate::MAX_RANK) dimensions. The last is the *lane dimension*; the dimensions before
//! it are flattened to *rows*. [`Grid::new`] cuts the `rows × columns` rectangle into blocks by its
//! extents and the region's [`Grain`] alone. A block is walked row by row. Blocks come one row of them after the other, but
//! for panels, where the next one is below:
//!
//! ```text
//!             columns                      columns
//!       0   1   2                     0  4  8
//! rows  3   4   5     fine, coarse    1  5  9      panels: what all rows of a few columns
//!       6   7   8                     2  6  10     read again and again is still in the cache
//!                                     3  7  11
//! ```
//!
//! Within a row segment, the element at position `p` from the segment's start contributes to accumulator lane `p % LANES` of the
//! block; at the block's end lane `l` takes in lane `l + 16`, then `l + 8`, `4`, `2`, `1`
//! ([`fold_lanes`]). The blocks' partials are combined pairwise in block order ([`fold_partials`]). Rows along an axis,
//! reduced each by itself, have an order of their own ([`RowOrder`]).

/// The number of accumulator lanes of a block, on every target.
pub const LANES: usize = 32;

/// How much work one element of a region is, as far as its program text tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Grain {
    /// Straight-line code: thousands of elements make a block.
    Fine,
    /// The body contains loops: a few elements make a block.
    Coarse,
    /// The body contains loops that read the same for all rows: blocks have few columns and many rows. Nothing is reduced.
    Panels,
}

impl Grain {
    /// All of them.
    pub const ALL: [Grain; 3] = [Grain::Fine, Grain::Coarse, Grain::Panels];

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Fine => "fine",
            Grain::Coarse => "coarse",
            Grain::Panels => "panels",
        }
    }
}

const FINE_BLOCK: usize = 8192;
const COARSE_BLOCKS: usize = 128;
const COARSE_STEP: usize = 8;
/// The columns of a panel: a whole step of the longest registers, whatever their elements.
const PANEL: usize = 64;
/// Above this many blocks, blocks grow instead, so that partial results stay few.
const MAX_BLOCKS: usize = 1 << 16;

/// An index space cut into blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    rows: usize,
    columns: usize,
    rows_per_block: usize,
    columns_per_block: usize,
    /// How often a row is cut.
    blocks_per_row: usize,
    blocks: usize,
    /// Whether the next block is the one below.
    down: bool,
}

/// The rectangle of elements that one block covers: half-open ranges of rows and columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct BlockRange {
    /// First row.
    pub row_start: usize,
    /// One past the last row.
    pub row_end: usize,
    /// First column.
    pub column_start: usize,
    /// One past the last column.
    pub column_end: usize,
}

impl Grid {
    /// Cuts a space of these extents (outermost first; no extents at all means one element).
    ///
    /// Rows shorter than a block are grouped into blocks of whole rows; longer rows are cut.
    #[inline]
    pub fn new(extents: &[usize], grain: Grain) -> Grid {
        let (columns, outer) = extents.split_last().map_or((1, &[][..]), |(last, outer)| (*last, outer));
        let rows = outer.iter().fold(1usize, |rows, n| rows.saturating_mul(*n));
        if grain == Grain::Panels {
            return Grid::of_panels(rows, columns);
        }
        let elements = rows.saturating_mul(columns);
        let (least, most, step) = block_size(grain);
        // Small spaces need no division, which would be a good part of a short call.
        let block = match elements <= least {
            true => least,
            false => elements.div_ceil(most).next_multiple_of(step).max(least),
        };
        let (rows_per_block, columns_per_block) = match columns >= block {
            true => (1, block),
            false if rows > 1 => ((block / columns.max(1)).max(1), columns.max(1)),
            false => (1, columns.max(1)),
        };
        let blocks_per_row = pieces(columns, columns_per_block);
        let blocks = pieces(rows, rows_per_block) * blocks_per_row;
        Grid { rows, columns, rows_per_block, columns_per_block, blocks_per_row, blocks, down: false }
    }

    /// Cuts a space into panels, and these into as many blocks as keep threads busy.
    fn of_panels(rows: usize, columns: usize) -> Grid {
        let columns_per_block = columns.div_ceil(MAX_BLOCKS).next_multiple_of(PANEL);
        let blocks_per_row = pieces(columns, columns_per_block);
        let cuts = (COARSE_BLOCKS / blocks_per_row.max(1)).max(1);
        let rows_per_block = rows.div_ceil(cuts).max(1);
        let blocks = pieces(rows, rows_per_block) * blocks_per_row;
        Grid { rows, columns, rows_per_block, columns_per_block, blocks_per_row, blocks, down: true }
    }

    /// The same space with so many neighbouring blocks as one. That is for regions whose blocks have no results of their
    /// own: nobody can tell where one ends.
    pub fn joined(self, count: usize) -> Grid {
        let joins = |length: usize| length.saturating_mul(count.max(1));
        match self.blocks_per_row {
            // In panels the next block is below.
            in_row if self.down || in_row <= 1 => {
                let rows_per_block = joins(self.rows_per_block).min(self.rows).max(1);
                Grid { rows_per_block, blocks: pieces(self.rows, rows_per_block) * in_row, ..self }
            }
            _ => {
                let columns_per_block = joins(self.columns_per_block).min(self.columns);
                let blocks_per_row = pieces(self.columns, columns_per_block);
                let blocks = pieces(self.rows, self.rows_per_block) * blocks_per_row;
                Grid { columns_per_block, blocks_per_row, blocks, ..self }
            }
        }
    }

    /// The same space in blocks of at most so many iterations, columns if it has one row and whole rows if it has several, as
    /// long as blocks stay few. That is for regions whose blocks have no results, and whose elements run one by one.
    pub fn cut(self, most: usize) -> Grid {
        let most = |all: usize| most.max(all.div_ceil(MAX_BLOCKS)).max(1);
        let (rows_per_block, columns_per_block) = match self.rows {
            1 => (1, self.columns_per_block.min(most(self.columns))),
            rows => (self.rows_per_block.min(most(rows)), self.columns_per_block),
        };
        let blocks_per_row = pieces(self.columns, columns_per_block);
        let blocks = pieces(self.rows, rows_per_block) * blocks_per_row;
        Grid { rows_per_block, columns_per_block, blocks_per_row, blocks, ..self }
    }

    /// The number of elements; the largest number if there are more.
    #[inline]
    pub fn elements(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }

    /// The number of elements of a block, but for the last ones, which may have fewer.
    #[inline]
    pub fn elements_per_block(&self) -> usize {
        self.rows_per_block.saturating_mul(self.columns_per_block).min(self.elements())
    }

    /// The number of blocks; none for an empty space.
    #[inline]
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// The rectangle of a block.
    #[inline]
    pub fn block(&self, block: usize) -> BlockRange {
        let (row_group, column_group) = match self.blocks_per_row {
            in_row if self.down => {
                let in_panel = self.blocks / in_row;
                (block % in_panel, block / in_panel)
            }
            1 => (block, 0),
            all if all == self.blocks => (0, block),
            in_row => (block / in_row, block % in_row),
        };
        let row_start = row_group * self.rows_per_block;
        let column_start = column_group * self.columns_per_block;
        BlockRange {
            row_start,
            row_end: (row_start + self.rows_per_block).min(self.rows),
            column_start,
            column_end: (column_start + self.columns_per_block).min(self.columns),
        }
    }
}

/// How many elements a block of a grain has at least, how many blocks there are at most, and what its elements are a
/// multiple of.
#[inline]
pub fn block_size(grain: Grain) -> (usize, usize, usize) {
    match grain {
        Grain::Fine => (FINE_BLOCK, MAX_BLOCKS, FINE_BLOCK),
        Grain::Coarse | Grain::Panels => (COARSE_STEP, COARSE_BLOCKS, COARSE_STEP),
    }
}

/// As many elements of a space of one dimension are one block; none are known to be for panels.
#[inline]
pub fn least_block(grain: Grain) -> usize {
    if grain == Grain::Panels { 0 } else { block_size(grain).0 }
}

/// How many pieces of a length there are in another: one in small spaces, without a division.
#[inline]
fn pieces(length: usize, piece: usize) -> usize {
    if length <= piece { (length > 0) as usize } else { length.div_ceil(piece) }
}

/// Merges inner dimensions of a space that all accesses walk through with one stride.
///
/// `strides[a][d]` is the stride, in elements, of access `a` along dimension `d` (0 where it broadcasts). The merged
/// dimensions become 1 and their product the last: the elements come in the same order, but in longer rows. Only
/// regions that use their indices for nothing but such accesses may be collapsed.
pub fn collapse<S: std::ops::Deref<Target = [isize]>>(extents: &mut [usize], strides: &[S]) {
    let Some(last) = extents.len().checked_sub(1) else { return };
    for d in (0..last).rev() {
        let inner = extents[last] as isize;
        if !strides.iter().all(|access| access[d] == access[last].wrapping_mul(inner)) {
            break;
        }
        extents[last] *= extents[d];
        extents[d] = 1;
    }
}

/// The indices of a row in the dimensions before the last, of which these are the extents: by successive division, from
/// the inner ones to the outer ones. `divide` gives quotient and remainder; whoever generates code for it has it emit
/// them. The first index is what is left, so it takes no division, and no extent is zero where there is a row.
pub fn row_indices<T: Copy>(row: T, outer: &[T], mut divide: impl FnMut(T, T) -> [T; 2]) -> Vec<T> {
    let (mut indices, mut rest) = (Vec::with_capacity(outer.len().max(1)), row);
    for extent in outer.iter().skip(1).rev() {
        let [quotient, remainder] = divide(rest, *extent);
        indices.push(remainder);
        rest = quotient;
    }
    indices.push(rest);
    indices.reverse();
    indices
}

/// Folds the accumulator lanes of a block to one value, by halves.
pub fn fold_lanes<T: Clone>(mut lanes: [T; LANES], mut combine: impl FnMut(T, T) -> T) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane].clone(), lanes[lane + width].clone());
        }
        width /= 2;
    }
    lanes[0].clone()
}

/// Combines the blocks' partial results pairwise in block order; `None` if there is no block. Their place is used for
/// what lies between.
pub fn fold_partials<T: Clone>(partials: &mut [T], mut combine: impl FnMut(T, T) -> T) -> Option<T> {
    let mut count = partials.len();
    while count > 1 {
        for pair in 0..count / 2 {
            partials[pair] = combine(partials[2 * pair].clone(), partials[2 * pair + 1].clone());
        }
        if count % 2 == 1 {
            partials[count / 2] = partials[count - 1].clone();
        }
        count = count.div_ceil(2);
    }
    partials.first().cloned()
}

/// How many elements of a row along an axis are combined in order, and how many of what those come to.
pub const IN_ORDER: usize = 16;

/// How many elements of a row along an axis make a group.
pub const GROUP: usize = IN_ORDER * IN_ORDER;

/// Rows along the last dimension that are longer than this are combined as spaces of one dimension.
pub const LONG_ROW: usize = 4 * GROUP;

/// How the elements along one dimension of a space, which is reduced for each position along the others, are combined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowOrder {
    /// Each piece of [`IN_ORDER`] elements in order, the pieces of each [`GROUP`] in order, and the groups pairwise. Lanes
    /// can run along the other dimensions.
    Groups,
    /// As a space of one dimension. Lanes can run along the row.
    Lanes,
}

impl RowOrder {
    /// The order of rows of a length.
    pub fn of(length: usize, along_last: bool) -> RowOrder {
        if along_last && length > LONG_ROW { RowOrder::Lanes } else { RowOrder::Groups }
    }

    /// The result of a row of contributions, `None` if there are none. Everything starts from the identity.
    pub fn fold<T: Clone>(
        self,
        row: &[T],
        grain: Grain,
        identity: &T,
        take_in: impl Fn(&T, &T) -> T,
        merge: impl Fn(&T, &T) -> T,
    ) -> Option<T> {
        let mut partials: Vec<T> = match self {
            RowOrder::Groups => {
                let piece = |piece: &[T]| piece.iter().fold(identity.clone(), |all, own| take_in(&all, own));
                let pieces = |group: &[T]| {
                    group.chunks(IN_ORDER).fold(identity.clone(), |all, own| merge(&all, &piece(own)))
                };
                row.chunks(GROUP).map(pieces).collect()
            }
            RowOrder::Lanes => {
                let grid = Grid::new(&[row.len()], grain);
                let blocks = (0..grid.blocks()).map(|block| grid.block(block));
                let in_lanes = |block: BlockRange| {
                    let mut lanes: [T; LANES] = std::array::from_fn(|_| identity.clone());
                    for (position, own) in row[block.column_start..block.column_end].iter().enumerate() {
                        let lane = &mut lanes[position % LANES];
                        *lane = take_in(lane, own);
                    }
                    fold_lanes(lanes, |a, b| merge(&a, &b))
                };
                blocks.map(in_lanes).collect()
            }
        };
        fold_partials(&mut partials, |a, b| merge(&a, &b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(extents: &[usize], grain: Grain) -> Vec<(usize, usize)> {
        let grid = Grid::new(extents, grain);
        let mut cells = Vec::new();
        for block in (0..grid.blocks()).map(|b| grid.block(b)) {
            for row in block.row_start..block.row_end {
                cells.extend((block.column_start..block.column_end).map(|column| (row, column)));
            }
        }
        cells
    }

    #[test]
    fn blocks_cover_every_element_once() {
        for extents in [
            &[][..],
            &[0],
            &[1],
            &[7],
            &[8192],
            &[8193],
            &[100_000],
            &[3, 5],
            &[0, 5],
            &[5, 0],
            &[3, 9000],
            &[9000, 3],
            &[2, 3, 4],
            &[2, 1, 3, 2, 1, 4],
            &[3, 2, 1, 2, 2, 9000],
        ] {
            for grain in Grain::ALL {
                let mut cells = covered(extents, grain);
                let elements = extents.iter().product::<usize>();
                assert_eq!(cells.len(), elements, "{extents:?} {grain:?}");
                cells.sort_unstable();
                cells.dedup();
                assert_eq!(cells.len(), elements, "{extents:?} {grain:?}");
            }
        }
    }

    #[test]
    fn panels_come_one_after_the_other_from_top_to_bottom() {
        let grid = Grid::new(&[10, 100, 3 * PANEL + 5], Grain::Panels);
        let blocks: Vec<BlockRange> = (0..grid.blocks()).map(|block| grid.block(block)).collect();
        assert!(blocks.len() <= COARSE_BLOCKS && blocks.len() > COARSE_BLOCKS / 2, "{}", blocks.len());
        assert!(blocks.is_sorted_by_key(|block| (block.column_start, block.row_start)));
        assert!(blocks.iter().all(|block| block.column_end - block.column_start <= PANEL));
    }

    #[test]
    fn rows_are_numbered_in_row_major_order() {
        let outer = [2, 3, 1, 4, 5];
        let divide = |a: usize, b: usize| [a / b, a % b];
        for dimensions in 0..=outer.len() {
            let outer = &outer[..dimensions];
            for row in 0..outer.iter().product() {
                let indices = row_indices(row, outer, divide);
                let back = indices.iter().zip(outer).fold(0, |row, (index, extent)| row * extent + index);
                assert!(indices.iter().zip(outer).all(|(index, extent)| index < extent));
                assert_eq!(
                    (indices.len(), back),
                    (dimensions.max(1), row.min(outer.iter().product::<usize>() - 1))
                );
            }
        }
    }

    #[test]
    fn blocks_of_few_iterations_are_cut_out_of_others() {
        for (extents, most, blocks) in [
            (&[12][..], 1, 12),
            (&[12], 5, 3),
            (&[12], 100, 2),
            (&[0], 1, 0),
            (&[5, 2], 1, 5),
            (&[1, 20], 3, 7),
            (&[1 << 40], 1, MAX_BLOCKS),
        ] {
            let grid = Grid::new(extents, Grain::Coarse).cut(most);
            assert_eq!(grid.blocks(), blocks, "{extents:?} {most}");
            let all: usize = (0..blocks)
                .map(|block| grid.block(block))
                .map(|block| (block.row_end - block.row_start) * (block.column_end - block.column_start))
                .sum();
            assert_eq!(all, extents.iter().product(), "{extents:?} {most}");
        }
    }

    #[test]
    fn huge_spaces_have_bounded_block_counts() {
        assert!(Grid::new(&[usize::MAX / 16], Grain::Fine).blocks() <= MAX_BLOCKS);
        assert!(Grid::new(&[1_000_000_007], Grain::Coarse).blocks() <= COARSE_BLOCKS);
    }

    #[test]
    fn contiguous_dimensions_collapse() {
        let collapsed = |extents: &[usize], strides: &[Vec<isize>]| {
            let mut extents = extents.to_vec();
            collapse(&mut extents, strides);
            extents
        };
        assert_eq!(collapsed(&[4, 5, 6], &[vec![30, 6, 1]]), [1, 1, 120]);
        assert_eq!(collapsed(&[4, 5, 6], &[vec![30, 6, 1], vec![0, 0, 1]]), [4, 5, 6]);
        assert_eq!(collapsed(&[4, 5, 6], &[vec![60, 6, 1]]), [4, 1, 30]);
        assert_eq!(collapsed(&[4, 5, 6], &[vec![1, 4, 20]]), [4, 5, 6]);
        assert_eq!(collapsed(&[2, 3, 4, 5, 6], &[vec![360, 120, 30, 6, 1]]), [1, 1, 1, 1, 720]);
        assert_eq!(collapsed(&[2, 3, 4, 5, 6], &[vec![720, 120, 30, 6, 1]]), [2, 1, 1, 1, 360]);
        assert_eq!(collapsed(&[4, 5], &[vec![0, 0]]), [1, 20]);
        assert_eq!(collapsed(&[], &[]), Vec::<usize>::new());
    }

    #[test]
    fn rows_combine_in_pieces_groups_and_pairs() {
        let row: Vec<String> = (0..530).map(|number| number.to_string()).collect();
        let take_in = |all: &String, own: &String| format!("{all} {own}");
        let merge = |a: &String, b: &String| format!("({a}|{b})");
        let fold = |row: &[String], along_last| {
            RowOrder::of(row.len(), along_last).fold(row, Grain::Fine, &String::new(), take_in, merge)
        };
        assert_eq!(fold(&[], true), None);
        assert_eq!(fold(&row[..3], true).unwrap(), "(| 0 1 2)");
        let two = format!("((| {})| 16 17)", row[..16].join(" "));
        assert_eq!(fold(&row[..18], false).unwrap(), two);
        let group = |part: &[String]| fold(part, false).unwrap();
        let groups = [&row[..256], &row[256..512], &row[512..]].map(group);
        let pairs = format!("(({}|{})|{})", groups[0], groups[1], groups[2]);
        assert_eq!(fold(&row, false).unwrap(), pairs);
        assert_eq!(fold(&row, true).unwrap(), pairs);
    }

    #[test]
    fn partials_combine_pairwise_in_order() {
        let text = |parts: &[&str]| {
            let mut arena: Vec<String> = parts.iter().map(|s| s.to_string()).collect();
            let mut ids: Vec<usize> = (0..parts.len()).collect();
            fold_partials(&mut ids, |a: usize, b: usize| {
                arena.push(format!("({}{})", arena[a], arena[b]));
                arena.len() - 1
            })
            .map(|id| arena[id].clone())
        };
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["a"]).unwrap(), "a");
        assert_eq!(text(&["a", "b", "c", "d", "e"]).unwrap(), "(((ab)(cd))e)");
    }
}
