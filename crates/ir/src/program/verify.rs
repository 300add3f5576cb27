//! Checks that a Program is well-formed: every id exists, every value is defined once and used where it is
//! visible, and all types and ranks fit.

use super::{
    Block, CallArgument, Cut, Expr, Order, Place, Program, Stmt, Type, Value, Var, VarData, ViewAxis,
};
use crate::arena::Id;
use crate::message::MOST_REPORTED;
use crate::verify::{Scope, Verified, VerifyError, ensure};
use crate::{DType, ElementType, MAX_RANK};

const USIZE: Type = Type::USIZE;
const BOOL: Type = Type::BOOL;

impl Program {
    /// Checks that the program is well-formed.
    ///
    /// # Errors
    /// Names the first statement or value that is not, and why.
    pub fn verify(&self) -> Result<(), VerifyError> {
        for param in &self.params {
            ensure!(
                param.ty.rank().unwrap_or(0) as usize <= most_axes(param.ty),
                "parameter {}: too many axes",
                param.name
            );
            let writable = !param.mutable || param.ty.rank().is_some();
            ensure!(writable, "parameter {}: only arrays can be mutable", param.name);
        }
        for (var, data) in self.vars.iter() {
            let Some(index) = data.param else { continue };
            let same = |other: &VarData| other.param == data.param;
            ensure!(
                self.vars.iter().filter(|(_, other)| same(other)).count() == 1,
                "{var}: shares its parameter"
            );
            let param = self.params.get(index as usize);
            let fits = param.is_some_and(|param| param.mutable && param.ty == data.ty);
            ensure!(fits, "{var}: p{index} is no mutable parameter of type {}", data.ty);
        }
        let mut verifier =
            Verifier { program: self, scope: Scope::new(self.values.len()), exits: 0, unordered: false };
        verifier.statements(&self.body)?;
        self.results.iter().try_for_each(|value| verifier.operand(*value).map(drop))?;
        match self.find_outdated_view() {
            None => Ok(()),
            Some((view, var)) => Err(VerifyError {
                message: format!("{view} is used where {} may have been assigned", self.describe_var(var)),
            }),
        }
    }
}

struct Verifier<'a> {
    program: &'a Program,
    scope: Scope,
    /// How many scopes can be left here.
    exits: u32,
    /// Whether this runs in any order, without a place for random numbers.
    unordered: bool,
}

