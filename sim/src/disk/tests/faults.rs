//! Each fault takes effect where a workload observes it, and nowhere else.

use std::collections::BTreeSet;

use super::rig::{Rig, durable, pattern};
use crate::Ratio;
use crate::disk::{Disk, DiskConfig, Errno, Flags, SECTOR_BYTES, Service, Trouble, Unsynced, Work};

const FAULT: u32 = 5;

fn differing(one: &[u8], other: &[u8]) -> BTreeSet<usize> {
    assert_eq!(one.len(), other.len());
    let places = (0..one.len()).filter(|&at| one[at] != other[at]);
    places.map(|at| at / SECTOR_BYTES).collect()
}

#[test]
fn latency_delays_every_operation() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.disk.impose(FAULT, Trouble::Latency { min: 1_000_000, max: 2_000_000 });
    let before = rig.now;
    rig.write(file, 0, b"x").expect("there is space");
    assert!((1_002_000..2_009_000).contains(&(rig.now - before)), "{}", rig.now - before);
    assert_eq!(rig.effects(), [FAULT]);
    rig.lift(FAULT);
    let before = rig.now;
    rig.write(file, 0, b"x").expect("there is space");
    assert!(rig.now - before < 10_000);
    assert!(rig.effects().is_empty());
}

#[test]
fn what_is_under_way_ends_sooner_when_its_trouble_ends() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", &pattern(3, 40_000));
    let second = 1_000_000_000;
    rig.disk.impose(FAULT, Trouble::Throttle { bytes_per_second: 10_000 });
    let since = rig.now;
    rig.disk.impose(FAULT + 1, Trouble::Stall { since, period: 100_000_000, lasts: 95_000_000 });
    let now = rig.now;
    rig.disk.write(&mut rig.choices, now, file, Some(0), &pattern(4, 40_000)).result.expect("there is space");
    let written = rig.disk.latest();
    let sync = rig.disk.sync(&mut rig.choices, now, file);
    let synced = rig.disk.latest();
    assert!(sync.ends_at > now + 60 * second, "{}", sync.ends_at);

    rig.now += second / 2;
    let throttled = rig.lift(FAULT + 1);
    assert_eq!(throttled.len(), 2, "{throttled:?}");
    for sooner in &throttled {
        assert!(sooner.ends_at > rig.now + 3 * second && sooner.ends_at < rig.now + 6 * second, "{sooner:?}");
    }
    rig.now += second / 2;
    let healed = rig.lift(FAULT);
    assert_eq!(healed.iter().map(|sooner| sooner.number).collect::<Vec<_>>(), [written, synced]);
    assert!(healed.iter().all(|sooner| sooner.ends_at < rig.now + second / 100), "{healed:?}");
    assert!(rig.lift(FAULT).is_empty(), "nothing is left to lift");

    // Durable when the sync now ends, not when it would have.
    rig.now = healed[1].ends_at;
    rig.lose_power(Unsynced::Lose);
    let file = rig.file("/f");
    assert!(rig.read(file, 0, 40_000).expect("it is there") == pattern(4, 40_000));
}

#[test]
fn what_no_trouble_made_late_stays_when_trouble_ends() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    let now = rig.now;
    let healthy = rig.disk.write(&mut rig.choices, now, file, Some(0), b"x");
    rig.disk.impose(FAULT, Trouble::Latency { min: 1_000_000, max: 1_000_000 });
    assert_eq!(rig.lift(FAULT), []);
    let next = rig.disk.write(&mut rig.choices, now, file, Some(0), b"x");
    assert!(next.ends_at < healthy.ends_at + 20_000);
}

#[test]
fn a_stall_delays_what_meets_it() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.now = 10_000_000;
    rig.disk.impose(FAULT, Trouble::Stall { since: 10_000_000, period: 5_000_000, lasts: 1_000_000 });
    rig.write(file, 0, b"x").expect("there is space");
    assert!(rig.now > 11_000_000, "the stall is waited for");
    assert_eq!(rig.effects(), [FAULT]);
    rig.now = 13_000_000;
    rig.write(file, 0, b"x").expect("there is space");
    assert!(rig.now < 13_010_000, "between two stalls all is well");
    assert!(rig.effects().is_empty());
    rig.now = 14_999_000;
    rig.write(file, 0, b"x").expect("there is space");
    assert!(rig.now > 16_000_000, "what has begun stands still as well");
    assert_eq!(rig.effects(), [FAULT]);
}

