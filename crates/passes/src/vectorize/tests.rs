//! What becomes of whole loops: how accesses run along the lanes, what is masked, what loops carry.

use super::vectorize;
use parfuse_ir::ReduceOp;
use parfuse_ir::grid::Grain;
use parfuse_ir::lane::{Block, Carried, Code, Inst, Lane, LaneOp, Lanes, Node, Region, Value};
use parfuse_ir::loops::{Buffer, Loops};

fn lane(text: &str) -> Lane {
    let loops = Loops::parse(text).unwrap_or_else(|error| panic!("{error:?}"));
    loops.verify().unwrap_or_else(|error| panic!("{error:?}"));
    let lane = vectorize(&loops);
    lane.verify().unwrap_or_else(|error| panic!("{error:?} in\n{lane}"));
    lane
}

/// The only region of a kernel.
fn region(text: &str) -> Region {
    let lane = lane(text);
    assert_eq!(lane.regions.len(), 1);
    lane.regions.iter().next().unwrap().1.clone()
}

/// All nodes of a block and the blocks inside it, in order.
fn nodes(block: &Block) -> Vec<&Node> {
    block
        .iter()
        .flat_map(|node| {
            let inside = match node {
                Node::If { then, otherwise, .. } => [nodes(then), nodes(otherwise)].concat(),
                Node::Loop { header, body, .. } => [nodes(header), nodes(body)].concat(),
                _ => Vec::new(),
            };
            [vec![node], inside].concat()
        })
        .collect()
}

/// The operations of a block alone.
fn operations(code: &Code, block: &Block) -> Vec<LaneOp> {
    let operation = |node: &Node| match node {
        Node::Let(value) => match &code.values[*value].inst {
            Inst::Op(op, _) => Some(*op),
            _ => None,
        },
        _ => None,
    };
    block.iter().filter_map(operation).collect()
}

/// How the accesses of a region run along the lanes and whether they are masked, loads and stores in order, those of
/// the prologue first.
fn accesses(region: &Region) -> Vec<(Buffer, Lanes, bool)> {
    let access = |node: &Node| match node {
        Node::Store { buffer, address, mask, .. } => Some((*buffer, address.lanes, mask.is_some())),
        Node::Let(value) => match &region.code.values[*value].inst {
            Inst::Load { buffer, address, mask } => Some((*buffer, address.lanes, mask.is_some())),
            _ => None,
        },
        _ => None,
    };
    let prologue = nodes(&region.prologue).into_iter();
    prologue.chain(nodes(&region.code.body)).filter_map(access).collect()
}

fn only_loop(block: &Block) -> (&Vec<Carried>, &Block, Value, &Block) {
    let mut loops = nodes(block).into_iter().filter_map(|node| match node {
        Node::Loop { carried, header, cond, body } => Some((carried, header, *cond, body)),
        _ => None,
    });
    let found = loops.next().expect("a loop");
    assert!(loops.next().is_none(), "one loop");
    found
}

fn is_any(code: &Code, value: Value) -> bool {
    matches!(code.values[value].inst, Inst::Any(_))
}

#[test]
fn elementwise_code_loads_and_stores_neighbours() {
    let lane = lane(
        "loops add(b0 a: f64[unit], b1 b: f64[unit], x: f64) {
           buffer b2 sum: [f64; 1]
           v0: usize = dim b0, 0
           alloc b2[v0]
           parfor v1 in v0 {
             v2: f64 = load b0[v1]
             v3: f64 = load b1[v1]
             v4: f64 = mul x, x
             v5: f64 = mul v3, v4
             v6: f64 = add v2, v5
             store b2[v1], v6
           }
           return b2
         }",
    );
    let region = &lane.regions.iter().next().unwrap().1;
    let unit = |buffer| (Buffer(buffer), Lanes::Unit, false);
    assert_eq!(accesses(region), [unit(0), unit(1), unit(2)]);
    assert_eq!(operations(&region.code, &region.prologue), [LaneOp::FMul], "x * x is the same for all");
    assert_eq!(operations(&region.code, &region.code.body), [LaneOp::FMul, LaneOp::FAdd]);
    assert_eq!(region.grain, Grain::Fine);
    let set = lane.driver.body.iter().filter(|node| matches!(node, Node::SetSlot { .. })).count();
    assert_eq!(set, 1, "the extent; x is in the frame already");
}

