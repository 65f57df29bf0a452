//! Budgets: how much a task may use. [regions 1.5]

use super::time::Time;

/// Polls, time and cost that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Polls left; `u64::MAX` for no limit.
    pub polls: u64,
    /// When it is over, on the node's clock; [`Time::NEVER`] for no limit.
    pub deadline: Time,
    /// Cost left: a task declares what each poll costs, 1 unless it says otherwise. `u64::MAX` for no limit.
    pub cost: u64,
}

impl Budget {
    /// No limit.
    pub const UNLIMITED: Budget = Budget { polls: u64::MAX, deadline: Time::NEVER, cost: u64::MAX };

    /// So many polls, and no other limit.
    pub const fn polls(polls: u64) -> Budget {
        Budget { polls, ..Budget::UNLIMITED }
    }

    /// The same, until then.
    #[must_use]
    pub const fn until(self, deadline: Time) -> Budget {
        Budget { deadline, ..self }
    }

    /// The same, for no more than so much.
    #[must_use]
    pub const fn cost(self, cost: u64) -> Budget {
        Budget { cost, ..self }
    }

    /// What two budgets allow together: the smaller of each.
    #[must_use]
    pub fn meet(self, other: Budget) -> Budget {
        Budget {
            polls: self.polls.min(other.polls),
            deadline: self.deadline.min(other.deadline),
            cost: self.cost.min(other.cost),
        }
    }

    /// Takes one poll of this cost.
    pub(super) fn take(&mut self, cost: u64) {
        if self.polls != u64::MAX {
            self.polls = self.polls.saturating_sub(1);
        }
        if self.cost != u64::MAX {
            self.cost = self.cost.saturating_sub(cost);
        }
    }

    /// Whether polls or cost are spent. A deadline is judged by the clock.
    pub const fn is_spent(&self) -> bool {
        self.polls == 0 || self.cost == 0
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::UNLIMITED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_each_is_left() {
        let left = Budget::polls(3).until(Time(50));
        let right = Budget::polls(7).until(Time(20)).cost(9);
        assert_eq!(left.meet(right), Budget { polls: 3, deadline: Time(20), cost: 9 });
        assert_eq!(left.meet(right), right.meet(left));
        assert_eq!(left.meet(Budget::UNLIMITED), left);
    }

    #[test]
    fn no_limit_is_never_spent() {
        let mut budget = Budget::polls(2);
        budget.take(1_000);
        assert_eq!(budget, Budget::polls(1));
        assert!(!budget.is_spent());
        budget.take(0);
        assert!(budget.is_spent());
    }
}
