//! Arrays reduced to a scalar, or along an axis to an array of the others.
//!
//! ```text
//!                                             alloc b2[v1]
//! v5: [f64; 1] = reduce sum a along 0    →    parfor v3, v4 in v0, v1 {
//!                                               reduce sum x0 into b2[v4]
//!                                               v6: f64 = load b0[v3, v4]
//!                                               x0 = v6
//!                                             }
//! ```
//!
//! An iteration's contribution is its element as it is, with what else the fold asks for
//! ([`Fold::contribution`](parfuse_ir::Fold::contribution)).

use super::Lowering;
use super::totals::Elements;
use super::views::Shown;
use crate::rejection::Rejection;
use parfuse_ir::combiner::Combiner;
use parfuse_ir::fold::Word;
use parfuse_ir::loops::{Buffer, Expr, Reduction, Source, Target, Value, Var};
use parfuse_ir::{Combine, DType, Fold, Loc, Scalar, program};

impl Lowering<'_> {
    /// Reduces all elements of an array.
    pub(super) fn reduce(&mut self, fold: Fold, array: program::Value, loc: Loc) -> Result<Value, Rejection> {
        let element = self.program.ty(array).dtype();
        let array = self.array(array);
        let shape = self.shape_of(&array);
        let combine = fold.combine(element);
        let types = word_types(fold, element);
        if shape.is_empty() {
            return Ok(self.of_one_element(fold, element, &combine, &array, loc));
        }
        if self.parallel.is_some() {
            let load = |lowering: &mut Lowering<'_>, index: &[Value]| lowering.load(&array, index, loc);
            return Ok(self.reduce_inside(
                fold,
                &Elements { shape: &shape, dtype: element, load: &load },
                loc,
            ));
        }
        let targets: Vec<Var> = types.iter().map(|ty| self.variable(fold.name(), *ty)).collect();
        for (target, start) in targets.iter().zip(combine.of_no_elements(&types)) {
            let start = self.constant(start);
            self.set(*target, start);
        }
        let locals = types.iter().map(|ty| self.variable(fold.name(), *ty)).collect();
        let into = Target::Vars(targets.iter().copied().map(Some).collect());
        let reduction = Reduction { combine, locals, into };
        let indices = self.indices(shape.len(), loc);
        self.fold_loop(fold, &array, None, indices, shape, reduction, loc)?;
        Ok(self.get(targets[fold.result_word()], loc))
    }

    /// Reduces each row along an axis of an array. Returns the buffer that holds the totals.
    pub(super) fn reduce_axis(
        &mut self,
        fold: Fold,
        array: program::Value,
        axis: u8,
        fresh: Buffer,
        loc: Loc,
    ) -> Result<Buffer, Rejection> {
        let element = self.program.ty(array).dtype();
        let shown = self.array(array);
        let shape = self.shape_of(&shown);
        let source = Source::new(fold.name(), loc);
        if shape.len() == 1 {
            // One row: its total is that of the array.
            let total = self.reduce(fold, array, loc)?;
            return self.elementwise(fresh, Vec::new(), Vec::new(), source, |_, _, _| Ok(total));
        }
        if self.parallel.is_some() {
            return self.reduce_axis_inside(fold, &shown, element, axis as usize, fresh, loc);
        }
        let mut rest = shape.clone();
        rest.remove(axis as usize);
        let to = self.make(fresh, &rest, &[], loc);
        let types = word_types(fold, element);
        let indices = self.indices(shape.len(), loc);
        let mut index = indices.clone();
        index.remove(axis as usize);
        let mut buffers = vec![None; types.len()];
        buffers[fold.result_word()] = Some(to);
        let locals = types.iter().map(|ty| self.variable(fold.name(), *ty)).collect();
        let into = Target::Elements { buffers, index };
        let reduction = Reduction { combine: fold.combine(element), locals, into };
        self.fold_loop(fold, &shown, Some(axis), indices, shape, reduction, loc)?;
        Ok(to)
    }

    /// The loop over an array in which each element contributes to a reduction.
    #[allow(clippy::too_many_arguments)]
    fn fold_loop(
        &mut self,
        fold: Fold,
        array: &Shown,
        axis: Option<u8>,
        indices: Vec<Value>,
        shape: Vec<Value>,
        reduction: Reduction,
        loc: Loc,
    ) -> Result<(), Rejection> {
        let dtype = self.output.buffers[array.buffer()].dtype;
        let locals = reduction.locals.clone();
        let source = Source::new(fold.name(), loc);
        self.parallel_loop_of(indices, shape, vec![reduction], source, |lowering, indices| {
            for (word, local) in fold.contribution().iter().zip(locals) {
                let value = match word {
                    Word::Element => lowering.load(array, indices, loc),
                    Word::Position => match axis {
                        Some(axis) => indices[axis as usize],
                        None => lowering.emit(Expr::LinearIndex, DType::Usize, loc),
                    },
                    Word::One => lowering.constant(dtype.one()),
                    Word::Zero => lowering.constant(dtype.zero()),
                };
                lowering.set(local, value);
            }
            Ok(())
        })
    }

    /// The reduction of an array without axes.
    fn of_one_element(
        &mut self,
        fold: Fold,
        dtype: DType,
        combine: &Combine,
        array: &Shown,
        loc: Loc,
    ) -> Value {
        let element = self.load(array, &[], loc);
        let Combine::State(combiner) = combine else { return element };
        let own: Vec<Value> = fold
            .contribution()
            .iter()
            .map(|word| match word {
                Word::Element => element,
                Word::Position => self.usize(0),
                Word::One => self.constant(dtype.one()),
                Word::Zero => self.constant(dtype.zero()),
            })
            .collect();
        let identity: Vec<Value> = combiner.identity.iter().map(|word| self.constant(*word)).collect();
        self.taken_in(combiner, &identity, &own, loc)[fold.result_word()]
    }

    /// The words of a partial result that has taken in another element's.
    pub(super) fn taken_in(
        &mut self,
        combiner: &Combiner,
        before: &[Value],
        own: &[Value],
        loc: Loc,
    ) -> Vec<Value> {
        let lowering = std::cell::RefCell::new(self);
        combiner.taking_in().apply(
            before,
            own,
            |scalar: Scalar| lowering.borrow_mut().constant(scalar),
            |op, operands| lowering.borrow_mut().op(op, operands, loc),
        )
    }
}

/// The types of the words of a partial result, given that of elements.
pub(super) fn word_types(fold: Fold, element: DType) -> Vec<DType> {
    let ty = |word: &Word| match word {
        Word::Position => DType::Usize,
        Word::Element | Word::One | Word::Zero => element,
    };
    fold.contribution().iter().map(ty).collect()
}
