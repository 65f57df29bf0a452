//! Disks.

use std::io::ErrorKind;
use std::time::Duration;

use sim::fault;
use sim::fs::{self, File};
use sim::time::sleep;

use crate::{example, ms, on, run, run_lines, until};

/// Bytes of which no two sectors are the same.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index / 512 * 7 + index % 251) as u8).collect()
}

/// Writes a file on machine `a` and makes it durable, with its name.
async fn write_durably(name: &'static str, bytes: Vec<u8>) -> std::io::Result<()> {
    let work = async move {
        fs::write(name, &bytes).await?;
        File::options().write(true).open(name).await?.sync_all().await?;
        fs::sync_dir("/").await
    };
    on("a").spawn(work).await.unwrap()
}

/// Reads a file on machine `a`.
async fn read(name: &'static str) -> std::io::Result<Vec<u8>> {
    on("a").spawn(async move { fs::read(name).await }).await.unwrap()
}

/// How long a small write and its sync take on machine `a`.
async fn write_takes() -> Duration {
    let before = fault::now();
    write_durably("/small", vec![1; 100]).await.unwrap();
    fault::now() - before
}

/// A run of the example of a kind, and then of other lines. The kind takes effect.
fn run_with<F: Future<Output = ()> + 'static>(kind: &str, lines: &str, body: fn() -> F) {
    let run = run_lines(&format!("{},\n{lines}", example(kind)), body);
    assert!(run.lines[0].effects > 0, "it took no effect: {:?}", run.lines[0]);
}

#[test]
fn disk_latency() {
    run("disk.latency", || async {
        assert!(write_takes().await < ms(10));
        until(1_010).await;
        assert!(write_takes().await >= ms(40), "each of its operations takes 20 ms and more");
        until(1_800).await;
        assert!(write_takes().await < ms(10));
    });
}

#[test]
fn disk_stall() {
    run("disk.stall", || async {
        let mut slowest = Duration::ZERO;
        let mut quickest = Duration::MAX;
        until(1_000).await;
        while fault::now() < ms(1_500) {
            let took = write_takes().await;
            slowest = slowest.max(took);
            quickest = quickest.min(took);
            sleep(ms(7)).await;
        }
        assert!(slowest >= ms(50), "{slowest:?}");
        assert!(quickest < ms(10), "{quickest:?}");
        assert!(write_takes().await < ms(10));
    });
}

#[test]
fn disk_bytes_per_second() {
    run("disk.bytes_per_second", || async {
        let write = async || {
            let before = fault::now();
            write_durably("/large", pattern(20_000)).await.unwrap();
            fault::now() - before
        };
        assert!(write().await < ms(10));
        until(1_010).await;
        assert!(write().await >= ms(200), "20 kB at 100 kB a second");
    });
}

#[test]
fn disk_bytes_free() {
    run("disk.bytes_free", || async {
        until(1_010).await;
        let full = write_durably("/large", pattern(5_000)).await.expect_err("it does not fit");
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        until(1_510).await;
        write_durably("/large", pattern(5_000)).await.unwrap();
    });
}

#[test]
fn disk_bytes_free_that_drift() {
    let line = r#"{ at = "1s", for = "2s", disk = "a", bytes_free = 0, drift_bytes_per_second = 20000 }"#;
    let run = run_lines(line, || async {
        until(1_010).await;
        let full = write_durably("/large", pattern(5_000)).await.expect_err("it does not fit");
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        until(1_800).await;
        write_durably("/large", pattern(5_000)).await.expect("somebody gave 16 kB back");
    });
    assert!(run.lines[0].effects > 0);

    let line =
        r#"{ at = "1s", for = "2s", disk = "a", bytes_free = 30000, drift_bytes_per_second = -10000 }"#;
    let run = run_lines(line, || async {
        until(1_010).await;
        write_durably("/first", pattern(5_000)).await.expect("30 kB are left");
        until(2_950).await;
        let full = write_durably("/second", pattern(8_000)).await.expect_err("somebody took 20 kB");
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        until(3_010).await;
        write_durably("/second", pattern(8_000)).await.unwrap();
    });
    assert!(run.lines[0].effects > 0);
}

