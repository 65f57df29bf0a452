//! Systems under simulation. Each is a folder with the same rooms: `api` (what a workload may name), pure
//! hearts (no simulation, no time, no await), thin async shells around them, and `points`.
//! `journal`, a file that only grows, is there for all of them.

pub mod adapter;
pub mod journal;
pub mod kv;
pub mod regions;

#[cfg(test)]
mod sources;