impl Verifier<'_> {
    /// The type of a value that may be used here.
    fn operand(&self, value: Value) -> Verified<Type> {
        let data = self.program.values.get(value);
        ensure!(data.is_some(), "{value} does not exist");
        let data = &self.program.values[value];
        match &data.expr {
            Expr::Const(scalar) => {
                ensure!(data.ty == Type::scalar(scalar.dtype()), "{value}: {scalar} is no {}", data.ty)
            }
            Expr::Param(index) => {
                let param = self.program.params.get(*index as usize);
                let fits = param.is_some_and(|param| param.ty == data.ty && !param.mutable);
                ensure!(fits, "{value}: p{index} is no immutable parameter of type {}", data.ty);
            }
            _ => ensure!(self.scope.sees(value.index()), "{value} is used where it is not visible"),
        }
        Ok(data.ty)
    }

    /// A value as it prints.
    fn shown(&self, value: Value) -> String {
        self.program.operand_text(value)
    }

    fn typed(&self, value: Value, ty: Type) -> Verified {
        let found = self.operand(value)?;
        ensure!(found == ty, "{} is {found} where {ty} is needed", self.shown(value));
        Ok(())
    }

    fn indices(&self, index: &[Value], rank: u8) -> Verified {
        ensure!(index.len() == rank as usize, "{} indices or lengths for {rank} axes", index.len());
        index.iter().try_for_each(|value| self.typed(*value, USIZE))
    }

    /// The element type and rank of an array.
    fn array(&self, value: Value) -> Verified<(ElementType, u8)> {
        match self.operand(value)? {
            Type::Array(element, rank) => Ok((element, rank)),
            Type::Scalar(_) => {
                let message = format!("{} is a scalar where an array is needed", self.shown(value));
                Err(VerifyError { message })
            }
        }
    }

    fn var(&self, var: Var) -> Verified<&VarData> {
        let data = self.program.vars.get(var);
        data.ok_or_else(|| VerifyError { message: format!("{var} does not exist") })
    }

    /// The element type and rank of what is set elements of.
    fn place(&self, place: Place) -> Verified<(ElementType, u8)> {
        let var = place.var;
        match (self.var(var)?.ty, place.view) {
            (Type::Scalar(_), _) => Err(VerifyError { message: format!("{var} is no array") }),
            (Type::Array(element, rank), None) => Ok((element, rank)),
            (Type::Array(..), Some(view)) => {
                let shown = self.array(view)?;
                let is_view = matches!(self.program.values[view].expr, Expr::View { .. });
                let fits = is_view && self.program.viewed_variable(view) == Some(var);
                ensure!(fits, "{view} is no view of {var}");
                ensure!(self.program.is_injective(view), "{view} shows elements at several indices");
                Ok(shown)
            }
        }
    }

    fn cut(&self, cut: &Cut) -> Verified {
        cut.iter().try_for_each(|operand| {
            let ty = self.operand(*operand)?;
            ensure!(is_integer(ty), "{} is {ty} where an integer is needed", self.shown(*operand));
            Ok(())
        })
    }

    fn define(&mut self, value: Value) -> Verified {
        ensure!(self.scope.define(value.index()), "{value} is defined a second time");
        Ok(())
    }

    fn bind(&mut self, value: Value) -> Verified<Type> {
        let data = self.program.values.get(value);
        ensure!(data.is_some_and(|data| data.expr == Expr::Bound), "{value} is bound but is no bound value");
        self.define(value)?;
        Ok(self.program.ty(value))
    }

    /// A block whose values stay visible.
    fn statements(&mut self, block: &Block) -> Verified {
        block.iter().try_for_each(|stmt| {
            self.stmt(stmt)
                .map_err(|error| VerifyError { message: located(self.program, stmt, error.message) })
        })
    }

    fn nested(&mut self, block: &Block) -> Verified {
        let mark = self.scope.enter();
        self.statements(block)?;
        self.scope.leave(mark);
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Verified {
        match stmt {
            Stmt::Let(value) => {
                let exists = self.program.values.get(*value).is_some();
                ensure!(exists, "{value} does not exist");
                self.expr(*value)?;
                self.define(*value)
            }
            Stmt::Assign { var, value } => {
                let data = self.var(*var)?;
                ensure!(data.param.is_none(), "{var} is a parameter: it can be updated, not replaced");
                self.typed(*value, data.ty)
            }
            Stmt::Store { place, index, value, .. } => {
                let (element, rank) = self.place(*place)?;
                self.indices(index, rank)?;
                self.typed(*value, Type::scalar(element))
            }
            Stmt::Update { place, value, .. } => {
                let (element, rank) = self.place(*place)?;
                let found = self.operand(*value)?;
                let fits = found.element() == element && found.rank().unwrap_or(0) <= rank;
                ensure!(
                    fits,
                    "{} is {found}, which does not broadcast to [{element}; {rank}]",
                    self.shown(*value)
                );
                Ok(())
            }
            Stmt::Resize { var, length, .. } => {
                let data = self.var(*var)?;
                ensure!(data.param.is_none(), "{var} is a parameter: its length is the caller's");
                ensure!(
                    data.ty.rank().is_some_and(|rank| rank > 0),
                    "{var} is {}, which has no length",
                    data.ty
                );
                self.typed(*length, USIZE)
            }
            Stmt::If { cond, then, otherwise } => {
                self.typed(*cond, BOOL)?;
                self.nested(then)?;
                self.nested(otherwise)
            }
            Stmt::While { header, cond, body } => {
                let mark = self.scope.enter();
                // A condition that was left would have no value.
                let exits = std::mem::take(&mut self.exits);
                self.statements(header)?;
                self.exits = exits;
                self.typed(*cond, BOOL)?;
                self.scope.leave(mark);
                self.nested(body)
            }
            Stmt::For { index, start, end, step, order, until, body, .. } => {
                let ty = self.operand(*start)?;
                ensure!(is_integer(ty), "{} is {ty} where an integer is needed", self.shown(*start));
                self.typed(*end, ty)?;
                self.typed(*step, USIZE)?;
                if let Some(until) = until {
                    ensure!(!order.is_parallel(), "{index}: a parallel loop runs to its end");
                    ensure!(self.var(*until)?.ty == BOOL, "{until} is no truth value to end a loop");
                }
                let mark = self.scope.enter();
                let bound = self.bind(*index)?;
                ensure!(bound == ty, "{index} is {bound} but counts over {ty}");
                let exits = if order.is_parallel() { std::mem::take(&mut self.exits) } else { self.exits };
                let unordered = self.unordered;
                self.unordered = *order == Order::Unordered || unordered && *order == Order::Serial;
                self.statements(body)?;
                self.exits = exits;
                self.unordered = unordered;
                self.scope.leave(mark);
                Ok(())
            }
            Stmt::Scope { body } => {
                self.exits += 1;
                self.nested(body)?;
                self.exits -= 1;
                Ok(())
            }
            Stmt::Leave { outward, .. } => {
                ensure!(*outward < self.exits, "leaves scope {outward} of {}", self.exits);
                Ok(())
            }
            Stmt::Call { function, arguments, results, .. } => {
                let Some(function) = self.program.files.host(*function) else {
                    return Err(VerifyError { message: format!("function {function} does not exist") });
                };
                let params = arguments.len() == function.params.len();
                ensure!(params, "{} arguments for `{}`", arguments.len(), function.name);
                for (argument, (ty, mutable)) in arguments.iter().zip(&function.params) {
                    match argument {
                        CallArgument::Value(value) => {
                            ensure!(!mutable, "`{}` writes to {}", function.name, self.shown(*value));
                            self.typed(*value, *ty)?;
                        }
                        CallArgument::Place(place) => {
                            let (dtype, rank) = self.place(*place)?;
                            let fits = *mutable && Type::array(dtype, rank) == *ty;
                            ensure!(fits, "{place} is an array of {dtype} for {ty}");
                        }
                    }
                }
                ensure!(results.len() == function.results.len(), "{} results", results.len());
                for (var, ty) in results.iter().zip(&function.results) {
                    let data = self.var(*var)?;
                    ensure!(data.ty == *ty && data.param.is_none(), "{var} takes no {ty}");
                }
                Ok(())
            }
            Stmt::Check { ok, kind, args, .. } => {
                ensure!(args.len() <= MOST_REPORTED, "{} values to report", args.len());
                args.iter().try_for_each(|arg| match self.operand(*arg)? {
                    Type::Scalar(ElementType::Real(_)) if kind.reports_any() => Ok(()),
                    _ => self.typed(*arg, USIZE),
                })?;
                self.typed(*ok, BOOL)
            }
        }
    }

    fn expr(&mut self, value: Value) -> Verified {
        // The program is borrowed apart from the verifier, whose scope changes in the body of a map.
        let program = self.program;
        let data = &program.values[value];
        ensure!(data.ty.rank().unwrap_or(0) as usize <= most_axes(data.ty), "{value}: too many axes");
        let result = match &data.expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => {
                return Err(VerifyError {
                    message: format!("{value}: a leaf, which no statement defines it"),
                });
            }
            Expr::Var(var) => self.var(*var)?.ty,
            Expr::Op(op, operands) => {
                let types =
                    operands.iter().map(|operand| self.operand(*operand)).collect::<Verified<Vec<_>>>()?;
                let elements: Vec<ElementType> = types.iter().map(|ty| ty.element()).collect();
                let Some(element) = ElementType::of_operation(*op, &elements) else {
                    return Err(VerifyError {
                        message: format!("{value}: {op} does not apply to {}", list(&elements)),
                    });
                };
                match types.iter().filter_map(|ty| ty.rank()).max() {
                    Some(rank) => Type::Array(element, rank),
                    None => Type::Scalar(element),
                }
            }
            Expr::Cast(operand) => {
                let from = self.operand(*operand)?;
                ensure!(!from.is_complex(), "{value}: {} has an imaginary part", self.shown(*operand));
                from.with_element(data.ty.element())
            }
            Expr::Complex { re, im } => {
                let (re, im) = (self.operand(*re)?, self.operand(*im)?);
                ensure!(re == im, "{value}: a complex number of {re} and {im}");
                let part = re.element().real().filter(|part| part.is_float());
                let Some(part) = part else {
                    return Err(VerifyError { message: format!("{value}: a complex number of {re}") });
                };
                re.with_element(ElementType::Complex(part))
            }
            Expr::Part { complex, .. } => {
                let ty = self.operand(*complex)?;
                ensure!(ty.is_complex(), "{value}: {} is {ty}, no complex number", self.shown(*complex));
                ty.with_element(ty.dtype())
            }
            Expr::Index { array, index } => {
                let (element, rank) = self.array(*array)?;
                self.indices(index, rank)?;
                Type::Scalar(element)
            }
            Expr::Dim { array, axis } => {
                let (_, rank) = self.array(*array)?;
                ensure!(*axis < rank, "{value}: {} has no axis {axis}", self.shown(*array));
                USIZE
            }
            Expr::Len(array) => {
                self.array(*array)?;
                USIZE
            }
            Expr::Fill { shape, value: element } => {
                self.indices(shape, shape.len() as u8)?;
                self.typed(*element, Type::Scalar(data.ty.element()))?;
                Type::Array(data.ty.element(), shape.len() as u8)
            }
            Expr::Reshape { array, shape } => {
                let (element, _) = self.array(*array)?;
                self.indices(shape, shape.len() as u8)?;
                Type::Array(element, shape.len() as u8)
            }
            Expr::Copy(array) => {
                let (element, rank) = self.array(*array)?;
                Type::Array(element, rank)
            }
            Expr::View { array, view } => {
                let (element, rank) = self.array(*array)?;
                view.cuts.iter().try_for_each(|cut| self.cut(cut))?;
                let lengths = view.axes.iter().flat_map(ViewAxis::iter);
                lengths.copied().try_for_each(|length| self.typed(length, USIZE))?;
                ensure!(
                    view.is_of_rank(rank),
                    "{value}: a view of other axes than {} has",
                    self.shown(*array)
                );
                Type::Array(element, view.rank())
            }
            Expr::Random { distribution, operands, shape } => {
                ensure!(!self.unordered, "{value}: an unordered loop draws nothing");
                let element = data.ty.element();
                let Some(dtype) = element.real().filter(|dtype| distribution.applies_to(*dtype)) else {
                    return Err(VerifyError { message: format!("{value}: no {distribution} of {element}") });
                };
                let count = operands.len();
                ensure!(count == distribution.operands(), "{value}: {distribution} of {count} operands");
                let ty = Type::scalar(distribution.operand_type(dtype));
                operands.iter().try_for_each(|operand| self.typed(*operand, ty))?;
                self.indices(shape, data.ty.rank().unwrap_or(0))?;
                data.ty
            }
            Expr::Map { arrays, params, body, results } => {
                return self.map(value, arrays, params, body, results);
            }
            Expr::Reduce { fold, array, axis } => {
                let (element, rank) = self.array(*array)?;
                let Some(result) = ElementType::of_fold(*fold, element) else {
                    return Err(VerifyError { message: format!("{value}: no {} of {element}", fold.name()) });
                };
                match axis {
                    None => Type::scalar(result),
                    Some(axis) => {
                        ensure!(*axis < rank, "{value}: no axis {axis} of {rank}");
                        Type::array(result, rank - 1)
                    }
                }
            }
        };
        ensure!(data.ty == result, "{value}: declared {} but is {result}", data.ty);
        Ok(())
    }

    fn map(
        &mut self,
        value: Value,
        arrays: &[Value],
        params: &[Value],
        body: &Block,
        results: &[Value],
    ) -> Verified {
        ensure!(!results.is_empty(), "{value}: a map without results");
        let same = arrays.len() == params.len() && !arrays.is_empty();
        ensure!(same, "{value}: {} arrays for {} parameters", arrays.len(), params.len());
        let mark = self.scope.enter();
        let (_, first_rank) = self.array(arrays[0])?;
        for (array, param) in arrays.iter().zip(params) {
            let (element, rank) = self.array(*array)?;
            ensure!(
                rank <= first_rank,
                "{value}: {} has more axes than {}",
                self.shown(*array),
                self.shown(arrays[0])
            );
            let bound = self.bind(*param)?;
            ensure!(
                bound == Type::Scalar(element),
                "{value}: {param} is {bound} but walks through {element}"
            );
        }
        let exits = std::mem::take(&mut self.exits);
        self.statements(body)?;
        self.exits = exits;
        let ty = self.program.ty(value);
        results.iter().try_for_each(|result| self.typed(*result, Type::Scalar(ty.element())))?;
        self.scope.leave(mark);
        let rank = first_rank + (results.len() > 1) as u8;
        ensure!(ty == Type::Array(ty.element(), rank), "{value}: declared {ty} but has {rank} axes");
        ensure!(rank as usize <= most_axes(ty), "{value}: {rank} axes are too many");
        Ok(())
    }
}

