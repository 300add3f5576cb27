//! What branches and exits give: values that variables carry out of their blocks.
//!
//! ```text
//! if c { (1, Some(x)) } else { (2, None) }
//!
//! if c { m0 = 1; m1 = true;  m2 = x }        shape  (m0, Option { m1, m2 })
//! else { m0 = 2; m1 = false; m2 = 0 }
//! ```
//!
//! What a block gives is taken apart into [`Leaves`] inside it. A [`Shape`] has a variable for each, and a handle is made of
//! those behind the blocks. Of `None` nobody knows what it could hold, until a `Some` of the same place tells.

use crate::errors::{At, Step, mistake};
use crate::records::{Items, Whole};
use crate::state::{Held, Kind, Literal, State};
use parfuse_ir::program::{Block, Stmt, Value, Var};
use parfuse_ir::{FaultKind, Scalar};

/// What a block gives: a tree with values at its leaves.
pub(crate) enum Leaves {
    Value(Value),
    Tuple(Whole, Vec<Leaves>),
    /// Nothing: it gives up.
    Never,
    /// Whether there is anything, and what.
    Option {
        present: Value,
        held: Option<Box<Leaves>>,
        fault: FaultKind,
        /// Whether it is a `Result` that has the same thing in either case.
        either: bool,
    },
    /// Whether one is less, and greater.
    Ordering([Value; 2]),
}

/// The variables that carry it.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Value(Var),
    Tuple(Whole, Vec<Shape>),
    /// None yet: what gave up before would have had any type.
    Never,
    Option {
        present: Var,
        held: Option<Box<Shape>>,
        fault: FaultKind,
        either: bool,
    },
    Ordering([Var; 2]),
}

/// What gives the same value in several ways.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Giver {
    /// The branches of an `if`.
    Branches,
    /// The exits of a scope.
    Exits,
}

impl Giver {
    /// What variables for it are called.
    fn name(self) -> &'static str {
        match self {
            Giver::Branches => "merged",
            Giver::Exits => "given",
        }
    }

    fn different_types(self, new: &str, before: &str) -> String {
        match self {
            Giver::Branches => format!("the branches of `if` give different types: {before} and {new}"),
            Giver::Exits => format!("this gives {new} where an exit before gives {before}"),
        }
    }

    fn different_shapes(self) -> &'static str {
        match self {
            Giver::Branches => "the branches of `if` give different types: values and tuples, or `()`",
            Giver::Exits => "exits of one function or loop give different types: values and tuples, or `()`",
        }
    }
}

impl Shape {
    /// All variables, from left to right.
    pub(crate) fn vars(&self) -> Vec<Var> {
        match self {
            Shape::Value(var) => vec![*var],
            Shape::Tuple(_, items) => items.iter().flat_map(Shape::vars).collect(),
            Shape::Never => Vec::new(),
            Shape::Option { present, held, .. } => {
                std::iter::once(*present).chain(held.iter().flat_map(|held| held.vars())).collect()
            }
            Shape::Ordering(vars) => vars.to_vec(),
        }
    }
}

