//! Files and disks through their public surface, on real worlds: what code sees of them, in health, through kills
//! and power losses, and under every condition.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::io::{ErrorKind, SeekFrom};
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tourbillon_sim::disk::{DiskConfig, Service, Unsynced};
use tourbillon_sim::fault::{self, Condition, DiskOp, FaultId, Target};
use tourbillon_sim::fs::{self, File, OpenOptions};
use tourbillon_sim::machine::Machine;
use tourbillon_sim::task::spawn;
use tourbillon_sim::time::{Instant, sleep, timeout};
use tourbillon_sim::trace::Kind;
use tourbillon_sim::{Config, Ratio, Report, World, machine, test_machine};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run_seed<F: Future<Output = ()> + 'static>(seed: u64, body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed, ..Config::default() }).run(body).unwrap()
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    run_seed(1, body)
}

/// Does something on a machine and waits for it.
async fn on<T: 'static>(machine: Machine, act: impl Future<Output = T> + 'static) -> T {
    machine.spawn(act).await.unwrap()
}

fn impose(machine: Machine, condition: Condition) -> FaultId {
    let fault = fault::begin("trouble");
    fault::impose(fault, Target::Machine(machine), condition);
    fault
}

/// A file whose bytes and name are durable.
async fn durable(path: &'static str, bytes: Vec<u8>) -> File {
    fs::write(path, &bytes).await.unwrap();
    let file = both(path).await;
    file.sync_all().await.unwrap();
    fs::sync_dir("/").await.unwrap();
    file
}

/// A file that is open for reading and writing.
async fn both(path: &'static str) -> File {
    OpenOptions::new().read(true).write(true).open(path).await.unwrap()
}

fn pattern(seed: u8, count: usize) -> Vec<u8> {
    (0..count).map(|at| (at as u8).wrapping_mul(31).wrapping_add((at / 256) as u8) ^ seed).collect()
}

// ---- in health

