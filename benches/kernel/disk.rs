//! The cases that use a disk: a log that is synced after every record, and reads from anywhere in a file.

use sim::fs::{File, OpenOptions};
use sim::{Report, World, machine};

const RECORD: [u8; 100] = [7; 100];
/// After so many records the log begins anew.
const RECORD_COUNT: u64 = 10_000;
const PAGE_BYTES: usize = 4096;
const FILE_PAGES: u64 = 1024;

async fn log() -> File {
    OpenOptions::new().append(true).create(true).open("/log").await.expect("an empty disk")
}

/// 100 bytes appended and synced.
pub fn appends(world: World, operations: u64) -> Report {
    world.run(move || async move {
        let append = async move {
            let log = log().await;
            for number in 0..operations {
                assert_eq!(log.write_at(&RECORD, 0).await.expect("there is space"), RECORD.len());
                log.sync_data().await.expect("nothing hinders it");
                if number % RECORD_COUNT == RECORD_COUNT - 1 {
                    log.set_len(0).await.expect("it is open for writing");
                }
            }
        };
        machine("store").create().spawn(append).await.expect("it ends");
    })
}

/// 4,096 bytes read from one of 1,024 places.
pub fn reads(world: World, operations: u64) -> Report {
    world.run(move || async move {
        let read = async move {
            let pages = vec![7; PAGE_BYTES * FILE_PAGES as usize];
            sim::fs::write("/f", pages).await.expect("there is space");
            let file = File::open("/f").await.expect("it was just written");
            let mut buffer = [0; PAGE_BYTES];
            for number in 0..operations {
                let place = number.wrapping_mul(0x9e37_79b9) % FILE_PAGES * PAGE_BYTES as u64;
                file.read_exact_at(&mut buffer, place).await.expect("the file is that long");
                assert_eq!(buffer[PAGE_BYTES - 1], 7);
            }
        };
        machine("store").create().spawn(read).await.expect("it ends");
    })
}
