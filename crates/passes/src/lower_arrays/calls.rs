//! Calls of functions outside of compiled code.
//!
//! ```text
//! call 0(x0, mut x1) to x2, x3          alloc b4[]                          a scalar result
//!                                  →    alloc b5[2]                         the lengths of the axes of an array result
//!                                       call 0(b0, mut b1, mut b4, mut b5)
//!                                       v6 = load b4[]
//!                                       alloc b3[load b5[0], load b5[1]]
//!                                       take 0 into b3
//! ```
//!
//! Whole arrays are passed as they are, parts of them as copies, which are copied back if they are written to.

use super::Lowering;
use super::arrays::Operand;
use super::shapes::Access;
use crate::rejection::Rejection;
use parfuse_ir::host::{Call, CallArgument, Callee};
use parfuse_ir::loops::{Buffer, Expr, Origin, Stmt, Value};
use parfuse_ir::{DType, Loc, program};

impl Lowering<'_> {
    /// A call, and what becomes of its results.
    pub(super) fn call(
        &mut self,
        function: u16,
        arguments: &[program::CallArgument],
        results: &[program::Var],
        loc: Loc,
    ) -> Result<(), Rejection> {
        let program = self.program;
        let returned = &program.files.host(function).expect("the verifier knows it").results;
        let mut parts = Vec::new();
        let mut passed: Vec<CallArgument<Value>> = Vec::new();
        let written: Vec<Buffer> = super::scan::written(arguments).map(|var| self.array_vars[&var]).collect();
        for argument in arguments {
            passed.push(match *argument {
                program::CallArgument::Value(value) if program.ty(value).rank().is_none() => {
                    CallArgument::Scalar(self.scalar(value))
                }
                program::CallArgument::Value(value) => {
                    let array = self.array(value);
                    let as_it_is = array.is_whole() && !written.contains(&array.buffer());
                    CallArgument::Read(if as_it_is { array.buffer() } else { self.copy(&array, loc) })
                }
                program::CallArgument::Place(place) => {
                    let array = self.place(place);
                    if array.is_whole() {
                        CallArgument::Written(array.buffer())
                    } else {
                        let copy = self.copy(&array, loc);
                        parts.push((array, copy));
                        CallArgument::Written(copy)
                    }
                }
            });
        }
        let scalars: Vec<Buffer> = returned
            .iter()
            .filter(|ty| ty.rank().is_none())
            .map(|ty| self.made_for_results("result", ty.dtype(), &[], loc))
            .collect();
        passed.extend(scalars.iter().map(|buffer| CallArgument::Written(*buffer)));
        let axes: usize = returned.iter().filter_map(|ty| ty.rank()).map(usize::from).sum();
        let lengths = returned.iter().any(|ty| ty.rank().is_some()).then(|| {
            let axes = self.usize(axes);
            self.made_for_results("lengths", DType::Usize, &[axes], loc)
        });
        passed.extend(lengths.map(CallArgument::Written));
        let callee = Callee::Function(function);
        self.block.push(Stmt::Call(Call { callee, arguments: passed, loc }));
        let (mut scalars, mut axis, mut arrays) = (scalars.into_iter(), 0, 0);
        for (var, ty) in results.iter().zip(returned) {
            self.declared.insert(*var);
            let Some(rank) = ty.rank() else {
                let buffer = scalars.next().expect("there is one for each scalar");
                let value = self.emit(Expr::Load { buffer, index: Vec::new() }, ty.dtype(), loc);
                self.set(self.scalar_vars[var], value);
                continue;
            };
            let lengths = lengths.expect("there are lengths of arrays");
            let mut shape = Vec::with_capacity(rank.into());
            for _ in 0..rank {
                let index = vec![self.usize(axis)];
                shape.push(self.emit(Expr::Load { buffer: lengths, index }, DType::Usize, loc));
                axis += 1;
            }
            let buffer = self.array_vars[var];
            self.known.shapes.insert(buffer, shape.clone());
            self.block.push(Stmt::Alloc { buffer, shape, zeroed: false, loc });
            let (callee, arguments) = (Callee::Result(arrays), vec![CallArgument::Written(buffer)]);
            self.block.push(Stmt::Call(Call { callee, arguments, loc }));
            arrays += 1;
        }
        for (array, copy) in parts {
            let shape = self.shape_of(&array);
            let accesses = (0..shape.len()).map(Access::Direct).collect();
            let operand = Operand::Array { array: copy.into(), accesses };
            self.assign_elements(&array, shape, operand, loc)?;
        }
        Ok(())
    }

    /// A new array for results that come with a call.
    fn made_for_results(&mut self, name: &str, dtype: DType, shape: &[Value], loc: Loc) -> Buffer {
        let buffer = self.buffer(name, false, dtype, shape.len() as u8, Origin::Local);
        self.known.shapes.insert(buffer, shape.to_vec());
        self.block.push(Stmt::Alloc { buffer, shape: shape.to_vec(), zeroed: false, loc });
        buffer
    }
}