#[test]
fn a_throttled_disk_moves_bytes_slowly() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.disk.impose(FAULT, Trouble::Throttle { bytes_per_second: 1_000_000 });
    let before = rig.now;
    rig.write(file, 0, &[1; 10_000]).expect("there is space");
    assert!((10_000_000..10_020_000).contains(&(rig.now - before)));
    assert_eq!(rig.effects(), [FAULT]);
}

#[test]
fn a_full_disk_takes_what_fits_and_then_nothing() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", &[1; 600]);
    rig.disk.fill(rig.now, FAULT, 1024, 0);
    assert_eq!(rig.disk.free_bytes(rig.now), 1024);
    assert_eq!(rig.write(file, 600, &[2; 2000]), Ok(1448), "the sector that is there, and two more");
    assert_eq!(rig.effects(), [FAULT]);
    assert_eq!(rig.write(file, 2048, &[2; 1]), Err(Errno::NoSpace));
    assert_eq!(rig.effects(), [FAULT]);
    assert_eq!(rig.write(file, 0, &[3; 2048]), Ok(2048), "what has space can be written again");
    let created = rig.open("/g", Flags { write: true, create: true, ..Flags::default() });
    assert_eq!(created, Err(Errno::NoSpace));
    assert_eq!(rig.create_dir("/d"), Err(Errno::NoSpace));
    assert_eq!(rig.effects(), [FAULT; 2]);
    rig.set_len(file, 512).expect("it is a file");
    assert_eq!(rig.write(file, 512, &[2; 512]), Ok(512), "what was given back can be used");
    rig.lift(FAULT);
    assert_eq!(rig.write(file, 4096, &[2; 2000]), Ok(2000));
    assert!(rig.effects().is_empty());
}

#[test]
fn a_small_disk_is_nobodys_fault() {
    let mut rig = Rig::with(1, DiskConfig { capacity_bytes: 2048, ..DiskConfig::default() });
    let file = rig.file("/f");
    rig.disk.fill(rig.now, FAULT, 1 << 30, 0);
    assert_eq!(rig.write(file, 0, &[1; 5000]), Ok(1536), "four sectors, one for the inode");
    assert_eq!(rig.write(file, 1536, &[1; 5000]), Err(Errno::NoSpace));
    assert_eq!(rig.remove_file("/f"), Ok(()));
    assert_eq!(rig.disk.free_bytes(rig.now), 0, "it is open");
    rig.disk.close(file);
    assert_eq!(rig.disk.free_bytes(rig.now), 2048);
    assert!(rig.effects().is_empty());
}

#[test]
fn errors_strike_the_operations_that_were_chosen() {
    let all = [Work::Open, Work::Read, Work::Write, Work::Sync, Work::Name];
    for struck in all {
        let mut rig = Rig::new(1);
        let file = durable(&mut rig, "/f", b"old");
        rig.disk.impose(FAULT, Trouble::Error { work: struck, chance: Ratio::ALWAYS });
        let open = rig.open("/f", Flags { read: true, ..Flags::default() }).err();
        let read = rig.read(file, 0, 3).err();
        let write = rig.write(file, 0, b"new").err();
        let sync = rig.sync(file).err();
        let name = rig.rename("/f", "/g").err();
        for (work, error) in all.into_iter().zip([open, read, write, sync, name]) {
            assert_eq!(error, (work == struck).then_some(Errno::Io), "{work:?} under {struck:?}");
        }
        assert_eq!(rig.effects(), [FAULT]);
        rig.lift(FAULT);
        // What failed was not done, and nothing else is broken.
        let name = if struck == Work::Name { "/f" } else { "/g" };
        let bytes: &[u8] = if struck == Work::Write { b"old" } else { b"new" };
        assert_eq!(rig.content(name), Some(bytes.to_vec()));
        let file = rig.file(name);
        assert_eq!(rig.sync(file), Ok(()), "after a failure to reach the device a sync can be tried again");
        rig.lose_power(Unsynced::Lose);
        let found = rig.content("/f").or(rig.content("/g"));
        assert_eq!(found, Some(bytes.to_vec()));
    }
}

