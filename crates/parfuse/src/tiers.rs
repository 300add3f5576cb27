//! Tiers: the code of a kernel's parts, each made when it is first needed, quickly or thoroughly.
//!
//! ```text
//! launch ──┬── little work so far ──▶ quick code, if there is none
//!          └── much work ───────────▶ thorough code, made by one thread; others go on with what there is
//! ```
//!
//! A part is the driver or a region. What no call runs is never made, and where the first launch is much work, quick code is not
//! either. All code computes the same bits, so that each launch, and each block of a launch, may take what there is.

use crate::core::Core;
use crate::error::Error;
use crate::room::guarded;
use crate::work::Work;
use parfuse_codegen::{CompileError, DriverCode, Effort, Made, RegionCode};
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Lane, RegionId, Walk};
use parfuse_runtime::FloatMode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// After this many operations on elements, for each operation of its text, a region is compiled thoroughly: by then it has
/// run for about as long as that takes.
const HOT: u64 = 1 << 16;

/// At least this many, however short it is.
const LEAST_HOT: u64 = 1 << 22;

/// After so many calls a driver is compiled thoroughly, whatever its regions do: following it, or quick code, has cost as much.
const MANY_CALLS: u64 = 512;

/// The code of a kernel's parts, as far as it has been needed.
#[derive(Debug)]
pub(crate) struct Tiers {
    /// How deep the blocks of the kernel nest.
    depth: usize,
    driver: Tier<DriverCode>,
    /// By region.
    regions: Vec<Tier<RegionCode>>,
    /// Whether some region has proved to be hot: calls are worth a driver that is made thoroughly, too, if it is more than a few
    /// nodes.
    hot: AtomicBool,
}

/// The code of a part.
#[derive(Debug)]
struct Tier<C> {
    quick: OnceLock<Result<C, String>>,
    /// Thorough code, or why there is none.
    thorough: OnceLock<Result<C, String>>,
    /// How many operations of a region, or calls of a driver, make it hot.
    hot: u64,
    /// Operations, or calls, done so far.
    work: AtomicU64,
    /// Whether some thread has taken on the thorough compilation.
    promoted: AtomicBool,
}

impl<C> Tier<C> {
    fn new(hot: u64) -> Tier<C> {
        let (quick, thorough) = (OnceLock::new(), OnceLock::new());
        Tier { quick, thorough, hot, work: AtomicU64::new(0), promoted: AtomicBool::new(false) }
    }

    /// The best code there is so far.
    #[inline]
    fn code(&self) -> Option<&C> {
        let thorough = self.thorough.get().and_then(|code| code.as_ref().ok());
        thorough.or_else(|| self.quick.get().and_then(|code| code.as_ref().ok()))
    }

    /// Whether the best code there will be is there.
    #[inline]
    fn is_settled(&self) -> bool {
        matches!(self.thorough.get(), Some(Ok(_)))
    }

    /// Makes thorough code, unless that has been done or another thread is at it.
    fn promote(&self, compile: impl Fn(Effort) -> Result<C, Error>) {
        if !self.promoted.swap(true, Ordering::Relaxed) {
            // Without better code the kernel goes on with what it has.
            self.thorough.get_or_init(|| compile(Effort::Thorough).map_err(|error| error.to_string()));
        }
    }

    /// Some code, which is made now if there is none.
    fn need(&self, compile: impl Fn(Effort) -> Result<C, Error>) -> Result<&C, Error> {
        if let Some(code) = self.code() {
            return Ok(code);
        }
        let quick = self.quick.get_or_init(|| compile(Effort::Quick).map_err(|error| error.to_string()));
        quick.as_ref().map_err(|error| Error::Compile(error.clone()))
    }

    /// All code that has been made.
    fn all(&self) -> impl Iterator<Item = &C> {
        [&self.quick, &self.thorough].into_iter().filter_map(|code| code.get()?.as_ref().ok())
    }
}

impl Tiers {
    /// No code yet, for a kernel of which the regions' work is known.
    pub(crate) fn new(core: &Core, lane: &Lane, works: &[Work], depth: usize) -> Tiers {
        let regions = lane.regions.iter().zip(works).map(|((_, region), work)| {
            // A loop of which nothing is known may run for hours before there is a moment to change its code.
            let at_once =
                core.first_effort == Effort::Thorough || work.is_open() || region.walk == Walk::Once;
            Tier::new(if at_once { 0 } else { LEAST_HOT.max(HOT * work.text()) })
        });
        let hot = AtomicBool::new(core.first_effort == Effort::Thorough);
        Tiers { depth, driver: Tier::new(MANY_CALLS), regions: regions.collect(), hot }
    }

