//! Trouble: what faults make of links.
//!
//! A link with any condition has a trouble, which keeps the conditions in the order in which they were
//! imposed. Everything that leaves is shown to each of them in turn, and each draws whether or not an
//! earlier one has already decided: lifting one condition moves no draw of another's chance. An effect is
//! counted where the consequence is certain: a loss here, a changed datagram when a socket takes it in.

use super::latency::{exponential_within, nanos};
use super::link::{Fate, Link, Links, NONE};
use super::{Loss, Signal};
use crate::Ratio;
use crate::choice::{Choices, Stream};
use crate::fault::{Condition, FaultId};
use crate::kernel::Kernel;

/// A condition on the links between some machines; links that are made later fall under it too.
pub(crate) struct Rule {
    pub(super) fault: FaultId,
    condition: Condition,
    sources: Vec<u16>,
    targets: Vec<u16>,
}

/// What is wrong with one link.
pub(crate) struct Trouble {
    pub(super) link: u32,
    /// Invariant: in the order of imposing.
    pub(super) conditions: Vec<(FaultId, Condition)>,
    /// What is clogged, in order of leaving.
    pub(super) held: Vec<Held>,
    /// What each fault that loses in bursts did with what left before.
    bursts: Vec<(FaultId, bool)>,
    /// Until when the link is busy with what left before, where its bandwidth is bounded.
    busy_until: u64,
    /// The number of the latest record of sending among the datagrams that arrived.
    pub(super) delivered_latest: Option<u32>,
}

/// What waits on a clogged link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Datagram(u32),
    Stream(Signal),
}

/// What becomes of a datagram that leaves now.
pub(crate) enum Passage {
    Arrives(u64),
    Lost(Loss),
    Troubled(Box<Troubled>),
}

/// How a datagram is changed on its way.
pub(crate) struct Troubled {
    pub(super) arrives_at: u64,
    /// It is held on this link until a fault ends.
    pub(super) held: bool,
    /// When it arrives once more, and why.
    pub(super) again: Option<(u64, FaultId)>,
    /// A drawn word that says which bit is flipped.
    pub(super) flip: Option<u64>,
    /// The faults to be counted when a socket takes it in.
    pub(super) marks: Vec<Mark>,
}

/// A fault that has changed a datagram under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It certainly took effect if the datagram is taken in.
    Changed(FaultId),
    /// It took effect if a datagram that left later has been taken in before.
    HeldBack(FaultId),
}

/// Headers, so that an empty message costs bandwidth too.
const OVERHEAD_BYTES: u64 = 40;
/// The least that a stream can squeeze through a queue, however small the queue is.
const STREAM_QUEUE_BYTES_MIN: u64 = 1500;

impl Condition {
    fn is_of_links(&self) -> bool {
        matches!(
            self,
            Condition::Block
                | Condition::Clog
                | Condition::Loss(_)
                | Condition::BurstLoss { .. }
                | Condition::Duplicate(_)
                | Condition::Reorder { .. }
                | Condition::Corrupt(_)
                | Condition::Delay { .. }
                | Condition::LongTailDelay { .. }
                | Condition::Bandwidth { .. }
                | Condition::Reset(_)
                | Condition::HalfClose(_)
                | Condition::RefuseConnect
                | Condition::HangConnect
                | Condition::Chop { .. }
                | Condition::Window { .. }
        )
    }
}

/// By how much one of the conditions that delay does so now: one draw.
fn delay(choices: &mut Choices, stream: &mut Stream, condition: Condition) -> u64 {
    match condition {
        Condition::Delay { min, max } => {
            let span = nanos(max).saturating_sub(nanos(min)) + 1;
            nanos(min) + choices.draw(stream, span)
        }
        Condition::LongTailDelay { min, mean, max } => {
            exponential_within(choices, stream, (nanos(min), nanos(mean), nanos(max)))
        }
        _ => 0,
    }
}

