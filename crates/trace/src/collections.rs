//! New arrays whose elements are computed one by one: from their indices, or from the items of an iterator.
//!
//! ```text
//! Array1::linspace(a, b, n)            c = fill[n] 0;  for i in 0..n { c[i] = a + step * i }
//! Array2::from_shape_fn((h, w), f)     c = fill[h, w] 0;  for i in 0..h { for j in 0..w { c[i, j] = f((i, j)) } }
//! it.collect::<Array1<_>>()            the same for each item
//! it.filter(f).collect()               c = fill[n] 0;  k = 0;  for x in it { if f(x) { c[k] = x; k += 1 } };  c[..k]
//! ```
//!
//! The loops are plain ones, in the order of the elements, as far as a closure may do anything but compute its value; others
//! are parallel.

use crate::closures::Block;
use crate::errors::{At, Problem, Step, mistake};
use crate::records::{Items, Whole};
use crate::sequences::{Independence, Item, Sequence, Stage};
use crate::state::{Held, Kind, Literal, State, Ty};
use crate::types::{Class, TypeVar};
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Expr, Stmt, walk};
use parfuse_ir::{DType, ElementType, FaultKind, Fold, ScalarOp};

impl Tracer {
    /// A new array of what is computed from each item of a sequence, with an axis for each of its loops. Structs and tuples are
    /// kept in an array for each of their parts. What items are is known in the loops, so the arrays are made in front of them
    /// afterwards.
    pub(crate) fn collected<'t>(
        &'t self,
        sequence: Step<Sequence>,
        dtype: Option<TypeVar>,
        element: &mut dyn Block<Value<'t>, Value<'t>>,
        at: At,
    ) -> Value<'t> {
        let mut shape = Vec::new();
        let sequence = sequence.and_then(|sequence| {
            self.with(|state| {
                let sequence = state.positions(sequence, at)?;
                shape.extend(sequence.ranges.iter().map(|range| range.end));
                let item = Item::Together(vec![Item::Indices, sequence.item]);
                Ok(Sequence { item, independence: Independence::IfPure, ..sequence })
            })
        });
        let rank = shape.len() as u8;
        let mut arrays = None;
        let body = |item: Value<'t>| {
            let (index, item) = (self.field(item, 0, at), self.field(item, 1, at));
            let value = self.value_of(element, item);
            let array = self.step(at, |state| state.array_for(value.id, "collected", rank, dtype));
            self.store(array, &[index], value, at);
            arrays = Some(array);
        };
        let is_found = sequence.is_ok();
        self.with(State::open);
        self.go_through(sequence, &mut Some(body), at);
        let loops = self.with(State::close);
        self.step(at, |state| match arrays {
            Some(array) if is_found => {
                state.make_arrays(array.id, &shape, at)?;
                state.splice(loops);
                state.moved_out(array.id, at)
            }
            _ => Err(Problem::Reported),
        })
    }

    /// `a.map_axis_mut(axis, closure)`: what a closure computes from each row along an axis, which it may change.
    pub(crate) fn map_axis_mut<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let rows = self.method(array, Method::lanes_mut, &[args[0]], at);
        let sequence = self.with(|state| state.sequence(rows.id, at));
        self.collected(sequence, None, &mut Some(|row| self.apply(args[1], &[row], at)), at)
    }

    /// `.collect()`, `Array1::from_iter(items)`.
    pub(crate) fn collect_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.line_of_items(items, None, at)
    }

    pub(crate) fn line_of_items<'t>(&'t self, items: Value<'t>, dtype: Option<TypeVar>, at: At) -> Value<'t> {
        let sequence = self.with(|state| {
            let sequence = state.sequence(items.id, at)?;
            if sequence.stages.is_empty() {
                state.refuse_endless(&sequence, "collect")?;
                return state.line(sequence, at).map(|(_, line)| line);
            }
            Ok(sequence)
        });
        if sequence.as_ref().is_ok_and(|sequence| !sequence.stages.is_empty()) {
            return self.compacted(sequence, [dtype], |item| [(None, item)], at)[0];
        }
        self.collected(sequence, dtype, &mut Some(|item| item), at)
    }

    /// `.unzip()`: two arrays of the parts of all items.
    pub(crate) fn unzip_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| state.sequence(items.id, at));
        if sequence.as_ref().is_ok_and(|sequence| sequence.stages.is_empty()) {
            return self.unzipped(sequence, at);
        }
        let parts = |pair| [0, 1].map(|part| (None, self.field(pair, part, at)));
        self.tuple(&self.compacted(sequence, [None, None], parts, at))
    }

    /// The same where each item has its position.
    fn unzipped<'t>(&'t self, sequence: Step<Sequence>, at: At) -> Value<'t> {
        let sequence = sequence.and_then(|sequence| {
            self.with(|state| {
                state.refuse_endless(&sequence, "unzip")?;
                state.line(sequence, at).map(|(_, line)| line)
            })
        });
        let pairs = self.collected(sequence, None, &mut Some(|item| item), at);
        self.tuple(&[0, 1].map(|part| self.field(pairs, part, at)))
    }

    /// `.partition(closure)`: an array of the items of which a closure says yes, and one of the others.
    pub(crate) fn partition_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| state.sequence(items.id, at));
        let parts = |item| {
            let said = self.bind_named("", self.apply(args[0], &[item], at), None, at);
            [(Some(said), item), (Some(self.unary("!", said, at)), item)]
        };
        self.tuple(&self.compacted(sequence, [None, None], parts, at))
    }

    /// New arrays of what goes into each from items, perhaps on a condition: as long as they can become, of which as much is
    /// given as there is.
    fn compacted<'t, const N: usize>(
        &'t self,
        sequence: Step<Sequence>,
        dtypes: [Option<TypeVar>; N],
        parts: impl FnOnce(Value<'t>) -> [(Option<Value<'t>>, Value<'t>); N],
        at: At,
    ) -> [Value<'t>; N] {
        let most = self.most_items(&sequence, at);
        let most = self.with(|state| state.size(most.id, "the number of items", at));
        let counts = dtypes.map(|_| self.variable_named("count", self.lift(0usize, at), at));
        let mut arrays = [None; N];
        let body = |item| {
            for (((array, count), dtype), (condition, part)) in
                arrays.iter_mut().zip(counts).zip(dtypes).zip(parts(item))
            {
                let own = self.step(at, |state| state.array_for(part.id, "collected", 1, dtype));
                *array = Some(own);
                let keep = || {
                    let index = self.bind_named("", count, None, at);
                    self.store(own, &[index], part, at);
                    self.assign_op("+", count, self.lift(1usize, at), at)
                };
                match condition {
                    Some(condition) => self.if_(condition, keep, || self.unit(), at),
                    None => keep(),
                };
            }
        };
        self.with(State::open);
        self.go_through(sequence.map(Sequence::in_order), &mut Some(body), at);
        let loops = self.with(State::close);
        let made = self.with(|state| {
            let most = most?;
            for array in arrays.into_iter().flatten() {
                state.make_arrays(array.id, &[most], at)?;
            }
            state.splice(loops);
            Ok(())
        });
        let mut made = Some(made);
        let mut parts = arrays.into_iter().zip(counts);
        std::array::from_fn(|_| {
            self.step(at, |state| {
                if let Some(Err(problem)) = made.take() {
                    return Err(problem);
                }
                let Some((Some(array), count)) = parts.next() else { return Err(Problem::Reported) };
                let end = state.read(count.id, at)?;
                state.front_of(array.id, end, at)
            })
        })
    }

    /// How many items there are at most. Where each gives several, they are counted in front.
    fn most_items<'t>(&'t self, sequence: &Step<Sequence>, at: At) -> Value<'t> {
        let Ok(sequence) = sequence else { return self.step(at, |_| Err(Problem::Reported)) };
        let is_nested = sequence.stages.iter().any(|stage| matches!(stage, Stage::Flatten));
        if is_nested {
            let count = self.variable_named("count", self.lift(0usize, at), at);
            let one = self.lift(1usize, at);
            let vars_before = self.with(|state| state.program.vars.len());
            self.with(State::open);
            let add = |_| {
                self.assign_op("+", count, one, at);
            };
            self.go_through(Ok(sequence.clone()), &mut Some(add), at);
            self.step(at, |state| {
                let body = state.close();
                let sets_others = walk::statements(&state.program, &body).any(|stmt| match stmt {
                    Stmt::Assign { var, .. } => (var.0 as usize) + 1 < vars_before,
                    Stmt::Store { .. } | Stmt::Update { .. } => true,
                    _ => false,
                });
                state.splice(body);
                match sets_others {
                    true => mistake(
                        "items that `flat_map` gives are counted before they are collected, so its closure cannot set \
                         anything; write a `for` loop",
                    ),
                    false => Ok(Kind::Tuple(Items::default())),
                }
            });
            return self.bind_named("", count, None, at);
        }
        self.step(at, |state| {
            let taken = sequence.stages.iter().find_map(|stage| match stage {
                Stage::Take(count) => Some(*count),
                _ => None,
            });
            Ok(Kind::Plain(match taken {
                Some(count) if sequence.endless => count,
                _ => {
                    state.refuse_endless(sequence, "collect")?;
                    state.item_count(sequence, at)?
                }
            }))
        })
    }

    /// The functions of array types that compute elements: `None` for others.
    pub(crate) fn computed_array<'t>(
        &'t self,
        name: &str,
        element: Option<ElementType>,
        rank: Option<u8>,
        args: &[Value<'t>],
        at: At,
    ) -> Option<Value<'t>> {
        let expected = match name {
            "from_iter" | "from_vec" | "from" | "eye" | "from_diag" => 1,
            "from_shape_fn" | "from_shape_simple_fn" | "from_shape_vec" | "from_diag_elem" => 2,
            "linspace" | "range" | "geomspace" => 3,
            "logspace" => 4,
            _ => return None,
        };
        if args.len() != expected {
            return Some(
                self.mistake(&format!("`{name}` takes {expected} arguments, not {}", args.len()), at),
            );
        }
        let dtype = self.with(|state| state.types.annotated(element));
        Some(match name {
            "from" if rank != Some(1) => {
                let array = self.with_axes(args[0], at);
                self.method(array, Method::to_owned, &[], at)
            }
            "from_iter" | "from_vec" | "from" => self.line_of_items(args[0], Some(dtype), at),
            "from_shape_vec" => {
                let line = self.line_of_items(args[1], Some(dtype), at);
                self.method(line, Method::into_shape_with_order, &[args[0]], at)
            }
            "from_shape_fn" | "from_shape_simple_fn" => {
                let sequence = self.with(|state| {
                    let shape = state.indices(&[args[0].id], at)?;
                    if rank.is_some_and(|rank| rank as usize != shape.len()) {
                        let (rank, axes) = (rank.unwrap_or(0), shape.len());
                        return mistake(format!(
                            "`{name}` of an array of rank {rank} is given a shape of {axes} lengths"
                        ));
                    }
                    Ok(state.indices_of_shape(&shape, at))
                });
                let element = |item| match name {
                    "from_shape_fn" => self.apply(args[1], &[item], at),
                    _ => self.apply(args[1], &[], at),
                };
                self.collected(sequence, Some(dtype), &mut Some(element), at)
            }
            "eye" | "from_diag" | "from_diag_elem" => {
                let diagonal = args[args.len() - 1];
                let sequence = self.with(|state| {
                    let n = match name {
                        "from_diag" => {
                            let (diagonal, rank) = state.array(diagonal.id, name, at)?;
                            if rank != 1 {
                                return mistake("a diagonal has one axis");
                            }
                            state.len(diagonal, at)?
                        }
                        _ => state.size(args[0].id, "a length", at)?,
                    };
                    Ok(state.indices_of_shape(&[n, n], at))
                });
                let element = |index: Value<'t>| {
                    self.step(at, |state| {
                        let index = state.indices(&[index.id], at)?;
                        let zero = state.literal(Literal::Integer(0), dtype, at);
                        let one = match name {
                            "eye" => state.literal(Literal::Integer(1), dtype, at),
                            "from_diag" => state.item_of_array(diagonal.id, &index[..1], at)?,
                            _ => state.scalar(diagonal.id, "the element", at)?,
                        };
                        let is_on = state.op(ScalarOp::Eq, &index, at)?;
                        state.select(is_on, one, zero, at).map(Kind::Plain)
                    })
                };
                self.collected(sequence, Some(dtype), &mut Some(element), at)
            }
            "geomspace" => {
                let numbers = self.spaced(name, dtype, args, at);
                self.step(at, |state| state.if_one_sign(args[0].id, args[1].id, numbers.id, at))
            }
            _ => self.spaced(name, dtype, args, at),
        })
    }

    /// Numbers that are as far apart, or their powers.
    fn spaced<'t>(&'t self, name: &str, dtype: TypeVar, args: &[Value<'t>], at: At) -> Value<'t> {
        let mut spacing = None;
        let sequence = self.with(|state| {
            let found = state.spacing(name, dtype, args, at)?;
            let n = found.count;
            spacing = Some(found);
            Ok(state.indices_of_shape(&[n], at))
        });
        let element = |index: Value<'t>| {
            self.step(at, |state| {
                let Some(Spacing { start, step, power, .. }) = &spacing else {
                    return Err(Problem::Reported);
                };
                let index = state.size(index.id, "an index", at)?;
                let index = state.cast(index, dtype, at)?;
                let distance = state.op(ScalarOp::Mul, &[*step, index], at)?;
                let number = state.op(ScalarOp::Add, &[*start, distance], at)?;
                let Some((sign, base)) = *power else { return Ok(Kind::Plain(number)) };
                let power = match base {
                    Some(base) => state.op(ScalarOp::Powf, &[base, number], at)?,
                    None => state.op(ScalarOp::Exp, &[number], at)?,
                };
                state.op(ScalarOp::Mul, &[sign, power], at).map(Kind::Plain)
            })
        };
        self.collected(sequence, Some(dtype), &mut Some(element), at)
    }
}

