//! tokio's synchronization and futures' combinators, within one process.

use std::rc::Rc;
use std::time::Duration;

use futures::future::{join_all, select_all};
use futures::stream::{FuturesOrdered, FuturesUnordered};
use futures::{FutureExt, StreamExt};
use sim::task::{spawn, yield_now};
use sim::time::sleep;
use tokio::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};

use super::twice;

async fn tokio_sync() {
    let (sender, mut receiver) = mpsc::channel(4);
    for producer in 0..5u32 {
        let sender = sender.clone();
        spawn(async move {
            for item in 0..20 {
                sender.send(producer * 100 + item).await.expect("the receiver is there");
                yield_now().await;
            }
        });
    }
    drop(sender);
    let mut seen = Vec::new();
    while let Some(item) = receiver.recv().await {
        seen.push(item);
    }
    assert_eq!(seen.len(), 100);

    let (once, answer) = oneshot::channel();
    spawn(async move {
        sleep(Duration::from_millis(3)).await;
        once.send("done").expect("somebody waits");
    });
    assert_eq!(answer.await, Ok("done"));

    let total = Rc::new(Mutex::new(0u32));
    let room = Rc::new(Semaphore::new(3));
    let tasks = (0..10).map(|_| {
        let (total, room) = (total.clone(), room.clone());
        spawn(async move {
            let _permit = room.acquire().await.expect("never closed");
            let mut total = total.lock().await;
            let before = *total;
            sleep(Duration::from_micros(10)).await;
            *total = before + 1;
        })
    });
    join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(*total.lock().await, 10);

    let (set, mut get) = watch::channel(0);
    let (tell, mut hear) = broadcast::channel(8);
    let notify = Rc::new(Notify::new());
    let barrier = Rc::new(Barrier::new(2));
    let lock = Rc::new(RwLock::new(1));
    let other = {
        let (notify, barrier, lock) = (notify.clone(), barrier.clone(), lock.clone());
        spawn(async move {
            notify.notified().await;
            *lock.write().await += 1;
            set.send(5).expect("somebody looks");
            tell.send("all").expect("somebody hears");
            barrier.wait().await;
        })
    };
    yield_now().await;
    notify.notify_one();
    get.changed().await.expect("the sender is there");
    assert_eq!(*get.borrow(), 5);
    assert_eq!(hear.recv().await, Ok("all"));
    barrier.wait().await;
    other.await.unwrap();
    assert_eq!(*lock.read().await, 2);
}

async fn futures_combinators() {
    let mut sleeps: FuturesUnordered<_> = (0..100u64)
        .map(|index| sleep(Duration::from_micros(1000 - 7 * index)).map(move |()| index))
        .collect();
    let mut order = Vec::new();
    while let Some(index) = sleeps.next().await {
        order.push(index);
    }
    assert_eq!(order, (0..100).rev().collect::<Vec<_>>());

    let ordered: FuturesOrdered<_> = (0..20u64)
        .map(|index| async move {
            sleep(Duration::from_micros(100 - index)).await;
            index
        })
        .collect();
    assert_eq!(ordered.collect::<Vec<_>>().await, (0..20).collect::<Vec<_>>());

    let racing = (0..5u64).map(|index| {
        async move {
            sleep(Duration::from_millis(5 - index)).await;
            index
        }
        .boxed_local()
    });
    assert_eq!(select_all(racing).await.0, 4);

    let (sender, receiver) = futures::channel::mpsc::channel::<u32>(2);
    let producer = spawn(async move {
        let items = futures::stream::iter(0..50).map(Ok);
        items.forward(sender).await.expect("the receiver is there");
    });
    let sum = receiver.fold(0, |sum, item| async move { sum + item }).await;
    producer.await.unwrap();
    assert_eq!(sum, 1225);
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            spawn(async {
                for _ in 0..5 {
                    yield_now().await;
                }
            })
        })
        .collect();
    join_all(tasks).await;
}

#[test]
fn tokio_sync_needs_no_runtime() {
    twice::check(tokio_sync);
}

#[test]
fn futures_combinators_keep_their_wakers() {
    twice::check(futures_combinators);
}
