//! Names and variables: `let`, `let mut`, `=`, `+=`.
//!
//! ```text
//! let mut acc = 0.0;    handle of acc: a reference, read afresh at each use
//! let before = acc;     a snapshot
//! acc += x;             assign acc, add (var acc), x
//! ```
//!
//! An owned array bound to a second name is moved in Rust; the first name may then be assigned anew, so the
//! second takes a copy. A borrowed one (`&a`, `a.view()`, a `&mut` parameter) stays a reference, as in Rust.

use crate::errors::{At, Problem, Step, mistake};
use crate::records::{Items, Whole};
use crate::state::{Held, Kind, State, Ty};
use crate::{DeclaredType, Tracer, Value};
use parfuse_ir::program::{Expr, Place, Stmt, Type};
use parfuse_ir::{FaultKind, ScalarOp};

impl Tracer {
    /// `let name = v;` or, with a type, `let name: ty = v;`. The name may be empty.
    pub fn bind(&self, name: &'static str, v: Value<'_>, ty: Option<DeclaredType>, at: At) -> Value<'_> {
        self.bind_named(name, v, ty, at)
    }
    pub(crate) fn bind_named(&self, name: &str, v: Value<'_>, ty: Option<DeclaredType>, at: At) -> Value<'_> {
        if ty.is_none() && self.is_list(v) {
            return Value { tracer: self, id: v.id };
        }
        let vector = self.with(|state| match state.kind(v.id) {
            Kind::Vector { borrowed, .. } => Some(borrowed),
            _ => None,
        });
        // Without a name it is only an annotation, of a result for instance: nothing is copied.
        let is_annotation = name.is_empty() && ty.is_some_and(DeclaredType::is_array);
        let v = match (vector, ty) {
            (Some(true), None) => return Value { tracer: self, id: v.id },
            (Some(false), _) if !is_annotation => self.copied_vector(v, at).id,
            _ => self.id(v),
        };
        self.step(at, |state| {
            state.doing = "a copy".into();
            let kind = if is_annotation { state.moved_out(v, at)? } else { state.snapshot(v, at)? };
            let kind = match (kind, ty) {
                // A number is passed by value.
                (Kind::Element { place, index, .. }, Some(_)) => {
                    Kind::Plain(state.read_element(place, &index, at)?)
                }
                (Kind::Part { .. }, _) => Kind::Plain(state.read(v, at)?),
                // What a `None` or a vector without elements could hold is known now.
                (kind, Some(ty)) => state.filled(kind, ty, at)?,
                (kind, _) => kind,
            };
            if let Some(ty) = ty {
                state.expect_type(&kind, ty, name)?;
            }
            if let Kind::Plain(value) = kind {
                state.name_value(value, name);
            }
            Ok(kind)
        })
    }
    /// The same value, which is declared to be of a type; what may be set stays so.
    pub fn declared(&self, v: Value<'_>, ty: Option<DeclaredType>, at: At) -> Value<'_> {
        let v = self.id(v);
        self.step(at, |state| {
            if let Some(DeclaredType::Record(record)) = ty {
                state.expect_record(&state.kind(v), record, "an argument")?;
            } else if let Some(DeclaredType::RecordArray(record, rank)) = ty {
                state.expect_record_array(&state.kind(v), record, rank, "an argument")?;
            } else if let Some(
                ty @ (DeclaredType::Tuple(_) | DeclaredType::TupleArray(..) | DeclaredType::Option(_)),
            ) = ty
            {
                state.expect_type(&state.kind(v), ty, "an argument")?;
            } else if let Some(ty) = ty {
                state.doing = "the type of an argument".into();
                let found = state.type_of(v)?;
                state.expect_type_of(found, ty, "an argument")?;
            }
            Ok(state.kind(v))
        })
    }
    /// `let mut name = init;`.
    pub fn variable(&self, name: &'static str, init: Value<'_>, at: At) -> Value<'_> {
        self.variable_named(name, init, at)
    }
    pub(crate) fn variable_named(&self, name: &str, init: Value<'_>, at: At) -> Value<'_> {
        let init = self.moved_vector(init, at).id;
        self.step(at, |state| {
            state.doing = format!("`let mut {name}`").into();
            state.variable(name, init, at)
        })
    }
    /// `let mut name: ty = init;`.
    pub fn variable_of(
        &self,
        name: &'static str,
        init: Value<'_>,
        ty: Option<DeclaredType>,
        at: At,
    ) -> Value<'_> {
        let init = self.id(init);
        self.step(at, |state| {
            state.doing = format!("`let mut {name}`").into();
            let kind = state.variable(name, init, at)?;
            if let Some(ty) = ty {
                state.expect_type(&kind, ty, name)?;
            }
            Ok(kind)
        })
    }
    /// `let mut name = &mut number;`, which could be made to refer to another.
    pub fn reference_to_be_moved<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| match state.kind(v.id) {
            Kind::Variable { var, borrowed: true } if state.var_type(var).rank.is_none() => mistake(
                "a reference to a number refers to the same one for good in a kernel: write `let name = &mut number;`, or \
                 set the numbers by their names",
            ),
            kind => Ok(kind),
        })
    }
    /// `let name;`, assigned later.
    pub fn declare(&self, name: &'static str, at: At) -> Value<'_> {
        self.step(at, |_| Ok(Kind::Declared(name.to_string())))
    }
    /// `target = v`.
    pub fn assign(&self, target: Value<'_>, v: Value<'_>, at: At) -> Value<'_> {
        if let Kind::Vector { vector, .. } = self.with(|state| state.kind(target.id)) {
            let v = v.id;
            return self.step(at, |state| {
                state.doing = "`=`".into();
                state.assign_vector(vector, v, at)?;
                Ok(Kind::Tuple(Items::default()))
            });
        }
        let (target, v) = (self.id(target), self.id(v));
        self.step(at, |state| {
            state.doing = "`=`".into();
            state.assign(target, v, at)?;
            Ok(Kind::Tuple(Items::default()))
        })
    }
    /// `target op= v`; an array is changed in place. `op` may be written with or without its `=`.
    pub fn assign_op(&self, op: &'static str, target: Value<'_>, v: Value<'_>, at: At) -> Value<'_> {
        let (target, v) = (self.id(target), self.id(v));
        let op = op.strip_suffix('=').unwrap_or(op);
        if let Some(done) = self.own_assignment(op, target, v, at) {
            return done;
        }
        self.step(at, |state| {
            state.doing = format!("`{op}=`").into();
            if let Kind::Element { place, index, .. } = state.kind(target) {
                let right = state.scalar(v, "an element", at)?;
                return state.change_element(op, place, index, right, at);
            }
            if let Kind::Part { complex, part } = state.kind(target) {
                let right = state.scalar(v, "a part of a complex number", at)?;
                let left = state.read(target, at)?;
                let value = state.binary(op, left, right, at)?;
                state.assign_part(complex, part, value, at)?;
                return Ok(Kind::Tuple(Items::default()));
            }
            let place = state.target(target, op)?;
            let ty = state.place_type(place);
            let right = state.read(v, at)?;
            let right_rank = state.ty(right).rank;
            if right_rank.unwrap_or(0) > ty.rank.unwrap_or(0) || (ty.rank.is_none() && right_rank.is_some()) {
                let (left, right) = (state.describe(ty), state.describe(state.ty(right)));
                return mistake(format!("`{op}=`: {right} does not fit into {left}"));
            }
            let left = state.read_place(place, at)?;
            let value = state.binary(op, left, right, at)?;
            state.watch_overflow(value);
            let value_type = state.ty(value).dtype;
            state.unify(ty.dtype, value_type, "an assignment")?;
            if ty.rank.is_some() {
                state.update(place, value, at)?;
            } else {
                state.set_var(place.var, value);
            }
            Ok(Kind::Tuple(Items::default()))
        })
    }
}

