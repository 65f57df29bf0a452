//! The targets, one a file; the registry [`TARGETS`](crate::TARGETS) says what each is for.

pub mod case_file;
pub mod case_line;
pub mod disk_crash;
pub mod event_queue;
pub mod plan;
pub mod recording;
pub mod scenario_adapter;
pub mod scenario_kv;
pub mod scenario_regions;
pub mod trace;