impl State {
    /// Takes apart what a handle stands for, inside the block that gives it.
    pub(crate) fn leaves(&mut self, handle: u32, at: At) -> Step<Leaves> {
        match self.kind(handle) {
            Kind::Tuple(_) if let Some(parts) = self.option_to_set(handle) => {
                let now = self.option_of(&parts, at)?;
                let now = self.handle(now);
                self.leaves(now, at)
            }
            Kind::Tuple(items) => {
                let of = items.of;
                let leaves: Step<Vec<Leaves>> = items.into_iter().map(|item| self.leaves(item, at)).collect();
                Ok(Leaves::Tuple(of, leaves?))
            }
            Kind::Optional(Held::Value { present, value, fault }) => {
                let held = Some(Box::new(self.leaves(value, at)?));
                Ok(Leaves::Option { present, held, fault, either: false })
            }
            Kind::Optional(Held::Either { present, value }) => {
                let held = Some(Box::new(self.leaves(value, at)?));
                Ok(Leaves::Option { present, held, fault: FaultKind::NoValue, either: true })
            }
            Kind::Optional(Held::Nothing) => {
                let present = self.constant(Scalar::Bool(false), at);
                Ok(Leaves::Option { present, held: None, fault: FaultKind::NoValue, either: false })
            }
            Kind::Optional(Held::Variable { .. }) => {
                let now = self.snapshot(handle, at)?;
                let now = self.handle(now);
                self.leaves(now, at)
            }
            Kind::Ordering { less, greater } => Ok(Leaves::Ordering([less, greater])),
            Kind::Never => Ok(Leaves::Never),
            kind @ Kind::Place(_) if self.is_of_vector(&kind) => {
                let present = self.read(handle, at)?;
                Ok(Leaves::Value(self.copy(present, at)?))
            }
            Kind::Place(_) => {
                mistake("a view to write cannot be the value of a branch; write it inside the branches")
            }
            Kind::Range(_)
            | Kind::Sequence(_)
            | Kind::Closure(_)
            | Kind::Zip(_)
            | Kind::Optional(Held::Sure(_))
            | Kind::Lengths(_)
            | Kind::Slice(_) => {
                mistake("the value of a branch must be a scalar, an array, an option or a tuple of them")
            }
            _ => Ok(Leaves::Value(self.read_own(handle, at)?)),
        }
    }

    /// New variables for what a block gives.
    pub(crate) fn carriers(&mut self, leaves: &Leaves, giver: Giver) -> Step<Shape> {
        Ok(match leaves {
            Leaves::Value(value) => Shape::Value(self.carrier(*value, giver)),
            Leaves::Tuple(of, items) => {
                let items: Step<Vec<Shape>> = items.iter().map(|item| self.carriers(item, giver)).collect();
                Shape::Tuple(*of, items?)
            }
            Leaves::Never => Shape::Never,
            Leaves::Option { present, held, fault, either } => {
                let present = self.carrier(*present, giver);
                let held = held.as_ref().map(|held| self.carriers(held, giver)).transpose()?;
                Shape::Option { present, held: held.map(Box::new), fault: *fault, either: *either }
            }
            Leaves::Ordering(values) => Shape::Ordering(values.map(|value| self.carrier(value, giver))),
        })
    }

    fn carrier(&mut self, value: Value, giver: Giver) -> Var {
        let ty = self.ty(value);
        let name = format!("{}{}", giver.name(), self.program.vars.len());
        let var = self.new_var(&name, ty, None);
        self.has_lengths_of(var, value);
        var
    }

    /// Gives the variables of a shape what a block gives: statements at its end. A shape that had only seen `None` learns what
    /// a `Some` holds.
    pub(crate) fn carry(
        &mut self,
        leaves: &Leaves,
        shape: &mut Shape,
        giver: Giver,
        end: &mut Block,
        at: At,
    ) -> Step<()> {
        match (leaves, shape) {
            (Leaves::Never, shape) => {
                end.extend(self.unused_values(&shape.vars(), at)?);
                Ok(())
            }
            (leaves, shape @ Shape::Never) => {
                let mut new = self.carriers(leaves, giver)?;
                self.carry(leaves, &mut new, giver, end, at)?;
                *shape = new;
                Ok(())
            }
            (Leaves::Value(value), Shape::Value(var)) => self.carry_value(*value, *var, giver, end),
            (Leaves::Tuple(given, items), Shape::Tuple(of, shapes))
                if items.len() == shapes.len() && given == of =>
            {
                items.iter().zip(shapes).try_for_each(|(item, shape)| self.carry(item, shape, giver, end, at))
            }
            (Leaves::Option { present, held, .. }, Shape::Option { present: var, held: shape, .. }) => {
                self.carry_value(*present, *var, giver, end)?;
                match (held, shape) {
                    (Some(held), Some(shape)) => self.carry(held, shape, giver, end, at),
                    (Some(held), shape @ None) => {
                        let mut new = self.carriers(held, giver)?;
                        self.carry(held, &mut new, giver, end, at)?;
                        *shape = Some(Box::new(new));
                        Ok(())
                    }
                    (None, Some(shape)) => self.carry_zeros(shape, end, at),
                    (None, None) => Ok(()),
                }
            }
            (Leaves::Ordering(values), Shape::Ordering(vars)) => values
                .iter()
                .zip(vars)
                .try_for_each(|(value, var)| self.carry_value(*value, *var, giver, end)),
            _ => mistake(giver.different_shapes()),
        }
    }