#[test]
fn creating_fails_as_a_name_and_as_an_opening() {
    for work in [Work::Open, Work::Name] {
        let mut rig = Rig::new(1);
        rig.disk.impose(FAULT, Trouble::Error { work, chance: Ratio::ALWAYS });
        let created = rig.open("/f", Flags { write: true, create: true, ..Flags::default() });
        assert_eq!(created, Err(Errno::Io));
        assert_eq!(rig.effects(), [FAULT]);
        rig.lift(FAULT);
        assert_eq!(rig.content("/f"), None);
    }
}

#[test]
fn a_lying_sync_is_found_out_at_a_power_loss_only() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", b"old");
    rig.disk.impose(FAULT, Trouble::LyingSync(Ratio::ALWAYS));
    rig.write(file, 0, b"new").expect("there is space");
    assert_eq!(rig.sync(file), Ok(()));
    assert!(rig.effects().is_empty(), "nobody can tell");
    rig.lose_power(Unsynced::Keep);
    assert!(rig.effects().is_empty(), "it was written all the same");
    let file = rig.file("/f");
    rig.write(file, 0, b"NEW").expect("there is space");
    assert_eq!(rig.sync(file), Ok(()));
    rig.lose_power(Unsynced::Lose);
    assert_eq!(rig.content("/f"), Some(b"new".to_vec()), "a sync had promised otherwise");
    assert_eq!(rig.effects(), [FAULT]);
}

#[test]
fn an_honest_sync_makes_a_lie_true() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", b"old");
    rig.disk.impose(FAULT, Trouble::LyingSync(Ratio::ALWAYS));
    rig.write(file, 0, b"new").expect("there is space");
    rig.sync(file).expect("it lies");
    rig.lift(FAULT);
    rig.sync(file).expect("nothing hinders it");
    rig.write(file, 0, b"not synced").expect("there is space");
    rig.lose_power(Unsynced::Lose);
    assert_eq!(rig.content("/f"), Some(b"new".to_vec()));
    assert!(rig.effects().is_empty(), "what was lost had not been promised");
}

#[test]
fn a_lying_sync_of_a_directory_loses_names() {
    let mut rig = Rig::new(1);
    rig.disk.impose(FAULT, Trouble::LyingSync(Ratio::ALWAYS));
    rig.file("/f");
    rig.sync_dir("/").expect("it lies");
    assert!(rig.effects().is_empty());
    rig.lose_power(Unsynced::Lose);
    assert_eq!(rig.content("/f"), None);
    assert_eq!(rig.effects(), [FAULT]);
}

/// What databases learned in 2018: a sync that failed is not to be tried again, because the pages that
/// could not be written are clean now.
#[test]
fn after_a_failed_sync_the_next_succeeds_and_the_bytes_are_gone() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..40 {
        let mut rig = Rig::new(seed);
        let file = durable(&mut rig, "/f", &[1; 512]);
        rig.disk.impose(FAULT, Trouble::SyncError(Ratio::ALWAYS));
        rig.write(file, 0, &[2; 512]).expect("there is space");
        assert_eq!(rig.sync(file), Err(Errno::Io));
        assert_eq!(rig.effects(), [FAULT], "the error was seen");
        assert_eq!(rig.sync(file), Ok(()), "nothing is dirty, nothing can fail");
        rig.lift(FAULT);
        assert_eq!(rig.sync(file), Ok(()));
        assert_eq!(rig.content("/f"), Some(vec![2; 512]), "the cache still has it");
        rig.lose_power(Unsynced::Keep);
        if rig.content("/f") == Some(vec![1; 512]) {
            assert_eq!(rig.effects(), [FAULT], "the loss was seen as well");
            lost += 1;
        } else {
            assert!(rig.effects().is_empty());
            kept += 1;
        }
    }
    assert!(lost > 8);
    assert!(kept > 8, "some sectors had been written before the error");
}

#[test]
fn what_is_written_again_after_a_failed_sync_is_synced() {
    for seed in 0..20 {
        let mut rig = Rig::new(seed);
        let file = durable(&mut rig, "/f", &[1; 1024]);
        rig.disk.impose(FAULT, Trouble::SyncError(Ratio::ALWAYS));
        rig.write(file, 0, &[2; 2048]).expect("there is space");
        assert_eq!(rig.sync(file), Err(Errno::Io));
        rig.lift(FAULT);
        rig.write(file, 0, &[2; 2048]).expect("there is space");
        rig.sync(file).expect("nothing hinders it");
        rig.lose_power(Unsynced::Lose);
        assert_eq!(rig.content("/f"), Some(vec![2; 2048]));
    }
}

