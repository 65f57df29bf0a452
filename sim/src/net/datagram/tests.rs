//! Accounting: every datagram that was sent is delivered, lost or under way, whatever happens.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Ratio;
use crate::fault::Condition;
use crate::kernel::Core;
use crate::machine::Ending;
use crate::net::Settings;
use crate::net::lab::{Lab, address, any};

const MACHINES: usize = 3;
const PORT: u16 = 9;

#[derive(Clone, Debug)]
enum Op {
    Send { source: usize, target: usize, length: usize },
    Receive { machine: usize, buffer: usize },
    Step(usize),
    Impose { fault: usize, source: usize, target: usize, condition: Condition },
    End { fault: usize },
    Restart { machine: usize },
    Power { machine: usize, up: bool },
}

fn condition() -> impl Strategy<Value = Condition> {
    let chance = (0u32..=4).prop_map(|part| Ratio::of(part, 4));
    let time = (0u64..30_000_000).prop_map(Duration::from_nanos);
    prop_oneof![
        Just(Condition::Block),
        Just(Condition::Clog),
        chance.clone().prop_map(Condition::Loss),
        (chance.clone(), chance.clone())
            .prop_map(|(chance, correlation)| Condition::BurstLoss { chance, correlation }),
        chance.clone().prop_map(Condition::Duplicate),
        chance.clone().prop_map(Condition::Corrupt),
        (chance, time.clone()).prop_map(|(chance, by)| Condition::Reorder { chance, by }),
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
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let machine = 0..MACHINES;
    prop_oneof![
        8 => (machine.clone(), machine.clone(), 0usize..200)
            .prop_map(|(source, target, length)| Op::Send { source, target, length }),
        4 => (machine.clone(), 0usize..200).prop_map(|(machine, buffer)| Op::Receive { machine, buffer }),
        6 => (1usize..10).prop_map(Op::Step),
        2 => (0usize..3, machine.clone(), machine.clone(), condition()).prop_map(
            |(fault, source, target, condition)| Op::Impose { fault, source, target, condition }
        ),
        1 => (0usize..3).prop_map(|fault| Op::End { fault }),
        1 => machine.clone().prop_map(|machine| Op::Restart { machine }),
        1 => (machine, prop::bool::ANY).prop_map(|(machine, up)| Op::Power { machine, up }),
    ]
}

/// What the trace says, and what the sockets say.
#[derive(Default)]
struct Counts {
    kinds: BTreeMap<(Kind, u8), usize>,
}

impl Counts {
    fn of(lab: &Lab) -> Counts {
        let mut counts = Counts::default();
        let (first, records) = lab.core.kernel.log.tail();
        assert_eq!(first, 0, "the run is short enough for the log to hold it");
        for record in records {
            *counts.kinds.entry((record.kind, record.flag)).or_default() += 1;
        }
        counts
    }

    fn kind(&self, kind: Kind) -> usize {
        self.kinds.iter().filter(|((of, _), _)| *of == kind).map(|(_, count)| count).sum()
    }
}

fn payload(number: u64, length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (number * 31 + at) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_sent_is_delivered_lost_or_under_way(seed: u64, ops in prop::collection::vec(op(), 1..150)) {
        let settings = Settings { datagram_buffer_bytes: 1000, ..Settings::default() };
        let mut lab = Lab::new(seed, MACHINES, settings);
        let mut sockets = Vec::new();
        for machine in 0..MACHINES {
            lab.on(machine);
            let Core { kernel, net, .. } = &mut lab.core;
            sockets.push(net.bind_datagram(kernel, any(PORT)).expect("the port is free"));
        }
        let mut faults: Vec<_> = (0..3).map(|index| (lab.begin(&format!("{index}")), false)).collect();
        let (mut sent, mut received, mut forgotten) = (0usize, 0usize, 0usize);
        let (mut corrupts, mut duplicates) = (false, false);
        let mut number = 0;
        for op in ops {
            match op {
                Op::Send { source, target, length } => {
                    lab.on(source);
                    let Core { kernel, net, .. } = &mut lab.core;
                    if !kernel.hosts[source].up {
                        continue;
                    }
                    number += 1;
                    let bytes = payload(number, length);
                    let to = address(target, PORT);
                    prop_assert_eq!(net.send_datagram(kernel, sockets[source], Some(&to), &bytes).ok(), Some(length));
                    sent += 1;
                }
                Op::Receive { machine, buffer } => {
                    lab.on(machine);
                    let check = |bytes: &[u8]| {
                        let whole = bytes.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
                        (whole, bytes.len().min(buffer))
                    };
                    let answer = lab.core.net.receive_datagram(sockets[machine], false, None, check);
                    if let Ok(Some(((whole, _), _))) = answer {
                        prop_assert!(whole || corrupts);
                        received += 1;
                    }
                }
                Op::Step(count) => {
                    for _ in 0..count {
                        lab.step();
                    }
                }
                Op::Impose { fault, source, target, condition } => {
                    duplicates |= matches!(condition, Condition::Duplicate(_));
                    corrupts |= matches!(condition, Condition::Corrupt(_));
                    if !faults[fault].1 {
                        lab.impose(faults[fault].0, source, target, condition);
                    }
                }
                Op::End { fault } => {
                    faults[fault].1 = true;
                    lab.core.end_fault(faults[fault].0);
                }
                Op::Restart { machine } => {
                    if !lab.core.kernel.hosts[machine].up {
                        continue;
                    }
                    forgotten += queued(&lab, sockets[machine]);
                    lab.kill(machine, Ending::Killed);
                    let Core { kernel, net, .. } = &mut lab.core;
                    sockets[machine] = net.bind_datagram(kernel, any(PORT)).expect("a killed process frees its ports");
                }
                Op::Power { machine, up } => {
                    if lab.core.kernel.hosts[machine].up == up {
                        continue;
                    }
                    if !up {
                        forgotten += queued(&lab, sockets[machine]);
                    }
                    lab.power(machine, up);
                    if up {
                        lab.on(machine);
                        let Core { kernel, net, .. } = &mut lab.core;
                        sockets[machine] = net.bind_datagram(kernel, any(PORT)).expect("power frees its ports");
                    }
                }
            }
            let counts = Counts::of(&lab);
            prop_assert_eq!(counts.kind(Kind::Send), sent);
            let queued: usize = sockets.iter().map(|&key| queued(&lab, key)).sum();
            prop_assert_eq!(counts.kind(Kind::Deliver), received + forgotten + queued);
        }
        for (fault, _) in &faults {
            lab.core.end_fault(*fault);
        }
        while lab.step() {}
        let counts = Counts::of(&lab);
        let queued: usize = sockets.iter().map(|&key| queued(&lab, key)).sum();
        prop_assert_eq!(lab.core.net.datagrams.messages.live(), queued);
        let ended = counts.kind(Kind::Deliver) + counts.kind(Kind::Lose);
        if duplicates {
            prop_assert!((sent..=2 * sent).contains(&ended), "{} of {}", ended, sent);
        } else {
            prop_assert_eq!(ended, sent);
        }
        prop_assert!(lab.core.net.datagrams.marks.is_empty());
    }
}

fn queued(lab: &Lab, key: SocketKey) -> usize {
    let datagrams = &lab.core.net.datagrams;
    let socket = &datagrams.sockets[key.index as usize];
    if !socket.open || socket.generation != key.generation {
        return 0;
    }
    let (mut index, mut count) = (socket.head, 0);
    while index != NONE {
        count += 1;
        index = datagrams.messages.next(index);
    }
    count
}
