//! Closures over the elements and rows of arrays.
//!
//! ```text
//! a.mapv(|x| x * x)                            map v in a { mul v, v }
//! a.zip_mut_with(&b, |x, &y| *x += y)          update a, map v in a, w in b { x0 = v; x0 = add x0, w; x0 }
//! a.map_axis(Axis(1), |row| row.sum())         prange i { store out[i], reduce sum (view a[i, ..]) }
//! a.fold_axis(Axis(0), 0.0, |&s, &x| s + x)    prange j { x0 = 0.0; for k { x0 = add x0, a[k, j] }; store out[j], x0 }
//! a.accumulate_axis_inplace(Axis(0), |&p, c| *c += p)
//!                                              prange j { for k in 1.. { store a[k, j], add a[k, j], a[k - 1, j] } }
//! ```
//!
//! A closure may have variables of its own, and set none from outside. What it gets as `&mut` is a variable.

use crate::closures;
use crate::errors::{At, Problem, Step, mistake};
use crate::methods::Meaning;
use crate::records::Items;
use crate::state::{Kind, State, Ty};
use crate::{Tracer, Value};
use parfuse_ir::program::{self, Block, Cut, Expr, Order, Place, Program, Stmt, Var, View, walk};
use parfuse_ir::{DType, ScalarOp};
use parfuse_names::Method;

/// The body of a closure, of its arguments.
pub(crate) type Body<'t, 'c> = &'c mut dyn closures::Block<Vec<Value<'t>>, Value<'t>>;

/// The call of a method with a closure.
pub(crate) struct Call<'a> {
    receiver: u32,
    method: Method,
    args: &'a [u32],
    at: At,
}

/// What comes of the elements that a closure gives.
#[derive(Clone, Copy, PartialEq)]
enum Elements {
    /// They make a new array.
    New,
    /// They take the places of those that it got.
    Replaced,
    /// It changes those that it gets.
    Changed,
}

