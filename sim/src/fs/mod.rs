//! Files on the current machine's disk, with tokio's names and signatures.
//!
//! ```
//! use tourbillon_sim::disk::Unsynced;
//! use tourbillon_sim::{World, fs, machine};
//!
//! World::new(Default::default())
//!     .run(|| async {
//!         let store = machine("store").create();
//!         store.spawn(async {
//!             fs::write("/config.new", "limit = 7").await?;
//!             fs::File::open("/config.new").await?.sync_all().await?;
//!             fs::rename("/config.new", "/config").await?;
//!             fs::sync_dir("/").await
//!         }).await.unwrap().unwrap();
//!         store.power_off_with(Unsynced::Lose);
//!         store.power_on();
//!         let found = store.spawn(fs::read_to_string("/config")).await.unwrap().unwrap();
//!         assert_eq!(found, "limit = 7");
//!     })
//!     .unwrap();
//! ```
//!
//! Below lies the heart, [`crate::disk`], which knows what is durable. Above is a thin shell of handles,
//! which are ids with their world's nonce: they may be sent and kept anywhere, in another world or on another
//! machine they are refused, and dropped where no world runs they do nothing. Every process works in the
//! root. There are no links, owners, permissions or times.

mod disks;
mod file;
mod home;
mod metadata;
mod names;
mod operations;
mod options;
mod whole;

pub(crate) use self::disks::Disks;
pub use self::file::File;
pub use self::metadata::{FileType, Metadata};
pub use self::names::{
    DirEntry, ReadDir, create_dir, create_dir_all, metadata, read_dir, remove_dir, remove_dir_all,
    remove_file, rename, sync_dir, try_exists,
};
pub use self::options::OpenOptions;
pub use self::whole::{copy, read, read_to_string, write};
