//! The order in which the futures of one `select!` or `join!` are polled.

use crate::kernel::current;

/// What is left to poll, and the draw that says in which order.
///
/// The draw is read as digits, each of the base of what is left. A draw of zero is the order of declaration.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// A bit for each future that is left.
    left: u64,
    digits: u64,
}

impl Order {
    /// The order of declaration, for the futures whose bits are set.
    #[inline]
    pub fn biased(left: u64) -> Order {
        Order { left, digits: 0 }
    }

    /// An order drawn from the run, for the futures whose bits are set. Where there is no choice, outside of a
    /// run and in a dead context nothing is drawn.
    #[inline]
    pub fn drawn(left: u64) -> Order {
        let count = left.count_ones();
        let digits = if count < 2 { 0 } else { draw(count) };
        Order { left, digits }
    }
}

impl Iterator for Order {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.left == 0 {
            return None;
        }
        let mut candidates = self.left;
        if self.digits > 0 {
            let base = u64::from(self.left.count_ones());
            for _ in 0..self.digits % base {
                candidates &= candidates - 1;
            }
            self.digits /= base;
        }
        let index = candidates.trailing_zeros();
        self.left &= !(1 << index);
        Some(index)
    }
}

#[inline]
fn draw(count: u32) -> u64 {
    current::with(|core| core.kernel.draw_order(orders(count))).unwrap_or(0)
}

/// How many orders `count` futures have. Of more than twenty, how many beginnings of orders a word can tell.
#[inline]
fn orders(count: u32) -> u64 {
    let mut orders = 1u64;
    for factor in (1..=u64::from(count)).rev() {
        match orders.checked_mul(factor) {
            Some(product) => orders = product,
            None => break,
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(left: u64, digits: u64) -> Vec<u32> {
        Order { left, digits }.collect()
    }

    #[test]
    fn each_draw_is_an_order_of_its_own_and_zero_is_that_of_declaration() {
        let orders: std::collections::BTreeSet<_> = (0..24).map(|draw| order(0b1_1101, draw)).collect();
        assert_eq!(orders.len(), 24);
        assert_eq!(order(0b1_1101, 0), [0, 2, 3, 4]);
        for order in orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 2, 3, 4]);
        }
    }

    #[test]
    fn the_number_of_orders_fits_a_word() {
        assert_eq!([orders(2), orders(3), orders(20)], [2, 6, 2_432_902_008_176_640_000]);
        assert_eq!(orders(64), 64 * 63 * 62 * 61 * 60 * 59 * 58 * 57 * 56 * 55, "the first ten of 64");
        assert_eq!(order(u64::MAX, u64::MAX).len(), 64);
    }
}
