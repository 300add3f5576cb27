//! Where things stand that lane programs have no places for: found in the loops that they were made of.
//!
//! ```text
//! for i in 0..n { … }           a plain loop, which serial code runs         src/lib.rs:12:5
//! x[index[i]]                   an access that lanes do one by one           src/lib.rs:14:9
//! ```

use super::text::serial_reason;
use super::{PlainLoop, Scattered};
use crate::error::Place;
use parfuse_ir::lane::{self, Inst, Lane, Lanes, Node, Region};
use parfuse_ir::loops::{Block, Buffer, Event, Expr, Loops, Parfor, Stmt, walk};
use parfuse_ir::{Files, Loc};
use std::collections::BTreeMap;

/// All statements in the order of the program, with the number of serial loops around each; those in a parallel loop
/// only `inside`.
fn statements(body: &Block, inside: bool) -> Vec<(&Stmt, usize)> {
    let mut found = Vec::new();
    walk::visit_within(body, Some(0), |stmt, depth| {
        let depth = depth?;
        found.push((stmt, depth));
        match stmt {
            Stmt::Parfor(_) if !inside => None,
            Stmt::While { .. } | Stmt::For { .. } => Some(depth + 1),
            _ => Some(depth),
        }
    });
    found
}

/// Whether a loop has an effect. One that only checks looks for the iteration to blame, before a parallel loop whose checks
/// have all been done at its entry: it is nothing that a user wrote, and runs when something is wrong.
fn has_effect(body: &Block) -> bool {
    let effect =
        |stmt: &Stmt| !matches!(stmt, Stmt::Let(_) | Stmt::Check { .. } | Stmt::If { .. } | Stmt::For { .. });
    statements(body, false).into_iter().any(|(stmt, _)| effect(stmt))
}

/// The loops that serial code runs.
pub(super) fn plain_loops(loops: &Loops) -> Vec<PlainLoop> {
    let of = |(stmt, depth): (&Stmt, usize)| {
        let (what, value) = match stmt {
            // A loop over panels, which nobody has written, only launches.
            Stmt::For { index, .. } if loops.values[*index].loc == Loc::NONE => return None,
            Stmt::For { index, body, .. } if has_effect(body) => ("for", index),
            Stmt::While { cond, .. } => ("while", cond),
            _ => return None,
        };
        let loc = loops.values[*value].loc;
        let reason = loops.notes.iter().find_map(|note| match &note.event {
            Event::StaysSerial(reason) if note.locs.first() == Some(&loc) => serial_reason(reason),
            _ => None,
        });
        Some(PlainLoop { what, place: Place::new(&loops.files, loc), depth, reason })
    };
    statements(&loops.body, false).into_iter().filter_map(of).collect()
}

/// The parallel loop that became a region: there is one for each, in the same order.
pub(super) fn parallel_loop<'l>(loops: &'l Loops, region: usize, sources: &Region) -> Option<&'l Parfor> {
    let parallel = statements(&loops.body, false).into_iter().filter_map(|(stmt, _)| match stmt {
        Stmt::Parfor(parfor) => Some(parfor),
        _ => None,
    });
    let parallel: Vec<&Parfor> = parallel.collect();
    let same = |parfor: &&Parfor| parfor.sources == sources.sources;
    parallel.get(region).copied().filter(same).or_else(|| parallel.into_iter().find(same))
}

/// What a node of a region accesses, and how its lanes do.
pub(super) fn access(region: &Region, node: &Node) -> Option<(Buffer, Lanes)> {
    match node {
        Node::Let(value) => match &region.code.values[*value].inst {
            Inst::Load { buffer, address, .. } => Some((*buffer, address.lanes)),
            _ => None,
        },
        Node::Store { buffer, address, .. } => Some((*buffer, address.lanes)),
        _ => None,
    }
}

/// The accesses of a region that lanes do one by one, by array. Where there are as many accesses to the array in the
/// source as in the region, they are told apart; otherwise all are named.
pub(super) fn scattered(
    lane: &Lane,
    region: &Region,
    source: Option<&Parfor>,
    loops: &Loops,
) -> Vec<Scattered> {
    let mut accesses: BTreeMap<Buffer, Vec<bool>> = BTreeMap::new();
    for node in lane::walk::statements(&region.code.body) {
        if let Some((buffer, lanes)) = access(region, node) {
            let one_by_one = matches!(lanes, Lanes::Strided(_) | Lanes::Gather(_));
            accesses.entry(buffer).or_default().push(one_by_one);
        }
    }
    let in_front: Vec<Buffer> = lane::walk::statements(&region.prologue)
        .filter_map(|node| access(region, node))
        .map(|(buffer, _)| buffer)
        .collect();
    let mut found = Vec::new();
    for (buffer, one_by_one) in accesses {
        let count = one_by_one.iter().filter(|scattered| **scattered).count();
        if count == 0 {
            continue;
        }
        let written = source.map_or_else(Vec::new, |parfor| written(loops, parfor, buffer));
        let told_apart = written.len() == one_by_one.len() && !in_front.contains(&buffer);
        let mut places: Vec<Loc> = written
            .into_iter()
            .enumerate()
            .filter(|(position, _)| !told_apart || one_by_one[*position])
            .map(|(_, loc)| loc)
            .filter(|loc| *loc != Loc::NONE)
            .collect();
        places.sort_by_key(|loc| (loc.file, loc.line, loc.column));
        places.dedup();
        found.push(Scattered {
            array: lane.buffers[buffer].name.clone(),
            count,
            places: described(&places, &lane.files),
        });
    }
    found
}

/// Where an array is accessed in a parallel loop.
fn written(loops: &Loops, parfor: &Parfor, array: Buffer) -> Vec<Loc> {
    let of = |(stmt, _): (&Stmt, usize)| match stmt {
        Stmt::Let(value) => match &loops.values[*value].expr {
            Expr::Load { buffer, .. } if *buffer == array => Some(loops.values[*value].loc),
            _ => None,
        },
        Stmt::Store { buffer, loc, .. } if *buffer == array => Some(*loc),
        _ => None,
    };
    statements(&parfor.body, true).into_iter().filter_map(of).collect()
}

pub(super) fn described(locs: &[Loc], files: &Files) -> Vec<Place> {
    locs.iter().map(|loc| Place::new(files, *loc)).collect()
}