#[test]
fn a_rotten_bit_is_one_bit_until_it_is_overwritten() {
    let mut rig = Rig::new(1);
    let sound = pattern(1, 5000);
    let file = durable(&mut rig, "/f", &sound);
    rig.disk.impose(FAULT, Trouble::BitRot(Ratio::of(1, 2)));
    let rotten = rig.read(file, 0, 5000).expect("nothing hinders it");
    let sectors = differing(&sound, &rotten);
    assert!((2..9).contains(&sectors.len()), "{sectors:?}");
    let bits: u32 = sound.iter().zip(&rotten).map(|(one, other)| (one ^ other).count_ones()).sum();
    assert_eq!(bits as usize, sectors.len(), "one bit each");
    assert_eq!(rig.effects().len(), sectors.len());
    assert_eq!(rig.read(file, 0, 5000), Ok(rotten.clone()), "the same when it is read again");
    rig.effects();
    let first = *sectors.first().expect("there are some");
    let offset = (first * SECTOR_BYTES) as u64;
    rig.write(file, offset, &sound[first * SECTOR_BYTES..][..SECTOR_BYTES]).expect("there is space");
    rig.lift(FAULT);
    let healed = rig.read(file, 0, 5000).expect("nothing hinders it");
    assert_eq!(
        differing(&sound, &healed),
        sectors.iter().copied().filter(|&sector| sector != first).collect()
    );
    assert_eq!(rig.effects().len(), sectors.len() - 1);
    rig.lose_power(Unsynced::Lose);
    assert_eq!(rig.content("/f"), Some(rotten), "the overwriting was lost, the rot is there again");
    assert_eq!(rig.effects().len(), sectors.len());
}

#[test]
fn rot_counts_only_where_the_bit_is_read() {
    let mut rig = Rig::new(3);
    let sound = pattern(1, 512);
    let file = durable(&mut rig, "/f", &sound);
    rig.disk.impose(FAULT, Trouble::BitRot(Ratio::ALWAYS));
    let seen: Vec<bool> = (0..512)
        .map(|at| {
            let found = rig.read(file, at, 1).expect("nothing hinders it");
            let differs = found[0] != sound[at as usize];
            assert_eq!(rig.effects().len(), usize::from(differs));
            differs
        })
        .collect();
    assert_eq!(seen.iter().filter(|&&differs| differs).count(), 1);
}

#[test]
fn what_only_the_cache_has_cannot_rot() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.disk.impose(FAULT, Trouble::BitRot(Ratio::ALWAYS));
    rig.write(file, 0, &[1; 512]).expect("there is space");
    assert_eq!(rig.read(file, 0, 512), Ok(vec![1; 512]));
    rig.sync(file).expect("nothing hinders it");
    assert_ne!(rig.read(file, 0, 512), Ok(vec![1; 512]));
}

#[test]
fn rot_that_begins_again_asks_again() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", &[1; 512]);
    rig.disk.impose(FAULT, Trouble::BitRot(Ratio::NEVER));
    assert_eq!(rig.read(file, 0, 512), Ok(vec![1; 512]));
    rig.lift(FAULT);
    rig.disk.impose(FAULT + 1, Trouble::BitRot(Ratio::ALWAYS));
    assert_ne!(rig.read(file, 0, 512), Ok(vec![1; 512]));
    assert_eq!(rig.effects(), [FAULT + 1]);
}