/// Whether a fault that loses in bursts loses this one, and keeps that for the next. The first has none before it.
fn goes_on(bursts: &mut Vec<(FaultId, bool)>, fault: FaultId, is_alike: bool, strikes: bool) -> bool {
    match bursts.iter_mut().find(|(of, _)| *of == fault) {
        Some((_, before)) => {
            *before = if is_alike { *before } else { strikes };
            *before
        }
        None => {
            bursts.push((fault, strikes));
            strikes
        }
    }
}

impl Links {
    /// Imposes a condition on every link from one of `sources` to one of `targets`; what happens within a
    /// machine has no trouble, ever.
    pub(crate) fn impose(
        &mut self,
        fault: FaultId,
        sources: Vec<u16>,
        targets: Vec<u16>,
        condition: Condition,
    ) {
        assert!(condition.is_of_links(), "{condition:?} is no condition of a link");
        let rule = Rule { fault, condition, sources, targets };
        for index in 0..self.links.len() as u32 {
            if rule.concerns(&self.links[index as usize]) {
                self.add_condition(index, fault, condition);
            }
        }
        self.rules.push(rule);
        self.reorders = self.rules.iter().any(Rule::reorders);
    }

    /// A link was just made: what was imposed between its machines holds for it.
    pub(super) fn apply_rules(&mut self, link: u32) {
        for index in 0..self.rules.len() {
            let rule = &self.rules[index];
            if rule.concerns(&self.links[link as usize]) {
                let (fault, condition) = (rule.fault, rule.condition);
                self.add_condition(link, fault, condition);
            }
        }
    }

    fn add_condition(&mut self, link: u32, fault: FaultId, condition: Condition) {
        if self.links[link as usize].trouble == NONE {
            let trouble = Trouble {
                link,
                conditions: Vec::new(),
                held: Vec::new(),
                bursts: Vec::new(),
                busy_until: 0,
                delivered_latest: None,
            };
            let index = match self.troubles_free.pop() {
                Some(index) => {
                    self.troubles[index as usize] = trouble;
                    index
                }
                None => {
                    self.troubles.push(trouble);
                    (self.troubles.len() - 1) as u32
                }
            };
            self.links[link as usize].trouble = index;
        }
        let trouble = self.links[link as usize].trouble;
        self.troubles[trouble as usize].conditions.push((fault, condition));
    }

    /// Whether a fault bounds the windows of streams.
    pub(super) fn bounds_windows(&self, fault: FaultId) -> bool {
        self.rules.iter().any(|rule| rule.fault == fault && rule.bounds_windows())
    }

    /// Notes that a datagram has arrived, and answers whether one that left later was before it.
    pub(super) fn note_delivery(&mut self, link: u32, sent: u32) -> bool {
        let trouble = self.links[link as usize].trouble;
        if trouble == NONE {
            return false;
        }
        let latest = &mut self.troubles[trouble as usize].delivered_latest;
        match latest {
            Some(latest) if (sent.wrapping_sub(*latest) as i32) < 0 => true,
            _ => {
                *latest = Some(sent);
                false
            }
        }
    }

