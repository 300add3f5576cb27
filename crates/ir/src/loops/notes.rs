//! What passes note on the way, for `explain`: what they did, what they refused to do, and why.
//!
//! ```text
//! Note { pass: "promote_loops", event: NotPromoted(Carried { variable: "s" }), locs: [3:5, 4:9] }
//! ```

use crate::Loc;

/// What a pass did or refused to do, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    /// The name of the pass.
    pub pass: &'static str,
    /// What happened.
    pub event: Event,
    /// The places concerned; of very many, the first.
    pub locs: Vec<Loc>,
}

impl Note {
    /// A note names no more places than that, so that notes on a loop that grows do not outgrow it.
    pub const MAX_PLACES: usize = 64;
}

/// An event worth telling the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Loops became one.
    Fused,
    /// Two neighbouring loops stay apart.
    NotFused(FusionRefusal),
    /// A temporary array became a scalar of the loop.
    Contracted {
        /// The array's name.
        array: String,
    },
    /// A `prange` runs serially inside another parallel loop.
    NestedSerial,
    /// Serial loops inside a parallel one became dimensions of its space, the last of them the lanes.
    Promoted,
    /// An outer dimension of a parallel loop became the last, the lanes.
    Interchanged {
        /// Which it was.
        axis: usize,
    },
    /// A serial loop would have been the better lanes of the parallel loop around it, but cannot be.
    NotPromoted(PromotionRefusal),
    /// A plain loop became a parallel one: its iterations do not meet.
    Parallelized,
    /// A loop inside a plain one now stands around it, and is parallel. The places are those of both.
    Exchanged,
    /// A serial loop around a parallel one now stands inside it. The places are those of both, the parallel one's first.
    Sunk,
    /// A serial loop inside scalar code runs in lanes.
    InLanes,
    /// What each way to run a parallel loop was estimated to take; the least was chosen.
    Chosen(Ways),
    /// A plain loop stays what it is.
    StaysSerial(SerialReason),
    /// Something is tested in front of a parallel loop, on which it depends that its iterations do not meet. The places are those
    /// of the two accesses.
    Tested(EntryTest),
}

/// What is tested in front of a parallel loop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryTest {
    /// That the elements of an array do not decrease.
    NotDecreasing {
        /// The array.
        array: String,
    },
    /// That no element of an array is the same in two iterations.
    Different {
        /// The array.
        array: String,
    },
    /// That the iterations are as far apart in an array as each reaches.
    Apart {
        /// The array.
        array: String,
    },
    /// That the numbers which indices of an array are computed from are not too large to tell.
    Small {
        /// The array.
        array: String,
    },
}

/// What an iteration of a parallel loop is estimated to take, in quarters of an addition, in each way that it can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ways {
    /// In lanes along the last dimension.
    pub lanes: u64,
    /// In scalar code, with lanes in loops inside, if there are any that can have them and gain by it.
    pub inside: Option<u64>,
    /// In scalar code without lanes.
    pub alone: u64,
}

/// A way to run a parallel loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// In lanes along the last dimension.
    Lanes,
    /// One by one, with lanes in loops inside.
    Inside,
    /// One by one.
    Alone,
}

impl Ways {
    /// The best of them. Where it is close, lanes: what an estimate leaves out is mostly the latency that they hide.
    pub fn best(&self) -> Way {
        match self.inside {
            Some(inside) if inside < self.lanes => Way::Inside,
            _ if self.alone.saturating_mul(5) < self.lanes.saturating_mul(4) => Way::Alone,
            _ => Way::Lanes,
        }
    }
}

/// Why a serial loop inside a parallel one did not become a dimension of its space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PromotionRefusal {
    /// The loop has something to do beside it that cannot be done for each element.
    WorkAround,
    /// Its length is not the same in all iterations of the parallel loop.
    LengthDiffers,
    /// The space has as many dimensions as a space can have.
    Dimensions,
    /// An iteration reads what the one before it has set.
    Carried {
        /// The variable.
        variable: String,
    },
    /// An iteration may read or write an element that another writes.
    CrossIteration {
        /// The array.
        array: String,
    },
    /// A sum of floats would combine its contributions in another order.
    Rounding {
        /// The variable.
        variable: String,
    },
}

/// Why two loops were not fused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FusionRefusal {
    /// Their index spaces are not known to be equal.
    DifferentSpaces,
    /// One has loops inside, so that it is cut into smaller blocks, and a sum of floats would show that.
    DifferentBlocks,
    /// The second reads what the first reduces.
    UsesReduction {
        /// The variable.
        variable: String,
    },
    /// One reads or writes an array elsewhere than at the other's element.
    CrossIteration {
        /// The array.
        array: String,
    },
    /// Something between them must stay between them.
    StatementBetween,
    /// The second may end the kernel before an iteration of the first that would have failed.
    Faults,
}

/// Why a plain loop runs its iterations one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SerialReason {
    /// An iteration reads what another has set, or code behind the loop reads what the last one has.
    Carried {
        /// The variable.
        variable: String,
    },
    /// An iteration may read or write an element that another writes.
    CrossIteration {
        /// The array.
        array: String,
    },
    /// A check is left in it, and the first to fail must be reported.
    Checks,
    /// It may end early.
    Ends,
    /// It makes arrays, exchanges them, or has parallel loops inside.
    Launches,
    /// Its iterations do not meet, but lanes would take longer than one iteration after the other.
    Dear,
    /// Its iterations do not meet, but another loop around runs too often for it to be worth a launch.
    Small,
}