#[test]
fn a_file_is_read_written_and_sought_as_tokios() {
    run(|| async {
        let mut file = File::create_new("/f").await.unwrap();
        file.write_all(b"hello, world").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 12);
        assert_eq!(file.seek(SeekFrom::Start(7)).await.unwrap(), 7);
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "world");
        assert_eq!(file.seek(SeekFrom::End(-5)).await.unwrap(), 7);
        assert_eq!(file.seek(SeekFrom::Current(-2)).await.unwrap(), 5);
        assert_eq!(file.seek(SeekFrom::Current(-6)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        let mut clone = file.try_clone().await.unwrap();
        let mut comma = [0; 2];
        clone.read_exact(&mut comma).await.unwrap();
        assert_eq!(&comma, b", ");
        assert_eq!(file.stream_position().await.unwrap(), 7, "clones share a cursor");
        drop(clone);
        file.set_len(5).await.unwrap();
        let mut whole = [0; 9];
        assert_eq!(file.read_at(&mut whole, 0).await.unwrap(), 5);
        assert_eq!(&whole[..5], b"hello");
        assert_eq!(file.read_exact_at(&mut whole, 0).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        file.write_all_at(b"y", 4).await.unwrap();
        assert_eq!(fs::read_to_string("/f").await.unwrap(), "helly");
    });
}

#[test]
fn names_are_created_listed_renamed_and_removed() {
    run(|| async {
        fs::create_dir_all("/data/wal").await.unwrap();
        for name in ["b", "c", "a"] {
            fs::write(format!("/data/{name}"), name).await.unwrap();
        }
        let mut names = Vec::new();
        let mut listed = fs::read_dir("/data").await.unwrap();
        while let Some(entry) = listed.next_entry().await.unwrap() {
            let kind = entry.file_type().await.unwrap();
            assert_eq!(kind.is_dir(), entry.metadata().await.unwrap().is_dir());
            names.push((entry.path().to_str().unwrap().to_string(), kind.is_dir()));
        }
        let expected = [("/data/a", false), ("/data/b", false), ("/data/c", false), ("/data/wal", true)];
        assert_eq!(names, expected.map(|(name, is_dir)| (name.to_string(), is_dir)));
        fs::rename("/data/a", "/data/b").await.unwrap();
        assert_eq!(fs::read_to_string("data/b").await.unwrap(), "a", "a process works in the root");
        assert_eq!(fs::copy("/data/b", "/data/d").await.unwrap(), 1);
        assert!(fs::try_exists("/data/d").await.unwrap());
        assert!(!fs::try_exists("/data/a").await.unwrap());
        fs::remove_file("/data/d").await.unwrap();
        let error = |result: std::io::Result<()>| result.unwrap_err().kind();
        assert_eq!(error(fs::remove_file("/data/d").await), ErrorKind::NotFound);
        assert_eq!(error(fs::remove_file("/data").await), ErrorKind::IsADirectory);
        assert_eq!(error(fs::remove_dir("/data").await), ErrorKind::DirectoryNotEmpty);
        assert_eq!(error(fs::create_dir("/data").await), ErrorKind::AlreadyExists);
        assert_eq!(error(fs::create_dir("/data/b/x").await), ErrorKind::NotADirectory);
        assert_eq!(File::open("/nothing").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(File::open("/nothing").await.unwrap_err().raw_os_error(), Some(2));
        let directory = File::open("/data").await.unwrap();
        assert!(directory.metadata().await.unwrap().is_dir());
        directory.sync_all().await.unwrap();
        fs::remove_dir_all("/data").await.unwrap();
        assert!(!fs::try_exists("/data").await.unwrap());
    });
}

#[test]
fn operations_take_their_time_and_wait_for_each_other() {
    run(|| async {
        let slow = Service { min: ms(10), max: ms(10) };
        let config = DiskConfig {
            read: slow,
            write: slow,
            sync: slow,
            name: slow,
            queue_depth: 1,
            ..DiskConfig::default()
        };
        let store = machine("store").disk(config).create();
        on(store, async {
            let start = Instant::now();
            let taken = move || (start.elapsed().as_micros() + 500) / 1000;
            let mut file = File::create_new("/f").await.unwrap();
            assert_eq!(taken(), 10);
            file.write_all(b"one").await.unwrap();
            assert_eq!(taken(), 10, "a write through AsyncWrite returns at once");
            file.write_all(b"two").await.unwrap();
            assert_eq!(taken(), 20, "the next waits for it");
            file.flush().await.unwrap();
            assert_eq!(taken(), 30);
            file.write_at(b"three", 0).await.unwrap();
            assert_eq!(taken(), 40);
            let both = async |file: &File| {
                let (mut one, mut other) = ([0; 1], [0; 1]);
                let (one, other) = (file.read_at(&mut one, 0), file.read_at(&mut other, 1));
                let (one, other) = tourbillon_sim::join!(one, other);
                one.unwrap() + other.unwrap()
            };
            assert_eq!(both(&file).await, 2);
            assert_eq!(taken(), 60, "the queue has one place");
        })
        .await;
    });
}

#[test]
fn a_read_that_is_given_up_moves_no_cursor() {
    run(|| async {
        let config = DiskConfig { read: Service { min: ms(5), max: ms(5) }, ..DiskConfig::default() };
        on(machine("store").disk(config).create(), async {
            fs::write("/f", "abcdef").await.unwrap();
            let mut file = both("/f").await;
            let mut bytes = [0; 2];
            timeout(ms(1), file.read_exact(&mut bytes)).await.unwrap_err();
            file.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"ab");
            timeout(ms(1), file.read_exact(&mut bytes)).await.unwrap_err();
            file.write_all(b"X").await.unwrap();
            assert_eq!(fs::read_to_string("/f").await.unwrap(), "abXdef");
        })
        .await;
    });
}

#[test]
fn foreign_wakers_are_kept_as_well() {
    run(|| async {
        fs::write("/f", pattern(1, 5000)).await.unwrap();
        let file = File::open("/f").await.unwrap();
        let reads: FuturesUnordered<_> = (0..100u64)
            .map(|at| {
                let file = &file;
                async move {
                    let mut byte = [0; 1];
                    file.read_exact_at(&mut byte, at * 50).await.unwrap();
                    (at, byte[0])
                }
            })
            .collect();
        let mut found: Vec<(u64, u8)> = reads.collect().await;
        assert!(!found.is_sorted(), "they end in the order of their latencies");
        found.sort_unstable();
        let expected: Vec<(u64, u8)> = (0..100).map(|at| (at, pattern(1, 5000)[at as usize * 50])).collect();
        assert_eq!(found, expected);
    });
}

#[test]
fn each_machine_has_its_own_disk_and_each_run_a_fresh_one() {
    for _ in 0..2 {
        run(|| async {
            let (a, b) = (machine("a").create(), machine("b").create());
            assert!(!on(a, fs::try_exists("/f")).await.unwrap());
            on(a, fs::write("/f", "a")).await.unwrap();
            assert!(!on(b, fs::try_exists("/f")).await.unwrap());
            assert!(!fs::try_exists("/f").await.unwrap());
            assert_eq!(a.disk_used_bytes(), 1024);
            assert_eq!(b.disk_used_bytes(), 0);
        });
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let body = || async {
        let store = machine("store").create();
        let fault = impose(store, Condition::BitRot(Ratio::of(1, 4)));
        for round in 0..5u8 {
            store.spawn(async move {
                fs::create_dir_all("/d").await.unwrap();
                let mut log = OpenOptions::new().append(true).create(true).open("/d/log").await.unwrap();
                for record in 0..20u8 {
                    log.write_all(&[round, record, 7]).await.unwrap();
                    log.sync_all().await.unwrap();
                    let _ = fs::read("/d/log").await;
                    let _ = fs::rename(format!("/d/{round}"), "/d/x").await;
                }
            });
        }
        sleep(ms(8)).await;
        store.power_off();
        store.power_on();
        on(store, async {
            let _ = fs::read("/d/log").await;
        })
        .await;
        fault::end(fault);
    };
    let digests: Vec<_> = [1, 1, 2].map(|seed| run_seed(seed, body).digests).into();
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}

#[test]
fn the_trace_tells_what_was_asked_and_when_it_was_done() {
    let report = run(|| async {
        fs::write("/f", "content").await.unwrap();
        File::open("/f").await.unwrap().sync_all().await.unwrap();
    });
    let (_, records) = &report.tail;
    let begun: Vec<_> = records.iter().filter(|record| record.kind == Kind::Disk).collect();
    let done: Vec<_> = records.iter().filter(|record| record.kind == Kind::DiskDone).collect();
    assert_eq!((begun.len(), done.len()), (4, 4), "open, write, open, sync");
    assert_eq!(done[1].b, 7, "seven bytes were written");
    assert!(done.iter().all(|record| record.flag == 0 && record.cause > 0));
    assert!(begun.iter().zip(&done).all(|(begun, done)| begun.at < done.at));
}

#[test]
fn a_content_that_differs_is_another_run() {
    let digest = |content: &'static str| {
        run(move || async move { fs::write("/f", content).await.unwrap() }).digests.trace
    };
    assert_eq!(digest("content"), digest("content"));
    assert_ne!(digest("content"), digest("contend"));
}

// ---- kills and power losses

/// How many records a log begins with: 1, 2, 3 and so on.
fn records(bytes: &[u8]) -> u64 {
    let numbers = bytes.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    numbers.zip(1..).take_while(|(found, expected)| found == expected).count() as u64
}

/// A server that appends a counter until it is ended, and acknowledges what was synced to the test.
fn counter(machine: Machine, synced: Rc<RefCell<u64>>) -> tourbillon_sim::machine::Process {
    machine
        .process("counter", move |_| {
            let synced = synced.clone();
            async move {
                let log = OpenOptions::new().read(true).append(true).create(true).open("/log").await.unwrap();
                fs::sync_dir("/").await.unwrap();
                // A size may have survived without its bytes: what is no record is cut off.
                let sound = records(&fs::read("/log").await.unwrap());
                log.set_len(sound * 8).await.unwrap();
                for number in sound + 1.. {
                    log.write_at(&number.to_le_bytes(), 0).await.unwrap();
                    log.sync_data().await.unwrap();
                    *synced.borrow_mut() = number;
                }
            }
        })
        .start()
}

#[test]
fn what_was_acknowledged_survives_every_kill_and_power_loss() {
    let mut lost = 0;
    for seed in 0..60 {
        let lost_here = Rc::new(RefCell::new(0));
        let told = lost_here.clone();
        run_seed(seed, move || async move {
            let store = machine("store").create();
            let synced = Rc::new(RefCell::new(0));
            let process = counter(store, synced.clone());
            for round in 0..6 {
                sleep(Duration::from_micros(3_000 + seed * 37)).await;
                let before = on(store, fs::metadata("/log")).await.map_or(0, |metadata| metadata.len());
                match round % 2 {
                    0 => {
                        process.kill();
                        let after = on(store, fs::metadata("/log")).await.unwrap().len();
                        assert!(after >= before, "a kill loses nothing that was written");
                        process.restart();
                    }
                    _ => {
                        store.power_off();
                        store.power_on();
                        let bytes = on(store, fs::read("/log")).await.unwrap_or_default();
                        let (found, acknowledged) = (records(&bytes), *synced.borrow());
                        assert!(found >= acknowledged, "{found} of {acknowledged}");
                        *told.borrow_mut() += u64::from((bytes.len() as u64) < before);
                    }
                }
            }
        });
        lost += *lost_here.borrow();
    }
    assert!(lost > 10, "and what was not acknowledged is sometimes lost: {lost}");
}

#[test]
fn a_write_in_flight_at_a_kill_is_in_the_cache() {
    run(|| async {
        let config = DiskConfig { write: Service { min: ms(50), max: ms(50) }, ..DiskConfig::default() };
        let store = machine("store").disk(config).create();
        let process = store
            .process("writer", |_| async {
                fs::write("/f", "accepted").await.unwrap();
                panic!("it is killed before the write returns");
            })
            .start();
        sleep(ms(10)).await;
        process.kill();
        assert_eq!(on(store, fs::read_to_string("/f")).await.unwrap(), "accepted");
    });
}

#[test]
fn a_sync_in_flight_goes_on_when_its_process_is_killed() {
    for (wait, survives) in [(1, false), (30, true)] {
        run(move || async move {
            let config = DiskConfig { sync: Service { min: ms(20), max: ms(20) }, ..DiskConfig::default() };
            let store = machine("store").disk(config).create();
            on(store, durable("/f", b"old".to_vec())).await;
            let process = store
                .process("writer", |_| async {
                    let file = OpenOptions::new().write(true).open("/f").await.unwrap();
                    file.write_all_at(b"new", 0).await.unwrap();
                    file.sync_all().await.unwrap();
                    panic!("it is killed before the sync returns");
                })
                .start();
            sleep(ms(1)).await;
            process.kill();
            sleep(ms(wait)).await;
            store.power_off_with(Unsynced::Lose);
            store.power_on();
            let found = on(store, fs::read_to_string("/f")).await.unwrap();
            assert_eq!(found, if survives { "new" } else { "old" });
        });
    }
}

#[test]
fn the_machine_closes_the_files_of_a_process_that_ends() {
    run(|| async {
        let store = machine("store").create();
        let process = store
            .process("holder", |_| async {
                let file = durable("/f", vec![1; 512]).await;
                fs::remove_file("/f").await.unwrap();
                let mut byte = [0; 1];
                assert_eq!(file.read_at(&mut byte, 0).await.unwrap(), 1, "who has it open keeps it");
                std::future::pending::<()>().await;
            })
            .start();
        sleep(ms(10)).await;
        assert_eq!(store.disk_used_bytes(), 1024);
        process.kill();
        assert_eq!(store.disk_used_bytes(), 0);
    });
}

#[test]
fn destructors_of_a_killed_process_touch_no_disk() {
    struct Goodbye(Option<File>);
    impl Drop for Goodbye {
        fn drop(&mut self) {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let mut write = std::pin::pin!(fs::write("/goodbye", "x"));
            assert!(write.as_mut().poll(&mut cx).is_pending(), "a dead process waits for ever");
            let file = self.0.take().unwrap();
            let mut write = std::pin::pin!(file.write_at(b"goodbye", 0));
            match write.as_mut().poll(&mut cx) {
                std::task::Poll::Ready(result) => assert!(result.is_err()),
                std::task::Poll::Pending => {}
            }
        }
    }
    run(|| async {
        let store = machine("store").create();
        let process = store
            .process("polite", |_| async {
                let _goodbye = Goodbye(Some(durable("/f", b"content".to_vec()).await));
                std::future::pending::<()>().await;
            })
            .start();
        sleep(ms(10)).await;
        process.kill();
        sleep(ms(10)).await;
        assert!(!on(store, fs::try_exists("/goodbye")).await.unwrap());
        assert_eq!(on(store, fs::read_to_string("/f")).await.unwrap(), "content");
    });
}

#[test]
fn a_power_loss_is_kept_lost_or_torn_as_asked() {
    let mut torn = 0;
    for seed in 0..40 {
        for unsynced in [Unsynced::Keep, Unsynced::Lose, Unsynced::Tear] {
            let found = Rc::new(RefCell::new(Vec::new()));
            let told = found.clone();
            let report = run_seed(seed, move || async move {
                let store = machine("store").create();
                on(store, async {
                    let file = durable("/f", vec![1; 4096]).await;
                    file.write_all_at(&[2; 4096], 0).await.unwrap();
                })
                .await;
                store.power_off_with(unsynced);
                store.power_on();
                *told.borrow_mut() = on(store, fs::read("/f")).await.unwrap();
            });
            let found = found.borrow();
            let new = found.chunks(512).filter(|sector| **sector == [2; 512]).count();
            let old = found.chunks(512).filter(|sector| **sector == [1; 512]).count();
            assert_eq!(new + old, 8, "sectors are whole");
            match unsynced {
                Unsynced::Keep => assert_eq!(new, 8),
                Unsynced::Lose => assert_eq!(old, 8),
                _ => torn += usize::from(new > 0 && old > 0),
            }
            let (_, records) = &report.tail;
            let loss = records.iter().find(|record| record.kind == Kind::DiskLoss).unwrap();
            assert_eq!((loss.a as usize, loss.b as usize), (new, old));
        }
    }
    assert!(torn > 30);
}

#[test]
fn disks_are_wiped_and_swapped() {
    let report = run(|| async {
        let (a, b) = (machine("a").create(), machine("b").create());
        let file = on(a, durable("/f", b"of a".to_vec())).await;
        let fault = fault::begin("swap");
        assert!(fault::attribute(fault, || a.swap_disk(b)));
        assert_eq!(fault::effects(fault), 2);
        assert_eq!(on(b, fs::read_to_string("/f")).await.unwrap(), "of a");
        assert!(!on(a, fs::try_exists("/f")).await.unwrap());
        let stale = on(a, async move { file.read_at(&mut [0; 1], 0).await.unwrap_err() }).await;
        assert_eq!(stale.kind(), ErrorKind::StaleNetworkFileHandle);
        let wiping = fault::begin("wipe");
        assert!(fault::attribute(wiping, || b.wipe_disk()));
        assert!(!fault::attribute(wiping, || b.wipe_disk()), "it is empty already");
        assert_eq!(fault::effects(wiping), 1);
        assert!(!on(b, fs::try_exists("/f")).await.unwrap());
        assert!(!a.swap_disk(b), "both are empty");
    });
    assert_eq!(report.faults.iter().map(|fault| fault.effects).collect::<Vec<_>>(), [2, 1]);
}

// ---- handles that are out of place

#[test]
fn a_file_of_another_run_is_refused() {
    let kept = Rc::new(RefCell::new(None));
    let give = kept.clone();
    run(move || async move {
        *give.borrow_mut() = Some(durable("/f", b"content".to_vec()).await);
    });
    let take = kept.clone();
    let report = run(move || async move {
        let file = take.borrow_mut().take().unwrap();
        durable("/f", b"content".to_vec()).await;
        assert_eq!(
            file.read_at(&mut [0; 1], 0).await.unwrap_err().to_string(),
            "the file belongs to another run"
        );
        drop(file);
        *take.borrow_mut() = Some(File::open("/f").await.unwrap());
    });
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    let mut file = kept.borrow_mut().take().unwrap();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut write = std::pin::pin!(file.write(b"outside"));
    assert!(matches!(write.as_mut().poll(&mut cx), std::task::Poll::Ready(Err(_))));
    drop(file);
}

#[test]
fn a_file_does_not_travel_between_machines() {
    let report = run(|| async {
        let (a, b) = (machine("a").create(), machine("b").create());
        let file = on(a, durable("/f", b"of a".to_vec())).await;
        let error = on(b, async move { file.write_at(b"b", 0).await.unwrap_err() }).await;
        assert_eq!(error.to_string(), "the file is open on another machine");
    });
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
}

#[test]
fn files_may_be_sent_between_threads_as_types() {
    fn is_send<T: Send>(_: T) {}
    fn is_sync<T: Sync>() {}
    is_sync::<File>();
    is_send(fs::read("/f"));
    is_send(fs::write("/f", "x"));
    is_send(async {
        let mut file = File::create("/f").await?;
        file.write_all(b"x").await?;
        file.sync_all().await
    });
}

// ---- every condition has an effect, and somebody sees it

/// Runs `act` on a machine under a condition that is lifted afterwards; the answer is what it said and the
/// number of effects.
async fn under<T: 'static>(condition: Condition, act: impl Future<Output = T> + 'static) -> (T, u64) {
    let store = tourbillon_sim::find_machine("store").unwrap();
    let fault = impose(store, condition);
    let answer = on(store, act).await;
    fault::end(fault);
    (answer, fault::effects(fault))
}