#[test]
fn a_misdirected_write_is_missing_here_and_found_there() {
    let mut rig = Rig::new(1);
    let (sound, other) = (pattern(1, 4096), pattern(2, 4096));
    let file = durable(&mut rig, "/f", &sound);
    durable(&mut rig, "/g", &other);
    let new = pattern(3, 4096);
    rig.disk.impose(FAULT, Trouble::MisdirectWrite(Ratio::of(1, 8)));
    let mut struck = None;
    for _ in 0..50 {
        rig.write(file, 0, &new).expect("there is space");
        assert_eq!(rig.content("/f"), Some(new.clone()), "the cache has it right");
        rig.sync(file).expect("it seems well");
        if rig.content("/f") != Some(new.clone()) {
            struck = rig.content("/f");
            break;
        }
        rig.write(file, 0, &sound).expect("there is space");
        rig.sync(file).expect("it seems well");
        if rig.content("/f") != Some(sound.clone()) {
            return;
        }
    }
    let found = struck.expect("one of a hundred syncs of eight sectors goes astray");
    assert!(rig.effects().contains(&FAULT));
    let stale: Vec<usize> = differing(&new, &found)
        .into_iter()
        .filter(|&sector| found[sector * 512..][..512] == sound[sector * 512..][..512])
        .collect();
    assert_eq!(stale.len(), 1, "one sector is as it was before");
    let astray = &new[stale[0] * 512..][..512];
    let elsewhere = rig.content("/g").expect("it is there");
    let hits = elsewhere.chunks(512).chain(found.chunks(512)).filter(|sector| *sector == astray);
    assert_eq!(hits.count(), 1, "it lies in one other place");
    // One at a time: nothing else goes astray before these two are sound again.
    let last = durable(&mut rig, "/h", &pattern(4, 4096));
    for _ in 0..20 {
        rig.write(last, 0, &pattern(4, 4096)).expect("there is space");
        rig.sync(last).expect("it seems well");
    }
    assert_eq!(rig.content("/h"), Some(pattern(4, 4096)));
}

#[test]
fn a_misdirected_read_is_wrong_once() {
    let mut rig = Rig::new(1);
    let sound = pattern(1, 8192);
    let file = durable(&mut rig, "/f", &sound);
    rig.disk.impose(FAULT, Trouble::MisdirectRead(Ratio::of(1, 4)));
    let found = rig.read(file, 0, 8192).expect("nothing hinders it");
    let sectors = differing(&sound, &found);
    assert!((1..10).contains(&sectors.len()), "{sectors:?}");
    assert_eq!(rig.effects().len(), sectors.len());
    for sector in sectors {
        let fetched = &found[sector * 512..][..512];
        assert!(sound.chunks(512).any(|sector| sector == fetched), "it is a sector of this disk");
    }
    rig.lift(FAULT);
    assert_eq!(rig.read(file, 0, 8192), Ok(sound));
    assert!(rig.effects().is_empty());
}

#[test]
fn bytes_that_were_lost_before_they_were_written_may_be_anything() {
    let mut garbage = 0;
    for seed in 0..60 {
        let mut rig = Rig::new(seed);
        let file = durable(&mut rig, "/f", &[1; 512]);
        rig.write(file, 512, &[2; 2048]).expect("there is space");
        rig.lose_power(Unsynced::Any);
        rig.disk.impose(FAULT, Trouble::Uninitialized(Ratio::ALWAYS));
        let found = rig.content("/f").expect("its name is durable");
        assert_eq!(found[..512], [1; 512], "what was synced is sound");
        let odd = found[512..].chunks(512).filter(|sector| **sector != [2; 512]).count();
        assert!(found[512..].chunks(512).all(|sector| *sector != [0; 512]), "no zeros are left");
        assert_eq!(rig.effects().len(), odd);
        garbage += odd;
        rig.lift(FAULT);
        assert_eq!(rig.content("/f"), Some(found), "and stays the same");
    }
    assert!(garbage > 20);
}

#[test]
fn a_hole_that_somebody_asked_for_is_zeros() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.set_len(file, 2048).expect("it is a file");
    rig.sync(file).expect("nothing hinders it");
    rig.sync_dir("/").expect("nothing hinders it");
    rig.disk.impose(FAULT, Trouble::Uninitialized(Ratio::ALWAYS));
    rig.lose_power(Unsynced::Any);
    assert_eq!(rig.content("/f"), Some(vec![0; 2048]));
    assert!(rig.effects().is_empty());
}

#[test]
fn a_lost_tail_takes_synced_bytes() {
    let mut sizes = BTreeSet::new();
    for seed in 0..50 {
        let mut rig = Rig::new(seed);
        durable(&mut rig, "/f", &pattern(1, 5000));
        rig.disk.impose(FAULT, Trouble::LostTail(Ratio::of(1, 2)));
        rig.lose_power(Unsynced::Any);
        let found = rig.content("/f").expect("its name is durable");
        assert_eq!(found, pattern(1, 5000)[..found.len()]);
        assert_eq!(rig.effects().len(), usize::from(found.len() < 5000));
        sizes.insert(found.len());
    }
    assert!(sizes.len() > 10 && sizes.contains(&5000) && sizes.contains(&0), "{sizes:?}");
}

