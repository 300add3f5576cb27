//! The interpreter of Program: whole-array operations element by element, loops in order.

use crate::calls;
use crate::value::{Array, Failure, Outcome, Value as Argument};
use crate::view::{Base, Seen};
use parfuse_ir::arena::Id;
use parfuse_ir::fold::Word;
use parfuse_ir::message::word;
use parfuse_ir::program::{Block, CallArgument, Expr, Place, Program, Stmt, Type, Value, Var, View};
use parfuse_ir::random::random_scalar;
use parfuse_ir::{DType, Distribution, FaultKind, Fold, Loc, Scalar};
use std::rc::Rc;

/// Runs a kernel without complex numbers on these arguments with a random key. Reductions go from left to right.
///
/// # Errors
/// The fault of the first check that fails.
///
/// # Panics
/// If the program is broken or the arguments do not fit its parameters.
pub fn run_program(program: &Program, arguments: &[Argument], key: u64) -> Result<Outcome, Failure> {
    let shared: Vec<Datum> = arguments.iter().map(Datum::from).collect();
    let initial =
        |data: &parfuse_ir::program::VarData| data.param.map(|index| shared[index as usize].clone());
    let mut machine = Machine {
        program,
        vars: program.vars.iter().map(|(_, data)| initial(data)).collect(),
        arguments: shared.clone(),
        key,
        values: vec![None; program.values.len()],
        streams: 0,
        leaving: None,
        iteration: None,
    };
    machine.block(&program.body)?;
    let results = program.results.iter().map(|value| machine.get(*value).owned()).collect();
    let mut after = arguments.to_vec();
    for (var, data) in program.vars.iter() {
        if let Some(index) = data.param {
            after[index as usize] = machine.var(var).owned();
        }
    }
    Ok(Outcome { results, arguments: after })
}

/// A scalar, or an array shared until someone writes to it, or a view.
#[derive(Clone)]
enum Datum {
    Scalar(Scalar),
    Array(Rc<Array>),
    View(Rc<Seen>),
}

impl From<&Argument> for Datum {
    fn from(argument: &Argument) -> Datum {
        match argument {
            Argument::Scalar(x) => Datum::Scalar(*x),
            Argument::Array(array) => Datum::Array(Rc::new(array.clone())),
        }
    }
}

impl Datum {
    fn owned(&self) -> Argument {
        match self {
            Datum::Scalar(x) => Argument::Scalar(*x),
            Datum::Array(array) => Argument::Array((**array).clone()),
            Datum::View(_) => panic!("a view where its elements belong"),
        }
    }
    fn scalar(&self) -> Scalar {
        match self {
            Datum::Scalar(x) => *x,
            Datum::Array(_) | Datum::View(_) => panic!("an array where a scalar belongs"),
        }
    }
    fn array(&self) -> &Rc<Array> {
        match self {
            Datum::Array(array) => array,
            Datum::Scalar(x) => panic!("the scalar {x} where an array belongs"),
            Datum::View(_) => panic!("a view where its elements belong"),
        }
    }
    fn shape(&self) -> &[usize] {
        match self {
            Datum::Array(array) => &array.shape,
            Datum::Scalar(_) => &[],
            Datum::View(seen) => &seen.shape,
        }
    }
    /// The element at an index of a shape that this broadcasts to.
    fn broadcast(&self, index: &[usize]) -> Scalar {
        match self {
            Datum::Scalar(x) => *x,
            Datum::View(_) => panic!("a view where its elements belong"),
            Datum::Array(array) => {
                let own = &index[index.len() - array.shape.len()..];
                let own: Vec<usize> =
                    own.iter().zip(&array.shape).map(|(i, n)| if *n == 1 { 0 } else { *i }).collect();
                array.load(&own)
            }
        }
    }
}

/// Where random numbers stand inside the outermost `prange`.
#[derive(Clone, Copy)]
struct Iteration {
    stream: i64,
    element: i64,
    draws: i64,
}

struct Machine<'p> {
    program: &'p Program,
    arguments: Vec<Datum>,
    key: u64,
    values: Vec<Option<Datum>>,
    vars: Vec<Option<Datum>>,
    streams: i64,
    /// How many scopes around are still to be left.
    leaving: Option<u32>,
    iteration: Option<Iteration>,
}