impl State {
    /// What a name bound to a handle stands for from then on.
    pub(crate) fn snapshot(&mut self, handle: u32, at: At) -> Step<Kind> {
        match self.kind(handle) {
            Kind::Variable { var, borrowed } => {
                if borrowed {
                    return Ok(Kind::Variable { var, borrowed });
                }
                let is_array = self.var_types[var.0 as usize].rank.is_some();
                let value = self.read_var(var, at)?;
                Ok(Kind::Plain(if is_array { self.copy(value, at)? } else { value }))
            }
            Kind::Element { place, index, borrowed: false } => {
                Ok(Kind::Plain(self.read_element(place, &index, at)?))
            }
            Kind::Part { .. } => Ok(Kind::Plain(self.read(handle, at)?)),
            Kind::Row { array, index } => self.shown_row(array, &index, at),
            Kind::Poison => Err(Problem::Reported),
            kind @ Kind::Place(_) if self.is_row_by_value(&kind) => {
                let row = self.read(handle, at)?;
                Ok(Kind::Plain(self.copy(row, at)?))
            }
            Kind::Optional(Held::Variable { present, value, either }) => {
                let present = self.read_var(present, at)?;
                let value = self.snapshot(value, at)?;
                Ok(match either {
                    true => Kind::Optional(Held::Either { present, value: self.handle(value) }),
                    false => self.maybe(present, value),
                })
            }
            Kind::Tuple(_)
                if let Some(parts) = self.option_to_set(handle)
                    && !matches!(self.kind(parts[0]), Kind::Element { borrowed: true, .. }) =>
            {
                self.option_of(&parts, at)
            }
            Kind::Tuple(items) => {
                let (of, mut snapshots) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let kind = self.snapshot(item, at)?;
                    snapshots.push(self.handle(kind));
                }
                Ok(Kind::Tuple(Items::with(of, snapshots)))
            }
            kind => Ok(kind),
        }
    }
    /// What is left of a handle when the variable behind it is not needed any more: its contents.
    pub(crate) fn moved_out(&mut self, handle: u32, at: At) -> Step<Kind> {
        match self.kind(handle) {
            Kind::Variable { var, borrowed: false } => Ok(Kind::Plain(self.read_var(var, at)?)),
            Kind::Poison => Err(Problem::Reported),
            Kind::Tuple(items) => {
                let (of, mut moved) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let kind = self.moved_out(item, at)?;
                    moved.push(self.handle(kind));
                }
                Ok(Kind::Tuple(Items::with(of, moved)))
            }
            kind => Ok(kind),
        }
    }
    /// The handle itself, or one for the present value if it is a scalar variable.
    pub(crate) fn snapshot_scalar(&mut self, handle: u32, at: At) -> Step<u32> {
        match self.kind(handle) {
            Kind::Variable { var, borrowed: false } if self.var_types[var.0 as usize].rank.is_none() => {
                let value = self.read_var(var, at)?;
                Ok(self.handle(Kind::Plain(value)))
            }
            Kind::Element { place, index, borrowed: false } => {
                let value = self.read_element(place, &index, at)?;
                Ok(self.handle(Kind::Plain(value)))
            }
            Kind::Part { .. } => {
                let value = self.read(handle, at)?;
                Ok(self.handle(Kind::Plain(value)))
            }
            Kind::Tuple(items) if items.of.record().is_some() => {
                let (of, mut fields) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    fields.push(self.snapshot_scalar(item, at)?);
                }
                Ok(self.handle(Kind::Tuple(Items::with(of, fields))))
            }
            Kind::Poison => Err(Problem::Reported),
            _ => Ok(handle),
        }
    }
    pub(crate) fn copy(
        &mut self,
        array: parfuse_ir::program::Value,
        at: At,
    ) -> Step<parfuse_ir::program::Value> {
        let ty = self.ty(array);
        self.emit(Expr::Copy(array), ty, at)
    }

    /// What a handle stands for, for a variable to hold. An array from outside stands nowhere in the body, so it is copied
    /// here, where it becomes the variable's; [`take_copies`](crate::ownership::take_copies) copies all else that is
    /// others'.
    pub(crate) fn read_own(&mut self, handle: u32, at: At) -> Step<parfuse_ir::program::Value> {
        let value = self.read(handle, at)?;
        let is_array = self.ty(value).rank.is_some();
        let from_outside = matches!(self.program.values[value].expr, Expr::Param(_));
        if is_array && from_outside && self.map_depth == 0 { self.copy(value, at) } else { Ok(value) }
    }

    pub(crate) fn expect_type(&mut self, kind: &Kind, ty: DeclaredType, name: &str) -> Step<()> {
        match ty {
            // Of what it begins without only the numbers are of a type by now.
            DeclaredType::Known(Type::Array(element, rank)) if rank > 1 && self.shows_later(kind)? => {
                let dtype = self.types.of(element);
                let found = self.dtype_to_come(kind)?;
                return self.unify(dtype, found, &format!("the type of {}", called(name)));
            }
            DeclaredType::Record(record) => return self.expect_record(kind, record, name),
            DeclaredType::RecordArray(record, rank) => {
                return self.expect_record_array(kind, record, rank, name);
            }
            DeclaredType::TupleArray(types, rank) => {
                return self.expect_tuple_array(kind, types, rank, name);
            }
            DeclaredType::Tuple(types) => {
                let items = match kind {
                    Kind::Tuple(items) if items.of == Whole::Tuple && items.len() == types.len() => items,
                    Kind::Poison => return Err(Problem::Reported),
                    _ => {
                        return mistake(format!(
                            "{} is declared as {ty}, but its value is of another kind",
                            called(name)
                        ));
                    }
                };
                return items.iter().zip(types).try_for_each(|(item, ty)| {
                    let item = self.kind(*item);
                    self.expect_type(&item, *ty, name)
                });
            }
            DeclaredType::Option(held) => {
                let value = match kind {
                    Kind::Optional(Held::Nothing) => return Ok(()),
                    Kind::Optional(
                        Held::Value { value, .. } | Held::Variable { value, .. } | Held::Sure(value),
                    ) => self.kind(*value),
                    Kind::Poison => return Err(Problem::Reported),
                    _ => {
                        let advice = match kind {
                            Kind::Plain(value) if self.ty(*value).rank.is_some() => {
                                "; options are not collected into one: push what `item?` gives in a `for` loop"
                            }
                            _ => "",
                        };
                        return mistake(format!(
                            "{} is declared as {ty}, but its value is no `Option`{advice}",
                            called(name)
                        ));
                    }
                };
                return self.expect_type(&value, *held, name);
            }
            DeclaredType::Known(_) | DeclaredType::AnyRank(_) => {}
        }
        let found = match kind {
            Kind::Poison => return Err(Problem::Reported),
            Kind::Plain(value) | Kind::Place(Place { view: Some(value), .. }) => self.ty(*value),
            Kind::Variable { var, .. } | Kind::Place(Place { var, view: None }) => {
                self.var_types[var.0 as usize]
            }
            Kind::Element { place, .. } => Ty { rank: None, ..self.place_type(*place) },
            Kind::Lists(_) => {
                let lists = self.handle(kind.clone());
                return self.read(lists, At::NONE).map(|_| ());
            }
            _ => {
                return mistake(format!(
                    "{} is declared as {ty}, but its value is of another kind",
                    called(name)
                ));
            }
        };
        self.expect_type_of(found, ty, &called(name))
    }

    fn expect_type_of(&mut self, found: Ty, ty: DeclaredType, what: &str) -> Step<()> {
        if !ty.admits_rank(found.rank) {
            let found = self.describe(found);
            return mistake(format!("{what} is declared as {ty}, but its value is {found}"));
        }
        match ty.element() {
            Some(element) => {
                let dtype = self.types.of(element);
                self.unify(dtype, found.dtype, &format!("the type of {what}"))
            }
            None => mistake(format!("{what} is declared as {ty}, but its value is of another kind")),
        }
    }

    /// A new variable, or a tuple of them, with the value of a handle.
    pub(crate) fn variable(&mut self, name: &str, init: u32, at: At) -> Step<Kind> {
        match self.kind(init) {
            Kind::Variable { var, borrowed: true } if self.var_types[var.0 as usize].rank.is_some() => {
                Ok(Kind::Variable { var, borrowed: true })
            }
            Kind::Tuple(items) => {
                let mut variables = Vec::with_capacity(items.len());
                let of = items.of;
                for (i, item) in items.into_iter().enumerate() {
                    let name = match of.record().and_then(|record| record.fields.get(i)) {
                        Some((field, _)) => format!("{name}.{field}"),
                        None => format!("{name}.{i}"),
                    };
                    let variable = self.variable(&name, item, at)?;
                    variables.push(self.handle(variable));
                }
                Ok(Kind::Tuple(Items::with(of, variables)))
            }
            Kind::Sequence(sequence) => self.sequence_variable(name, *sequence, at),
            kind if self.is_row_by_value(&kind) => {
                let row = self.snapshot(init, at)?;
                let row = self.handle(row);
                self.variable(name, row, at)
            }
            Kind::Optional(held) => self.option_variable(name, held, init, at),
            kind @ (Kind::Range(_)
            | Kind::Closure(_)
            | Kind::Zip(_)
            | Kind::Ordering { .. }
            | Kind::Lengths(_)
            | Kind::Slice(_)
            | Kind::Place(_)) => Ok(kind),
            _ => {
                let value = self.read_own(init, at)?;
                let ty = self.ty(value);
                if self.map_depth > 0 && ty.rank.is_some() {
                    return mistake("array variables are not supported inside the closure of `mapv`");
                }
                let var = self.new_var(name, ty, None);
                if ty.rank.is_some() {
                    self.has_lengths_of(var, value);
                }
                self.set_var(var, value);
                Ok(Kind::Variable { var, borrowed: false })
            }
        }
    }

    /// What `op=` or a store changes.
    pub(crate) fn target(&mut self, handle: u32, what: &str) -> Step<Place> {
        match self.kind(handle) {
            Kind::Variable { var, .. } => Ok(var.into()),
            Kind::Place(place) => {
                // The view must be in sight.
                self.read(handle, At::NONE)?;
                Ok(place)
            }
            Kind::Poison => Err(Problem::Reported),
            Kind::Plain(value) if matches!(self.program.values[value].expr, Expr::View { .. }) => {
                mistake(format!(
                    "`{what}`: this view is only to be read; make it with `slice_mut`, `row_mut`, `column_mut` or \
                     `index_axis_mut`, of an array that can be changed"
                ))
            }
            Kind::Plain(value) => {
                let name = self.program.values[value].name.clone();
                let name = name.map_or("a value".to_string(), |name| format!("`{name}`"));
                mistake(format!("`{what}`: {name} cannot be changed; declare it with `let mut`"))
            }
            _ => mistake(format!("`{what}`: only variables can be changed")),
        }
    }

    pub(crate) fn assign(&mut self, target: u32, v: u32, at: At) -> Step<()> {
        match (self.kind(target), self.kind(v)) {
            (Kind::Declared(name), _) => {
                let kind = self.variable(&name, v, at)?;
                self.set_kind(target, kind);
                Ok(())
            }
            _ if let Some([present, value]) = self.option_to_set(target) => {
                let is_nothing = matches!(self.kind(v), Kind::Optional(Held::Nothing));
                let (now, new) = self.option(v, at)?;
                let now = self.handle(Kind::Plain(now));
                if !is_nothing {
                    let new = self.snapshot(new, at)?;
                    let has_parts = |kind: &Kind| matches!(kind, Kind::Tuple(_));
                    if has_parts(&new) != has_parts(&self.kind(value)) {
                        return mistake(
                            "of what has been `None` at first it does not show that it holds several parts: write the type, \
                             `let mut a: Vec<Option<(usize, f64)>> = vec![None; n];`",
                        );
                    }
                    let new = self.handle(new);
                    self.assign(value, new, at)?;
                }
                self.assign(present, now, at)
            }
            (Kind::Tuple(targets), Kind::Tuple(values)) if targets.len() == values.len() => {
                // All are read before the first is assigned, so that variables can change places.
                let mut snapshots = Vec::with_capacity(values.len());
                for value in values {
                    let kind = self.snapshot(value, at)?;
                    snapshots.push(self.handle(kind));
                }
                targets
                    .into_iter()
                    .zip(snapshots)
                    .try_for_each(|(target, value)| self.assign(target, value, at))
            }
            (Kind::Optional(Held::Variable { present, value, .. }), _) => {
                self.assign_option(present, value, v, at)
            }
            (Kind::Element { place, index, .. }, _) => {
                let value = self.scalar(v, "an element", at)?;
                self.put(place, index, value, at).map(drop)
            }
            (Kind::Part { complex, part }, _) => {
                let value = self.scalar(v, "a part of a complex number", at)?;
                self.assign_part(complex, part, value, at)
            }
            (Kind::Place(place @ Place { view: Some(_), var }), _) if self.var_type(var).has_rows() => {
                let (row, value) = (self.place_type(place), self.read(v, at)?);
                let given = self.ty(value);
                if given.rank != row.rank {
                    let [row, given] = [row, given].map(|ty| self.describe(ty));
                    return mistake(format!("{given} is assigned to a row that is {row}"));
                }
                self.unify(row.dtype, given.dtype, "the assignment to a row")?;
                self.update(place, value, at)
            }
            (Kind::Place(_), _) => mistake(
                "a view cannot be made to show another array in a kernel; write `view.assign(&…)` to overwrite its \
                 elements, or bind the other view to a name of its own",
            ),
            _ => {
                let var = self.target(target, "=")?.var;
                let value = self.read_own(v, at)?;
                let (expected, found) = (self.var_types[var.0 as usize], self.ty(value));
                let name = self.var_name(var);
                if expected.rank != found.rank {
                    let (expected, found) = (self.describe(expected), self.describe(found));
                    return mistake(format!("`{name}` is {expected}, but {found} is assigned to it"));
                }
                if self.program.vars[var].param.is_some() {
                    if matches!(self.kind(target), Kind::Variable { borrowed: false, .. }) {
                        self.unify(expected.dtype, found.dtype, &format!("the assignment to `{name}`"))?;
                        return self.overwrite_parameter(var, value, at);
                    }
                    return mistake(format!(
                        "the parameter `{name}` cannot be replaced; write `{name}.assign(&…)` to overwrite its \
                         elements"
                    ));
                }
                // A number behind a reference is set, as a field of a struct is.
                if matches!(self.kind(target), Kind::Variable { borrowed: true, .. })
                    && expected.rank.is_some()
                {
                    return mistake(format!(
                        "a reference to `{name}` cannot be made to refer to another array in a kernel; assign to \
                         the array behind it, `*reference = …`, or swap the arrays themselves, \
                         `(a, b) = (b, a)`"
                    ));
                }
                self.unify(expected.dtype, found.dtype, &format!("the assignment to `{name}`"))?;
                self.set_var(var, value);
                Ok(())
            }
        }
    }

    /// `*a = b` of an array parameter, which lies where it lies: it gets the elements of one of the same shape.
    fn overwrite_parameter(
        &mut self,
        var: parfuse_ir::program::Var,
        value: parfuse_ir::program::Value,
        at: At,
    ) -> Step<()> {
        let rank = self.var_type(var).rank.unwrap_or(0);
        let own = self.read_var(var, at)?;
        let (own, given) = (self.lengths(own, rank, at)?, self.lengths(value, rank, at)?);
        for (axis, (own, given)) in (0..rank).zip(own.into_iter().zip(given)) {
            let same = self.op(ScalarOp::Eq, &[own, given], at)?;
            self.check_with(same, FaultKind::ShapeMismatch { axis }, vec![own, given], at);
        }
        self.update(var.into(), value, at)
    }

    /// The type of what a place holds.
    pub(crate) fn place_type(&self, place: Place) -> Ty {
        place.view.map_or_else(|| self.var_types[place.var.0 as usize], |view| self.ty(view))
    }

    /// What a place holds now.
    pub(crate) fn read_place(&mut self, place: Place, at: At) -> Step<parfuse_ir::program::Value> {
        match place.view {
            Some(view) => Ok(view),
            None => self.read_var(place.var, at),
        }
    }

    /// Overwrites the elements of a place.
    pub(crate) fn update(&mut self, place: Place, value: parfuse_ir::program::Value, at: At) -> Step<()> {
        let loc = self.loc(at);
        self.push(Stmt::Update { place, value, loc });
        Ok(())
    }
}

/// What messages call a value with a declared type that has a name, or none.
pub(crate) fn called(name: &str) -> String {
    match name {
        "" => "this".to_string(),
        phrase if phrase.contains(' ') => phrase.to_string(),
        name => format!("`{name}`"),
    }
}
