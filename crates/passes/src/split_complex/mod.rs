//! Makes two real values of every complex one.
//!
//! ```text
//! program p(w: complex<f64>, a: [complex<f64>; 1])   program p("w.re": f64, "w.im": f64, a: [f64; 2])
//!                                                      v5 = view a[.., 0usize]
//!                                                  ⇒   v6 = view a[.., 1usize]
//!   v2 = add a, w                                      v7 = add v5, "w.re"
//!                                                      v8 = add v6, "w.im"
//! ```
//!
//! Scalars, variables and local arrays become two. Where others lay the parts side by side, in array parameters and
//! results, there is one real array with one axis more, and two views of it: what is stored in a result goes through the
//! loops that compute it. A variable that becomes a result has such an array from the start.
//!
//! What operations mean is in `operations`, closures over elements are in `maps`, products of arrays in `products`, what
//! functions outside take and return is in `calls`. All bits are those of `num-complex`.

mod calls;
mod maps;
mod operations;
mod products;

use crate::Changed;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::program::{Block, Cut, Expr, Param, Place, Program, Stmt, Type, Value, Var, VarData, View};
use parfuse_ir::program::{ViewAxis, walk};
use parfuse_ir::{ElementType, Fold, Loc, Part, ReduceOp, Scalar, ScalarOp};

/// Replaces complex numbers by their parts.
pub fn split_complex(program: &mut Program) -> Changed {
    let is_complex = program.params.iter().any(|param| param.ty.is_complex())
        || program.vars.iter().any(|(_, data)| data.ty.is_complex())
        || program.values.iter().any(|(_, data)| data.ty.is_complex());
    if !is_complex {
        return Changed::No;
    }
    let body = std::mem::take(&mut program.body);
    let mut split = Split {
        stored: FastMap::default(),
        parts: FastMap::default(),
        wholes: FastMap::default(),
        renamed: FastMap::default(),
        block: Block::new(),
        iterations: 0,
        program,
    };
    split.variables(&body);
    split.parameters();
    split.functions();
    split.statements(body);
    split.results();
    program.body = split.block;
    // Nothing mentions the complex values any more: for whoever looks at all values, there are none.
    for (_, data) in program.values.iter_mut().filter(|(_, data)| data.ty.is_complex()) {
        data.expr = Expr::Const(data.ty.dtype().zero());
        data.ty = Type::scalar(data.ty.dtype());
    }
    Changed::Yes
}

/// What a complex variable has become.
#[derive(Clone, Copy)]
enum Stored {
    /// Two variables.
    Apart([Var; 2]),
    /// An array with the parts side by side, along its last axis.
    Together(Var),
}

struct Split<'a> {
    program: &'a mut Program,
    stored: FastMap<Var, Stored>,
    /// The parts of complex values.
    parts: FastMap<Value, [Value; 2]>,
    /// The arrays that the parts of complex values are views of.
    wholes: FastMap<Value, Value>,
    /// Real values that others have taken the place of.
    renamed: FastMap<Value, Value>,
    /// The block under construction.
    block: Block,
    /// How many parallel loops are around it.
    iterations: usize,
}

