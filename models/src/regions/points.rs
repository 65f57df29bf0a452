//! Sites, marks and planted bugs of this model: the catalogue that plans, sweeps and mutants choose from.

use points::{Kind, Point, Quirk};

use super::handle;

macro_rules! bugs {
    ($($bug:ident = $name:literal, $about:literal;)*) => {
        /// The bugs that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Bug {
            $(#[doc = $about] $bug,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Bug] = &[$(Bug::$bug,)*];

            /// Its name, as given to `--quirk`.
            pub const fn name(self) -> &'static str {
                match self { $(Bug::$bug => $name,)* }
            }
        }

        static TABLE: [Quirk; Bug::ALL.len()] = [$(Quirk::new($name, $about),)*];

        /// All bugs that can be planted, in the order of [`Bug::ALL`].
        pub static QUIRKS: &[&Quirk] = &[$(&TABLE[Bug::$bug as usize],)*];
    };
}

bugs! {
    ClosedEarly = "closed-early", "a region is closed while a child of it is not";
    TaskEndedTwice = "task-ended-twice", "a task that ends by itself in its last poll of cleanup is ended again";
    TaskForgotten = "task-forgotten", "the task that was next when the polls ran out is never polled again";
    ResolvedTwice = "resolved-twice", "an obligation that was resolved can be resolved again";
    LeakIgnored = "leak-ignored", "an obligation stays behind when its task ends";
    RegionReopened = "region-reopened", "poisoning a region that drains puts it back to closing";
    PoisonAdmitsReserve = "poison-admits-reserve", "a poisoned region takes obligations";
    PoisonReachesSibling = "poison-reaches-sibling", "poisoning a region cancels the tasks of its siblings";
    CountDrift = "count-drift", "a task that is ended by force is still counted";
    CleanupUnbounded = "cleanup-unbounded", "a task that is asked to end may take as many polls as it likes";
    DeadlineLost = "deadline-lost", "what falls due before the latest reading of a clock that went back is passed over";
    DeadlineTwice = "deadline-twice", "a timer that fires after the clock went back stays set";
    RefusalTakesNumber = "refusal-takes-number", "a spawn that is refused uses up an id";
    AllocationHalfDone = "allocation-half-done", "a task whose memory is refused is counted in its region";
    IdsFromEntropyAlone = "ids-from-entropy-alone", "an id is a draw and nothing else";
    GenerationKept = "generation-kept", "a slot that is freed keeps its generation";
    TiesBySlot = "ties-by-slot", "tasks that get ready together run in the order of their slots";
    FinalizersInOrder = "finalizers-in-order", "finalizers run first registered first";
    ShedsPolled = "sheds-polled", "a task that began may be shed";
    CancelWeakens = "cancel-weakens", "the last request to end replaces a more severe one";
    BudgetNotMet = "budget-not-met", "a task in a region gets the larger of both budgets";
    PrecedenceSwapped = "precedence-swapped", "a poisoned region that closes answers that it is not open";
    TimersBySequence = "timers-by-sequence", "timers that are due fire in the order in which they were set";
    PanicIsError = "panic-is-error", "a task that panicked counts as one that failed";
    ClassChangesMeaning = "class-changes-meaning", "a tight class gives half as many polls for cleanup";
    SlotWakesNobody = "slot-wakes-nobody", "a spawner that waits for a slot is not woken";
    RegionMute = "regions-mute", "no task is ever polled";
    RegionAmnesia = "regions-amnesia", "finalizers are forgotten";
    RegionFrozen = "regions-frozen", "the first reading of the clock is taken for all";
}

/// The bugs that one runtime has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks(u64);

const _: () = assert!(Bug::ALL.len() <= 64, "a bug is a bit");

impl Quirks {
    /// None: as it should be.
    pub const NONE: Quirks = Quirks(0);

    /// This one alone.
    pub const fn only(bug: Bug) -> Quirks {
        Quirks(1 << bug as u8)
    }

    /// Those that the current run plants.
    pub fn of_run() -> Quirks {
        let planted = Bug::ALL.iter().zip(QUIRKS).filter(|(_, quirk)| quirk.is_planted());
        Quirks(planted.fold(0, |bits, (&bug, _)| bits | 1 << bug as u8))
    }

    /// Whether it has this one.
    #[inline]
    pub const fn has(self, bug: Bug) -> bool {
        self.0 & 1 << bug as u8 != 0
    }
}

/// All points but the bugs. The first four are the arenas' allocation sites, by [`handle::Kind`].
pub static CATALOGUE: [Point; 13] = [
    Point::new("regions.allocate_region", Kind::Site),
    Point::new("regions.allocate_task", Kind::Site),
    Point::new("regions.allocate_obligation", Kind::Site),
    Point::new("regions.allocate_timer", Kind::Site),
    Point::new("regions.slice_run", Kind::Site),
    Point::new("regions.slice_drained", Kind::Site),
    Point::new("regions.meant", Kind::Mark),
    Point::new("regions.polled", Kind::Reachable),
    Point::new("regions.timer_fired", Kind::Reachable),
    Point::new("regions.refused", Kind::Reachable),
    Point::new("regions.forced", Kind::Reachable),
    Point::new("regions.shed", Kind::Reachable),
    Point::new("regions.leaked", Kind::Reachable),
];

/// The allocation site of an arena.
pub fn allocation_site(kind: handle::Kind) -> &'static Point {
    &CATALOGUE[kind as usize]
}