#[test]
fn disk_error() {
    run("disk.error", || async {
        until(1_010).await;
        let mut failed = 0;
        for _ in 0..20 {
            failed += u32::from(write_durably("/small", pattern(10)).await.is_err());
        }
        assert!((1..20).contains(&failed), "{failed} of 20 writes fail");
        until(1_510).await;
        write_durably("/small", pattern(10)).await.unwrap();
    });
}

const POWER: &str = r#"{ at = "1.3s", power = "a", restart_after = "50ms", unsynced = "lose" }"#;

#[test]
fn disk_lying_sync() {
    run_with("disk.lying_sync", POWER, || async {
        write_durably("/sound", pattern(1_000)).await.unwrap();
        until(1_010).await;
        write_durably("/lied", pattern(1_000)).await.expect("it says that it is done");
        assert_eq!(read("/lied").await.unwrap(), pattern(1_000));
        until(1_400).await;
        assert_eq!(read("/sound").await.unwrap(), pattern(1_000));
        assert_ne!(read("/lied").await.unwrap_or_default(), pattern(1_000), "it was never written");
    });
}

#[test]
fn disk_sync_error() {
    run("disk.sync_error", || async {
        until(1_010).await;
        let mut failed = 0;
        for _ in 0..20 {
            failed += u32::from(write_durably("/small", pattern(10)).await.is_err());
        }
        assert!((1..20).contains(&failed), "{failed} of 20 syncs fail");
    });
}

#[test]
fn disk_bit_rot() {
    run("disk.bit_rot", || async {
        write_durably("/old", pattern(50_000)).await.unwrap();
        assert_eq!(read("/old").await.unwrap(), pattern(50_000));
        until(1_010).await;
        let rotten = read("/old").await.unwrap();
        assert_ne!(rotten, pattern(50_000));
        assert_eq!(read("/old").await.unwrap(), rotten, "it stays the same when it is read again");
        until(1_600).await;
        assert_eq!(read("/old").await.unwrap(), rotten, "and does not go away");
    });
}

#[test]
fn disk_misdirect_write() {
    run("disk.misdirect_write", || async {
        write_durably("/old", pattern(50_000)).await.unwrap();
        until(1_010).await;
        let newer: Vec<u8> = pattern(50_000).iter().map(|byte| byte ^ 0xff).collect();
        write_durably("/old", newer.clone()).await.expect("nobody notices");
        until(1_600).await;
        assert_ne!(read("/old").await.unwrap(), newer, "some of it went elsewhere");
    });
}

#[test]
fn disk_misdirect_read() {
    run("disk.misdirect_read", || async {
        write_durably("/old", pattern(50_000)).await.unwrap();
        until(1_010).await;
        assert_ne!(read("/old").await.unwrap(), pattern(50_000));
        until(1_600).await;
        assert_eq!(read("/old").await.unwrap(), pattern(50_000), "what lies there is sound");
    });
}

#[test]
fn disk_uninitialized() {
    let power = r#"{ at = "1.3s", power = "a", restart_after = "50ms", unsynced = "tear" }"#;
    run_with("disk.uninitialized", power, || async {
        const NAMES: [&str; 8] = ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"];
        for name in NAMES {
            write_durably(name, Vec::new()).await.unwrap();
        }
        until(1_010).await;
        for name in NAMES {
            // Of some the new size is kept, and not all of the bytes.
            on("a").spawn(async move { fs::write(name, vec![7; 20_000]).await }).await.unwrap().unwrap();
        }
        until(1_400).await;
        let mut strange = 0;
        for name in NAMES {
            let found = read(name).await.unwrap();
            strange += found.iter().filter(|byte| ![0, 7].contains(*byte)).count();
            assert_eq!(read(name).await.unwrap(), found);
        }
        assert!(strange > 0, "bytes that nobody wrote");
    });
}