#[test]
fn addresses_follow_the_index_through_sums_products_and_casts() {
    let region = region(
        "loops shift(b0 a: f64[unit], mut b1 b: f64[_], b2 c: f64[_, unit], b3 places: usize[unit], start: i64) {
           v0: usize = dim b0, 0
           parfor v1 in v0 {
             v2: i64 = cast v1
             v3: i64 = add start, v2
             v4: usize = cast v3
             v5: f64 = load b0[v4]
             v6: usize = mul v1, 3usize
             v7: f64 = load b0[v6]
             v8: f64 = load b2[v1, v4]
             v9: usize = load b3[v1]
             v10: f64 = load b0[v9]
             v11: f64 = load b0[0usize]
             v12: f64 = add v5, v7
             v13: f64 = add v12, v8
             v14: f64 = add v13, v10
             v15: f64 = add v14, v11
             store b1[v1], v15
           }
         }",
    );
    let kinds: Vec<&str> = accesses(&region)
        .iter()
        .map(|(_, lanes, _)| match lanes {
            Lanes::Uniform => "uniform",
            Lanes::Unit => "unit",
            Lanes::Strided(_) => "strided",
            Lanes::Part { .. } => "parts",
            Lanes::Gather(_) => "gather",
        })
        .collect();
    assert_eq!(kinds, ["uniform", "unit", "strided", "strided", "unit", "gather", "strided"]);
}

#[test]
fn what_is_the_same_in_a_row_is_loaded_once_a_row() {
    let loads_in_prologue = |body: &str| {
        let region = region(&format!(
            "loops f(n: usize, b0 t: f64[unit], mut b1 r: f64[_, unit]) {{ parfor v0, v1 in n, n {{ {body} }} }}"
        ));
        let is_load = |value: &Value| matches!(region.code.values[*value].inst, Inst::Load { .. });
        region.prologue.iter().filter(|node| matches!(node, Node::Let(value) if is_load(value))).count()
    };
    assert_eq!(loads_in_prologue("v2: f64 = load b0[v0] store b1[v0, v1], v2"), 1);
    assert_eq!(loads_in_prologue("v2: f64 = load b0[v1] store b1[v0, v1], v2"), 0, "it differs in a row");
    assert_eq!(
        loads_in_prologue("v2: f64 = load b1[v0, n] store b1[v0, v1], v2"),
        0,
        "it may be overwritten"
    );
    let checked = "v2: bool = lt v1, 9usize check v2, zero_step v3: f64 = load b0[v0] store b1[v0, v1], v3";
    assert_eq!(loads_in_prologue(checked), 0, "the check may guard it");
    let branch = "v2: bool = lt v1, 9usize if v2 { v3: f64 = load b0[v0] store b1[v0, v1], v3 }";
    assert_eq!(loads_in_prologue(branch), 0, "there may be no such element");
}

#[test]
fn what_comes_from_outside_is_said_to_fit_its_type() {
    let region = region(
        "loops f(n: usize, level: u8, b0 a: u8[unit], mut b1 r: bool[unit]) {
           parfor v0 in n {
             v1: u8 = load b0[v0]
             v2: bool = lt level, v1
             store b1[v0], v2
           }
         }",
    );
    assert_eq!(operations(&region.code, &region.prologue), [LaneOp::IAnd]);
}

#[test]
fn short_branches_become_selects() {
    let region = region(
        "loops relu(b0 a: f64[unit], mut b1 b: f64[unit]) {
           var x0 r: f64
           v0: usize = dim b0, 0
           parfor v1 in v0 {
             v2: f64 = load b0[v1]
             v3: bool = lt v2, 0.0f64
             x0 = v2
             if v3 {
               v4: f64 = load b1[v1]
               x0 = v4
             }
             v5: f64 = x0
             store b1[v1], v5
           }
         }",
    );
    let unit = |buffer, masked| (Buffer(buffer), Lanes::Unit, masked);
    assert_eq!(accesses(&region), [unit(0, false), unit(1, true), unit(1, false)]);
    assert_eq!(operations(&region.code, &region.code.body), [LaneOp::FLt, LaneOp::Select]);
}

