//! Whom a selector may strike, as far as that is known before the run.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::plan::{Candidate, Catalogue, Group, Selector, TEST_MACHINE, Trigger};

/// Machines by their index in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Machines that may be struck, all of them at once.
    pub(crate) all: BTreeSet<usize>,
    /// How many of `any_of` may be struck besides, such as one `self`.
    pub(crate) any: usize,
    /// Who may be among those.
    pub(crate) any_of: BTreeSet<usize>,
    /// Machine `test` is struck.
    pub(crate) test: bool,
}

impl Reach {
    /// Whom a group may strike in a line of this trigger. A role strikes all who may hold it; `self` is any
    /// one machine that may hit the point.
    pub(crate) fn of(group: &Group, trigger: &Trigger, catalogue: &Catalogue) -> Reach {
        let mut reach = Reach::default();
        for selector in group.selectors() {
            let on = match trigger {
                Trigger::On { point, .. } => catalogue.point(point),
                Trigger::At(_) => None,
            };
            if let (Selector::Itself, Some(point)) = (selector, on) {
                reach.any = 1;
                reach.any_of = Reach::named(&point.hit_on, catalogue);
                continue;
            }
            let selects =
                |name, zone, roles| selector.selects(Candidate { name, zone, roles, itself: false });
            reach.test |= selects(TEST_MACHINE, None, &[]);
            for (index, host) in catalogue.hosts.iter().enumerate() {
                if selects(&host.name, host.zone.as_deref(), &host.roles) {
                    reach.all.insert(index);
                }
            }
        }
        reach
    }

    /// Machines that are struck whatever the trigger.
    pub(crate) fn named(group: &Group, catalogue: &Catalogue) -> BTreeSet<usize> {
        Reach::of(group, &Trigger::At(Duration::ZERO), catalogue).all
    }

    /// Whether a machine may be among those struck.
    pub(crate) fn may_strike(&self, host: usize) -> bool {
        self.all.contains(&host) || self.any > 0 && self.any_of.contains(&host)
    }
}