#[test]
fn disk_lost_tail() {
    let power = POWER.replace("lose", "keep");
    run_with("disk.lost_tail", &power, || async {
        write_durably("/old", pattern(50_000)).await.unwrap();
        until(1_400).await;
        let found = read("/old").await.unwrap();
        assert!(found.len() < 50_000, "it was durable, and yet its end is gone");
        assert_eq!(found, pattern(50_000)[..found.len()]);
    });
}

#[test]
fn disk_copied_chunk() {
    let power = POWER.replace("lose", "keep");
    run_with("disk.copied_chunk", &power, || async {
        write_durably("/old", pattern(50_000)).await.unwrap();
        until(1_400).await;
        let (found, sound) = (read("/old").await.unwrap(), pattern(50_000));
        assert_eq!(found.len(), sound.len());
        let strange: Vec<&[u8]> =
            found.chunks(512).zip(sound.chunks(512)).filter(|(f, s)| f != s).map(|(f, _)| f).collect();
        assert!(!strange.is_empty());
        assert!(strange.iter().all(|sector| sound.chunks(512).any(|other| other.starts_with(sector))));
    });
}

#[test]
fn power_keeps_what_was_synced_and_loses_the_rest() {
    run("power", || async {
        write_durably("/synced", pattern(1_000)).await.unwrap();
        on("a").spawn(async { fs::write("/synced", vec![9; 2_000]).await }).await.unwrap().unwrap();
        on("a").spawn(async { fs::write("/unsynced", b"new").await }).await.unwrap().unwrap();
        until(1_500).await;
        assert_eq!(read("/synced").await.unwrap(), pattern(1_000));
        assert_eq!(read("/unsynced").await.unwrap_err().kind(), ErrorKind::NotFound, "not even its name");
    });
}

#[test]
fn power_may_keep_everything_or_tear_what_was_not_synced() {
    let lines = |unsynced: &str| {
        format!(r#"{{ at = "1s", power = "a", restart_after = "50ms", unsynced = "{unsynced}" }}"#)
    };
    run_lines(&lines("keep"), || async {
        on("a").spawn(async { fs::write("/unsynced", pattern(20_000)).await }).await.unwrap().unwrap();
        until(1_100).await;
        assert_eq!(read("/unsynced").await.unwrap(), pattern(20_000));
    });
    run_lines(&lines("tear"), || async {
        write_durably("/log", vec![1; 50_000]).await.unwrap();
        let overwrite = async {
            let file = File::options().write(true).open("/log").await?;
            file.write_all_at(&vec![2; 50_000], 0).await
        };
        on("a").spawn(overwrite).await.unwrap().unwrap();
        until(1_100).await;
        let found = read("/log").await.unwrap();
        assert!(found.contains(&1) && found.contains(&2), "some sectors are old, some new");
    });
}

#[test]
fn power_may_come_back_with_an_empty_disk() {
    let lines = r#"{ at = "1s", power = "a", restart_after = "50ms", wipe = true }"#;
    let run = run_lines(lines, || async {
        write_durably("/synced", pattern(1_000)).await.unwrap();
        until(1_100).await;
        assert_eq!(read("/synced").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
    assert!(run.lines[0].effects > 0);
}

#[test]
fn swap() {
    run("swap", || async {
        write_durably("/whose", b"of a".to_vec()).await.unwrap();
        until(1_100).await;
        assert!(!on("a").is_up() && !on("b").is_up());
        until(1_500).await;
        assert_eq!(read("/whose").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(on("b").spawn(async { fs::read("/whose").await }).await.unwrap().unwrap(), b"of a");
    });
}

#[test]
fn a_point_may_make_a_disk_fail_there() {
    let lines = r#"{ on = "log.written", for = "10ms", disk = "self", error = "any", chance = 1 }"#;
    let run = run_lines(lines, || async {
        let write = async || fs::write("/log", b"entry").await;
        let work = async move {
            write().await.unwrap();
            points::site!("log.written").await;
            assert!(write().await.is_err());
        };
        on("a").spawn(work).await.unwrap();
        sleep(ms(50)).await;
        write_durably("/log", b"entry".to_vec()).await.unwrap();
    });
    assert!(run.lines[0].effects > 0);
}