#[test]
fn a_copied_chunk_is_another_part_of_the_file() {
    let mut struck = 0;
    for seed in 0..50 {
        let mut rig = Rig::new(seed);
        let sound = pattern(1, 8192);
        durable(&mut rig, "/f", &sound);
        rig.disk.impose(FAULT, Trouble::CopiedChunk(Ratio::ALWAYS));
        rig.lose_power(Unsynced::Any);
        let found = rig.content("/f").expect("its name is durable");
        let sectors = differing(&sound, &found);
        assert_eq!(rig.effects().len(), sectors.len());
        for &sector in &sectors {
            assert!(sound.chunks(512).any(|other| other == &found[sector * 512..][..512]));
        }
        struck += usize::from(!sectors.is_empty());
    }
    assert!(struck > 30);
}

#[test]
fn a_wiped_disk_is_empty_and_its_handles_are_stale() {
    let mut rig = Rig::new(1);
    let file = durable(&mut rig, "/f", b"old");
    rig.disk.wipe();
    assert_eq!(rig.content("/f"), None);
    assert_eq!(rig.disk.used_bytes(), 0);
    assert_eq!(rig.write(file, 0, b"new"), Err(Errno::Stale));
    assert_eq!(rig.read(file, 0, 1), Err(Errno::Stale));
    assert_eq!(rig.sync(file), Err(Errno::Stale));
    rig.disk.close(file);
}

#[test]
fn swapped_disks_bring_their_files_and_leave_their_faults() {
    let mut rig = Rig::new(1);
    let config = DiskConfig { name: Service::micros(500, 500), ..DiskConfig::default() };
    let stream = rig.choices.open("disk/other");
    let mut other = Disk::new(config, stream);
    let file = durable(&mut rig, "/f", b"here");
    rig.disk.impose(FAULT, Trouble::Error { work: Work::Read, chance: Ratio::ALWAYS });
    rig.disk.swap(&mut other);
    assert_eq!(rig.content("/f"), None, "it went to the other machine");
    assert_eq!(rig.read(file, 0, 4), Err(Errno::Stale));
    let mut away = Rig { disk: other, choices: rig.choices, now: rig.now };
    assert_eq!(away.content("/f"), Some(b"here".to_vec()), "the fault stayed behind");
}

#[test]
fn a_killed_process_loses_nothing_that_it_wrote() {
    let mut rig = Rig::new(1);
    let file = rig.file("/f");
    rig.write(file, 0, b"written").expect("there is space");
    rig.remove_file("/f").expect("it is there");
    let again = rig.file("/f");
    rig.write(again, 0, b"new").expect("there is space");
    rig.disk.close_owner(super::rig::OWNER);
    assert_eq!(rig.content("/f"), Some(b"new".to_vec()));
    assert_eq!(rig.disk.used_bytes(), 2 * 512, "the removed file went with the process");
    assert_eq!(rig.write(again, 0, b"x"), Err(Errno::Stale));
}

#[test]
fn operations_wait_for_a_place_in_the_queue() {
    let ends = |queue_depth| {
        let write = Service::micros(10, 10);
        let mut rig = Rig::with(1, DiskConfig { queue_depth, write, ..DiskConfig::default() });
        let file = rig.file("/f");
        let now = rig.now;
        let write = |rig: &mut Rig| rig.disk.write(&mut rig.choices, now, file, Some(0), b"x").ends_at - now;
        [write(&mut rig), write(&mut rig), write(&mut rig)]
    };
    assert_eq!(ends(1), [10_001, 20_002, 30_003]);
    assert_eq!(ends(2), [10_001, 10_001, 20_002]);
    assert_eq!(ends(8), [10_001; 3]);
}

#[test]
fn nothing_is_drawn_where_there_is_one_choice() {
    let fixed = Service::micros(3, 3);
    let config = DiskConfig { read: fixed, write: fixed, sync: fixed, name: fixed, ..DiskConfig::default() };
    let mut rig = Rig::with(1, config);
    let file = durable(&mut rig, "/f", &[1; 5000]);
    rig.read(file, 0, 100).expect("nothing hinders it");
    assert_eq!(rig.disk.stream.drawn(), 0);
}
