//! Streams against a plain vector, under every interleaving of calls, losses, partitions and deaths.

use std::io::IoSlice;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Ratio;
use crate::fault::{Condition, FaultId};
use crate::kernel::Core;
use crate::machine::Ending;
use crate::net::Settings;
use crate::net::lab::{Lab, address, any};

const MACHINES: usize = 3;
const PORT: u16 = 7000;
const WINDOW: u32 = 300;

#[derive(Clone, Debug)]
enum Op {
    Connect { source: usize, target: usize },
    Accept { machine: usize },
    Write { stream: usize, length: usize },
    Read { stream: usize, length: usize },
    Finish { stream: usize },
    Drop { stream: usize },
    Step(usize),
    Impose { fault: usize, source: usize, target: usize, condition: Condition },
    End { fault: usize },
    Die { machine: usize, ending: Ending },
    Power { machine: usize },
    Move { machine: usize },
}

fn calm_op() -> impl Strategy<Value = Op> {
    let stream = 0usize..8;
    let machine = 0..MACHINES;
    prop_oneof![
        8 => (stream.clone(), 0usize..500).prop_map(|(stream, length)| Op::Write { stream, length }),
        8 => (stream, 0usize..500).prop_map(|(stream, length)| Op::Read { stream, length }),
        8 => (1usize..12).prop_map(Op::Step),
        2 => (0usize..3, machine.clone(), machine, condition()).prop_map(
            |(fault, source, target, condition)| Op::Impose { fault, source, target, condition }
        ),
        1 => (0usize..3).prop_map(|fault| Op::End { fault }),
    ]
}