/// Whether values of a type can be indices.
fn is_integer(ty: Type) -> bool {
    ty.rank().is_none() && ty.element().real().is_some_and(DType::is_int)
}

/// The most axes that an array of such elements has: the parts of complex numbers in memory take one.
fn most_axes(ty: Type) -> usize {
    MAX_RANK - ty.is_complex() as usize
}

/// Types as they stand in a row.
fn list(elements: &[ElementType]) -> String {
    elements.iter().map(ElementType::to_string).collect::<Vec<_>>().join(", ")
}

/// The message with the statement in front, for statements that are not blocks.
fn located(program: &Program, stmt: &Stmt, message: String) -> String {
    match stmt {
        Stmt::Let(value) if message.starts_with(&format!("{value}:")) => message,
        Stmt::Let(value) => format!("{value}: {message}"),
        Stmt::Assign { var, .. } => format!("assignment to {}: {message}", program.describe_var(*var)),
        Stmt::Store { place, .. } => format!("store to {}: {message}", program.describe_var(place.var)),
        Stmt::Update { place, .. } => format!("update of {}: {message}", program.describe_var(place.var)),
        Stmt::Resize { var, .. } => format!("resizing of {}: {message}", program.describe_var(*var)),
        Stmt::Check { kind, .. } => format!("check for {kind}: {message}"),
        Stmt::Call { .. } => format!("call: {message}"),
        Stmt::For { index, .. } if !message.contains(": ") => format!("loop over {index}: {message}"),
        Stmt::Leave { .. } => format!("leave: {message}"),
        Stmt::If { .. } | Stmt::While { .. } | Stmt::For { .. } | Stmt::Scope { .. } => message,
    }
}