async fn timed(act: impl Future) -> Duration {
    let start = Instant::now();
    act.await;
    start.elapsed()
}

#[test]
fn slow_disks_are_slow() {
    run(|| async {
        machine("store").create();
        let write = || timed(async { fs::write("/f", vec![1; 1_000_000]).await.unwrap() });
        let conditions = [
            (Condition::DiskLatency { min: ms(40), max: ms(60) }, 80..125),
            (Condition::DiskStall { period: ms(1000), lasts: ms(300) }, 300..303),
            (Condition::DiskThrottle { bytes_per_second: 10_000_000 }, 100..103),
        ];
        for (condition, expected) in conditions {
            let (healthy, _) = (on(tourbillon_sim::find_machine("store").unwrap(), write()).await, ());
            assert!(healthy < ms(3), "{healthy:?}");
            let (slow, effects) = under(condition, write()).await;
            assert!(expected.contains(&(slow.as_millis() as u64)), "{condition:?}: {slow:?}");
            assert!(effects >= 1, "{condition:?}");
        }
    });
}

#[test]
fn a_full_disk_refuses_and_heals() {
    run(|| async {
        let store = machine("store").create();
        let (error, effects) = under(Condition::DiskFull { bytes_free: 2048, bytes_per_second: 0 }, async {
            fs::write("/f", vec![1; 10_000]).await.unwrap_err()
        })
        .await;
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::StorageFull, Some(28)));
        assert_eq!(effects, 2, "a short write, and then none");
        assert_eq!(on(store, fs::metadata("/f")).await.unwrap().len(), 1536, "what fitted beside the inode");
        on(store, fs::write("/f", vec![1; 10_000])).await.unwrap();
        assert!(store.disk_free_bytes() > 1 << 30);
    });
}

