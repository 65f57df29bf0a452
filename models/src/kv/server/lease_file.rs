//! The planted bug `destructor-releases-lease`: the lease is a file, and only a destructor removes it. Nobody
//! removes the file of a process that was killed, and a replica waits for that before it begins.

use std::io;
use std::time::Duration;

use sim::fs;
use sim::task::spawn;
use sim::time::sleep;

const PATH: &str = "/kv/lease";
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Held by a primary.
pub(super) struct LeaseFile;

impl LeaseFile {
    /// Waits until whoever held the lease has released it.
    pub(super) async fn wait_until_gone() {
        while fs::metadata(PATH).await.is_ok() {
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// Takes the lease when this became the primary, and drops it when it is no more.
    pub(super) async fn keep(held: &mut Option<LeaseFile>, is_primary: bool) -> io::Result<()> {
        match (is_primary, &held) {
            (true, None) => {
                fs::write(PATH, [1]).await?;
                *held = Some(LeaseFile);
            }
            (false, Some(_)) => *held = None,
            _ => {}
        }
        Ok(())
    }
}

impl Drop for LeaseFile {
    fn drop(&mut self) {
        spawn(async { drop(fs::remove_file(PATH).await) });
    }
}