impl Tracer {
    /// `receiver.method(arguments, closure)`.
    pub(crate) fn trace_closure<'t>(
        &'t self,
        receiver: Value<'t>,
        method: Method,
        args: &[Value<'t>],
        body: Body<'t, '_>,
        at: At,
    ) -> Value<'t> {
        let (receiver, args) = (self.id(receiver), self.ids(args));
        let row = self.with(|state| {
            state.doing = format!("`.{method}()`").into();
            state.row(receiver, method, at)
        });
        match row.map(crate::methods::meaning) {
            Ok(Meaning::Closure(function)) => {
                function(self, &Call { receiver, method, args: &args, at }, body)
            }
            Ok(_) => {
                self.step(at, |_| mistake(format!("`.{method}()` takes no closure; use `mapv` or a loop")))
            }
            Err(problem) => self.step(at, |_| Err(problem)),
        }
    }

    /// `mapv`, `map`, `mapv_into`.
    pub(crate) fn new_elements<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        self.elements(call, Elements::New, body)
    }
    /// `mapv_inplace`.
    pub(crate) fn replaced_elements<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        self.elements(call, Elements::Replaced, body)
    }
    /// `map_inplace`, `zip_mut_with`.
    pub(crate) fn changed_elements<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        self.elements(call, Elements::Changed, body)
    }

    fn elements<'t>(&'t self, call: &Call<'_>, how: Elements, body: Body<'t, '_>) -> Value<'t> {
        let Call { receiver, method, args, at } = *call;
        let handle = |id| Value { tracer: self, id };
        let started = self.with(|state| {
            let sources = state.sources(receiver, args, method, at);
            let outer_vars = state.program.vars.len();
            state.open();
            state.map_depth += 1;
            let sources = match state.map_depth {
                1 => sources,
                _ => mistake(format!("`{method}` inside the closure of `mapv` is not supported in a kernel")),
            };
            let sources = sources.and_then(|sources| state.elements_of(sources, how, at));
            (outer_vars, sources)
        });
        let (outer_vars, sources) = started;
        let (sources, arguments) = match sources {
            Ok(sources) => {
                let arguments = sources.handles.iter().map(|id| handle(*id)).collect();
                (Ok(sources), arguments)
            }
            Err(problem) => {
                let dummy = self.step(at, |_| Err(problem));
                (Err(Problem::Reported), vec![dummy; args.len() + 1])
            }
        };
        let result = self.value_of(body, arguments);
        let result = self.id(result);
        self.step(at, |state| {
            state.doing = format!("`.{method}()`").into();
            // A struct that is one number, as enums are.
            let (result, wraps) = match how {
                Elements::New => state.only_number(result),
                _ => (result, Vec::new()),
            };
            let result = match (&sources, how) {
                (Ok(Sources { changed: Some(var), .. }), Elements::Changed) => state.read_var(*var, at),
                (Ok(_), _) => state.scalar(result, &format!("the value of the closure of `{method}`"), at),
                (Err(_), _) => Err(Problem::Reported),
            };
            let body = state.close();
            state.map_depth -= 1;
            let (Sources { arrays, params, .. }, result) = (sources?, result?);
            refuse_changes_outside(&state.program, &body, outer_vars, method)?;
            let ty = Ty { dtype: state.ty(result).dtype, rank: state.ty(arrays[0]).rank, of_arrays: false };
            let mapped = state.emit(Expr::Map { arrays, params, body, results: vec![result] }, ty, at)?;
            if how == Elements::New {
                let wrap = |state: &mut State, inner: Kind, of| {
                    let inner = state.handle(inner);
                    Kind::Tuple(Items::with(of, vec![inner]))
                };
                return Ok(wraps
                    .into_iter()
                    .rev()
                    .fold(Kind::Plain(mapped), |inner, of| wrap(state, inner, of)));
            }
            let place = state.target(receiver, method.name())?;
            let (expected, found) = (state.place_type(place).dtype, ty.dtype);
            state.unify(expected, found, &format!("the closure of `{method}`"))?;
            state.update(place, mapped, at)?;
            Ok(Kind::Tuple(Items::default()))
        })
    }
}

/// The arrays that a closure goes through together, and what it gets of them.
struct Sources {
    arrays: Vec<program::Value>,
    params: Vec<program::Value>,
    handles: Vec<u32>,
    /// The variable that it gets as `&mut`.
    changed: Option<Var>,
}

impl State {
    fn sources(
        &mut self,
        receiver: u32,
        others: &[u32],
        method: Method,
        at: At,
    ) -> Step<Vec<program::Value>> {
        let (first, rank) = self.array(receiver, &format!("`{method}`"), at)?;
        let mut arrays = vec![first];
        for other in others {
            let (array, own) = self.array(*other, &format!("the argument of `{method}`"), at)?;
            if own > rank {
                return mistake(format!("`.{method}()` of an array with more axes than its receiver"));
            }
            arrays.push(array);
        }
        Ok(arrays)
    }

    fn elements_of(&mut self, arrays: Vec<program::Value>, how: Elements, at: At) -> Step<Sources> {
        let dtypes: Vec<_> = arrays.iter().map(|array| self.ty(*array).dtype).collect();
        let params: Vec<_> = dtypes.into_iter().map(|dtype| self.bound(dtype, at)).collect();
        let mut handles: Vec<u32> = params.iter().map(|param| self.handle(Kind::Plain(*param))).collect();
        let mut changed = None;
        if how == Elements::Changed {
            let var = self.element_variable(params[0]);
            handles[0] = self.handle(Kind::Variable { var, borrowed: false });
            changed = Some(var);
        }
        Ok(Sources { arrays, params, handles, changed })
    }

    /// A variable for an element.
    fn element_variable(&mut self, element: program::Value) -> Var {
        let ty = self.ty(element);
        let var = self.new_var("element", ty, None);
        self.set_var(var, element);
        var
    }
}

