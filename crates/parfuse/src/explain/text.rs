//! Explanations as text.

use super::{Estimates, Explanation, RegionReport};
use crate::error::Place;
use parfuse_codegen::Effort;
use parfuse_ir::loops::{EntryTest, Event, FusionRefusal, PromotionRefusal, SerialReason};
use std::fmt;

/// As many places as are named on one line.
const MOST_PLACES: usize = 4;

/// Why something was not done, for events that say so.
pub(super) fn refusal(event: &Event) -> Option<String> {
    match event {
        Event::Fused
        | Event::Contracted { .. }
        | Event::Promoted
        | Event::Interchanged { .. }
        | Event::Parallelized
        | Event::Exchanged
        | Event::Sunk
        | Event::InLanes
        | Event::Chosen(_) => None,
        // That is listed by itself.
        Event::Tested(_) => None,
        // That is said where the loop is listed.
        Event::StaysSerial(_) => None,
        Event::NestedSerial => Some("runs serially: it is inside another parallel loop".to_string()),
        Event::NotFused(refusal) => Some(format!("not fused: {}", words(refusal))),
        Event::NotPromoted(refusal) => {
            Some(format!("the inner loop is not what runs in lanes: {}", promotion_words(refusal)))
        }
    }
}

/// What a test in front of a parallel loop looks for.
pub(super) fn tested(test: &EntryTest) -> String {
    match test {
        EntryTest::NotDecreasing { array } => format!("the elements of `{array}` do not decrease"),
        EntryTest::Different { array } => format!("no number comes twice in `{array}`, but in one iteration"),
        EntryTest::Apart { array } => format!("iterations are as far apart in `{array}` as each reaches"),
        EntryTest::Small { array } => format!("the numbers that indices of `{array}` are made of are small"),
    }
}

fn words(refusal: &FusionRefusal) -> String {
    match refusal {
        FusionRefusal::DifferentSpaces => "their lengths are not known to be equal".to_string(),
        FusionRefusal::DifferentBlocks => {
            "one has loops inside and runs in smaller blocks, which would change how a sum of floats rounds"
                .to_string()
        }
        FusionRefusal::UsesReduction { variable } => {
            format!("the second needs the total `{variable}` of the first")
        }
        FusionRefusal::CrossIteration { array } => {
            format!("iterations of one touch elements of `{array}` that other iterations of the other touch")
        }
        FusionRefusal::StatementBetween => "a statement between them must stay between them".to_string(),
        FusionRefusal::Faults => "a failure in the second could hide one in the first".to_string(),
    }
}

fn promotion_words(refusal: &PromotionRefusal) -> String {
    match refusal {
        PromotionRefusal::WorkAround => {
            "the iteration around it does more than compute, before or behind it".to_string()
        }
        PromotionRefusal::LengthDiffers => {
            "its length is not the same in all iterations around it".to_string()
        }
        PromotionRefusal::Dimensions => "there are three dimensions already".to_string(),
        PromotionRefusal::Carried { variable } => {
            format!("`{variable}` passes from one of its iterations to the next")
        }
        PromotionRefusal::CrossIteration { array } => {
            format!("its iterations touch elements of `{array}` that others write")
        }
        PromotionRefusal::Rounding { variable } => {
            format!("the sum `{variable}` of floats would round in another order")
        }
    }
}

/// Why a plain loop runs its iterations one after the other, as far as users can do something about it.
pub(super) fn serial_reason(reason: &SerialReason) -> Option<String> {
    match reason {
        SerialReason::Carried { variable } => {
            Some(format!("`{variable}` passes from one iteration to the next, or out of the loop"))
        }
        SerialReason::CrossIteration { array } => {
            Some(format!("iterations may touch elements of `{array}` that others write"))
        }
        SerialReason::Checks => Some("checks of indices are left in it".to_string()),
        SerialReason::Dear => Some(
            "in lanes it would take longer: elements are not neighbours, or lanes would wait".to_string(),
        ),
        SerialReason::Small => {
            Some("it is too little work to be launched in each iteration of the loop around it".to_string())
        }
        SerialReason::Ends | SerialReason::Launches => None,
    }
}

