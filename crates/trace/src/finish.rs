//! The end of tracing: all types inferred, the program completed and checked.
//!
//! ```text
//! types        literals that met no other type become i32 or f64
//! constants    literals take their type; one that does not fit is a mistake
//! operations   each must apply to its operands' types
//! checks       division checks whose divisor turned out a float go away
//! ownership    a variable takes over an array that nothing else uses later, and a copy of any other
//! ```

use crate::errors::{At, Complaint, Step, TraceError, mistake};
use crate::state::{Literal, State};
use crate::{DeclaredType, Tracer, Value, ownership, random};
use parfuse_ir::program::{self, Expr, Program, Stmt, Type, walk};
use parfuse_ir::{DType, ElementType, Fold, Loc, MAX_RANK, Scalar, ScalarOp};
use std::collections::HashSet;

/// What a kernel is declared to return.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReturnKind {
    /// Whatever its value is.
    Any,
    /// Nothing, one type, or the types of a tuple.
    Types(Vec<DeclaredType>),
}

impl From<&[Type]> for ReturnKind {
    fn from(types: &[Type]) -> ReturnKind {
        ReturnKind::Types(types.iter().map(|ty| DeclaredType::Known(*ty)).collect())
    }
}
impl<const N: usize> From<&[Type; N]> for ReturnKind {
    fn from(types: &[Type; N]) -> ReturnKind {
        ReturnKind::from(&types[..])
    }
}
impl From<&Vec<Type>> for ReturnKind {
    fn from(types: &Vec<Type>) -> ReturnKind {
        ReturnKind::from(&types[..])
    }
}
impl From<Vec<Type>> for ReturnKind {
    fn from(types: Vec<Type>) -> ReturnKind {
        ReturnKind::from(&types[..])
    }
}
impl From<Vec<DeclaredType>> for ReturnKind {
    fn from(types: Vec<DeclaredType>) -> ReturnKind {
        ReturnKind::Types(types)
    }
}

impl Tracer {
    /// Completes the program, with `result` as what the kernel returns. The tracer is empty afterwards.
    ///
    /// # Errors
    /// All mistakes found while tracing and now.
    pub fn finish(&self, result: Value<'_>, expected: impl Into<ReturnKind>) -> Result<Program, TraceError> {
        let expected = expected.into();
        let result = self.id(result);
        let mut state = self.with(|state| {
            let name = state.program.name.clone();
            std::mem::replace(state, State::new(&name))
        });
        if let Err(crate::errors::Problem::Mistake(message)) = state.returns(result, &expected) {
            state.complaints.push(Complaint { place: String::new(), message });
        }
        state.program.body = state.close();
        state.types.default_literals();
        state.settle_types();
        if state.complaints.is_empty() {
            state.settle_literals();
        }
        if state.complaints.is_empty() {
            state.check_operations();
            state.settle_messages();
            state.check_overflow();
        }
        if !state.complaints.is_empty() {
            // A kernel that is called in several places has its mistakes once.
            let mut seen = HashSet::new();
            state.complaints.retain(|complaint| seen.insert(complaint.clone()));
            let kernel = state.program.name;
            return Err(TraceError { kernel, ranks: Vec::new(), complaints: state.complaints });
        }
        state.drop_float_checks();
        ownership::take_copies(&mut state.program);
        if let Some((view, var)) = state.program.find_outdated_view() {
            let data = &state.program.values[view];
            let place = state.program.files.describe(data.loc);
            let view = data.name.as_ref().map_or("a view".to_string(), |name| format!("the view `{name}`"));
            let var = &state.program.vars[var].name;
            let message = format!(
                "{view} of `{var}` is used after `{var}` may have been assigned another array; make the view again"
            );
            return Err(TraceError {
                kernel: state.program.name,
                ranks: Vec::new(),
                complaints: vec![Complaint { place, message }],
            });
        }
        Ok(state.program)
    }
}