/// Along an axis.
impl Tracer {
    /// `map_axis`: a scalar of each row.
    pub(crate) fn map_axis<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        let Call { receiver, args, at, .. } = *call;
        self.along_axis(
            call,
            |state, loops| {
                let (array, rank) = state.array(receiver, "`map_axis`", at)?;
                let axis = state.axis(args[0], rank, at)?;
                state.loops_over_others(loops, array, rank, axis, at)?;
                let mut cuts: Vec<Cut> = loops.indices.iter().map(|index| Cut::At(*index)).collect();
                cuts.insert(axis as usize, Cut::All);
                let ty = Ty { rank: Some(1), ..state.ty(array) };
                let row = state.emit(Expr::View { array, view: View::of_cuts(cuts) }, ty, at)?;
                Ok((vec![state.handle(Kind::Plain(row))], ()))
            },
            body,
            |state, loops, (), result| {
                let result = state.scalar(result, "the value of the closure of `map_axis`", at)?;
                loops.store_result(state, result, at)
            },
        )
    }

    /// `fold_axis`: a scalar of each row, one element after the other.
    pub(crate) fn fold_axis<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        let Call { receiver, args, at, .. } = *call;
        self.along_axis(
            call,
            |state, loops| {
                let (array, rank) = state.array(receiver, "`fold_axis`", at)?;
                let axis = state.axis(args[0], rank, at)?;
                let start = state.scalar(args[1], "the start of `fold_axis`", at)?;
                state.loops_over_others(loops, array, rank, axis, at)?;
                let ty = state.ty(start);
                let var = state.new_var("folded", ty, None);
                state.set_var(var, start);
                let (length, index) = state.open_row(array, axis, at)?;
                let element = state.element_at(array, loops, axis, index, at)?;
                let before = state.read_var(var, at)?;
                let arguments = [before, element].map(|value| state.handle(Kind::Plain(value)));
                Ok((arguments.to_vec(), (var, length, index)))
            },
            body,
            |state, loops, (var, length, index), result| {
                let result = state.scalar(result, "the value of the closure of `fold_axis`", at)?;
                let (expected, found) = (state.var_type(var).dtype, state.ty(result).dtype);
                state.unify(expected, found, "the start and the closure of `fold_axis`")?;
                state.set_var(var, result);
                state.close_loop(index, 0, length, Order::Serial, at);
                let total = state.read_var(var, at)?;
                loops.store_result(state, total, at)
            },
        )
    }

    /// `accumulate_axis_inplace`: each element but the first anew, of the one before it and itself.
    pub(crate) fn accumulate_axis<'t>(&'t self, call: &Call<'_>, body: Body<'t, '_>) -> Value<'t> {
        let Call { receiver, args, at, .. } = *call;
        self.along_axis(
            call,
            |state, loops| {
                let place = state.target(receiver, "accumulate_axis_inplace")?;
                let (array, rank) = state.array(receiver, "`accumulate_axis_inplace`", at)?;
                let axis = state.axis(args[0], rank, at)?;
                state.loops_over_others(loops, array, rank, axis, at)?;
                let (length, index) = state.open_row(array, axis, at)?;
                let one = state.usize_constant(1, at);
                let before = state.op(ScalarOp::Sub, &[index, one], at)?;
                let contents = state.read_place(place, at)?;
                let previous = state.element_at(contents, loops, axis, before, at)?;
                let element = state.element_at(contents, loops, axis, index, at)?;
                let var = state.element_variable(element);
                let previous = state.handle(Kind::Plain(previous));
                let arguments = vec![previous, state.handle(Kind::Variable { var, borrowed: false })];
                Ok((arguments, (place, axis, length, index, var)))
            },
            body,
            |state, loops, (place, axis, length, index, var), _| {
                let value = state.read_var(var, at)?;
                let at_index = loops.index(axis, index);
                state.put(place, at_index, value, at)?;
                state.close_loop(index, 1, length, Order::Serial, at);
                state.close_loops(loops, at);
                Ok(Kind::Tuple(Items::default()))
            },
        )
    }

    /// Opens loops and gives the arguments of the closure, traces it, and closes the loops.
    fn along_axis<'t, T>(
        &'t self,
        call: &Call<'_>,
        open: impl FnOnce(&mut State, &mut OpenLoops) -> Step<(Vec<u32>, T)>,
        body: Body<'t, '_>,
        close: impl FnOnce(&mut State, &mut OpenLoops, T, u32) -> Step<Kind>,
    ) -> Value<'t> {
        let Call { method, at, .. } = *call;
        let mut loops = OpenLoops::default();
        let outer_vars = self.with(|state| state.program.vars.len());
        let opened = self.with(|state| {
            if state.map_depth > 0 {
                return mistake(format!(
                    "`{method}` inside the closure of `mapv` is not supported in a kernel"
                ));
            }
            state.open();
            state.row_closures += 1;
            loops.depth = state.depth();
            let opened = open(state, &mut loops)?;
            state.open();
            Ok(opened)
        });
        let (arguments, opened) = match opened {
            Ok((arguments, opened)) => {
                (arguments.into_iter().map(|id| Value { tracer: self, id }).collect(), opened)
            }
            Err(problem) => {
                if loops.depth > 0 {
                    self.with(|state| state.abandon(&mut loops));
                }
                return self.step(at, |_| Err(problem));
            }
        };
        let result = self.value_of(body, arguments);
        let result = self.id(result);
        self.step(at, |state| {
            state.doing = format!("`.{method}()`").into();
            let body = state.close();
            let unchanged = refuse_changes_outside(&state.program, &body, outer_vars, method);
            state.splice(body);
            let closed = unchanged.and_then(|()| close(state, &mut loops, opened, result));
            if closed.is_err() {
                state.abandon(&mut loops);
            } else {
                let whole = state.close();
                state.row_closures -= 1;
                state.splice(whole);
            }
            closed
        })
    }
}

