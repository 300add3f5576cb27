//! Arrays that begin or end at memory that nobody may touch: no load or store goes beyond them.
#![cfg(unix)]
#![allow(unsafe_code)]

use crate::build::Kernel;
use crate::machine::{Array, End, Machine, with_all};
use parfuse_ir::DType;
use parfuse_ir::lane::{LaneOp, LaneType, Lanes};
use parfuse_ir::loops::Buffer;

/// A few pages between two that must not be touched.
pub struct Fenced {
    start: *mut u8,
    page: usize,
}

const PAGES: usize = 2;

impl Fenced {
    pub fn new() -> Fenced {
        // SAFETY: an anonymous mapping of our own, of which the inner pages become accessible.
        unsafe {
            let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let bytes = (PAGES + 2) * page;
            let start = libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            let inner = start.cast::<u8>().add(page);
            let rights = libc::PROT_READ | libc::PROT_WRITE;
            assert_eq!(libc::mprotect(inner.cast(), PAGES * page, rights), 0);
            Fenced { start: start.cast(), page }
        }
    }

    /// The accessible bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: these pages are mapped, readable and writable until `drop`, and borrowed with `self`.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(self.page), PAGES * self.page) }
    }
}

impl Drop for Fenced {
    fn drop(&mut self) {
        // SAFETY: unmaps what `new` mapped; nothing borrows it any more.
        unsafe { libc::munmap(self.start.cast(), (PAGES + 2) * self.page) };
    }
}

/// `out[i] = a[i] op a[i]`, or with a mask, or through gathered and strided addresses.
fn kernel(dtype: DType, shape: usize) -> Kernel {
    let ty = LaneType::of(dtype);
    let mut kernel = Kernel::new(&[dtype, dtype], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let (zero, one, index) = (body.int(0), body.int(1), body.lane_index());
        let lanes = match shape {
            2 => Lanes::Strided(one),
            3 => Lanes::Gather(index),
            _ => Lanes::Unit,
        };
        let mask = (shape == 1).then(|| {
            let bit = body.op(LaneOp::IAnd, &[index, one]);
            body.op(LaneOp::IEq, &[bit, zero])
        });
        let element = body.load(0, ty, zero, lanes, mask);
        let value = match ty {
            LaneType::Bool => body.op(LaneOp::BNot, &[element]),
            LaneType::I32 | LaneType::I64 => body.op(LaneOp::IAdd, &[element, element]),
            LaneType::F32 | LaneType::F64 => body.op(LaneOp::FAdd, &[element, element]),
        };
        body.store(1, zero, lanes, value, mask);
    });
    kernel
}

#[test]
fn nothing_beyond_an_array_is_touched() {
    let (mut input, mut output) = (Fenced::new(), Fenced::new());
    for dtype in [DType::Bool, DType::I32, DType::F64] {
        let size = dtype.size();
        for shape in 0..4 {
            let kernel = kernel(dtype, shape);
            let extent = kernel.lane.regions.iter().next().expect("one region").1.extents[0];
            let frame = &kernel.lane.frame;
            let slots = [0, 1].map(|buffer| frame.address(Buffer(buffer)));
            with_all(&kernel.lane, |code| {
                for n in [0, 1, 2, 3, 5, 7, 8, 9, 15, 17, 31, 33, 65, 130] {
                    for at_end in [false, true] {
                        let (source, target) = (input.bytes(), output.bytes());
                        let start = if at_end { source.len() - n * size } else { 0 };
                        source.fill(0);
                        target.fill(0);
                        for i in 0..n {
                            source[start + i * size] = (i % 2) as u8;
                        }
                        let empty = Array::zeros(dtype, 0);
                        let mut machine = Machine::new(&kernel.lane, code, vec![empty.clone(), empty]);
                        machine.set(extent, n as u64);
                        machine.set(slots[0], source[start..].as_ptr() as u64);
                        machine.set(slots[1], target[start..].as_ptr() as u64);
                        assert_eq!(machine.run(), End::Ok);
                        for i in 0..n {
                            let element = match (dtype, shape, i % 2) {
                                (_, 1, 1) => false,
                                (DType::Bool, _, bit) => bit == 0,
                                // Twice a number whose lowest byte alone is set: twice a denormal, for floats.
                                (_, _, bit) => bit == 1,
                            };
                            let expected =
                                if dtype == DType::Bool { element as u8 } else { 2 * element as u8 };
                            assert_eq!(target[start + i * size], expected, "{dtype} {shape} {n} {i}");
                        }
                        let outside = target[..start].iter().chain(&target[start + n * size..]);
                        assert!(outside.copied().all(|byte| byte == 0), "{dtype} {shape} {n}");
                    }
                }
            });
        }
    }
}