/// `1 check`, `2 checks`, `no check`.
fn counted(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// The first few of a list, and how many more there are.
fn few(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(MOST_PLACES);
    let mut text = items.take(MOST_PLACES).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text
}

fn places(places: &[Place]) -> String {
    few(places.iter().map(Place::to_string))
}

impl Explanation {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}{}", self.kernel, self.signature)?;
        writeln!(
            f,
            "  {}, {} allocated, compiled in {:.0} µs to {} bytes for {}",
            counted(self.regions.len(), "parallel region"),
            counted(self.arrays_allocated, "array"),
            self.compile_time.as_secs_f64() * 1e6,
            self.code_size,
            self.isa
        )?;
        let effort = match self.effort {
            Effort::Quick => "quick",
            Effort::Thorough => "thorough",
        };
        if self.interpreted {
            writeln!(
                f,
                "  calls are interpreted, which is slow: this system refuses memory for machine code"
            )?;
        } else {
            writeln!(f, "  calls run {effort} code: {}", self.effort_reason)?;
        }
        if let Some(reason) = &self.stays_quick {
            writeln!(f, "  stays with quickly made code, because of a failure of ours: {reason}")?;
        }
        Ok(())
    }

    /// What serial code does: it is all there is of a kernel without regions.
    fn serial(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run_by = if self.serial_code_compiled { "compiled" } else { "followed step by step" };
        match self.plain_loops.len() {
            0 if self.regions.is_empty() => writeln!(f, "  serial code, {run_by}, without loops")?,
            0 => {}
            n => writeln!(
                f,
                "  serial code, {run_by}, runs {} on the calling thread, one element at a time:",
                counted(n, "plain loop")
            )?,
        }
        for plain in &self.plain_loops {
            let reason = plain.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            writeln!(f, "  {:1$}{2} ({3}){reason}", "", 2 + 2 * plain.depth, plain.what, plain.place)?;
        }
        if !self.calls.is_empty() {
            let calls = self.calls.iter().map(|(name, place)| format!("`{name}` ({place})"));
            writeln!(f, "  calls outside of compiled code: {}", few(calls))?;
        }
        let in_loops = self.allocations.iter().filter(|allocation| allocation.in_loop);
        let in_loops: Vec<String> =
            in_loops.map(|allocation| format!("`{}` ({})", allocation.array, allocation.place)).collect();
        if !in_loops.is_empty() {
            writeln!(f, "  allocates anew in each iteration: {}", few(in_loops.into_iter()))?;
        }
        Ok(())
    }
}

impl RegionReport {
    fn write(&self, index: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  region {index}: {}-dimensional, {} at once", self.rank, counted(self.lanes, "element"))?;
        if let Some(place) = self.promoted_loops.last() {
            write!(f, " along the loop at {place}")?;
        }
        if let Some(axis) = self.interchanged {
            write!(f, " along axis {axis}")?;
        }
        if self.one_by_one {
            write!(f, ", in scalar code")?;
        }
        if self.coarse {
            write!(f, ", with loops inside")?;
        }
        writeln!(f)?;
        let mut sources: Vec<String> =
            self.sources.iter().map(|(what, place)| format!("{what} ({place})")).collect();
        sources.dedup();
        match sources.len() {
            1 => writeln!(f, "    computes {}", sources[0])?,
            n => writeln!(f, "    computes {n} fused: {}", sources.join(", "))?,
        }
        if let Some(estimates) = &self.estimates {
            writeln!(f, "    {estimates}")?;
        }
        if !self.plain_loops.is_empty() {
            let plain = places(&self.plain_loops);
            writeln!(f, "    plain loops whose iterations do not need one another: {plain}")?;
        }
        for (inner, outer) in &self.exchanged {
            writeln!(f, "    the loop at {outer} runs inside that at {inner}")?;
        }
        if !self.reductions.is_empty() {
            writeln!(f, "    combines {}", self.reductions.join(", "))?;
        }
        let scattered = match self.scattered_accesses {
            0 => String::new(),
            n => format!(", {n} element by element"),
        };
        writeln!(f, "    array accesses: {} contiguous{scattered}", self.contiguous_accesses)?;
        for array in &self.scattered {
            writeln!(f, "      element by element: `{}` ({})", array.array, places(&array.places))?;
        }
        writeln!(f, "    {} left in the loop", counted(self.checks_in_loop, "check"))?;
        for (what, place) in &self.checks {
            writeln!(f, "      {what} ({place})")?;
        }
        if let Some(reason) = &self.narrower {
            writeln!(f, "    in registers of 128 bits, because of a failure of ours: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Estimates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "estimated additions an element: {:.0} in lanes", self.lanes)?;
        if let Some(inside) = self.lanes_inside {
            write!(f, ", {inside:.0} with lanes in loops inside")?;
        }
        write!(f, ", {:.0} one by one", self.one_by_one)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.serial(f)?;
        for (index, region) in self.regions.iter().enumerate() {
            region.write(index, f)?;
        }
        if !self.lane_loops.is_empty() {
            writeln!(f, "  loops in lanes inside scalar code: {}", places(&self.lane_loops))?;
        }
        if !self.arrays_contracted.is_empty() {
            writeln!(f, "  never stored: {}", self.arrays_contracted.join(", "))?;
        }
        for test in &self.tests {
            writeln!(f, "  tested in front of the loop: {} ({})", test.what, places(&test.places))?;
        }
        for refusal in &self.refusals {
            let at = places(&refusal.places);
            match refusal.regions[..] {
                [first, second] => writeln!(f, "  regions {first} and {second} ({at}) {}", refusal.reason)?,
                _ => writeln!(f, "  {at}: {}", refusal.reason)?,
            }
        }
        Ok(())
    }
}
