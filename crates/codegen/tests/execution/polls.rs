//! Programs that poll: their loops stop soon after a byte changes, and otherwise compute the same.

use crate::machine::{Array, End, Machine, with_all};
use parfuse_ir::grid::BlockRange;
use parfuse_ir::lane::{Lane, RegionId};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

/// Runs something with the address of a byte that changes soon.
fn with_byte_that_changes<R>(run: impl FnOnce(u64) -> R) -> R {
    let byte = AtomicU8::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..3).for_each(|_| thread::yield_now());
            byte.store(1, Ordering::Relaxed);
        });
        run(byte.as_ptr() as u64)
    })
}

/// A loop that goes on for centuries, with what stands around it.
fn endless(head: &str, start: &str, tail: &str) -> Lane {
    let text = format!(
        "lane f params 1 frame 4 polls {{ {head}
           loop v1: i64 = 0i64, v4: i64 = {start} {{
             v2: bool = ult v1, -1i64
             test v2
           }} do {{
             v3: i64 = iadd v1, 1i64
             v5: i64 = bxor v4, v3
             next v3, v5
           }}
         {tail} }}"
    );
    Lane::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn loops_of_drivers_stop() {
    let lane = endless("driver {", "7i64", "slot 2 = v4 }");
    with_all(&lane, |code| {
        let end = with_byte_that_changes(|byte| {
            let mut machine = Machine::new(&lane, code, Vec::new());
            machine.set(lane.frame.stop(), byte);
            machine.run()
        });
        assert_eq!(end, End::Cancelled);
    });
}

fn block_of(lane: &Lane, columns: usize, rows: usize) {
    with_all(lane, |code| {
        let (end, _) = with_byte_that_changes(|byte| {
            let mut machine = Machine::new(lane, code, Vec::new());
            machine.set(lane.frame.stop(), byte);
            machine.set(parfuse_ir::lane::Slot(2), columns as u64);
            machine.end_of_block(
                RegionId(0),
                BlockRange { row_start: 0, row_end: rows, column_start: 0, column_end: columns },
            )
        });
        assert_eq!(end, End::Cancelled);
    });
}

#[test]
fn loops_in_regions_stop() {
    let region = "driver { } region r0 extents [2] coarse { body {";
    block_of(&endless(region, "7i64", "} }"), 1, 1);
    block_of(&endless(region, "7i64", "} }"), 100, 1);
}

#[test]
fn blocks_of_many_elements_or_rows_stop() {
    let text = "lane f params 1 frame 4 polls {
      driver { }
      region r0 extents [2, 2] fine {
        reduce sum i64 lane_index into slot 3
        body { }
      }
    }";
    let lane = Lane::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    block_of(&lane, 1 << 60, 1);
    block_of(&lane, 1, 1 << 60);
}

#[test]
fn scalar_code_and_lane_loops_stop() {
    let region = |walk: &str| format!("driver {{ }} region r0 extents [] coarse {walk} {{ body {{");
    for walk in ["once", "elements"] {
        block_of(&endless(&region(walk), "7i64", "} }"), 1, 1);
        let text = format!(
            "lane f params 1 frame 4 polls {{ {}
                lanes 1152921504606846976i64 {{
                  reduce xor i64 lane_index into v0: i64
                  body {{ }}
                }}
             }} }} }}",
            region(walk)
        );
        block_of(&Lane::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")), 1, 1);
    }
    let text = "lane f params 1 frame 4 polls {
      driver { }
      region r0 extents [2, 2] coarse elements {
        reduce sum i64 row_index(1) into slot 3
        body { }
      }
    }";
    let lane = Lane::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    block_of(&lane, 1 << 60, 1);
    block_of(&lane, 1, 1 << 60);
}

#[test]
fn programs_that_are_not_stopped_compute_the_same() {
    let text = |polls: &str| {
        format!(
            "lane f params 2 frame 10{polls} {{
              buffer b0 a: f64[unit] is p0 at 3
              buffer b1 b: f64[unit] is p1 at 6
              driver {{ launch r0 }}
              region r0 extents [9] fine {{
                body {{
                  v0: f64 lanes = load b0[0i64 + lanes]
                  v1: f64 lanes = fsqrt v0
                  store b1[0i64 + lanes], v1
                }}
              }}
            }}"
        )
    };
    let byte = AtomicU8::new(0);
    let results = ["", " polls"].map(|polls| {
        let lane = Lane::parse(&text(polls)).unwrap();
        assert_eq!(Lane::parse(&lane.to_string()).unwrap(), lane);
        let mut all = Vec::new();
        with_all(&lane, |code| {
            let arrays = vec![Array::floats((0..77).map(f64::from)), Array::floats([0.0; 77])];
            let mut machine = Machine::new(&lane, code, arrays);
            machine.set(parfuse_ir::lane::Slot(9), 77);
            machine.set(lane.frame.stop(), byte.as_ptr() as u64);
            assert_eq!(machine.run(), End::Ok);
            all.push(machine.array(1).clone());
        });
        all
    });
    assert_eq!(results[0], results[1]);
}