    /// The driver's code for a call.
    #[inline]
    pub(crate) fn driver(&self, core: &Core, lane: &Lane) -> Result<&DriverCode, Error> {
        if let Some(Ok(code)) = self.driver.thorough.get() {
            return Ok(code);
        }
        let compile = |effort| self.compile(|| core.compiler.compile_driver(lane, effort));
        let calls = self.driver.work.fetch_add(1, Ordering::Relaxed);
        let is_short = || self.driver.code().is_some_and(DriverCode::is_short_script);
        if calls >= self.driver.hot || self.hot.load(Ordering::Relaxed) && !is_short() {
            self.driver.promote(compile);
        }
        let code = self.driver.need(compile)?;
        if code.made().effort() == Effort::Thorough {
            // There is nothing that could be made better.
            self.driver.promoted.store(true, Ordering::Relaxed);
        }
        Ok(code)
    }

    /// Makes the code that a launch of so much work deserves; others go on with what they have meanwhile.
    #[inline]
    pub(crate) fn launched(
        &self,
        core: &Core,
        lane: &Lane,
        id: RegionId,
        work: impl FnOnce() -> u64,
    ) -> Result<(), Error> {
        let tier = &self.regions[id.index()];
        if tier.is_settled() {
            return Ok(());
        }
        if !tier.promoted.load(Ordering::Relaxed) {
            let work = work();
            if tier.work.fetch_add(work, Ordering::Relaxed).saturating_add(work) >= tier.hot {
                self.promote(core, lane, id);
            }
        }
        tier.need(self.maker(core, lane, id)).map(|_| ())
    }

    /// Makes thorough code of a region, unless that has been done or another thread is at it.
    pub(crate) fn promote(&self, core: &Core, lane: &Lane, id: RegionId) {
        self.hot.store(true, Ordering::Relaxed);
        self.regions[id.index()].promote(self.maker(core, lane, id));
    }

    /// What makes code of a region.
    fn maker(&self, core: &Core, lane: &Lane, id: RegionId) -> impl Fn(Effort) -> Result<RegionCode, Error> {
        move |effort| self.compile(|| core.compiler.compile_region(lane, id, effort))
    }

    /// Makes thorough code of all that there is.
    pub(crate) fn promote_all(&self, core: &Core, lane: &Lane) {
        for (id, _) in lane.regions.iter() {
            self.promote(core, lane, id);
        }
    }

    /// Makes code of what has none yet.
    pub(crate) fn complete(&self, core: &Core, lane: &Lane) -> Result<(), Error> {
        self.driver(core, lane)?;
        lane.regions.iter().try_for_each(|(id, _)| self.launched(core, lane, id, || 0))
    }

    fn compile<C>(&self, compile: impl FnOnce() -> Result<C, CompileError>) -> Result<C, Error> {
        // Constants are folded while compiling, and may be for all calls to come.
        let _mode = FloatMode::standard();
        guarded(self.depth, || compile().map_err(|error| Error::Compile(error.to_string())))
    }

    /// The best code of a region that there is so far.
    ///
    /// # Panics
    /// If it has never been launched.
    #[inline]
    pub(crate) fn region(&self, id: RegionId) -> &RegionCode {
        self.regions[id.index()].code().expect("a launch makes code first")
    }

    /// Whether the best code of a region that there will be is there.
    #[inline]
    pub(crate) fn is_settled(&self, id: RegionId) -> bool {
        self.regions[id.index()].is_settled()
    }

    /// Whether all code of a region is the best there will be, or somebody is at it.
    #[inline]
    pub(crate) fn is_promoted(&self, id: RegionId) -> bool {
        self.regions[id.index()].promoted.load(Ordering::Relaxed)
    }

    /// Whether the driver is machine code, or else followed node by node.
    pub(crate) fn is_driver_compiled(&self) -> bool {
        self.driver.code().is_some_and(DriverCode::is_compiled)
    }

    /// Whether the system has refused memory for machine code, so that the kernel is interpreted.
    pub(crate) fn is_interpreted(&self) -> bool {
        let regions = self.regions.iter().filter_map(Tier::code);
        self.driver.code().is_some_and(DriverCode::is_interpreted)
            || regions.into_iter().any(RegionCode::is_interpreted)
    }

    /// The size, in bytes, of the code that calls run now.
    pub(crate) fn size(&self) -> usize {
        let regions = self.regions.iter().filter_map(Tier::code).map(RegionCode::made);
        self.driver.code().map(DriverCode::made).into_iter().chain(regions).map(Made::size).sum()
    }

    /// How long it took to make all code that there has been so far.
    pub(crate) fn compile_time(&self) -> Duration {
        let regions = self.regions.iter().flat_map(Tier::all).map(RegionCode::made);
        self.driver.all().map(DriverCode::made).chain(regions).map(Made::compile_time).sum()
    }

    /// Why a hot region stays with quick code, if one has to.
    pub(crate) fn stays_quick(&self) -> Option<&str> {
        self.regions.iter().find_map(|tier| tier.thorough.get()?.as_ref().err().map(String::as_str))
    }

