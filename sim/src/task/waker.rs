//! The waker: a task's key in a pointer's clothes. No allocation, no count, no lock.
//!
//! This file and no other of the kernel holds `unsafe`. The argument: the data pointer of our wakers is
//! never dereferenced. It carries 64 bits (world nonce, generation, slot), so `clone` copies it, `drop`
//! does nothing, and both wakes hand the bits to safe code, which checks all three parts before it acts.
//! Every function of the table is therefore sound on any thread and after the world has ended, which is
//! what `Waker: Send + Sync + 'static` asks for.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::key::TaskKey;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, forget);

/// The waker of a task. It owns nothing, so it need not be dropped.
#[inline]
pub(crate) fn waker(key: TaskKey) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(std::ptr::without_provenance(key.bits() as usize), &VTABLE);
    // SAFETY: the table upholds the contract of `RawWaker` for any data pointer; see the head of the file.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// The key inside a waker, when the waker is one of ours.
#[inline]
pub(crate) fn key_of(waker: &Waker) -> Option<TaskKey> {
    std::ptr::eq(waker.vtable(), &VTABLE).then(|| TaskKey::from_bits(waker.data().addr() as u64))
}

fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

fn wake(data: *const ()) {
    crate::kernel::wake_from_code(TaskKey::from_bits(data.addr() as u64));
}

fn forget(_: *const ()) {}
