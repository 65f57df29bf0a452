//! Effects: which faults changed what somebody saw or what survived.

/// The effects of faults since somebody last took them, in order.
#[derive(Default)]
pub(crate) struct Effects(Vec<Effect>);

/// A fault took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) fault: u32,
    /// What of: a sector, a number of bytes, an error.
    pub(crate) detail: u32,
}

impl Effects {
    #[inline]
    pub(super) fn push(&mut self, fault: u32, detail: u32) {
        self.0.push(Effect { fault, detail });
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of them, taken out.
    pub(crate) fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.0)
    }
}