/// Elements reduced to one, from left to right.
fn folded(fold: Fold, dtype: DType, elements: impl Iterator<Item = Scalar>) -> Scalar {
    let combine = fold.combine(dtype);
    let contribution = |(position, element): (usize, Scalar)| -> Vec<Scalar> {
        let word = |word: &Word| match word {
            Word::Element => element,
            Word::Position => Scalar::Usize(position),
            Word::One => dtype.one(),
            Word::Zero => dtype.zero(),
        };
        fold.contribution().iter().map(word).collect()
    };
    let start = combine.of_no_elements(&[dtype]);
    let total =
        elements.enumerate().map(contribution).fold(start, |all, own| combine.eval_element(&all, &own));
    total[fold.result_word()]
}

/// All indices of a shape in row-major order.
pub(crate) fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for n in shape {
        all = all.into_iter().flat_map(|head| (0..*n).map(move |i| [&head[..], &[i]].concat())).collect();
    }
    all
}

fn to_usize(x: Scalar) -> usize {
    match x {
        Scalar::Usize(x) => x,
        other => panic!("{other} where a usize belongs"),
    }
}

impl Machine<'_> {
    fn failure(&self, kind: FaultKind, loc: Loc, args: &[usize]) -> Failure {
        let iteration = self.iteration.map(|iteration| iteration.element as u64);
        Failure { kind, loc, iteration, args: args.iter().map(|x| *x as u64).collect() }
    }

    /// What a value is: of a view the elements that it shows now.
    fn get(&self, value: Value) -> Datum {
        match self.datum(value) {
            Datum::View(seen) => Datum::Array(Rc::new(seen.elements(self.base(&seen)))),
            datum => datum,
        }
    }

    fn datum(&self, value: Value) -> Datum {
        match self.program.values[value].expr {
            Expr::Const(scalar) => Datum::Scalar(scalar),
            Expr::Param(index) => self.arguments[index as usize].clone(),
            _ => self.values[value.index()]
                .clone()
                .unwrap_or_else(|| panic!("{value} is used before it is defined")),
        }
    }

    /// The array that a view is of, as it is now.
    fn base<'a>(&'a self, seen: &'a Seen) -> &'a Array {
        let array = match &seen.base {
            Base::Array(array) => Some(array),
            Base::Var(var) => match &self.vars[var.index()] {
                Some(Datum::Array(array)) => Some(array),
                _ => None,
            },
        };
        array.unwrap_or_else(|| panic!("a view of what is no array"))
    }

    /// The view that a view expression makes, checked.
    fn view(&self, array: Value, view: &View, loc: Loc) -> Result<Seen, Failure> {
        let whole = match self.datum(array) {
            Datum::View(seen) => (*seen).clone(),
            Datum::Array(values) => {
                let base = match self.program.values[array].expr {
                    Expr::Var(var) => Base::Var(var),
                    _ => Base::Array(Rc::clone(&values)),
                };
                Seen::whole(base, &values.shape)
            }
            Datum::Scalar(x) => panic!("a view of the scalar {x}"),
        };
        let number = |value: Value| self.scalar(value);
        whole.cut(view, number).map_err(|(kind, args)| self.failure(kind, loc, &args))
    }

    /// Sets elements of the array behind a place: what `elements` gives for each index into the place.
    fn set(&mut self, place: Place, elements: impl IntoIterator<Item = (Vec<usize>, Scalar)>) {
        let seen = place.view.map(|view| match self.datum(view) {
            Datum::View(seen) => seen,
            _ => panic!("{view} is no view"),
        });
        let Some(Datum::Array(array)) = &mut self.vars[place.var.index()] else {
            panic!("{} is an array", place.var)
        };
        let array = Rc::make_mut(array);
        for (index, element) in elements {
            let index = seen.as_ref().map_or(index.clone(), |seen| seen.index(&index));
            array.store(&index, element);
        }
    }

    /// The shape of a place.
    fn shape_of(&self, place: Place) -> Vec<usize> {
        match place.view {
            Some(view) => self.datum(view).shape().to_vec(),
            None => self.var(place.var).shape().to_vec(),
        }
    }

    fn scalar(&self, value: Value) -> Scalar {
        self.get(value).scalar()
    }

    fn usizes(&self, values: &[Value]) -> Vec<usize> {
        values.iter().map(|value| to_usize(self.scalar(*value))).collect()
    }

    /// The lengths of a new array.
    fn lengths(&self, shape: &[Value], loc: Loc) -> Result<Vec<usize>, Failure> {
        let shape = self.usizes(shape);
        match shape.iter().find(|length| isize::try_from(**length).is_err()) {
            Some(length) => {
                let (kind, reported) = FaultKind::array_too_large(&shape, *length);
                Err(self.failure(kind, loc, &reported))
            }
            None => Ok(shape),
        }
    }

    fn var(&self, var: Var) -> Datum {
        self.vars[var.index()].clone().unwrap_or_else(|| panic!("{var} is read before it is set"))
    }

    fn next_stream(&mut self) -> i64 {
        self.streams += 1;
        self.streams - 1
    }

    /// Where the draws of the next scalar begin.
    fn take_draws(&mut self, distribution: Distribution, dtype: DType) -> Iteration {
        match &mut self.iteration {
            Some(iteration) => {
                let place = *iteration;
                iteration.draws += i64::from(distribution.draws(dtype));
                place
            }
            None => Iteration { stream: self.next_stream(), element: 0, draws: 0 },
        }
    }

    fn block(&mut self, block: &Block) -> Result<(), Failure> {
        for stmt in block {
            self.stmt(stmt)?;
            if self.leaving.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Failure> {
        match stmt {
            Stmt::Let(value) => {
                let datum = self.eval(*value)?;
                self.values[value.index()] = Some(datum);
            }
            Stmt::Assign { var, value } => self.vars[var.index()] = Some(self.get(*value)),
            Stmt::Store { place, index, value, loc } => {
                let (index, x) = (self.usizes(index), self.scalar(*value));
                self.check_index(&self.shape_of(*place), &index, *loc)?;
                self.set(*place, [(index, x)]);
            }
            Stmt::Update { place, value, loc } => {
                let (value, shape) = (self.get(*value), self.shape_of(*place));
                self.check_broadcast(value.shape(), &shape, *loc)?;
                self.set(
                    *place,
                    indices(&shape).into_iter().map(|index| {
                        let element = value.broadcast(&index);
                        (index, element)
                    }),
                );
            }
            Stmt::Resize { var, length, loc: _ } => {
                let length = to_usize(self.scalar(*length));
                let Some(Datum::Array(array)) = &mut self.vars[var.index()] else {
                    panic!("{var} is an array")
                };
                Rc::make_mut(array).resize(length);
            }
            Stmt::If { cond, then, otherwise } => {
                self.block(if self.scalar(*cond).as_bool() == Some(true) { then } else { otherwise })?;
            }
            Stmt::While { header, cond, body } => loop {
                self.block(header)?;
                if self.leaving.is_some() || self.scalar(*cond) != Scalar::Bool(true) {
                    break;
                }
                self.block(body)?;
                if self.leaving.is_some() {
                    break;
                }
            },
            Stmt::For { index, start, end, step, order, until, body, loc: _ } => {
                let outermost = order.is_parallel() && self.iteration.is_none();
                if outermost {
                    // Nothing is drawn in a loop without order: its iterations are only told apart.
                    let stream = if order.is_prange() { self.next_stream() } else { 0 };
                    self.iteration = Some(Iteration { stream, element: 0, draws: 0 });
                }
                let wide = |value| self.scalar(value).as_integer().expect("an integer bounds a range");
                let (start, end, step) = (wide(*start), wide(*end), wide(*step));
                let dtype = self.program.ty(*index).dtype();
                for (element, i) in (start..end).step_by(step.max(1) as usize).enumerate() {
                    if until.is_some_and(|until| self.var(until).scalar() == Scalar::Bool(true)) {
                        break;
                    }
                    if outermost && let Some(iteration) = &mut self.iteration {
                        (iteration.element, iteration.draws) = (element as i64, 0);
                    }
                    self.values[index.index()] = Some(Datum::Scalar(Scalar::from_bits(dtype, i as u64)));
                    self.block(body)?;
                    if self.leaving.is_some() {
                        break;
                    }
                }
                if outermost {
                    self.iteration = None;
                }
            }
            Stmt::Scope { body } => {
                self.block(body)?;
                self.leaving = self.leaving.and_then(|outward| outward.checked_sub(1));
            }
            Stmt::Leave { outward, .. } => self.leaving = Some(*outward),
            Stmt::Call { function, arguments, results, .. } => {
                let place = |argument: &CallArgument| match *argument {
                    CallArgument::Value(_) => None,
                    CallArgument::Place(place) => Some(place),
                };
                let pass = |argument: &CallArgument| match *argument {
                    CallArgument::Value(value) => self.get(value).owned(),
                    CallArgument::Place(Place { var, view: None }) => self.var(var).owned(),
                    CallArgument::Place(Place { view: Some(view), .. }) => self.get(view).owned(),
                };
                let mut passed: Vec<Argument> = arguments.iter().map(pass).collect();
                let function = self.program.files.host(*function).expect("the verifier knows it");
                let returned = calls::call(function, &mut passed);
                for (argument, after) in arguments.iter().zip(passed) {
                    if let (Some(place), Argument::Array(after)) = (place(argument), after) {
                        let element = |index: Vec<usize>| {
                            let element = after.load(&index);
                            (index, element)
                        };
                        self.set(place, indices(&after.shape).into_iter().map(element));
                    }
                }
                for (var, result) in results.iter().zip(returned) {
                    self.vars[var.index()] = Some(match result {
                        Argument::Scalar(x) => Datum::Scalar(x),
                        Argument::Array(array) => Datum::Array(Rc::new(array)),
                    });
                }
            }
            Stmt::Check { ok, kind, args, loc } => {
                if self.scalar(*ok) != Scalar::Bool(true) {
                    let args: Vec<u64> = args.iter().map(|arg| word(self.scalar(*arg))).collect();
                    return Err(Failure { args, ..self.failure(*kind, *loc, &[]) });
                }
            }
        }
        Ok(())
    }

    fn check_index(&self, shape: &[usize], index: &[usize], loc: Loc) -> Result<(), Failure> {
        match index.iter().zip(shape).position(|(i, n)| i >= n) {
            None => Ok(()),
            Some(axis) => {
                let kind = FaultKind::IndexOutOfRange { axis: axis as u8 };
                Err(self.failure(kind, loc, &[index[axis], shape[axis]]))
            }
        }
    }

    /// The common shape of several, aligned at the last axis.
    fn broadcast_shapes(&self, shapes: &[Vec<usize>], loc: Loc) -> Result<Vec<usize>, Failure> {
        let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let mut common = vec![1; rank];
        for shape in shapes {
            for (axis, n) in (rank - shape.len()..rank).zip(shape) {
                match (common[axis], *n) {
                    (a, b) if a == b || b == 1 => {}
                    (1, b) => common[axis] = b,
                    (a, b) => {
                        return Err(self.failure(
                            FaultKind::ShapeMismatch { axis: axis as u8 },
                            loc,
                            &[a, b],
                        ));
                    }
                }
            }
        }
        Ok(common)
    }

    /// A shape must broadcast to a wanted one.
    fn check_broadcast(&self, shape: &[usize], wanted: &[usize], loc: Loc) -> Result<(), Failure> {
        for (axis, n) in (wanted.len() - shape.len()..wanted.len()).zip(shape) {
            if *n != 1 && *n != wanted[axis] {
                let kind = FaultKind::ShapeMismatch { axis: axis as u8 };
                return Err(self.failure(kind, loc, &[wanted[axis], *n]));
            }
        }
        Ok(())
    }

    fn elementwise(
        &mut self,
        ty: Type,
        operands: &[Value],
        loc: Loc,
        mut element: impl FnMut(&mut Self, &[Scalar]) -> Result<Scalar, Failure>,
    ) -> Result<Datum, Failure> {
        let operands: Vec<Datum> = operands.iter().map(|value| self.get(*value)).collect();
        if ty.rank().is_none() {
            let scalars: Vec<Scalar> = operands.iter().map(Datum::scalar).collect();
            return element(self, &scalars).map(Datum::Scalar);
        }
        let shapes: Vec<Vec<usize>> = operands.iter().map(|x| x.shape().to_vec()).collect();
        let mut array = Array::allocate(ty.dtype(), &self.broadcast_shapes(&shapes, loc)?, false);
        for index in indices(&array.shape) {
            let scalars: Vec<Scalar> = operands.iter().map(|x| x.broadcast(&index)).collect();
            let x = element(self, &scalars)?;
            array.store(&index, x);
        }
        Ok(Datum::Array(Rc::new(array)))
    }

    fn filled(&self, dtype: DType, shape: &[usize], mut element: impl FnMut(i64) -> Scalar) -> Datum {
        let elements = (0..shape.iter().product::<usize>() as i64).map(&mut element).collect();
        Datum::Array(Rc::new(Array::new(dtype, shape, elements)))
    }

    fn eval(&mut self, value: Value) -> Result<Datum, Failure> {
        let program = self.program;
        let data = &program.values[value];
        let dtype = data.ty.dtype();
        Ok(match &data.expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => self.get(value),
            Expr::Var(var) => self.var(*var),
            Expr::Op(op, args) => self.elementwise(data.ty, args, data.loc, |_, x| Ok(op.eval(x)))?,
            Expr::Cast(arg) => self.elementwise(data.ty, &[*arg], data.loc, |_, x| Ok(x[0].cast(dtype)))?,
            Expr::Complex { .. } | Expr::Part { .. } => {
                panic!("complex numbers are split before a program runs")
            }
            Expr::Index { array, index } => {
                let (array, index) = (self.get(*array), self.usizes(index));
                self.check_index(array.shape(), &index, data.loc)?;
                Datum::Scalar(array.array().load(&index))
            }
            Expr::Dim { array, axis } => {
                Datum::Scalar(Scalar::Usize(self.get(*array).shape()[*axis as usize]))
            }
            Expr::Len(array) => Datum::Scalar(Scalar::Usize(self.get(*array).shape().iter().product())),
            Expr::Fill { shape, value } => {
                let x = self.scalar(*value);
                self.filled(dtype, &self.lengths(shape, data.loc)?, |_| x)
            }
            Expr::Copy(array) => self.get(*array),
            Expr::Reshape { array, shape } => {
                let (array, shape) = (self.get(*array), self.usizes(shape));
                let count =
                    |shape: &[usize]| shape.iter().fold(1usize, |all, length| all.wrapping_mul(*length));
                let (wanted, present) = (count(&shape), count(array.shape()));
                if wanted != present {
                    let kind = FaultKind::ShapeMismatch { axis: 0 };
                    return Err(self.failure(kind, data.loc, &[wanted, present]));
                }
                let array = array.array();
                let mut elements = indices(&array.shape).into_iter().map(|index| array.load(&index));
                self.filled(dtype, &shape, |_| elements.next().expect("there are as many"))
            }
            Expr::View { array, view } => Datum::View(Rc::new(self.view(*array, view, data.loc)?)),
            Expr::Random { distribution, operands, shape } => {
                let operands: Vec<Scalar> = operands.iter().map(|operand| self.scalar(*operand)).collect();
                if !distribution.is_nonempty(dtype, &operands) {
                    return Err(self.failure(FaultKind::EmptyRange, data.loc, &[]));
                }
                let key = self.key;
                let number = |place: Iteration| {
                    distribution.sample(dtype, &operands, |position, dtype| {
                        let draw = place.draws + i64::from(position);
                        random_scalar(key, place.stream, place.element, draw, dtype)
                    })
                };
                if data.ty.rank().is_some() {
                    let shape = self.lengths(shape, data.loc)?;
                    let stream = self.next_stream();
                    self.filled(dtype, &shape, |element| number(Iteration { stream, element, draws: 0 }))
                } else {
                    Datum::Scalar(number(self.take_draws(*distribution, dtype)))
                }
            }
            Expr::Map { arrays, params, body, results } => {
                let first = self.get(arrays[0]).shape().to_vec();
                for array in arrays {
                    self.check_broadcast(self.get(*array).shape(), &first, data.loc)?;
                }
                let arrays: Vec<Datum> = arrays.iter().map(|array| self.get(*array)).collect();
                let more = Some(results.len()).filter(|count| *count > 1);
                let shape: Vec<usize> = first.iter().copied().chain(more).collect();
                let mut mapped = Array::allocate(dtype, &shape, false);
                for mut index in indices(&first) {
                    for (param, array) in params.iter().zip(&arrays) {
                        self.values[param.index()] = Some(Datum::Scalar(array.broadcast(&index)));
                    }
                    self.block(body)?;
                    for (position, result) in results.iter().enumerate() {
                        index.truncate(first.len());
                        index.extend(more.map(|_| position));
                        mapped.store(&index, self.scalar(*result));
                    }
                }
                Datum::Array(Rc::new(mapped))
            }
            Expr::Reduce { fold, array, axis: None } => {
                let elements = self.get(*array).array().scalars();
                let element = self.program.ty(*array).dtype();
                Datum::Scalar(folded(*fold, element, elements.into_iter()))
            }
            Expr::Reduce { fold, array, axis: Some(axis) } => {
                let (axis, element) = (*axis as usize, self.program.ty(*array).dtype());
                let array = self.get(*array);
                let array = array.array();
                let mut rest = array.shape.clone();
                let length = rest.remove(axis);
                let mut result = Array::allocate(dtype, &rest, true);
                for index in indices(&rest) {
                    let along = (0..length).map(|position| {
                        let mut index = index.clone();
                        index.insert(axis, position);
                        array.load(&index)
                    });
                    result.store(&index, folded(*fold, element, along));
                }
                Datum::Array(Rc::new(result))
            }
        })
    }
}