/// The loops around a closure that goes along an axis: over the other axes, the first of which is parallel.
#[derive(Default)]
struct OpenLoops {
    /// The indices of the other axes, and their lengths.
    indices: Vec<program::Value>,
    lengths: Vec<program::Value>,
    /// How many blocks were open when the first was.
    depth: usize,
    /// Whether the parallel one is open.
    parallel: bool,
}

impl OpenLoops {
    /// The index of an element of a row.
    fn index(&self, axis: u8, along: program::Value) -> Vec<program::Value> {
        let mut index = self.indices.clone();
        index.insert(axis as usize, along);
        index
    }

    /// A new array of what the loops give, which are closed by that.
    fn store_result(&mut self, state: &mut State, result: program::Value, at: At) -> Step<Kind> {
        let dtype = state.ty(result).dtype;
        let ty = Ty { dtype, rank: Some(self.indices.len() as u8), of_arrays: false };
        let name = format!("rows{}", state.program.vars.len());
        let var = state.new_var(&name, ty, None);
        let loc = state.loc(at);
        state.push(Stmt::Store { place: Place::from(var), index: self.indices.clone(), value: result, loc });
        let shape = self.lengths.clone();
        // The array is made in front of the loops.
        state.close_loops(self, at);
        let nest: Block = state.pop().into_iter().collect();
        let zero = state.literal(crate::state::Literal::Integer(0), dtype, at);
        let zeros = state.emit(Expr::Fill { shape, value: zero }, ty, at)?;
        state.set_var(var, zeros);
        state.splice(nest);
        Ok(Kind::Plain(state.read_var(var, at)?))
    }
}