    /// How the code was made that calls run where they compute much, and why it is that code.
    pub(crate) fn tier(&self) -> (Effort, &'static str) {
        let is_thorough = |tier: &Tier<RegionCode>| tier.is_settled();
        let is_quick = |tier: &Tier<RegionCode>| tier.quick.get().is_some();
        let is_promoted = |tier: &Tier<RegionCode>| tier.promoted.load(Ordering::Relaxed);
        match &self.regions[..] {
            [] if self.driver.code().is_some_and(|code| code.made().effort() == Effort::Thorough) => {
                (Effort::Thorough, "it was made thoroughly for the first call")
            }
            [] => (Effort::Quick, "there is no parallel region to make thoroughly"),
            regions if regions.iter().any(is_thorough) => match regions.iter().any(is_quick) {
                false => (Effort::Thorough, "it was made thoroughly for the first call"),
                true => (Effort::Thorough, "calls have computed enough to be worth it, or are compared"),
            },
            _ if self.stays_quick().is_some() => (Effort::Quick, "thorough code could not be made"),
            regions if regions.iter().any(is_promoted) => (Effort::Quick, "thorough code is being made"),
            _ => (Effort::Quick, "thorough code follows when calls have computed more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    /// Two regions, and a driver that launches them so.
    fn two_regions(launches: &str) -> Lane {
        let region = |number: usize| {
            format!(
                "  region r{number} extents [5] fine {{
    prologue {{
    }}
    body {{
      v0: f64 lanes = load b0[0i64 + lanes]
      store b0[0i64 + lanes], v0
    }}
  }}
"
            )
        };
        let driver = format!("  driver {{\n    v0: i64 = dim b0, 0\n    slot 5 = v0\n{launches}  }}\n");
        let head = "lane two params 1 frame 6 {
  buffer b0 a: f64[unit] is p0 at 2
";
        Lane::parse(&format!("{head}{driver}{}{}}}\n", region(0), region(1))).unwrap()
    }

    const ONCE: &str = "    launch r0
    launch r1
";

    const AGAIN: &str = "    loop v1: i64 = 0i64 {
      v2: bool = ult v1, v0
      test v2
    } do {
      launch r0
      launch r1
      v3: i64 = iadd v1, 1i64
      next v3
    }
";

    fn tiers_of(engine: &Engine, lane: &Lane) -> Tiers {
        let works: Vec<Work> = lane.regions.iter().map(|(_, region)| Work::of(region)).collect();
        Tiers::new(&engine.core(), lane, &works, 1)
    }

    #[test]
    fn code_is_made_of_what_is_launched_and_as_its_work_deserves() {
        let (engine, lane) = (Engine::new().unwrap(), two_regions(ONCE));
        let (core, tiers) = (&engine.core(), tiers_of(&engine, &lane));
        let [first, second] = [0, 1].map(RegionId);
        tiers.launched(core, &lane, first, || 1).unwrap();
        assert_eq!(tiers.region(first).made().effort(), Effort::Quick);
        assert!(!tiers.is_promoted(first) && tiers.regions[1].code().is_none());
        tiers.launched(core, &lane, second, || LEAST_HOT).unwrap();
        assert_eq!(tiers.region(second).made().effort(), Effort::Thorough);
        assert!(tiers.is_settled(second) && tiers.regions[1].quick.get().is_none());
        tiers.launched(core, &lane, first, || LEAST_HOT).unwrap();
        assert_eq!(tiers.region(first).made().effort(), Effort::Thorough);
        assert_eq!(tiers.tier().0, Effort::Thorough);
    }

    #[test]
    fn drivers_with_loops_are_made_thoroughly_once_some_region_is() {
        let (engine, lane) = (Engine::new().unwrap(), two_regions(AGAIN));
        let (core, tiers) = (&engine.core(), tiers_of(&engine, &lane));
        let first = tiers.driver(core, &lane).unwrap();
        assert!(first.made().effort() == Effort::Quick && !first.is_compiled());
        tiers.promote(core, &lane, RegionId(1));
        assert_eq!(tiers.driver(core, &lane).unwrap().made().effort(), Effort::Thorough);
    }

    #[test]
    fn short_drivers_are_compiled_after_many_calls() {
        let (engine, lane) = (Engine::new().unwrap(), two_regions(ONCE));
        let (core, tiers) = (&engine.core(), tiers_of(&engine, &lane));
        for call in 0..MANY_CALLS {
            if call == 1 {
                tiers.promote(core, &lane, RegionId(1));
            }
            assert!(tiers.driver(core, &lane).unwrap().is_short_script());
        }
        assert!(tiers.driver(core, &lane).unwrap().is_compiled());
    }

    #[test]
    fn where_all_is_to_be_thorough_it_is_from_the_first_call_on() {
        for launches in [ONCE, AGAIN] {
            let (engine, lane) = (Engine::builder().thorough(true).build().unwrap(), two_regions(launches));
            let tiers = tiers_of(&engine, &lane);
            tiers.complete(&engine.core(), &lane).unwrap();
            assert!([0, 1].map(RegionId).iter().all(|id| tiers.is_settled(*id)));
            assert_eq!(tiers.driver(&engine.core(), &lane).unwrap().made().effort(), Effort::Thorough);
        }
    }
}