#[test]
fn operations_fail_as_chosen() {
    run(|| async {
        let store = machine("store").create();
        on(store, durable("/f", b"content".to_vec())).await;
        for op in [DiskOp::Open, DiskOp::Read, DiskOp::Write, DiskOp::Sync, DiskOp::Name] {
            let condition = Condition::DiskError { op, chance: Ratio::ALWAYS };
            let file = on(store, both("/f")).await;
            let (failed, effects) = under(condition, async move {
                [
                    (DiskOp::Open, File::open("/f").await.err()),
                    (DiskOp::Read, file.read_at(&mut [0; 1], 0).await.err()),
                    (DiskOp::Write, file.write_at(b"c", 0).await.err()),
                    (DiskOp::Sync, file.sync_all().await.err()),
                    (DiskOp::Name, fs::rename("/f", "/f").await.err()),
                ]
            })
            .await;
            assert_eq!(effects, 1);
            for (tried, error) in failed {
                assert_eq!(
                    error.and_then(|error| error.raw_os_error()),
                    (tried == op).then_some(5),
                    "{op:?}"
                );
            }
        }
    });
}

#[test]
fn syncs_lie_and_fail() {
    run(|| async {
        let store = machine("store").create();
        on(store, durable("/f", vec![1; 512])).await;
        let fault = impose(store, Condition::LyingSync(Ratio::ALWAYS));
        on(store, async {
            let file = OpenOptions::new().write(true).open("/f").await.unwrap();
            file.write_all_at(&[2; 512], 0).await.unwrap();
            file.sync_all().await.unwrap();
        })
        .await;
        assert_eq!(fault::effects(fault), 0);
        store.power_off_with(Unsynced::Lose);
        store.power_on();
        assert_eq!(fault::effects(fault), 1);
        assert_eq!(on(store, fs::read("/f")).await.unwrap(), [1; 512]);
        fault::end(fault);

        let fault = impose(store, Condition::SyncError(Ratio::ALWAYS));
        on(store, async {
            let file = OpenOptions::new().write(true).open("/f").await.unwrap();
            file.write_all_at(&[2; 5120], 0).await.unwrap();
            assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(5));
            file.sync_all().await.unwrap();
            assert_eq!(fs::read("/f").await.unwrap(), [2; 5120], "the cache has it");
        })
        .await;
        assert_eq!(fault::effects(fault), 1);
        store.power_off_with(Unsynced::Keep);
        store.power_on();
        assert!(fault::effects(fault) > 1);
        let found = on(store, fs::read("/f")).await.unwrap();
        assert!(found.chunks(512).any(|sector| *sector != [2; 512]), "what the error had told is gone");
    });
}