impl State {
    /// The products of all elements up to each along an axis.
    pub(crate) fn running_products(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "`cumprod`", at)?;
        let axis = self.axis(args[0], rank, at)?;
        let (ty, own) = (self.ty(array), self.copy(array, at)?);
        let var = self.new_var("products", ty, None);
        self.set_var(var, own);
        let mut loops = OpenLoops::default();
        self.loops_over_others(&mut loops, array, rank, axis, at)?;
        let (length, index) = self.open_row(array, axis, at)?;
        let one = self.usize_constant(1, at);
        let before = self.op(ScalarOp::Sub, &[index, one], at)?;
        let products = self.read_var(var, at)?;
        let previous = self.element_at(products, &loops, axis, before, at)?;
        let element = self.element_at(products, &loops, axis, index, at)?;
        let product = self.op(ScalarOp::Mul, &[element, previous], at)?;
        self.put(var.into(), loops.index(axis, index), product, at)?;
        self.close_loop(index, 1, length, Order::Serial, at);
        self.close_loops(&mut loops, at);
        self.read_var(var, at).map(Kind::Plain)
    }

    /// Opens loops over the axes but one.
    fn loops_over_others(
        &mut self,
        loops: &mut OpenLoops,
        array: program::Value,
        rank: u8,
        axis: u8,
        at: At,
    ) -> Step<()> {
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        for other in (0..rank).filter(|other| *other != axis) {
            loops.lengths.push(self.emit(Expr::Dim { array, axis: other }, ty, at)?);
        }
        for position in 0..loops.lengths.len() {
            self.open();
            if position == 0 {
                self.parallel_depth += 1;
                loops.parallel = true;
            }
            loops.indices.push(self.bound(ty.dtype, at));
        }
        Ok(())
    }

    /// Opens a loop along the axis itself: its length and its index.
    fn open_row(
        &mut self,
        array: program::Value,
        axis: u8,
        at: At,
    ) -> Step<(program::Value, program::Value)> {
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        let length = self.emit(Expr::Dim { array, axis }, ty, at)?;
        self.open();
        Ok((length, self.bound(ty.dtype, at)))
    }

    fn element_at(
        &mut self,
        array: program::Value,
        loops: &OpenLoops,
        axis: u8,
        along: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let ty = Ty { rank: None, ..self.ty(array) };
        self.emit(Expr::Index { array, index: loops.index(axis, along) }, ty, at)
    }

    /// Closes a loop, which starts there.
    fn close_loop(&mut self, index: program::Value, start: usize, end: program::Value, order: Order, at: At) {
        let body = self.close();
        let (start, step, loc) = (self.usize_constant(start, at), self.usize_constant(1, at), self.loc(at));
        self.push(Stmt::For { index, start, end, step, order, until: None, body, loc });
    }

    fn close_loops(&mut self, loops: &mut OpenLoops, at: At) {
        for position in (0..loops.indices.len()).rev() {
            let (index, length) = (loops.indices[position], loops.lengths[position]);
            // A `prange` in the closure is one of its own each time, not one inside a parallel loop.
            let has_prange = |state: &State| {
                let body = state.present();
                walk::statements(&state.program, body)
                    .any(|stmt| matches!(stmt, Stmt::For { order, .. } if order.is_prange()))
            };
            let order = if position == 0 && !has_prange(self) { Order::Unordered } else { Order::Serial };
            self.close_loop(index, 0, length, order, at);
        }
        self.parallel_depth -= std::mem::take(&mut loops.parallel) as usize;
    }

    /// Closes what a mistake has left open.
    fn abandon(&mut self, loops: &mut OpenLoops) {
        while self.depth() >= loops.depth {
            self.close();
        }
        self.parallel_depth -= std::mem::take(&mut loops.parallel) as usize;
        self.row_closures -= 1;
    }
}

/// A closure sets no variable of before, and no element.
fn refuse_changes_outside(program: &Program, body: &Block, outer_vars: usize, method: Method) -> Step<()> {
    let changes = walk::statements(program, body).any(|stmt| match stmt {
        Stmt::Assign { var, .. } => (var.0 as usize) < outer_vars,
        Stmt::Store { place, .. } | Stmt::Update { place, .. } => (place.var.0 as usize) < outer_vars,
        _ => false,
    });
    match changes {
        true => mistake(format!(
            "the closure of `{method}` changes a variable outside of it; use a loop over the indices"
        )),
        false => Ok(()),
    }
}
