//! Any sequence of operations, faults and power losses: no panic, no broken invariant, the same twice.

use std::path::Path;

use proptest::prelude::*;

use super::reference::{Act, act};
use super::rig::{OWNER, Rig};
use super::rules;
use crate::Ratio;
use crate::disk::{Disk, DiskConfig, Flags, HandleId, Trouble, Unsynced, Work};

#[derive(Clone, Debug)]
enum Event {
    Act(Act),
    Impose(u32, Trouble),
    Fill(u32, u64),
    Lift(u32),
    PowerLoss(Unsynced),
    Kill,
    Wipe,
    Swap,
    Wait(u64),
    HugeWrite { slot: usize, offset: u64 },
}

fn chance() -> impl Strategy<Value = Ratio> {
    prop_oneof![Just(Ratio::NEVER), Just(Ratio::of(1, 3)), Just(Ratio::ALWAYS)]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let work = prop_oneof![
        Just(Work::Open),
        Just(Work::Read),
        Just(Work::Write),
        Just(Work::Sync),
        Just(Work::Name),
    ];
    prop_oneof![
        (any::<u64>(), any::<u64>()).prop_map(|(min, max)| Trouble::Latency { min, max }),
        (0u64..1 << 40, any::<u64>(), any::<u64>()).prop_map(|(since, period, lasts)| Trouble::Stall {
            since,
            period,
            lasts
        }),
        any::<u64>().prop_map(|bytes_per_second| Trouble::Throttle { bytes_per_second }),
        (work, chance()).prop_map(|(work, chance)| Trouble::Error { work, chance }),
        chance().prop_map(Trouble::LyingSync),
        chance().prop_map(Trouble::SyncError),
        chance().prop_map(Trouble::BitRot),
        chance().prop_map(Trouble::MisdirectWrite),
        chance().prop_map(Trouble::MisdirectRead),
        chance().prop_map(Trouble::Uninitialized),
        chance().prop_map(Trouble::LostTail),
        chance().prop_map(Trouble::CopiedChunk),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let unsynced =
        prop_oneof![Just(Unsynced::Any), Just(Unsynced::Keep), Just(Unsynced::Lose), Just(Unsynced::Tear)];
    prop_oneof![
        40 => act().prop_map(Event::Act),
        6 => (0u32..4, trouble()).prop_map(|(fault, trouble)| Event::Impose(fault, trouble)),
        1 => (0u32..4, 0u64..9000).prop_map(|(fault, bytes_free)| Event::Fill(fault, bytes_free)),
        2 => (0u32..4).prop_map(Event::Lift),
        4 => unsynced.prop_map(Event::PowerLoss),
        1 => Just(Event::Kill),
        1 => Just(Event::Wipe),
        1 => Just(Event::Swap),
        2 => (0u64..2_000_000).prop_map(Event::Wait),
        1 => (0usize..4, any::<u64>()).prop_map(|(slot, offset)| Event::HugeWrite { slot, offset }),
    ]
}

struct Machine {
    rig: Rig,
    other: Disk,
    slots: [Option<HandleId>; 4],
    /// Everything that was seen, to compare two runs.
    seen: Vec<String>,
}

impl Machine {
    fn new(seed: u64, torn_sectors: bool) -> Machine {
        let config = DiskConfig {
            capacity_bytes: 64 << 10,
            queue_depth: 2,
            torn_sectors,
            misdirected_max: 2,
            ..DiskConfig::default()
        };
        let mut rig = Rig::with(seed, config);
        let stream = rig.choices.open("disk/other");
        Machine { rig, other: Disk::new(config, stream), slots: [None; 4], seen: Vec::new() }
    }

    fn run(&mut self, event: &Event) {
        let Machine { rig, other, slots, seen } = self;
        match event {
            Event::Act(act) => {
                let answer = do_act(rig, slots, act);
                seen.push(answer);
            }
            Event::Impose(fault, trouble) => rig.disk.impose(*fault, *trouble),
            Event::Fill(fault, bytes_free) => rig.disk.fill(rig.now, *fault, *bytes_free, 0),
            Event::Lift(fault) => drop(rig.lift(*fault)),
            Event::PowerLoss(unsynced) => seen.push(format!("{:?}", rig.lose_power(*unsynced))),
            Event::Kill => rig.disk.close_owner(OWNER),
            Event::Wipe => rig.disk.wipe(),
            Event::Swap => rig.disk.swap(other),
            Event::Wait(by) => rig.now = rig.now.saturating_add(*by),
            Event::HugeWrite { slot, offset } => {
                if let Some(handle) = slots[*slot] {
                    let done = rig.disk.write(&mut rig.choices, rig.now, handle, Some(*offset), b"far");
                    seen.push(format!("{done:?}"));
                    let done = rig.disk.set_len(&mut rig.choices, rig.now, handle, *offset);
                    seen.push(format!("{done:?}"));
                }
            }
        }
        seen.push(format!("{:?} {}", rig.effects(), rig.disk.used_bytes()));
        rules::check(&rig.disk);
        rules::check(other);
    }
}

fn do_act(rig: &mut Rig, slots: &mut [Option<HandleId>; 4], act: &Act) -> String {
    let Rig { disk, choices, now } = rig;
    let path = Path::new;
    match act {
        Act::Open { slot, path: at, flags } => {
            if let Some(handle) = slots[*slot].take() {
                disk.close(handle);
            }
            let done = disk.open(choices, *now, OWNER, path(at), *flags);
            slots[*slot] = done.result.ok();
            format!("{done:?}")
        }
        Act::Close { slot } => {
            if let Some(handle) = slots[*slot].take() {
                disk.close(handle);
            }
            String::new()
        }
        Act::Write { slot, offset, count, fill } => {
            let Some(handle) = slots[*slot] else { return String::new() };
            let offset = offset.map(|offset| offset as u64);
            format!("{:?}", disk.write(choices, *now, handle, offset, &vec![*fill; *count]))
        }
        Act::Read { slot, offset, count } => {
            let Some(handle) = slots[*slot] else { return String::new() };
            let offset = offset.map(|offset| offset as u64);
            let begun = disk.read_begin(choices, *now, handle, offset, *count);
            let mut out = vec![0; *count];
            let result = disk.read(choices, *now, handle, offset, &mut out);
            format!("{begun:?} {result:?} {:?}", blake3::hash(&out))
        }
        Act::SetLen { slot, size } => {
            let Some(handle) = slots[*slot] else { return String::new() };
            format!("{:?}", disk.set_len(choices, *now, handle, *size as u64))
        }
        Act::Sync { slot } => {
            let Some(handle) = slots[*slot] else { return String::new() };
            format!("{:?}", disk.sync(choices, *now, handle))
        }
        Act::SyncDir { path: at } => format!("{:?}", disk.sync_dir(choices, *now, path(at))),
        Act::Rename { from, to } => format!("{:?}", disk.rename(choices, *now, path(from), path(to))),
        Act::RemoveFile { path: at } => format!("{:?}", disk.remove_file(choices, *now, path(at))),
        Act::RemoveDir { path: at } => format!("{:?}", disk.remove_dir(choices, *now, path(at))),
        Act::RemoveDirAll { path: at } => format!("{:?}", disk.remove_dir_all(choices, *now, path(at))),
        Act::CreateDir { path: at } => format!("{:?}", disk.create_dir(choices, *now, path(at))),
        Act::CreateDirAll { path: at } => format!("{:?}", disk.create_dir_all(choices, *now, path(at))),
        Act::ReadDir { path: at } => format!("{:?}", disk.read_dir(choices, *now, path(at))),
        Act::Metadata { path: at } => format!("{:?}", disk.metadata(choices, *now, path(at))),
        Act::PowerKeepsAll => format!("{:?}", disk.lose_power(choices, *now, Unsynced::Keep)),
    }
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_invariants_and_comes_out_the_same_twice(
        seed: u64, torn_sectors: bool, events in prop::collection::vec(event(), 1..100),
    ) {
        let seen = |()| {
            let mut machine = Machine::new(seed, torn_sectors);
            events.iter().for_each(|event| machine.run(event));
            machine.seen
        };
        prop_assert_eq!(seen(()), seen(()));
    }

    /// Rot, and every other damage at rest, is the same however often and in whatever pieces it is read.
    #[test]
    fn damage_at_rest_is_stable(
        seed: u64,
        trouble in prop_oneof![
            Just(Trouble::BitRot(Ratio::of(1, 3))),
            Just(Trouble::Uninitialized(Ratio::of(1, 2))),
            Just(Trouble::CopiedChunk(Ratio::ALWAYS)),
            Just(Trouble::MisdirectWrite(Ratio::of(1, 4))),
        ],
        pieces in prop::collection::vec((0u64..9000, 0usize..3000), 1..20),
    ) {
        let mut rig = Rig::new(seed);
        rig.disk.impose(3, trouble);
        let file = super::rig::durable(&mut rig, "/f", &super::rig::pattern(1, 4000));
        rig.write(file, 4000, &super::rig::pattern(2, 4000)).expect("there is space");
        rig.lose_power(Unsynced::Any);
        let whole = rig.content("/f").expect("its name is durable");
        let file = rig.open("/f", Flags { read: true, ..Flags::default() }).expect("its name is durable");
        for (offset, count) in pieces {
            let found = rig.read(file, offset, count).expect("nothing hinders it");
            let begin = (offset as usize).min(whole.len());
            prop_assert_eq!(&found[..], &whole[begin..(begin + count).min(whole.len())]);
        }
        rig.lift(3);
        rig.lose_power(Unsynced::Any);
        prop_assert_eq!(rig.content("/f"), Some(whole));
    }
}