#[test]
fn what_lies_on_the_disk_rots_and_goes_astray() {
    for condition in [Condition::BitRot(Ratio::of(1, 2)), Condition::MisdirectRead(Ratio::of(1, 2))] {
        run(move || async move {
            let store = machine("store").create();
            on(store, durable("/f", pattern(1, 8192))).await;
            let (found, effects) = under(condition, fs::read("/f")).await;
            let found = found.unwrap();
            assert_ne!(found, pattern(1, 8192));
            assert!((3..15).contains(&effects), "{condition:?}: {effects}");
            let again = on(store, fs::read("/f")).await.unwrap();
            if matches!(condition, Condition::BitRot(_)) {
                assert_eq!(again, found, "rot stays");
            } else {
                assert_eq!(again, pattern(1, 8192), "a misdirected read is right the next time");
            }
        });
    }
}

#[test]
fn a_misdirected_write_hits_another_sector() {
    run(|| async {
        let store = machine("store").create();
        on(store, durable("/f", pattern(1, 8192))).await;
        on(store, durable("/g", pattern(2, 8192))).await;
        let fault = impose(store, Condition::MisdirectWrite(Ratio::ALWAYS));
        let (f, g) = on(store, async {
            let file = durable("/f", pattern(3, 8192)).await;
            drop(file);
            (fs::read("/f").await.unwrap(), fs::read("/g").await.unwrap())
        })
        .await;
        let differing = |found: Vec<u8>, sound: Vec<u8>| {
            found.chunks(512).zip(sound.chunks(512)).filter(|(found, sound)| found != sound).count()
        };
        let (wrong, others) = (differing(f, pattern(3, 8192)), differing(g, pattern(2, 8192)));
        assert_eq!(wrong + others, 2, "one sector is missing, and one is overwritten");
        assert!(fault::effects(fault) >= 1);
    });
}

