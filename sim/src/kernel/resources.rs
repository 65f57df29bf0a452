//! Entropy, named random streams and allocation, as the current machine has them.

use super::Kernel;
use crate::Ratio;
use crate::choice::StreamId;
use crate::trace::Kind;

impl Kernel {
    /// The stream `app/<machine>/<name>` of the current machine, opened at first use; a restarted process
    /// goes on where it was.
    pub(crate) fn app_stream(&mut self, name: &str) -> usize {
        if self.current.dead {
            return usize::MAX;
        }
        let name = format!("app/{}/{name}", self.hosts[self.current.machine as usize].name);
        if let Some(&index) = self.apps.get(&name) {
            return index;
        }
        self.app_streams.push(self.choices.open(&name));
        self.apps.insert(name, self.app_streams.len() - 1);
        self.app_streams.len() - 1
    }

    /// One draw of code under test below `bound`; 0 stands for 2^64. A dead process draws nothing.
    #[inline]
    pub(crate) fn draw_app(&mut self, stream: usize, bound: u64) -> u64 {
        if self.current.dead {
            return 0;
        }
        if self.scripts.is_playing() {
            return self.scripts.play(bound);
        }
        let drawn = self.choices.draw(&mut self.app_streams[stream], bound);
        self.scripts.keep(drawn);
        let id = self.app_streams[stream].id();
        self.entropy_drawn(id, bound, drawn)
    }

    /// In which of so many orders the futures of one poll are polled, on the current machine.
    #[inline]
    pub(crate) fn draw_order(&mut self, orders: u64) -> u64 {
        if self.current.dead {
            return 0;
        }
        let machine = self.current.machine;
        let host = &mut self.hosts[machine as usize];
        let stream =
            host.select_stream.get_or_insert_with(|| self.choices.open(&format!("select/{}", host.name)));
        let drawn = self.choices.draw(stream, orders);
        let id = stream.id();
        self.record(Kind::Draw, 0, machine, id.index() as u32, fold(drawn));
        drawn
    }

    /// One word of the current machine's entropy.
    pub(crate) fn draw_entropy(&mut self) -> u64 {
        if self.current.dead {
            return 0;
        }
        let host = &mut self.hosts[self.current.machine as usize];
        let drawn = self.choices.draw(&mut host.entropy_stream, 0);
        let id = host.entropy_stream.id();
        self.entropy_drawn(id, 0, drawn)
    }

    /// Records a draw, made constant where a fault says so. The stream has advanced all the same.
    #[inline]
    fn entropy_drawn(&mut self, stream: StreamId, bound: u64, drawn: u64) -> u64 {
        let machine = self.current.machine;
        let mut value = drawn;
        if let Some(&(fault, constant)) = self.hosts[machine as usize].constant_entropy.last() {
            value = if bound == 0 { constant } else { constant % bound };
            if value != drawn {
                self.effect(fault, 0);
            }
        }
        self.record(Kind::Draw, 0, machine, stream.index() as u32, fold(value));
        value
    }

    /// Whether an allocation of so many bytes is granted at a site.
    pub(crate) fn may_allocate(&mut self, point: &'static points::Point, bytes: u64) -> bool {
        if self.current.dead {
            return false;
        }
        self.points.count(point);
        let machine = self.current.machine;
        let mut refused = None;
        for refusal in &mut self.hosts[machine as usize].refusals {
            if refusal.point.is_some_and(|meant| meant.0 != point.hash()) {
                continue;
            }
            if refusal.after > 0 {
                refusal.after -= 1;
            } else if refusal.count > 0 {
                refusal.count -= 1;
                refused = Some(refusal.fault);
            }
        }
        self.record(Kind::Reserve, u8::from(refused.is_some()), machine, fold(point.hash()), fold(bytes));
        if let Some(fault) = refused {
            self.effect(fault, 0);
        }
        refused.is_none()
    }

    /// Whether a forced yield strikes at a site of the current machine.
    pub(super) fn forced_yield(&mut self) -> bool {
        let machine = self.current.machine as usize;
        if self.hosts[machine].forced_yields.is_empty() {
            return false;
        }
        let yields: Vec<(_, Ratio)> = self.hosts[machine].forced_yields.clone();
        let mut strikes = None;
        for (fault, chance) in yields {
            let host = &mut self.hosts[machine];
            if self.choices.chance(&mut host.point_stream, chance) {
                strikes = Some(fault);
            }
        }
        if let Some(fault) = strikes {
            self.effect(fault, 0);
        }
        strikes.is_some()
    }
}

/// A word in 32 bits, for the record.
#[inline]
pub(crate) fn fold(word: u64) -> u32 {
    (word ^ word >> 32) as u32
}