impl Split<'_> {
    /// The variables: those of array parameters, and those that become results or belong to functions outside, keep the
    /// parts side by side.
    fn variables(&mut self, body: &[Stmt]) {
        let mut returned: FastSet<Var> =
            self.program.results.iter().filter_map(|result| self.variable_of(*result)).collect();
        returned.extend(calls::variables(self.program, body));
        let complex = self.program.vars.iter().filter(|(_, data)| data.ty.is_complex());
        let complex: Vec<Var> = complex.map(|(var, _)| var).collect();
        for var in complex {
            let VarData { name, ty, param } = self.program.vars[var].clone();
            let together = ty.rank().is_some() && (param.is_some() || returned.contains(&var));
            let stored = if together {
                self.program.vars[var].ty = together_type(ty);
                Stored::Together(var)
            } else {
                let part =
                    |part: Part| VarData { name: part_name(&name, part), ty: part_type(ty), param: None };
                self.program.vars[var] = part(Part::Re);
                Stored::Apart([var, self.program.vars.push(part(Part::Im))])
            };
            self.stored.insert(var, stored);
        }
    }

    /// The variable that a value is the contents of.
    fn variable_of(&self, value: Value) -> Option<Var> {
        match self.program.values[value].expr {
            Expr::Var(var) => Some(var),
            _ => None,
        }
    }

    /// The parameters, and all that refers to them by number.
    fn parameters(&mut self) {
        let old = std::mem::take(&mut self.program.params);
        let mut first = Vec::with_capacity(old.len());
        for Param { name, ty, mutable } in old {
            first.push(self.program.params.len() as u32);
            match (ty.is_complex(), ty.rank()) {
                (false, _) => self.program.params.push(Param { name, ty, mutable }),
                (true, Some(_)) => self.program.params.push(Param { name, ty: together_type(ty), mutable }),
                (true, None) => {
                    let part = |part| Param { name: part_name(&name, part), ty: part_type(ty), mutable };
                    self.program.params.extend(Part::BOTH.map(part));
                }
            }
        }
        for (_, data) in self.program.vars.iter_mut() {
            data.param = data.param.map(|index| first[index as usize]);
        }
        let leaves: Vec<(Value, u32)> = self
            .program
            .values
            .iter()
            .filter_map(|(value, data)| match data.expr {
                Expr::Param(index) => Some((value, first[index as usize])),
                _ => None,
            })
            .collect();
        for (value, index) in leaves {
            let ty = self.program.ty(value);
            match (ty.is_complex(), ty.rank()) {
                (false, _) => self.program.values[value].expr = Expr::Param(index),
                (true, Some(_)) => {
                    let whole = self.program.value(Expr::Param(index), together_type(ty), Loc::NONE);
                    self.side_by_side(value, whole, Loc::NONE);
                }
                (true, None) => {
                    let leaf = |part: Part| (Expr::Param(index + part.index() as u32), part_type(ty));
                    let parts =
                        Part::BOTH.map(leaf).map(|(expr, ty)| self.program.value(expr, ty, Loc::NONE));
                    self.parts.insert(value, parts);
                }
            }
        }
    }

    fn results(&mut self) {
        let mut results = Vec::with_capacity(self.program.results.len());
        for result in std::mem::take(&mut self.program.results) {
            let ty = self.program.ty(result);
            match (ty.is_complex(), ty.rank()) {
                (false, _) => results.push(self.real(result)),
                (true, None) => results.extend(self.parts[&result]),
                (true, Some(_)) => results.push(self.whole(result)),
            }
        }
        self.program.results = results;
    }

    fn statements(&mut self, block: Block) {
        block.into_iter().for_each(|stmt| self.statement(stmt));
    }

    fn nested(&mut self, block: Block) -> Block {
        let outer = std::mem::take(&mut self.block);
        self.statements(block);
        std::mem::replace(&mut self.block, outer)
    }

    fn statement(&mut self, stmt: Stmt) {
        let stmt = match stmt {
            Stmt::Let(value) => return self.evaluate(value),
            Stmt::Assign { var, value } if self.stored.contains_key(&var) => return self.assign(var, value),
            Stmt::Store { place, index, value, loc } if self.stored.contains_key(&place.var) => {
                return self.store(place, index, value, loc);
            }
            Stmt::Update { place, value, loc } if self.stored.contains_key(&place.var) => {
                let places = self.places(place, loc);
                for (place, value) in places.into_iter().zip(self.parts[&value]) {
                    self.block.push(Stmt::Update { place, value, loc });
                }
                return;
            }
            Stmt::If { cond, then, otherwise } => {
                let (then, otherwise) = (self.nested(then), self.nested(otherwise));
                Stmt::If { cond, then, otherwise }
            }
            Stmt::While { header, cond, body } => {
                let (header, body) = (self.nested(header), self.nested(body));
                Stmt::While { header, cond, body }
            }
            Stmt::For { index, start, end, step, order, until, body, loc } => {
                self.iterations += order.is_parallel() as usize;
                let body = self.nested(body);
                self.iterations -= order.is_parallel() as usize;
                Stmt::For { index, start, end, step, order, until, body, loc }
            }
            Stmt::Scope { body } => Stmt::Scope { body: self.nested(body) },
            Stmt::Call { function, arguments, results, loc } => {
                return self.call(function, arguments, &results, loc);
            }
            other => other,
        };
        self.push(stmt);
    }

    /// Adds a statement whose operands are real.
    fn push(&mut self, mut stmt: Stmt) {
        walk::uses_mut(&mut stmt, |used| *used = self.real(*used));
        self.block.push(stmt);
    }

    fn assign(&mut self, var: Var, value: Value) {
        match self.stored[&var] {
            Stored::Together(var) => {
                let value = self.whole(value);
                self.block.push(Stmt::Assign { var, value });
            }
            Stored::Apart(vars) => {
                let mut parts = self.parts[&value];
                if self.wholes.contains_key(&value) {
                    // What is side by side stays another's.
                    parts = parts.map(|part| self.emit(Expr::Copy(part), self.program.ty(part), value));
                }
                for (var, value) in vars.into_iter().zip(parts) {
                    self.block.push(Stmt::Assign { var, value });
                }
            }
        }
    }

    fn store(&mut self, place: Place, index: Vec<Value>, value: Value, loc: Loc) {
        let index: Vec<Value> = index.into_iter().map(|index| self.real(index)).collect();
        let parts = self.parts[&value];
        match (self.stored[&place.var], place.view) {
            (Stored::Together(var), None) => {
                for part in Part::BOTH {
                    let index = self.with_part(&index, part);
                    let value = parts[part.index()];
                    self.block.push(Stmt::Store { place: var.into(), index, value, loc });
                }
            }
            _ => {
                let places = self.places(place, loc);
                for (place, value) in places.into_iter().zip(parts) {
                    self.block.push(Stmt::Store { place, index: index.clone(), value, loc });
                }
            }
        }
    }

    /// Where the parts of what is in a place are.
    fn places(&mut self, place: Place, loc: Loc) -> [Place; 2] {
        let views = match place.view {
            Some(view) => self.parts[&view].map(Some),
            None => [None; 2],
        };
        match (self.stored[&place.var], views) {
            (Stored::Apart([re, im]), [of_re, of_im]) => {
                [Place { var: re, view: of_re }, Place { var: im, view: of_im }]
            }
            (Stored::Together(var), [Some(re), Some(im)]) => {
                [re, im].map(|view| Place { var, view: Some(view) })
            }
            (Stored::Together(var), _) => {
                self.views_of_variable(var, loc).map(|view| Place { var, view: Some(view) })
            }
        }
    }

    /// The parts of what an array variable has side by side.
    fn views_of_variable(&mut self, var: Var, loc: Loc) -> [Value; 2] {
        let whole = self.define(Expr::Var(var), self.program.vars[var].ty, loc);
        self.views(whole, loc)
    }

    /// The two views of an array with the parts side by side.
    fn views(&mut self, whole: Value, loc: Loc) -> [Value; 2] {
        let ty = self.program.ty(whole);
        let rank = ty.rank().map_or(0, |rank| rank - 1);
        Part::BOTH.map(|part| {
            let mut cuts = vec![Cut::All; rank as usize];
            cuts.push(Cut::At(self.position(part)));
            let view = View { cuts, axes: (0..rank).map(ViewAxis::Of).collect() };
            self.define(Expr::View { array: whole, view }, Type::array(ty.element(), rank), loc)
        })
    }

    /// Makes the parts of a complex value the views of an array.
    fn side_by_side(&mut self, value: Value, whole: Value, loc: Loc) {
        let views = self.views(whole, loc);
        self.parts.insert(value, views);
        self.wholes.insert(value, whole);
    }

    /// A complex array with the parts side by side, an array of its own if it was not so before.
    fn whole(&mut self, value: Value) -> Value {
        if let Some(whole) = self.wholes.get(&value) {
            return *whole;
        }
        let (parts, loc) = (self.parts[&value], self.program.values[value].loc);
        let ty = together_type(self.program.ty(value));
        let rank = self.program.ty(value).rank().unwrap_or(0);
        let fill = parts.map(|part| match &self.program.values[part].expr {
            Expr::Fill { shape, value } => Some((shape.clone(), self.program.constant(*value)?)),
            _ => None,
        });
        let two = self.constant(Scalar::Usize(2));
        if let [Some((mut shape, re)), Some((_, im))] = fill
            && re == im
        {
            shape.push(two);
            let element = self.constant(re);
            return self.define(Expr::Fill { shape, value: element }, ty, loc);
        }
        let name = self.program.values[value].name.as_deref().unwrap_or("complex").to_string();
        let var = self.program.vars.push(VarData { name, ty, param: None });
        let length = |axis| (Expr::Dim { array: parts[0], axis }, Type::USIZE);
        let mut shape: Vec<Value> =
            (0..rank).map(length).map(|(expr, ty)| self.define(expr, ty, loc)).collect();
        shape.push(two);
        let zero = self.constant(ty.dtype().zero());
        let zeros = self.define(Expr::Fill { shape, value: zero }, ty, loc);
        self.block.push(Stmt::Assign { var, value: zeros });
        for (view, value) in self.views_of_variable(var, loc).into_iter().zip(parts) {
            self.block.push(Stmt::Update { place: Place { var, view: Some(view) }, value, loc });
        }
        self.define(Expr::Var(var), ty, loc)
    }

    /// Evaluates a value: the parts of a complex one.
    fn evaluate(&mut self, value: Value) {
        let mut expr = std::mem::replace(&mut self.program.values[value].expr, Expr::Bound);
        if let Expr::Map { arrays, params, body, results } = expr {
            return self.map(value, arrays, params, body, &results);
        }
        walk::operands_mut(&mut expr, |used| *used = self.real(*used));
        if self.program.ty(value).is_complex() {
            self.complex_value(value, expr);
        } else if let Some(expr) = self.real_value(value, expr) {
            self.program.values[value].expr = expr;
            self.block.push(Stmt::Let(value));
        }
    }

    /// A real value, of complex operands perhaps; nothing if another takes its place.
    fn real_value(&mut self, value: Value, expr: Expr) -> Option<Expr> {
        Some(match expr {
            Expr::Part { complex, part } => {
                let part = self.parts[&complex][part.index()];
                if self.program.ty(part).rank().is_some() {
                    return Some(Expr::Copy(part));
                }
                self.renamed.insert(value, part);
                return None;
            }
            Expr::Op(op, operands) if operands.iter().any(|operand| self.parts.contains_key(operand)) => {
                self.comparison(value, op, &operands)
            }
            Expr::Dim { array, axis } => Expr::Dim { array: self.first_part(array), axis },
            Expr::Len(array) => Expr::Len(self.first_part(array)),
            other => other,
        })
    }

    /// The real part of a complex array, which has its shape; a real array itself.
    fn first_part(&self, array: Value) -> Value {
        self.parts.get(&array).map_or(array, |parts| parts[0])
    }

    fn complex_value(&mut self, value: Value, expr: Expr) {
        let loc = self.program.values[value].loc;
        let parts = match expr {
            Expr::Var(var) => match self.stored[&var] {
                Stored::Apart(vars) => vars.map(|var| (Expr::Var(var), self.program.vars[var].ty)),
                Stored::Together(var) => {
                    let whole = self.define(Expr::Var(var), self.program.vars[var].ty, loc);
                    return self.side_by_side(value, whole, loc);
                }
            },
            Expr::Complex { re, im } if self.program.ty(re).rank().is_some() => {
                [re, im].map(|part| (Expr::Copy(part), self.program.ty(part)))
            }
            Expr::Complex { re, im } => {
                self.parts.insert(value, [re, im]);
                return;
            }
            Expr::Op(op, operands) => {
                let parts = self.operation(value, op, &operands);
                self.parts.insert(value, parts);
                return;
            }
            Expr::Reduce { fold: Fold::Op(ReduceOp::Product), array, axis } => {
                let parts = self.product(value, array, axis);
                self.parts.insert(value, parts);
                return;
            }
            Expr::Cast(real) => {
                let parts = self.of_real(value, real);
                self.parts.insert(value, parts);
                return;
            }
            other => Part::BOTH.map(|part| self.part_of(value, &other, part)),
        };
        let parts = parts.map(|(expr, ty)| self.emit(expr, ty, value));
        for (part, of) in parts.into_iter().zip(Part::BOTH) {
            let name = self.program.values[value].name.as_deref().map(|name| part_name(name, of).into());
            self.program.values[part].name = name;
        }
        self.parts.insert(value, parts);
    }

    /// What does to the parts what it does to the complex number.
    fn part_of(&mut self, value: Value, expr: &Expr, part: Part) -> (Expr, Type) {
        let of = |complex: &Value| self.parts[complex][part.index()];
        let expr = match expr {
            Expr::Index { array, index } => match self.wholes.get(array) {
                Some(whole) => Expr::Index { array: *whole, index: self.with_part(index, part) },
                None => Expr::Index { array: of(array), index: index.clone() },
            },
            Expr::Fill { shape, value } => Expr::Fill { shape: shape.clone(), value: of(value) },
            Expr::Copy(array) => Expr::Copy(of(array)),
            Expr::Reshape { array, shape } => Expr::Reshape { array: of(array), shape: shape.clone() },
            Expr::View { array, view } => Expr::View { array: of(array), view: view.clone() },
            Expr::Reduce { fold, array, axis } => Expr::Reduce { fold: *fold, array: of(array), axis: *axis },
            other => panic!("{value}: {other:?} gives no complex number"),
        };
        (expr, part_type(self.program.ty(value)))
    }

    /// The index of a part of an element.
    fn with_part(&mut self, index: &[Value], part: Part) -> Vec<Value> {
        let position = self.position(part);
        index.iter().copied().chain([position]).collect()
    }

    /// What stands for a real value; a complex one stays itself.
    fn real(&self, value: Value) -> Value {
        self.renamed.get(&value).copied().unwrap_or(value)
    }

    fn position(&mut self, part: Part) -> Value {
        self.constant(Scalar::Usize(part.index()))
    }

    fn constant(&mut self, scalar: Scalar) -> Value {
        self.program.value(Expr::Const(scalar), Type::scalar(scalar.dtype()), Loc::NONE)
    }

    /// Evaluates something here.
    fn define(&mut self, expr: Expr, ty: Type, loc: Loc) -> Value {
        let value = self.program.value(expr, ty, loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// Evaluates something here for a value of the program.
    fn emit(&mut self, expr: Expr, ty: Type, whole: Value) -> Value {
        self.define(expr, ty, self.program.values[whole].loc)
    }

    /// A scalar operation on real values, element by element if one is an array.
    fn op(&mut self, op: ScalarOp, operands: &[Value], whole: Value) -> Value {
        let elements: Vec<ElementType> =
            operands.iter().map(|operand| self.program.ty(*operand).element()).collect();
        let element = ElementType::of_operation(op, &elements).expect("the operands are of types that fit");
        let rank = operands.iter().filter_map(|operand| self.program.ty(*operand).rank()).max();
        let ty = rank.map_or(Type::Scalar(element), |rank| Type::Array(element, rank));
        self.emit(Expr::Op(op, operands.to_vec()), ty, whole)
    }
}

fn part_type(ty: Type) -> Type {
    ty.with_element(ty.dtype())
}

/// The type of an array with the parts of complex elements side by side.
fn together_type(ty: Type) -> Type {
    Type::array(ty.dtype(), ty.rank().unwrap_or(0) + 1)
}

/// The name of the complex variable that one of this name is a part of, if it is one.
pub(crate) fn name_of_whole(name: &str) -> Option<&str> {
    Part::BOTH.iter().find_map(|part| name.strip_suffix(part.name())?.strip_suffix('.'))
}

fn part_name(name: &str, part: Part) -> String {
    match name {
        "" => String::new(),
        name => format!("{name}.{}", part.name()),
    }
}