#[test]
fn stores_and_checks_stand_under_masks_behind_a_branch() {
    let region = region(
        "loops guarded(b0 a: i64[unit], mut b1 b: i64[unit]) {
           v0: usize = dim b0, 0
           v1: usize = dim b1, 0
           parfor v2 in v0 {
             v3: i64 = load b0[v2]
             v4: bool = ge v3, 0i64
             if v4 {
               v5: usize = cast v3
               v6: bool = lt v5, v1
               check v6, index_out_of_range(0) of b with v5, v1
               store b1[v5], 1i64
             }
           }
         }",
    );
    let Some(Node::If { cond, then, otherwise, .. }) = region.code.body.last() else { panic!("a branch") };
    assert!(is_any(&region.code, *cond));
    assert!(otherwise.is_empty());
    assert!(
        nodes(then)
            .iter()
            .any(|node| matches!(node, Node::Check { mask: Some(_), args, .. } if args.len() == 2))
    );
    assert!(nodes(then).iter().any(|node| matches!(node, Node::Store { mask: Some(_), .. })));
}

/// The escape-time loop of the Mandelbrot set.
const ESCAPE: &str = "loops escape(b0 re: f64[unit], b1 im: f64[unit], mut b2 counts: i64[unit], max: i64) {
       var x0 k: i64
       var x1 x: f64
       var x2 y: f64
       v0: usize = dim b2, 0
       parfor v1 in v0 {
         v2: f64 = load b0[v1]
         v3: f64 = load b1[v1]
         x0 = 0i64
         x1 = 0.0f64
         x2 = 0.0f64
         while {
           v4: i64 = x0
           v5: bool = lt v4, max
           v6: f64 = x1
           v7: f64 = x2
           v8: f64 = mul v6, v6
           v9: f64 = mul v7, v7
           v10: f64 = add v8, v9
           v11: bool = le v10, 4.0f64
           v12: bool = and v5, v11
           test v12
         } do {
           v20: f64 = x1
           v21: f64 = x2
           v22: f64 = mul v20, v20
           v23: f64 = mul v21, v21
           v24: f64 = sub v22, v23
           v25: f64 = add v24, v2
           v26: f64 = mul v20, v21
           v27: f64 = mul v26, 2.0f64
           v28: f64 = add v27, v3
           x1 = v25
           x2 = v28
           v29: i64 = x0
           v30: i64 = add v29, 1i64
           x0 = v30
         }
         v31: i64 = x0
         store b2[v1], v31
       }
     }";

#[test]
fn a_divergent_loop_selects_only_what_is_read_after_it() {
    let region = region(ESCAPE);
    let (carried, header, cond, body) = only_loop(&region.code.body);
    assert!(is_any(&region.code, cond));
    assert_eq!(carried.len(), 4, "k, x, y and the lanes still iterating");
    use LaneOp::*;
    assert_eq!(operations(&region.code, header), [SLt, FMul, FMul, FAdd, FLe, BAnd, BAnd]);
    assert_eq!(
        operations(&region.code, body),
        [FSub, FAdd, FMul, FMul, FAdd, IAdd, Select],
        "the squares of the header serve the body, and only the count is frozen"
    );
    assert_eq!(region.grain, Grain::Coarse);
}

#[test]
fn a_loop_that_all_lanes_agree_on_has_no_mask() {
    let region = region(
        "loops rows(b0 a: f64[_, unit], mut b1 sums: f64[unit]) {
           var x0 sum: f64
           v0: usize = dim b0, 0
           v1: usize = dim b0, 1
           parfor v2 in v0 {
             x0 = 0.0f64
             for v3 in v1 {
               v4: f64 = load b0[v2, v3]
               v5: f64 = x0
               v6: f64 = add v5, v4
               x0 = v6
             }
             v7: f64 = x0
             store b1[v2], v7
           }
         }",
    );
    let (carried, _, cond, body) = only_loop(&region.code.body);
    assert!(!is_any(&region.code, cond));
    assert_eq!(carried.iter().filter(|carried| region.code.values[carried.value].varying).count(), 1);
    assert_eq!(operations(&region.code, body), [LaneOp::FAdd, LaneOp::IAdd]);
    let found = accesses(&region);
    assert!(matches!(found[0], (Buffer(0), Lanes::Strided(_), false)));
    assert_eq!(found[1], (Buffer(1), Lanes::Unit, false));
}