    /// Lifts what a fault imposed. The answer is what was clogged and is free now, link by link, in order,
    /// and the links whose condition is gone.
    pub(super) fn lift(&mut self, fault: FaultId) -> (Vec<(u32, Held)>, Vec<u32>) {
        self.rules.retain(|rule| rule.fault != fault);
        self.reorders = self.rules.iter().any(Rule::reorders);
        let (mut freed, mut links) = (Vec::new(), Vec::new());
        for index in 0..self.troubles.len() {
            let trouble = &mut self.troubles[index];
            let count = trouble.conditions.len();
            trouble.conditions.retain(|&(of, _)| of != fault);
            trouble.bursts.retain(|&(of, _)| of != fault);
            if trouble.link == NONE || trouble.conditions.len() == count {
                continue;
            }
            links.push(trouble.link);
            if !trouble.conditions.iter().any(|(_, condition)| *condition == Condition::Clog) {
                freed.extend(trouble.held.drain(..).map(|held| (trouble.link, held)));
            }
            if trouble.conditions.is_empty() {
                self.links[trouble.link as usize].trouble = NONE;
                trouble.link = NONE;
                self.troubles_free.push(index as u32);
            }
        }
        (freed, links)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn pass_in_trouble(
        &mut self,
        kernel: &mut Kernel,
        link: u32,
        bytes: usize,
        arrives_at: u64,
    ) -> Passage {
        let latency = arrives_at - kernel.now;
        let again_after = self.again_after(kernel, link);
        let Link { stream, trouble, .. } = &mut self.links[link as usize];
        let trouble = &mut self.troubles[*trouble as usize];
        let mut passage = Troubled { arrives_at, held: false, again: None, flip: None, marks: Vec::new() };
        let mut lost = None;
        let mut clogged_by = None;
        for &(fault, condition) in &trouble.conditions {
            match condition {
                Condition::Block => lost = lost.or(Some((fault, Loss::Blocked))),
                Condition::Loss(chance) => {
                    let strikes = kernel.choices.chance(stream, chance);
                    if strikes {
                        lost = lost.or(Some((fault, Loss::Lossy)));
                    }
                }
                Condition::BurstLoss { chance, correlation } => {
                    let is_alike = kernel.choices.chance(stream, correlation);
                    let strikes = kernel.choices.chance(stream, chance);
                    if goes_on(&mut trouble.bursts, fault, is_alike, strikes) {
                        lost = lost.or(Some((fault, Loss::Lossy)));
                    }
                }
                Condition::Corrupt(chance) => {
                    let strikes = kernel.choices.chance(stream, chance);
                    let word = kernel.choices.draw(stream, 0);
                    if strikes && bytes > 0 {
                        passage.flip = Some(word);
                        passage.marks.push(Mark::Changed(fault));
                    }
                }
                Condition::Duplicate(chance) => {
                    let strikes = kernel.choices.chance(stream, chance);
                    if strikes {
                        passage.again = Some((again_after, fault));
                    }
                }
                Condition::Reorder { chance, by } => {
                    let strikes = kernel.choices.chance(stream, chance);
                    let by = kernel.choices.draw(stream, nanos(by).max(1)) + 1;
                    if strikes {
                        passage.arrives_at += by;
                        passage.marks.push(Mark::HeldBack(fault));
                    }
                }
                Condition::Delay { .. } | Condition::LongTailDelay { .. } => {
                    let by = delay(&mut kernel.choices, stream, condition);
                    if by > 0 {
                        passage.arrives_at += by;
                        passage.marks.push(Mark::Changed(fault));
                    }
                }
                Condition::Bandwidth { bytes_per_second, queue_bytes } => {
                    let size = bytes as u64 + OVERHEAD_BYTES;
                    let waiting = waiting_bytes(trouble.busy_until, kernel.now, bytes_per_second);
                    if lost.is_some() {
                    } else if waiting > 0 && waiting + size > queue_bytes {
                        lost = Some((fault, Loss::Congested));
                    } else {
                        let begins = trouble.busy_until.max(kernel.now);
                        trouble.busy_until = begins + sending_time(size, bytes_per_second);
                        passage.arrives_at += trouble.busy_until - kernel.now;
                        passage.marks.push(Mark::Changed(fault));
                    }
                }
                Condition::Clog => clogged_by = clogged_by.or(Some(fault)),
                _ => {}
            }
        }
        if let Some((fault, loss)) = lost {
            kernel.effect(fault, link);
            return Passage::Lost(loss);
        }
        if let Some(fault) = clogged_by {
            kernel.effect(fault, link);
            passage.held = true;
        }
        if let Some((at, _)) = &mut passage.again {
            // The copy takes its own time, behind the same trouble.
            *at += passage.arrives_at - latency;
        }
        Passage::Troubled(Box::new(passage))
    }

    /// How long a second copy takes, where there may be one.
    fn again_after(&mut self, kernel: &mut Kernel, link: u32) -> u64 {
        let trouble = &self.troubles[self.links[link as usize].trouble as usize];
        let duplicates = |(_, condition): &(FaultId, Condition)| matches!(condition, Condition::Duplicate(_));
        if trouble.conditions.iter().any(duplicates) { self.latency(kernel, link) } else { 0 }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn carry_in_trouble(
        &mut self,
        kernel: &mut Kernel,
        link: u32,
        bytes: usize,
        mut arrives_at: u64,
        held: Signal,
    ) -> Fate {
        let Link { stream, trouble, .. } = &mut self.links[link as usize];
        let trouble = &mut self.troubles[*trouble as usize];
        let mut lost = None;
        let mut clogged_by = None;
        let mut slowed_by = Vec::new();
        for &(fault, condition) in &trouble.conditions {
            match condition {
                Condition::Block => lost = lost.or(Some((fault, Loss::Blocked))),
                Condition::Loss(chance) => {
                    let strikes = kernel.choices.chance(stream, chance);
                    if strikes {
                        lost = lost.or(Some((fault, Loss::Lossy)));
                    }
                }
                Condition::BurstLoss { chance, correlation } => {
                    let is_alike = kernel.choices.chance(stream, correlation);
                    let strikes = kernel.choices.chance(stream, chance);
                    if goes_on(&mut trouble.bursts, fault, is_alike, strikes) {
                        lost = lost.or(Some((fault, Loss::Lossy)));
                    }
                }
                Condition::Corrupt(chance) => {
                    let strikes = kernel.choices.chance(stream, chance);
                    if strikes {
                        lost = lost.or(Some((fault, Loss::Damaged)));
                    }
                }
                Condition::Delay { .. } | Condition::LongTailDelay { .. } => {
                    let by = delay(&mut kernel.choices, stream, condition);
                    if by > 0 {
                        arrives_at += by;
                        slowed_by.push(fault);
                    }
                }
                Condition::Bandwidth { bytes_per_second, .. } => {
                    let size = bytes as u64 + OVERHEAD_BYTES;
                    let begins = trouble.busy_until.max(kernel.now);
                    trouble.busy_until = begins + sending_time(size, bytes_per_second);
                    arrives_at += trouble.busy_until - kernel.now;
                    slowed_by.push(fault);
                }
                Condition::Clog => clogged_by = clogged_by.or(Some(fault)),
                _ => {}
            }
        }
        if let Some((fault, loss)) = lost {
            kernel.effect(fault, link);
            return Fate::Lost(loss);
        }
        if let Some(fault) = clogged_by {
            trouble.held.push(Held::Stream(held));
            kernel.effect(fault, link);
            return Fate::Held;
        }
        for fault in slowed_by {
            kernel.effect(fault, link);
        }
        Fate::Arrives(arrives_at)
    }

    /// Holds a datagram until a fault ends.
    pub(super) fn hold(&mut self, link: u32, held: Held) {
        let trouble = self.links[link as usize].trouble;
        self.troubles[trouble as usize].held.push(held);
    }

    fn conditions(&self, link: u32) -> &[(FaultId, Condition)] {
        match self.links[link as usize].trouble {
            NONE => &[],
            trouble => &self.troubles[trouble as usize].conditions,
        }
    }

    /// Whether nothing passes, and why.
    #[inline]
    pub(super) fn blocked(&self, link: u32) -> Option<FaultId> {
        let blocks =
            |(fault, condition): &(FaultId, Condition)| (*condition == Condition::Block).then_some(*fault);
        self.conditions(link).iter().find_map(blocks)
    }

    /// The most bytes of one read or write, and why.
    #[inline]
    pub(super) fn chop(&self, link: u32) -> Option<(usize, FaultId)> {
        let chops = |(fault, condition): &(FaultId, Condition)| match condition {
            Condition::Chop { bytes_max } => Some(((*bytes_max).max(1) as usize, *fault)),
            _ => None,
        };
        self.conditions(link).iter().filter_map(chops).min()
    }

    /// The receive window of a stream on this link, and why it is not the usual one.
    #[inline]
    pub(super) fn window(&self, link: u32, usual: u64) -> (u64, Option<FaultId>) {
        let mut window = (usual, None);
        for (fault, condition) in self.conditions(link) {
            if let Condition::Window { bytes } = condition
                && u64::from(*bytes).max(1) < window.0
            {
                window = (u64::from(*bytes).max(1), Some(*fault));
            }
        }
        window
    }

    /// What becomes of a new connection: the fault that refuses it, or lets it hang.
    pub(super) fn connect_trouble(&self, link: u32) -> Option<(FaultId, Condition)> {
        let mut troubles = self.conditions(link).iter().copied();
        troubles.find(|(_, condition)| matches!(condition, Condition::RefuseConnect | Condition::HangConnect))
    }

    /// Whether a stream is reset at a write, and why.
    #[inline]
    pub(super) fn reset_strikes(&mut self, kernel: &mut Kernel, link: u32) -> Option<FaultId> {
        self.strikes_at_write(kernel, link, |condition| match condition {
            Condition::Reset(chance) => Some(chance),
            _ => None,
        })
    }

    /// Whether a stream is half closed at a write, and why.
    #[inline]
    pub(super) fn half_close_strikes(&mut self, kernel: &mut Kernel, link: u32) -> Option<FaultId> {
        self.strikes_at_write(kernel, link, |condition| match condition {
            Condition::HalfClose(chance) => Some(chance),
            _ => None,
        })
    }

    /// The first condition of a kind that strikes at a write; each of that kind draws.
    #[inline]
    fn strikes_at_write(
        &mut self,
        kernel: &mut Kernel,
        link: u32,
        of: impl Fn(Condition) -> Option<Ratio>,
    ) -> Option<FaultId> {
        if self.links[link as usize].trouble == NONE {
            return None;
        }
        let Link { stream, trouble, .. } = &mut self.links[link as usize];
        let mut strikes = None;
        for &(fault, condition) in &self.troubles[*trouble as usize].conditions {
            if let Some(chance) = of(condition)
                && kernel.choices.chance(stream, chance)
            {
                strikes = strikes.or(Some(fault));
            }
        }
        strikes
    }

    /// How many bytes of a stream a link of bounded bandwidth takes in now, and when to ask again where it
    /// is none. `None` for a link without that bound.
    pub(super) fn room(&self, link: u32, now: u64) -> Option<(u64, u64)> {
        let busy_until = match self.links[link as usize].trouble {
            NONE => return None,
            trouble => self.troubles[trouble as usize].busy_until,
        };
        let mut least = None;
        for (_, condition) in self.conditions(link) {
            if let Condition::Bandwidth { bytes_per_second, queue_bytes } = *condition {
                let queue = queue_bytes.max(STREAM_QUEUE_BYTES_MIN);
                let waiting = waiting_bytes(busy_until, now, bytes_per_second);
                let room = queue.saturating_sub(waiting + OVERHEAD_BYTES);
                let half_empty_at = busy_until.saturating_sub(sending_time(queue / 2, bytes_per_second));
                if least.is_none_or(|(least, _)| room < least) {
                    least = Some((room, half_empty_at.max(now + 1)));
                }
            }
        }
        least
    }
}

impl Rule {
    fn concerns(&self, link: &Link) -> bool {
        link.source != link.target
            && self.sources.contains(&link.source)
            && self.targets.contains(&link.target)
    }

    fn reorders(&self) -> bool {
        matches!(self.condition, Condition::Reorder { .. })
    }

    /// Whether it changes how much of a stream may be under way.
    pub(super) fn bounds_windows(&self) -> bool {
        matches!(self.condition, Condition::Window { .. })
    }
}

/// How long a link is busy with so many bytes.
fn sending_time(bytes: u64, bytes_per_second: u64) -> u64 {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second.max(1));
    u64::try_from(nanos).unwrap_or(u64::MAX >> 2).min(u64::MAX >> 2)
}

/// How many bytes wait before a link that is busy until then.
fn waiting_bytes(busy_until: u64, now: u64, bytes_per_second: u64) -> u64 {
    let nanos = u128::from(busy_until.saturating_sub(now));
    u64::try_from(nanos * u128::from(bytes_per_second) / 1_000_000_000).unwrap_or(u64::MAX)
}
