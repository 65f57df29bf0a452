//! A queue between the tasks of one process: many push, one waits.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// A queue with room for whatever comes; one task waits at its end.
#[derive(Debug)]
pub struct Inbox<T> {
    items: RefCell<VecDeque<T>>,
    waiter: RefCell<Option<Waker>>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Inbox { items: RefCell::default(), waiter: RefCell::default() }
    }
}

impl<T> Inbox<T> {
    /// Puts an item at the end.
    pub fn push(&self, item: T) {
        self.items.borrow_mut().push_back(item);
        let waiter = self.waiter.take();
        if let Some(waker) = waiter {
            waker.wake();
        }
    }

    /// Takes the first item, if there is one.
    pub fn pop(&self) -> Option<T> {
        self.items.borrow_mut().pop_front()
    }

    /// Waits until there is an item.
    pub async fn ready(&self) {
        poll_fn(|cx| {
            if self.items.borrow().is_empty() {
                self.waiter.replace(Some(cx.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Waits for the first item and takes it.
    pub async fn next(&self) -> T {
        loop {
            self.ready().await;
            if let Some(item) = self.pop() {
                return item;
            }
        }
    }
}
