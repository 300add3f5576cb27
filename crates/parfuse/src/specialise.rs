//! Specialisations: a program compiled for what is known of its arguments' layouts.
//!
//! Contiguous arrays get contiguous loads; arrays with an axis of length one broadcast it. Which of these holds
//! is the call's [`Signature`]; a kernel keeps one compiled [`Specialisation`] for each it has met.

use crate::argument::{Binder, Bound, RawArray};
use crate::engine::Core;
use crate::error::Error;
use parfuse_codegen::Code;
use parfuse_ir::Loc;
use parfuse_ir::lane::{Lane, Node};
use parfuse_ir::loops::{Buffer, Layout, Loops};
use parfuse_ir::program::{Param, Program, Type};
use parfuse_passes::pipeline::Options;
use parfuse_passes::{check_parallel, lower_arrays, optimize, vectorize};
use smallvec::SmallVec;
use std::time::{Duration, Instant};

/// What is known of each argument: nothing of a scalar, a [`Layout`] of an array, packed into a byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature(SmallVec<[u8; 12]>);

const SCALAR: u8 = 0;
const ARRAY: u8 = 1;
const UNIT: u8 = 2;
const FIRST_SINGLE: u8 = 4;

impl Signature {
    /// The signature of these arguments.
    pub(crate) fn of(binder: &Binder<'_>) -> Signature {
        Signature(binder.arguments.iter().map(byte_of).collect())
    }

    /// The signature of contiguous arrays without axes of length one.
    pub(crate) fn contiguous(params: &[Param]) -> Signature {
        let byte = |param: &Param| if param.ty.rank().is_some() { ARRAY | UNIT } else { SCALAR };
        Signature(params.iter().map(byte).collect())
    }

    fn layouts(&self, params: &[Param]) -> Vec<Option<Layout>> {
        let layout = |(byte, param): (&u8, &Param)| match param.ty {
            Type::Scalar(_) => None,
            Type::Array(_, rank) => {
                let single = (0..rank).map(|axis| byte & (FIRST_SINGLE << axis) != 0).collect();
                Some(Layout { unit: byte & UNIT != 0, single })
            }
        };
        self.0.iter().zip(params).map(layout).collect()
    }
}

fn byte_of(argument: &Bound) -> u8 {
    let array: &RawArray = match argument {
        Bound::Scalar(_) => return SCALAR,
        Bound::Array(array) => array,
    };
    let unit = if array.is_unit() { UNIT } else { 0 };
    let singles = array.shape.iter().enumerate().filter(|(_, len)| **len == 1);
    singles.fold(ARRAY | unit, |byte, (axis, _)| byte | FIRST_SINGLE << axis)
}

/// A program compiled for one signature.
#[derive(Debug)]
pub(crate) struct Specialisation {
    pub(crate) loops: Loops,
    pub(crate) lane: Lane,
    pub(crate) code: Code,
    pub(crate) compile_time: Duration,
}

impl Specialisation {
    /// Runs the whole pipeline.
    pub(crate) fn new(core: &Core, program: &Program, signature: &Signature) -> Result<Self, Error> {
        let start = Instant::now();
        let rejected = |rejection| Error::from_rejection(rejection, &program.files);
        let mut loops = lower_arrays(program, &signature.layouts(&program.params)).map_err(rejected)?;
        check_parallel(&loops).map_err(rejected)?;
        optimize(&mut loops, &Options { fuse: core.fuse });
        let lane = vectorize(&loops);
        let code = core.compiler.compile(&lane).map_err(|e| Error::Compile(e.to_string()))?;
        Ok(Specialisation { loops, lane, code, compile_time: start.elapsed() })
    }

    /// Where the user wrote what makes this buffer.
    pub(crate) fn allocated_at(&self, buffer: Buffer) -> Loc {
        let mut blocks = vec![&self.lane.driver.body];
        while let Some(block) = blocks.pop() {
            for node in block {
                match node {
                    Node::Alloc { buffer: allocated, loc, .. } if *allocated == buffer => return *loc,
                    Node::If { then, otherwise, .. } => blocks.extend([then, otherwise]),
                    Node::Loop { header, body, .. } => blocks.extend([header, body]),
                    _ => {}
                }
            }
        }
        Loc::NONE
    }
}