    fn carry_value(&mut self, value: Value, var: Var, giver: Giver, end: &mut Block) -> Step<()> {
        let (given, carried) = (self.ty(value), self.var_type(var));
        if given.rank != carried.rank || self.types.unify(given.dtype, carried.dtype).is_err() {
            let (given, carried) = (self.describe(given), self.describe(carried));
            return mistake(giver.different_types(&given, &carried));
        }
        if giver == Giver::Branches && self.map_depth > 0 && given.rank.is_some() {
            return mistake("choosing between arrays is not supported inside the closure of `mapv`");
        }
        end.push(Stmt::Assign { var, value });
        Ok(())
    }

    /// What nobody looks at behind a `None`.
    fn carry_zeros(&mut self, shape: &Shape, end: &mut Block, at: At) -> Step<()> {
        for var in shape.vars() {
            let value = self.nothing(var, at)?;
            end.push(Stmt::Assign { var, value });
        }
        Ok(())
    }

    /// Zero, for a variable that nobody looks at; zeros for an array, or no elements where it is not known how many it would have.
    pub(crate) fn nothing(&mut self, var: Var, at: At) -> Step<Value> {
        let ty = self.var_type(var);
        let Some(rank) = ty.rank else { return Ok(self.literal(Literal::Integer(0), ty.dtype, at)) };
        match self.lengths_of_var(var) {
            Some(lengths) => self.fixed_zeros(&lengths, ty.dtype, at),
            None => self.empty_array(ty.dtype, rank, at),
        }
    }

    /// Has the variables of a shape begin with zeros, but arrays that all that gives something gives: not those that are `late`,
    /// of which a `None` before did not know.
    pub(crate) fn begin_carriers(&mut self, shape: &Shape, late: &[Var], at: At) -> Step<()> {
        for var in shape.vars() {
            if self.var_type(var).rank.is_none() || late.contains(&var) {
                let value = self.nothing(var, at)?;
                self.push(Stmt::Assign { var, value });
            }
        }
        Ok(())
    }

    /// The handle of what was carried out.
    pub(crate) fn carried(&mut self, shape: &Shape, at: At) -> Step<Kind> {
        Ok(match shape {
            Shape::Value(var) => Kind::Plain(self.read_var(*var, at)?),
            Shape::Tuple(of, items) => {
                let mut handles = Vec::with_capacity(items.len());
                for item in items {
                    let kind = self.carried(item, at)?;
                    handles.push(self.handle(kind));
                }
                Kind::Tuple(Items::with(*of, handles))
            }
            Shape::Never => Kind::Never,
            Shape::Option { held: None, .. } => Kind::Optional(Held::Nothing),
            Shape::Option { present, held: Some(held), fault, either } => {
                let present = self.read_var(*present, at)?;
                let value = self.carried(held, at)?;
                if *either {
                    return Ok(Kind::Optional(Held::Either { present, value: self.handle(value) }));
                }
                Kind::Optional(Held::Value { present, value: self.handle(value), fault: *fault })
            }
            Shape::Ordering([less, greater]) => {
                Kind::Ordering { less: self.read_var(*less, at)?, greater: self.read_var(*greater, at)? }
            }
        })
    }
}