#[test]
fn a_varying_trip_count_masks_the_body() {
    let region = region(
        "loops triangle(b0 a: f64[unit], mut b1 sums: f64[unit]) {
           var x0 sum: f64
           v0: usize = dim b1, 0
           parfor v1 in v0 {
             x0 = 0.0f64
             for v2 in v1 {
               v3: f64 = load b0[v2]
               v4: f64 = x0
               v5: f64 = add v4, v3
               x0 = v5
             }
             v6: f64 = x0
             store b1[v1], v6
           }
         }",
    );
    let (carried, header, cond, body) = only_loop(&region.code.body);
    assert!(is_any(&region.code, cond));
    assert_eq!(carried.len(), 2, "the counter, the same for all lanes, and the sum");
    assert_eq!(operations(&region.code, header), [LaneOp::ULt]);
    assert_eq!(operations(&region.code, body), [LaneOp::FAdd, LaneOp::Select, LaneOp::IAdd]);
    assert_eq!(
        accesses(&region)[0],
        (Buffer(0), Lanes::Uniform, false),
        "some lane is here, so it is in bounds"
    );
}

#[test]
fn what_a_header_sets_is_known_after_the_loop() {
    let lane = lane(
        "loops header(n: i64) {
           var x0 k: i64
           x0 = 0i64
           while {
             v0: i64 = x0
             v1: i64 = add v0, 1i64
             x0 = v1
             v2: bool = lt v1, n
             test v2
           } do {
           }
           v3: i64 = x0
           return v3
         }",
    );
    let (carried, header, cond, body) = only_loop(&lane.driver.body);
    assert!(header.is_empty(), "it runs before the loop and at the end of the body");
    assert_eq!(operations(&lane.driver, body), [LaneOp::IAdd, LaneOp::SLt]);
    assert!(carried.iter().any(|carried| carried.value == cond));
    let result = lane.driver.body.iter().find_map(|node| match node {
        Node::SetSlot { value, .. } => Some(*value),
        _ => None,
    });
    assert!(carried.iter().any(|carried| Some(carried.value) == result));
}

#[test]
fn reductions_contribute_per_element_and_combine_in_the_driver() {
    let lane = lane(
        "loops sum(b0 a: f64[unit]) {
           var x0 local: f64
           var x1 total: f64
           x1 = 0.5f64
           v0: usize = dim b0, 0
           parfor v1 in v0 {
             reduce sum x0 into x1
             v2: f64 = load b0[v1]
             v3: f64 = x0
             v4: f64 = add v3, v2
             x0 = v4
           }
           v5: f64 = x1
           return v5
         }",
    );
    let region = lane.regions.iter().next().unwrap().1;
    let [reduction] = region.reductions[..] else { panic!("one reduction") };
    assert_eq!(reduction.op, ReduceOp::Sum);
    assert!(matches!(region.code.values[reduction.contribution].inst, Inst::Load { .. }), "without `0.0 +`");
    assert!(operations(&region.code, &region.code.body).is_empty());
    assert_eq!(operations(&lane.driver, &lane.driver.body), [LaneOp::FAdd]);
}

#[test]
fn extrema_contribute_their_elements() {
    let region = region(
        "loops least(b0 a: f64[unit]) {
           var x0 local: f64
           var x1 least: f64
           x1 = f64(0x7ff0000000000000)
           v0: usize = dim b0, 0
           parfor v1 in v0 {
             reduce min x0 into x1
             v2: f64 = load b0[v1]
             v3: f64 = x0
             v4: f64 = min v3, v2
             x0 = v4
           }
           v5: f64 = x1
           return v5
         }",
    );
    assert!(operations(&region.code, &region.code.body).is_empty());
}