/// Numbers that are as far apart, and whether their powers are wanted: of a base, or of e, with a sign.
struct Spacing {
    start: program::Value,
    step: program::Value,
    count: program::Value,
    power: Option<(program::Value, Option<program::Value>)>,
}

impl State {
    /// Variables for arrays of what a handle stands for: one for each number in a struct or tuple. Their arrays are made by
    /// [`make_arrays`](State::make_arrays).
    pub(crate) fn array_for(
        &mut self,
        element: u32,
        name: &str,
        rank: u8,
        dtype: Option<TypeVar>,
    ) -> Step<Kind> {
        match self.kind(element) {
            Kind::Tuple(items) if !items.is_empty() => {
                let (of, mut parts) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let part = self.array_for(item, name, rank, None)?;
                    parts.push(self.handle(part));
                }
                Ok(self.together(of, parts))
            }
            Kind::Optional(held) if !held.has_either() => {
                let parts = self.parts_of_element(element, At::NONE)?;
                let [present, value] = parts.map(|part| self.array_for(part, name, rank, None));
                let arrays = vec![self.handle(present?), self.handle(value?)];
                Ok(self.together(Whole::Options, arrays))
            }
            Kind::Poison => Err(Problem::Reported),
            _ => {
                let dtype = dtype.unwrap_or_else(|| self.types.fresh(Class::Any));
                let ty = Ty { dtype, rank: Some(rank), of_arrays: false };
                if self.is_array(element)
                    && let Some(var) = self.array_of_rows(element, name, rank, ty)?
                {
                    return Ok(Kind::Variable { var, borrowed: false });
                }
                self.scalar_type(element, "an element")?;
                Ok(Kind::Variable { var: self.new_var(name, ty, None), borrowed: false })
            }
        }
    }

    /// That what a handle stands for is a number.
    fn scalar_type(&mut self, handle: u32, what: &str) -> Step<()> {
        match self.type_of(handle)?.rank {
            None => Ok(()),
            Some(_) => mistake(format!(
                "{what} must be a scalar, a tuple or a fixed array of a length that is written out, `[x, y]`; set the rows of an array that is there, \
                 `let mut rows = vec![[0.0; 2]; n];`, in a loop"
            )),
        }
    }

    /// Has such variables begin with arrays of zeros.
    pub(crate) fn make_arrays(&mut self, array: u32, shape: &[program::Value], at: At) -> Step<()> {
        for leaf in self.leaves_of(array) {
            let Kind::Variable { var, .. } = self.kind(leaf) else { return Err(Problem::Reported) };
            let ty = self.var_type(var);
            let value = self.literal(Literal::Integer(0), ty.dtype, at);
            let shape = self.with_row_lengths(var, shape, at);
            let zeros = self.emit(Expr::Fill { shape, value }, ty, at)?;
            self.has_lengths_of(var, zeros);
            self.set_var(var, zeros);
        }
        Ok(())
    }

    /// So many of the first elements.
    fn front_of(&mut self, array: u32, end: program::Value, at: At) -> Step<Kind> {
        if let Some((of, parts)) = self.record_array(array) {
            let mut fronts = Vec::with_capacity(parts.len());
            for part in parts {
                let front = self.front_of(part, end, at)?;
                fronts.push(self.handle(front));
            }
            return Ok(self.together(of, fronts));
        }
        let axes = self.axes_of(array)?;
        let view = self.range_view(axes, None, end);
        self.view(array, view, false, at)
    }

    /// A variable with a new array of zeros, and these.
    pub(crate) fn zeros(
        &mut self,
        name: &str,
        shape: Vec<program::Value>,
        dtype: TypeVar,
        at: At,
    ) -> Step<(program::Var, program::Value)> {
        let ty = Ty { dtype, rank: Some(shape.len() as u8), of_arrays: false };
        let value = self.literal(Literal::Integer(0), dtype, at);
        let zeros = self.emit(Expr::Fill { shape, value }, ty, at)?;
        let var = self.new_var(name, ty, None);
        self.set_var(var, zeros);
        Ok((var, zeros))
    }

    /// All indices of an array with these lengths.
    pub(crate) fn indices_of_shape(&mut self, shape: &[program::Value], at: At) -> Sequence {
        let ranges = shape.iter().map(|length| self.below(*length, at)).collect();
        Sequence::new(ranges, Item::Indices)
    }

    /// As `ndarray` has it: steps are differences divided by one less than there are numbers.
    fn spacing(&mut self, name: &str, dtype: TypeVar, args: &[Value<'_>], at: At) -> Step<Spacing> {
        let float = self.types.fresh(Class::Float);
        self.unify(float, dtype, &format!("the elements of `{name}`"))?;
        let (numbers, count) = match name {
            "range" => (args, None),
            _ => {
                let count = self.size(args[args.len() - 1].id, "the number of elements", at)?;
                (&args[..args.len() - 1], Some(count))
            }
        };
        let mut values = Vec::with_capacity(numbers.len());
        for number in numbers {
            let value = self.scalar(number.id, &format!("an argument of `{name}`"), at)?;
            let found = self.ty(value).dtype;
            self.unify(dtype, found, &format!("the arguments of `{name}`"))?;
            values.push(value);
        }
        let Some(count) = count else {
            let (start, end, step) = (values[0], values[1], values[2]);
            let distance = self.op(ScalarOp::Sub, &[end, start], at)?;
            let steps = self.op(ScalarOp::Div, &[distance, step], at)?;
            let steps = self.op(ScalarOp::Ceil, &[steps], at)?;
            let above = self.float_literal_of(-1.0, dtype, at);
            let valid = self.op(ScalarOp::Gt, &[steps, above], at)?;
            self.check(valid, FaultKind::EmptyRange, at);
            let usize_type = self.types.known(DType::Usize);
            let count = self.cast(steps, usize_type, at)?;
            return Ok(Spacing { start, step, count, power: None });
        };
        let (mut start, mut end) = (values[values.len() - 2], values[values.len() - 1]);
        let power = match name {
            "logspace" => {
                let sign = self.float_signum(values[0], &[], at)?;
                Some((sign, Some(self.op(ScalarOp::Abs, &[values[0]], at)?)))
            }
            "geomspace" => {
                let sign = self.float_signum(start, &[], at)?;
                for end in [&mut start, &mut end] {
                    let magnitude = self.op(ScalarOp::Abs, &[*end], at)?;
                    *end = self.op(ScalarOp::Ln, &[magnitude], at)?;
                }
                Some((sign, None))
            }
            _ => None,
        };
        let one = self.usize_constant(1, at);
        let several = self.op(ScalarOp::Gt, &[count, one], at)?;
        let steps = self.op(ScalarOp::Sub, &[count, one], at)?;
        let steps = self.cast(steps, dtype, at)?;
        let distance = self.op(ScalarOp::Sub, &[end, start], at)?;
        let step = self.op(ScalarOp::Div, &[distance, steps], at)?;
        let zero = self.float_literal_of(0.0, dtype, at);
        let step = self.op(ScalarOp::Select, &[several, step, zero], at)?;
        Ok(Spacing { start, step, count, power })
    }

    /// The numbers of `geomspace`, an option: there are none between numbers of different signs, or from zero.
    fn if_one_sign(&mut self, start: u32, end: u32, numbers: u32, at: At) -> Step<Kind> {
        let (start, end) = (self.scalar(start, "the start", at)?, self.scalar(end, "the end", at)?);
        let zero = self.small(0, start, at);
        let [below, other] = [start, end].map(|number| self.op(ScalarOp::Lt, &[number, zero], at));
        let [nothing, no_end] = [start, end].map(|number| self.op(ScalarOp::Eq, &[number, zero], at));
        let same = self.op(ScalarOp::Eq, &[below?, other?], at)?;
        let zeros = self.op(ScalarOp::Or, &[nothing?, no_end?], at)?;
        let some = self.op(ScalarOp::Not, &[zeros], at)?;
        let present = self.op(ScalarOp::And, &[same, some], at)?;
        Ok(Kind::Optional(Held::Value { present, value: numbers, fault: FaultKind::NoValue }))
    }

    fn float_literal_of(&mut self, number: f64, dtype: TypeVar, at: At) -> program::Value {
        self.literal(Literal::Float(number), dtype, at)
    }

    /// Whether iterations do nothing but compute numbers and set their own element of an array.
    pub(crate) fn is_pure(&self, body: &program::Block, vars_before: usize) -> bool {
        // Arrays that are set are those of the elements.
        let is_own = |var: program::Var| var.0 as usize >= vars_before;
        walk::statements(&self.program, body).all(|stmt| match stmt {
            Stmt::Let(value) => {
                let is_array = self.ty(*value).rank.is_some();
                match &self.program.values[*value].expr {
                    Expr::Random { .. } | Expr::Fill { .. } | Expr::Map { .. } | Expr::Copy(_) => false,
                    Expr::Op(..) | Expr::Cast(_) | Expr::Complex { .. } | Expr::Part { .. } => !is_array,
                    Expr::Reduce { fold, .. } => matches!(fold, Fold::Op(_)) && !is_array,
                    Expr::Var(var) => !is_own(*var) || self.var_type(*var).rank.is_none(),
                    _ => true,
                }
            }
            Stmt::Assign { var, .. } => is_own(*var) && self.var_type(*var).rank.is_none(),
            Stmt::Store { place, .. } => is_own(place.var),
            Stmt::For { order, .. } => !order.is_parallel(),
            Stmt::Update { .. } | Stmt::While { .. } => false,
            _ => true,
        })
    }
}
