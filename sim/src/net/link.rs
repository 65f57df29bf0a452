//! Links: the way from one machine to another, with its latency and its own stream of choice.
//!
//! A link is made when it is first used and has a dense number, in that order. What is healthy about it is
//! here, in one cache line; what is wrong with it is in [`trouble`](super::trouble). A link moves nothing:
//! it says when, and whether, something that leaves now would arrive.

use super::Signal;
use super::latency::Latency;
use super::settings::Settings;
use super::trouble::{Passage, Rule, Trouble};
use crate::choice::Stream;
use crate::kernel::Kernel;

/// No link; no trouble.
pub(crate) const NONE: u32 = u32::MAX;

/// One direction between two machines, or within one.
#[repr(align(64))]
pub(crate) struct Link {
    /// `net/<source>><target>`.
    pub(super) stream: Stream,
    pub(super) source: u16,
    pub(super) target: u16,
    latency: u16,
    /// The number of what is wrong with it; [`NONE`] nearly always.
    pub(super) trouble: u32,
}

const _: () = assert!(size_of::<Link>() == 64, "a link is one cache line");

/// The latency of the links between some machines.
struct Path {
    sources: Vec<u16>,
    targets: Vec<u16>,
    latency: u16,
}

pub(crate) struct Links {
    pub(super) links: Vec<Link>,
    /// The number of the link from a machine to another; [`NONE`] or missing where there is none yet.
    rows: Vec<Vec<u32>>,
    /// The latencies in use: 0 is the usual one, 1 that within a machine.
    latencies: Vec<Latency>,
    paths: Vec<Path>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) troubles_free: Vec<u32>,
    pub(super) rules: Vec<Rule>,
    /// Whether some condition holds messages back one by one, so that order is worth watching.
    pub(super) reorders: bool,
}

const USUAL: u16 = 0;
const LOOPBACK: u16 = 1;

/// What becomes of something that leaves now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives(u64),
    Lost(super::Loss),
    /// It waits on the link until a fault ends.
    Held,
}

impl Links {
    pub(crate) fn new(settings: &Settings) -> Links {
        Links {
            links: Vec::new(),
            rows: Vec::new(),
            latencies: vec![settings.latency.clone(), settings.loopback.clone()],
            paths: Vec::new(),
            troubles: Vec::new(),
            troubles_free: Vec::new(),
            rules: Vec::new(),
            reorders: false,
        }
    }

    /// The link from one machine to another.
    #[inline]
    pub(crate) fn between(&mut self, kernel: &mut Kernel, source: u16, target: u16) -> u32 {
        if let Some(row) = self.rows.get(source as usize)
            && let Some(&link) = row.get(target as usize)
            && link != NONE
        {
            return link;
        }
        self.make(kernel, source, target)
    }

    #[cold]
    fn make(&mut self, kernel: &mut Kernel, source: u16, target: u16) -> u32 {
        let names = (&kernel.hosts[source as usize].name, &kernel.hosts[target as usize].name);
        let stream = kernel.choices.open_link(names.0, names.1);
        let on_path = |path: &&Path| path.sources.contains(&source) && path.targets.contains(&target);
        let latency = match self.paths.iter().rev().find(on_path) {
            _ if source == target => LOOPBACK,
            Some(path) => path.latency,
            None => USUAL,
        };
        let index = u32::try_from(self.links.len()).expect("fewer than 2^32 links");
        self.links.push(Link { stream, source, target, latency, trouble: NONE });
        if self.rows.len() <= source as usize {
            self.rows.resize_with(source as usize + 1, Vec::new);
        }
        let row = &mut self.rows[source as usize];
        if row.len() <= target as usize {
            row.resize(kernel.hosts.len().max(target as usize + 1), NONE);
        }
        row[target as usize] = index;
        self.apply_rules(index);
        index
    }

    /// From now on the links between these machines have that latency.
    pub(crate) fn set_latency(&mut self, sources: Vec<u16>, targets: Vec<u16>, latency: Latency) {
        let number = match self.latencies.iter().position(|known| *known == latency) {
            // The one within a machine is no other link's, even where it is the same today.
            Some(number) if number != usize::from(LOOPBACK) => number,
            _ => {
                self.latencies.push(latency);
                self.latencies.len() - 1
            }
        };
        let number = u16::try_from(number).expect("at most 65,536 latencies in one run");
        for link in &mut self.links {
            let concerned = sources.contains(&link.source) && targets.contains(&link.target);
            if concerned && link.source != link.target {
                link.latency = number;
            }
        }
        self.paths.push(Path { sources, targets, latency: number });
    }

    /// How long something that leaves now is under way, trouble apart.
    #[inline]
    pub(super) fn latency(&mut self, kernel: &mut Kernel, link: u32) -> u64 {
        let link = &mut self.links[link as usize];
        self.latencies[usize::from(link.latency)].draw(&mut kernel.choices, &mut link.stream)
    }

    /// What becomes of a part of a stream that leaves now; `held` is how to call it back.
    #[inline]
    pub(super) fn carry(&mut self, kernel: &mut Kernel, link: u32, bytes: usize, held: Signal) -> Fate {
        let arrives_at = kernel.now + self.latency(kernel, link);
        if self.links[link as usize].trouble == NONE {
            return Fate::Arrives(arrives_at);
        }
        self.carry_in_trouble(kernel, link, bytes, arrives_at, held)
    }

    /// What becomes of a datagram that leaves now, on a link that has trouble.
    #[inline]
    pub(super) fn pass(&mut self, kernel: &mut Kernel, link: u32, bytes: usize) -> Passage {
        let arrives_at = kernel.now + self.latency(kernel, link);
        if self.links[link as usize].trouble == NONE {
            return Passage::Arrives(arrives_at);
        }
        self.pass_in_trouble(kernel, link, bytes, arrives_at)
    }

    /// The two machines of each link, by the number that records name.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (u16, u16)> {
        self.links.iter().map(|link| (link.source, link.target))
    }
}