fn wild_op() -> impl Strategy<Value = Op> {
    let stream = 0usize..8;
    let machine = 0..MACHINES;
    let ending = prop_oneof![Just(Ending::Killed), Just(Ending::Exited)];
    let harsh = prop_oneof![
        Just(Condition::RefuseConnect),
        Just(Condition::HangConnect),
        (1u32..4).prop_map(|part| Condition::Reset(Ratio::of(part, 8))),
    ];
    prop_oneof![
        30 => calm_op(),
        2 => (machine.clone(), machine.clone()).prop_map(|(source, target)| Op::Connect { source, target }),
        2 => machine.clone().prop_map(|machine| Op::Accept { machine }),
        1 => stream.clone().prop_map(|stream| Op::Finish { stream }),
        1 => stream.prop_map(|stream| Op::Drop { stream }),
        1 => (0usize..3, machine.clone(), machine.clone(), harsh).prop_map(
            |(fault, source, target, condition)| Op::Impose { fault, source, target, condition }
        ),
        1 => (machine.clone(), ending).prop_map(|(machine, ending)| Op::Die { machine, ending }),
        1 => machine.clone().prop_map(|machine| Op::Power { machine }),
        1 => machine.prop_map(|machine| Op::Move { machine }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let chance = (0u32..=3).prop_map(|part| Ratio::of(part, 4));
    let time = (0u64..30_000_000).prop_map(Duration::from_nanos);
    prop_oneof![
        Just(Condition::Block),
        Just(Condition::Clog),
        chance.clone().prop_map(Condition::Loss),
        (chance.clone(), chance.clone())
            .prop_map(|(chance, correlation)| Condition::BurstLoss { chance, correlation }),
        chance.clone().prop_map(Condition::Corrupt),
        chance.prop_map(Condition::Duplicate),
        (time.clone(), time.clone()).prop_map(|(a, b)| Condition::Delay { min: a.min(b), max: a.max(b) }),
        (time.clone(), time.clone(), time).prop_map(|(min, mean, max)| Condition::LongTailDelay {
            min,
            mean,
            max
        }),
        (0u64..10_000, 0u64..10_000).prop_map(|(bytes_per_second, queue_bytes)| Condition::Bandwidth {
            bytes_per_second,
            queue_bytes
        }),
        (0u32..50).prop_map(|bytes_max| Condition::Chop { bytes_max }),
        (0u32..50).prop_map(|bytes| Condition::Window { bytes }),
    ]
}

/// One end as a test holds it, with what it has written.
struct Held {
    key: StreamKey,
    machine: usize,
    /// Which of the pairs below it belongs to.
    pair: usize,
}

/// What was written from each side, and how much of it was read on the other.
#[derive(Default)]
struct Pair {
    written: [Vec<u8>; 2],
    read: [usize; 2],
    /// By index and generation, to find the pair of an accepted stream.
    key: Option<(u32, u32)>,
}

struct Bench {
    lab: Lab,
    listeners: Vec<Option<ListenerKey>>,
    streams: Vec<Held>,
    pairs: Vec<Pair>,
    faults: Vec<Option<FaultId>>,
    next_byte: u8,
}

impl Bench {
    fn new(seed: u64) -> Bench {
        let settings =
            Settings { window_bytes: WINDOW, send_buffer_bytes: 200, backlog: 2, ..Settings::default() };
        let mut lab = Lab::new(seed, MACHINES, settings);
        let faults = (0..3).map(|index| Some(lab.begin(&format!("{index}")))).collect();
        let listeners = vec![None; MACHINES];
        let mut bench =
            Bench { lab, listeners, streams: Vec::new(), pairs: Vec::new(), faults, next_byte: 0 };
        for machine in 0..MACHINES {
            bench.listen(machine);
        }
        bench
    }

    fn up(&self, machine: usize) -> bool {
        self.lab.core.kernel.hosts[machine].up
    }

    fn listen(&mut self, machine: usize) {
        self.lab.on(machine);
        let Core { kernel, net, .. } = &mut self.lab.core;
        self.listeners[machine] = Some(net.listen(kernel, any(PORT), None).expect("the port is free"));
    }

    fn connect(&mut self, source: usize, target: usize) {
        if !self.up(source) {
            return;
        }
        self.lab.on(source);
        let Core { kernel, net, .. } = &mut self.lab.core;
        let Ok(key) = net.connect_stream(kernel, None, address(target, PORT)) else { return };
        let pair = Pair { key: Some((key.index, key.generation)), ..Pair::default() };
        self.pairs.push(pair);
        self.streams.push(Held { key, machine: source, pair: self.pairs.len() - 1 });
    }

    fn accept(&mut self, machine: usize) {
        let Some(listener) = self.listeners[machine] else { return };
        self.lab.on(machine);
        let Core { kernel, net, .. } = &mut self.lab.core;
        let Ok(Some((key, _))) = net.accept(kernel, listener, None) else { return };
        let of_pair = |pair: &Pair| pair.key == Some((key.index, key.generation));
        let pair = self.pairs.iter().position(of_pair).expect("somebody connected");
        self.streams.push(Held { key, machine, pair });
    }

    fn write(&mut self, stream: usize, length: usize) {
        let Some(held) = self.streams.get(stream) else { return };
        self.lab.on(held.machine);
        let bytes: Vec<u8> = (0..length).map(|at| self.next_byte.wrapping_add(at as u8)).collect();
        let Core { kernel, net, .. } = &mut self.lab.core;
        // In two parts, as a vectored write has them.
        let (first, second) = bytes.split_at(length / 3);
        let parts = [IoSlice::new(first), IoSlice::new(second)];
        if let Ok(Some(count)) = net.write_stream(kernel, held.key, &parts, None) {
            self.next_byte = self.next_byte.wrapping_add(count as u8);
            self.pairs[held.pair].written[usize::from(held.key.side)].extend_from_slice(&bytes[..count]);
        }
    }

    /// Reads and compares; the answer is how many bytes there were.
    fn read(&mut self, stream: usize, length: usize) -> Option<usize> {
        let held = self.streams.get(stream)?;
        self.lab.on(held.machine);
        let Core { kernel, net, .. } = &mut self.lab.core;
        let copy = |first: &[u8], second: &[u8]| [first, second].concat();
        let bytes = net.read_stream(kernel, held.key, length, false, None, copy).ok()??;
        assert!(bytes.len() <= length);
        let from = 1 - usize::from(held.key.side);
        let pair = &mut self.pairs[held.pair];
        let begin = pair.read[from];
        assert!(begin + bytes.len() <= pair.written[from].len(), "bytes that nobody wrote");
        assert_eq!(bytes, pair.written[from][begin..begin + bytes.len()]);
        pair.read[from] += bytes.len();
        Some(bytes.len())
    }

    fn drop_stream(&mut self, stream: usize) {
        if stream >= self.streams.len() {
            return;
        }
        let held = self.streams.remove(stream);
        self.lab.on(held.machine);
        let Core { kernel, net, .. } = &mut self.lab.core;
        net.close_stream(kernel, held.key);
    }

    fn perform(&mut self, op: Op) {
        match op {
            Op::Connect { source, target } => self.connect(source, target),
            Op::Accept { machine } => self.accept(machine),
            Op::Write { stream, length } => self.write(stream, length),
            Op::Read { stream, length } => {
                self.read(stream, length);
            }
            Op::Finish { stream } => {
                if let Some(held) = self.streams.get(stream) {
                    self.lab.on(held.machine);
                    let Core { kernel, net, .. } = &mut self.lab.core;
                    let _ = net.finish_stream(kernel, held.key);
                }
            }
            Op::Drop { stream } => self.drop_stream(stream),
            Op::Step(count) => {
                for _ in 0..count {
                    self.lab.step();
                }
            }
            Op::Impose { fault, source, target, condition } => {
                if let Some(fault) = self.faults[fault] {
                    self.lab.impose(fault, source, target, condition);
                }
            }
            Op::End { fault } => {
                if let Some(fault) = self.faults[fault].take() {
                    self.lab.core.end_fault(fault);
                }
            }
            Op::Die { machine, ending } => {
                if self.up(machine) {
                    self.streams.retain(|held| held.machine != machine);
                    self.lab.kill(machine, ending);
                    self.listen(machine);
                }
            }
            Op::Power { machine } => {
                let up = !self.up(machine);
                self.streams.retain(|held| held.machine != machine);
                self.lab.power(machine, up);
                self.listeners[machine] = None;
                if up {
                    self.listen(machine);
                }
            }
            Op::Move { machine } => {
                // Away and back again: what is under way meanwhile is lost.
                let Core { kernel, net, .. } = &mut self.lab.core;
                let home = address(machine, 0).ip();
                let away = std::net::IpAddr::from([10, 0, 1, machine as u8]);
                let moves_to =
                    if net.addresses.find(home).is_some_and(|id| net.addresses.is_own(id, machine as u16)) {
                        away
                    } else {
                        home
                    };
                net.set_addresses(kernel, machine as u16, &[moves_to]);
            }
        }
    }

    /// What holds at any time.
    fn check(&mut self) {
        let streams = &self.lab.core.net.streams;
        for connection in streams.connections.iter().filter(|connection| connection.live) {
            for way in &connection.ways {
                way.check();
                assert!(way.sent - way.read <= u64::from(WINDOW), "more under way or unread than the window");
                assert!(way.sent - way.credited <= u64::from(WINDOW), "more sent than there was credit for");
                assert!(
                    way.written - way.read <= 200 + u64::from(WINDOW),
                    "more taken in than there is room"
                );
                let mut arrives_at = self.lab.core.kernel.now;
                for segment in &way.segments {
                    assert!(segment.arrives_at >= arrives_at);
                    arrives_at = segment.arrives_at;
                }
            }
        }
    }

    fn heal(&mut self) {
        for fault in 0..self.faults.len() {
            self.perform(Op::End { fault });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// As long as no connection breaks, every byte arrives: the trouble is shorter than a timeout.
    #[test]
    fn bytes_arrive_in_order_once_and_none_is_invented(
        seed: u64, same in prop::bool::ANY, ops in prop::collection::vec(calm_op(), 1..200),
    ) {
        let mut bench = Bench::new(seed);
        bench.connect(0, usize::from(!same));
        while bench.lab.step() {}
        bench.accept(usize::from(!same));
        prop_assert_eq!(bench.streams.len(), 2);
        let give_up_at = bench.lab.core.kernel.now + 25_000_000_000;
        for op in ops {
            if bench.lab.core.kernel.queue.next_at() >= give_up_at {
                bench.heal();
            }
            bench.perform(match op {
                Op::Step(_) => Op::Step(1),
                op => op,
            });
            bench.check();
        }
        bench.heal();
        for (stream, from) in [(0, 1), (1, 0)] {
            let mut idle = 0;
            while idle < 3 {
                bench.check();
                let count = bench.read(stream, 100).unwrap_or(0);
                if count == 0 && !bench.lab.step() {
                    idle += 1;
                }
            }
            let pair = &bench.pairs[0];
            prop_assert_eq!(pair.read[from], pair.written[from].len());
        }
        prop_assert!(bench.lab.core.kernel.now < give_up_at + 200_000_000_000);
    }

    /// Whatever is called and whoever dies: no panic, only bytes that were written, and in the end nothing
    /// is left over.
    #[test]
    fn no_order_of_calls_breaks_anything_or_leaves_anything(
        seed: u64, ops in prop::collection::vec(wild_op(), 1..200),
    ) {
        let mut bench = Bench::new(seed);
        bench.connect(0, 1);
        bench.connect(1, 2);
        for op in ops {
            bench.perform(op);
            bench.check();
        }
        bench.heal();
        for machine in 0..MACHINES {
            if !bench.up(machine) {
                bench.perform(Op::Power { machine });
            }
        }
        while bench.lab.step() {
            bench.check();
        }
        while !bench.streams.is_empty() {
            bench.drop_stream(0);
        }
        for machine in 0..MACHINES {
            bench.lab.kill(machine, Ending::Exited);
        }
        while bench.lab.step() {}
        let net = &bench.lab.core.net;
        for connection in &net.streams.connections {
            let states = connection.ends.each_ref().map(|end| end.state);
            let ways = connection.ways.each_ref().map(|way| {
                (way.stuck, way.finish, way.retry, way.unsent(), way.readable(), way.segments.len())
            });
            let outstanding = connection.outstanding;
            prop_assert!(!connection.live, "{:?} {:?} with {} outstanding", states, ways, outstanding);
        }
        prop_assert_eq!(net.streams.free.len(), net.streams.connections.len());
        for host in &net.hosts {
            prop_assert!(host.stream_ports.is_empty());
        }
    }
}