#[test]
fn power_losses_damage_more_than_what_was_not_synced() {
    let conditions = [
        Condition::Uninitialized(Ratio::ALWAYS),
        Condition::LostTail(Ratio::ALWAYS),
        Condition::CopiedChunk(Ratio::ALWAYS),
    ];
    for condition in conditions {
        let mut seen = BTreeSet::new();
        for seed in 0..30 {
            let effects = Rc::new(RefCell::new(0));
            let told = effects.clone();
            run_seed(seed, move || async move {
                let store = machine("store").create();
                on(store, async {
                    let file = durable("/f", pattern(1, 4096)).await;
                    file.write_all_at(&pattern(1, 8192)[4096..], 4096).await.unwrap();
                })
                .await;
                let fault = impose(store, condition);
                store.power_off();
                store.power_on();
                let found = on(store, fs::read("/f")).await.unwrap();
                // Without the condition: what was synced, and of the rest each sector or zeros.
                let expected = |at: usize| {
                    let sound = pattern(1, 8192);
                    let begin = at * 512;
                    let sector = &found[begin..(begin + 512).min(found.len())];
                    sector == &sound[begin..begin + sector.len()]
                        || at >= 8 && sector.iter().all(|&byte| byte == 0)
                };
                let damaged = (0..found.len().div_ceil(512)).any(|at| !expected(at)) || found.len() < 4096;
                let count = fault::effects(fault);
                // A tail may be lost of what was not synced, which nobody can tell.
                assert!(
                    damaged || count == 0 || matches!(condition, Condition::LostTail(_)),
                    "{condition:?}"
                );
                assert!(!damaged || count > 0, "{condition:?}");
                *told.borrow_mut() = count.min(1);
            });
            seen.insert(*effects.borrow());
        }
        assert!(seen.contains(&1), "{condition:?} takes effect");
    }
}

