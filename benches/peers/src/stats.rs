//! The median and the spread of a few samples.

/// Nanoseconds an operation, one for each process.
#[derive(Clone, Debug, Default)]
pub struct Samples(pub Vec<f64>);

/// The spread, as a part of the median, above which a warning is due.
const NOISE_MAX: f64 = 0.3;

impl Samples {
    /// The middle one, or the mean of the middle two; `None` when nothing was measured.
    pub fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            _ if sorted.is_empty() => None,
            0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
            _ => Some(sorted[middle]),
        }
    }

    pub fn min(&self) -> Option<f64> {
        self.sorted().first().copied()
    }

    pub fn max(&self) -> Option<f64> {
        self.sorted().last().copied()
    }

    /// Whether the processes disagree so much that the host was busy with something else.
    pub fn is_noisy(&self) -> bool {
        let (min, max, median) = (self.min(), self.max(), self.median());
        min.zip(max).zip(median).is_some_and(|((min, max), median)| max - min > median * NOISE_MAX)
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_median() {
        assert_eq!(Samples(vec![]).median(), None);
        assert_eq!(Samples(vec![7.0]).median(), Some(7.0));
        assert_eq!(Samples(vec![9.0, 1.0, 5.0]).median(), Some(5.0));
        assert_eq!(Samples(vec![9.0, 1.0, 5.0, 6.0]).median(), Some(5.5));
    }

    #[test]
    fn a_wide_spread_is_noise() {
        assert!(!Samples(vec![]).is_noisy());
        assert!(!Samples(vec![10.0, 11.0, 12.0]).is_noisy());
        assert!(Samples(vec![10.0, 11.0, 14.0]).is_noisy());
    }
}