impl State {
    fn returns(&mut self, result: u32, expected: &ReturnKind) -> Step<()> {
        let items = self.results_of(result, At::NONE)?;
        let (mut results, mut vectors) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items {
            let item = self.as_present(item, At::NONE)?;
            let value = self.read(item, At::NONE)?;
            // A result is a buffer of its own.
            let is_array = self.ty(value).rank.is_some();
            let is_fresh =
                !matches!(self.program.values[value].expr, Expr::Param(_) | Expr::Var(_) | Expr::View { .. });
            let is_moved_variable = matches!(self.program.values[value].expr,
                Expr::Var(var) if self.program.vars[var].param.is_none());
            let is_new = (is_fresh || is_moved_variable) && !self.is_same_result(&results, value);
            let is_last = self.is_of_vector(&self.kind(item)) && !self.is_same_result(&results, value);
            if is_last {
                vectors.push((results.len(), item));
            }
            results.push(if is_array && !is_new && !is_last { self.copy(value, At::NONE)? } else { value });
        }
        for (position, vector) in vectors {
            if let Some(array) = self.last_of_vector(vector)? {
                results[position] = array;
            }
        }
        if let ReturnKind::Types(types) = expected {
            let types: Vec<DeclaredType> = types.iter().flat_map(|ty| ty.flattened()).collect();
            if types.len() != results.len() {
                let (declared, found) = (types.len(), results.len());
                return mistake(format!(
                    "the kernel is declared to return {declared} values, but gives {found}"
                ));
            }
            for (ty, value) in types.iter().zip(&results) {
                let found = self.ty(*value);
                let dtype = ty.element().map(|element| self.types.of(element));
                let fits = dtype.is_some_and(|dtype| self.types.unify(dtype, found.dtype).is_ok());
                if !ty.admits_rank(found.rank) || !fits {
                    let found = self.describe(found);
                    return mistake(format!("the kernel is declared to return {ty}, but gives {found}"));
                }
            }
        }
        self.program.results = results;
        Ok(())
    }

    /// Whether a result is already among the results, by itself or through the same variable, of which it may be a part.
    fn is_same_result(&self, results: &[program::Value], value: program::Value) -> bool {
        let variable = |value: program::Value| self.program.viewed_variable(value);
        results.iter().any(|other| {
            *other == value || (variable(value).is_some() && variable(*other) == variable(value))
        })
    }

    fn complain_at(&mut self, loc: Loc, message: String) {
        let place = self.program.files.describe(loc);
        self.complaints.push(Complaint { place, message });
    }

    fn settle_types(&mut self) {
        for value in self.program.values.ids() {
            let ty = self.value_types[value.0 as usize];
            match self.types.element(ty.dtype) {
                Some(element) => {
                    let data = &mut self.program.values[value];
                    data.ty = data.ty.with_element(element);
                    // One operator, two operations: only now it is known which.
                    if let (Expr::Op(op @ ScalarOp::Rem, _), true) =
                        (&mut data.expr, element.real().is_some_and(DType::is_float))
                    {
                        *op = ScalarOp::Fmod;
                    }
                }
                None => {
                    let data = &self.program.values[value];
                    // Only where a type enters: everything computed from it has the same trouble.
                    let what = match &data.expr {
                        Expr::Random { distribution, .. } => {
                            let name = random::name(*distribution);
                            format!("`{name}`: write `{name}::<f64>()`")
                        }
                        Expr::Fill { .. } => "a new array: write `Array1::<f64>::zeros(n)`".to_string(),
                        _ => continue,
                    };
                    let loc = data.loc;
                    self.complain_at(loc, format!("the element type cannot be inferred of {what}"));
                }
            }
        }
        for var in self.program.vars.ids() {
            if let Some(element) = self.types.element(self.var_types[var.0 as usize].dtype) {
                let data = &mut self.program.vars[var];
                data.ty = data.ty.with_element(element);
            }
        }
    }

    fn settle_literals(&mut self) {
        let mut literals: Vec<(program::Value, Literal)> = self.literals.drain().collect();
        literals.sort_by_key(|(value, _)| *value);
        for (value, literal) in literals {
            let element = self.program.ty(value).element();
            let dtype = element.part();
            let scalar = match literal {
                Literal::Integer(number) => dtype.integer(number),
                Literal::Float(number) => Some(float_of_type(number, dtype)),
            };
            match (scalar, literal) {
                (Some(scalar), _) if element.is_complex() => self.settle_complex_literal(value, scalar),
                (Some(scalar), _) => self.program.values[value].expr = Expr::Const(scalar),
                // Nothing uses it; what stands here does not matter, but must be of the type.
                (None, _) if self.is_replaced(value) => {
                    self.program.values[value].expr = Expr::Const(dtype.zero());
                }
                (None, Literal::Integer(number)) => {
                    let loc = self.program.values[value].loc;
                    self.complain_at(loc, format!("the literal {number} is out of range for {dtype}"));
                }
                (None, _) => {}
            }
        }
    }