#[test]
fn a_variable_that_only_one_side_goes_on_with_does_not_outlive_it() {
    // What the first branch leaves in x1 is read in its side only; the second branch sets it anew on both.
    let region = region(
        "loops scoped(mut b0 a: i64[unit], p: i64) {
           var x0 r: i64
           var x1 t: i64
           v0: usize = dim b0, 0
           v1: bool = lt p, 3i64
           parfor v2 in v0 {
             v3: i64 = load b0[v2]
             x0 = 0i64
             x1 = v3
             if v1 {
               v4: i64 = mul v3, v3
               x1 = v4
               v5: i64 = x1
               x0 = v5
             }
             v6: bool = lt v3, 5i64
             if v6 {
               store b0[v2], 1i64
               x1 = 7i64
             } else {
               x1 = 8i64
             }
             v7: i64 = x1
             v8: i64 = x0
             v9: i64 = add v7, v8
             store b0[v2], v9
           }
         }",
    );
    let results = nodes(&region.code.body).into_iter().filter_map(|node| match node {
        Node::If { results, .. } => Some(results.len()),
        _ => None,
    });
    assert_eq!(results.collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn only_plain_walks_collapse() {
    let plane = |body: &str| {
        region(&format!(
            "loops plane(b0 a: f64[_, unit], mut b1 b: f64[_, unit], b2 row: f64[unit]) {{
               v0: usize = dim b0, 0
               v1: usize = dim b0, 1
               parfor v2, v3 in v0, v1 {{ {body} }}
             }}"
        ))
        .collapsible
    };
    assert_eq!(
        plane("v4: f64 = load b0[v2, v3] v5: f64 = load b2[v3] v6: f64 = add v4, v5 store b1[v2, v3], v6"),
        Some(vec![
            (Buffer(0), vec![Some(0), Some(1)]),
            (Buffer(2), vec![None, Some(0)]),
            (Buffer(1), vec![Some(0), Some(1)]),
        ])
    );
    let below = "v4: usize = add v2, 1usize v5: f64 = load b0[v4, v3] store b1[v2, v3], v5";
    let both = vec![Some(0), Some(1)];
    assert_eq!(plane(below), Some(vec![(Buffer(0), both.clone()), (Buffer(1), both)]));
    assert_eq!(
        plane("v4: usize = mul v2, 2usize v5: f64 = load b0[v4, v3] store b1[v2, v3], v5"),
        None,
        "gaps"
    );
    assert_eq!(plane("v4: f64 = cast v2 store b1[v2, v3], v4"), None, "the index is a value");
    assert_eq!(plane("v4: f64 = load b0[v2, v2] store b1[v2, v3], v4"), None, "a diagonal");
}

#[test]
fn a_loop_without_indices_is_one_uniform_element() {
    let region = region(
        "loops single(b0 a: f64[], mut b1 b: f64[]) {
           parfor {
             v0: f64 = load b0[]
             store b1[], v0
           }
         }",
    );
    assert!(region.extents.is_empty());
    assert_eq!(accesses(&region), [(Buffer(0), Lanes::Uniform, false), (Buffer(1), Lanes::Uniform, false)]);
}

#[test]
fn an_index_that_wraps_around_runs_along_between_the_borders() {
    let text = |index: &str| {
        format!(
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {{
               v0: usize = dim b0, 0
               parfor v1 in v0 {{
                 v2: usize = add v1, 1usize
                 v3: bool = lt v2, v0
                 v4: usize = sub v2, v0
                 {index}
                 v6: f64 = load b0[v5]
                 store b1[v1], v6
               }}
             }}"
        )
    };
    let lanes = |index: &str| {
        let found = accesses(&region(&text(index)));
        found.into_iter().map(|(_, lanes, _)| lanes).collect::<Vec<_>>()
    };
    assert!(matches!(
        lanes("v5: usize = select v3, v2, v4")[..],
        [Lanes::Gather(_), Lanes::Unit, Lanes::Unit]
    ));
    assert!(matches!(lanes("v5: usize = select v3, v4, 0usize")[..], [Lanes::Gather(_), Lanes::Unit, _]));
    // Of a product nothing is known, nor where a choice depends on what is not an index.
    assert!(matches!(
        lanes("v7: usize = mul v1, v1 v5: usize = select v3, v7, 0usize")[..],
        [Lanes::Gather(_), _]
    ));
    let region = region(&text("v5: usize = select v3, v2, v4"));
    let outside: Vec<LaneOp> = operations(&region.code, &region.code.body);
    assert_eq!(outside, [], "the index is computed at the border alone");
}