#[test]
fn a_condition_on_one_machine_leaves_the_others_alone() {
    run(|| async {
        let (a, b) = (machine("a").create(), machine("b").create());
        let fault = impose(a, Condition::DiskError { op: DiskOp::Write, chance: Ratio::ALWAYS });
        assert!(on(a, fs::write("/f", "x")).await.is_err());
        assert!(on(b, fs::write("/f", "x")).await.is_ok());
        assert!(fs::write("/f", "x").await.is_ok());
        assert_eq!(fault::effects(fault), 1);
        fault::end(fault);
        assert!(on(a, fs::write("/f", "x")).await.is_ok());
        assert!(test_machine().disk_used_bytes() > 0);
    });
}

#[test]
fn a_paused_process_finds_its_operation_done() {
    run(|| async {
        let store = machine("store").create();
        let done = Rc::new(RefCell::new(None));
        let told = done.clone();
        let process = store
            .process("writer", move |_| {
                let told = told.clone();
                async move {
                    fs::write("/f", "x").await.unwrap();
                    spawn(async move {
                        File::open("/f").await.unwrap().sync_all().await.unwrap();
                        *told.borrow_mut() = Some(Instant::now());
                    })
                    .await
                    .unwrap();
                }
            })
            .start();
        process.pause();
        sleep(ms(100)).await;
        assert!(done.borrow().is_none());
        process.resume();
        sleep(ms(100)).await;
        assert!(done.borrow().is_some());
    });
}