    /// A literal that turned out complex, the zeros of an array for instance, is made in front of all else.
    fn settle_complex_literal(&mut self, value: program::Value, scalar: Scalar) {
        let loc = self.program.values[value].loc;
        let [re, im] = [scalar, scalar.dtype().zero()]
            .map(|part| self.program.value(Expr::Const(part), Type::scalar(part.dtype()), loc));
        self.program.values[value].expr = Expr::Complex { re, im };
        self.program.body.insert(0, Stmt::Let(value));
    }

    fn check_operations(&mut self) {
        let mut complaints = self.complaints_about_axes();
        for (_, data) in self.program.values.iter() {
            match &data.expr {
                Expr::Op(op, operands) => {
                    let elements: Vec<ElementType> =
                        operands.iter().map(|operand| self.program.ty(*operand).element()).collect();
                    if ElementType::of_operation(*op, &elements) != Some(data.ty.element()) {
                        let types: Vec<String> = elements.iter().map(|element| element.rust_name()).collect();
                        let types = types.join(" and ");
                        let message = format!("the operation `{op}` does not apply to {types}");
                        complaints.push((data.loc, message));
                    }
                }
                Expr::Random { distribution, .. }
                    if data.ty.element().real().is_none_or(|dtype| !distribution.applies_to(dtype)) =>
                {
                    let element = data.ty.element();
                    complaints.push((
                        data.loc,
                        format!(
                            "`{}` does not apply to {}",
                            random::name(*distribution),
                            element.rust_name()
                        ),
                    ));
                }
                Expr::Reduce { fold, array, .. } => {
                    let element = self.program.ty(*array).element();
                    if ElementType::of_fold(*fold, element).is_none() {
                        let name = if *fold == Fold::Deviations { "var" } else { fold.name() };
                        let message = format!("`{name}` does not apply to arrays of {}", element.rust_name());
                        complaints.push((data.loc, message));
                    }
                }
                _ => {}
            }
        }
        // The check that a division comes with has the same trouble as the division.
        complaints.dedup();
        for (loc, message) in complaints {
            self.complain_at(loc, message);
        }
    }

    /// The parts of complex numbers take an axis of an array.
    fn complaints_about_axes(&self) -> Vec<(Loc, String)> {
        let too_many = |ty: Type| ty.is_complex() && ty.rank().is_some_and(|rank| rank as usize >= MAX_RANK);
        let most = MAX_RANK - 1;
        let message = |what: &str| format!("{what}: arrays of complex numbers have at most {most} axes");
        let params = self.program.params.iter().filter(|param| too_many(param.ty));
        let values = self.program.values.iter().filter(|(_, data)| too_many(data.ty) && !data.expr.is_leaf());
        let params = params.map(|param| (Loc::NONE, message(&format!("`{}`", param.name))));
        params.chain(values.map(|(_, data)| (data.loc, message("this array")))).collect()
    }

    /// Removes the division checks that turned out to concern floats, with what was computed only for them.
    fn drop_float_checks(&mut self) {
        let mut dropped = HashSet::new();
        for check in &self.integer_checks {
            if self
                .types
                .element(check.divisor)
                .is_some_and(|divisor| !divisor.real().is_some_and(DType::is_int))
            {
                dropped.extend(check.values.clone());
            }
        }
        if dropped.is_empty() {
            return;
        }
        walk::each_block_mut(&mut self.program, |block| {
            block.retain(|stmt| match stmt {
                Stmt::Check { ok: value, .. } | Stmt::Let(value) => !dropped.contains(&(value.0 as usize)),
                _ => true,
            });
        });
    }
}

/// A decimal number in the source is rounded once, to its type: it is taken from the shortest text of the
/// `f64`, which is the text of the source unless that has more digits than an `f64` can hold.
fn float_of_type(number: f64, dtype: DType) -> Scalar {
    let once = |dtype: DType| dtype.parse(&format!("{number:e}"));
    let narrow = Some(dtype).filter(|dtype| dtype.is_float() && dtype.bits() < 64);
    narrow.and_then(once).unwrap_or(Scalar::F64(number).cast(dtype))
}
