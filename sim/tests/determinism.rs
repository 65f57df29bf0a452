//! The same case is the same run: however it is driven, wherever and after whatever it runs, watched or not.
#![allow(clippy::disallowed_methods, reason = "threads are what it tests")]

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use tourbillon_sim::machine::PanicPolicy;
use tourbillon_sim::task::{JoinSet, spawn, yield_now};
use tourbillon_sim::time::{interval, sleep, timeout};
use tourbillon_sim::trace::{Digest, Digests};
use tourbillon_sim::{
    Config, Names, PointReport, Progress, Ratio, Report, World, fault, join, machine, rng, select,
};
use tracing::field::{Field, Visit};
use tracing::span;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(seed: u64) -> Config {
    Config { seed, record_choices: true, ..Config::default() }
}

/// A bit of everything: machines of several kinds, faults, sets, selects, chance, panics, restarts.
async fn scenario() {
    let (fast, slow) = (machine("fast").cores(2).create(), machine("slow").speed(Ratio::of(1, 50)).create());
    let overrun = fault::begin("overrun");
    let condition = fault::Condition::TimerOverrun { chance: Ratio::of(1, 3), max: ms(2) };
    fault::impose(overrun, fault::Target::Machine(fast), condition);
    for host in [fast, slow] {
        host.process("worker", |boot| async move {
            tracing::info!(incarnation = boot.incarnation, "booted");
            let mut set = JoinSet::new();
            for worker in 0..5u64 {
                set.spawn(async move {
                    let mut ticks = interval(Duration::from_micros(500 + worker));
                    for _ in 0..20 {
                        select! {
                            _ = ticks.tick() => {}
                            () = sleep(Duration::from_micros(rng("backoff").range(1..900))) => yield_now().await,
                        }
                        points::mark!("determinism.step", worker);
                    }
                    worker
                });
            }
            let (sum, ()) = join!(set.join_all(), sleep(ms(3)));
            assert_eq!(sum.len(), 5);
            if boot.incarnation == 0 {
                panic!("once");
            }
        })
        .on_panic(PanicPolicy::CrashAndRestart(ms(2)))
        .start();
    }
    sleep(ms(5)).await;
    slow.power_off();
    sleep(ms(5)).await;
    slow.power_on();
    sleep(ms(30)).await;
}

fn whole(seed: u64) -> Report {
    World::new(config(seed)).run(scenario).unwrap()
}

/// Everything that a run shows, besides which process it ran in.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    digests: Digests,
    records: u64,
    steps: u64,
    virtual_time: Duration,
    draws: Digest,
    names: Names,
    points: Vec<PointReport>,
}

fn shown(report: &Report) -> Shown {
    let mut names = report.names.clone();
    // The body's own place is where it was started, which is another line of this file for each way.
    names.places.remove(0);
    Shown {
        digests: report.digests,
        records: report.records,
        steps: report.steps,
        virtual_time: report.virtual_time,
        draws: Digest::of(format!("{:?}", report.recording).as_bytes()),
        names,
        points: report.points.clone(),
    }
}

#[test]
fn a_run_is_the_same_stepped_paused_and_after_others() {
    for seed in 0..10 {
        let alone = shown(&whole(seed));
        assert_eq!(shown(&whole(seed)), alone, "after others of this process");

        let mut stepped = World::new(config(seed));
        stepped.start(scenario);
        while stepped.step() == Progress::Running {}
        assert_eq!(shown(&stepped.finish()), alone, "poll by poll");

        // Coarse slices, odd slices, and slices that are shorter than a poll takes: with those no time is ever
        // spent on the short way, because each poll ends beyond the slice, so each goes through the queue.
        for slice in [1_000_000, 777_777, 33] {
            let mut sliced = World::new(config(seed));
            sliced.start(scenario);
            let mut until = Duration::ZERO;
            loop {
                // Where nothing is due for a while, longer slices will do.
                let before = sliced.elapsed();
                until += Duration::from_nanos(slice);
                if sliced.run_until(until) == Progress::Ended {
                    break;
                }
                assert!(sliced.elapsed() > before);
                if until > ms(100) {
                    panic!("it ends within 100 ms");
                }
                if slice == 33 && until > Duration::from_micros(1500) {
                    sliced.run_until(Duration::MAX);
                    break;
                }
            }
            let sliced = sliced.finish();
            assert_eq!(sliced.digests, alone.digests, "slices of {slice} ns");
            assert_eq!((sliced.records, sliced.steps), (alone.records, alone.steps));
        }
    }
}

#[test]
fn a_run_is_the_same_on_another_thread_and_beside_others() {
    let alone: Vec<_> = (0..8).map(|seed| shown(&whole(seed))).collect();
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(|| (0..8).map(|seed| shown(&whole(seed))).collect::<Vec<_>>()))
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), alone);
    }
}

#[test]
fn an_edit_and_its_recording_are_the_whole_difference() {
    let plain = whole(4);
    let recording = plain.recording.as_ref().unwrap();
    let edits = recording.draws.iter().take(2000).map(|draw| {
        tourbillon_sim::choice::Edit::one(&recording.streams[draw.stream.index()], draw.index, draw.value)
    });
    let config = Config { edits: edits.collect(), ..config(4) };
    let replayed = World::new(config).run(scenario).unwrap();
    assert_eq!(shown(&replayed), shown(&plain), "edits that change nothing change nothing");
}

// ---- Primitives that need no runtime ----

async fn primitives(log: Rc<RefCell<Vec<String>>>) {
    let note = |text: String| log.borrow_mut().push(text);
    // mpsc with backpressure, closed by its sender.
    let (send, mut receive) = mpsc::channel(2);
    for producer in 0..3u32 {
        let send = send.clone();
        spawn(async move {
            for item in 0..10u32 {
                send.send(producer * 100 + item).await.unwrap();
                sleep(Duration::from_micros(u64::from(producer) * 3)).await;
            }
        });
    }
    drop(send);
    while let Some(item) = receive.recv().await {
        note(format!("mpsc {item}"));
    }
    // oneshot, answered and abandoned.
    let (answer, question) = oneshot::channel();
    spawn(async move {
        sleep(ms(1)).await;
        answer.send("answer").unwrap();
    });
    note(format!("oneshot {:?}", question.await));
    let (answer, question) = oneshot::channel::<()>();
    drop(answer);
    assert!(question.await.is_err());
    // Mutex and Semaphore: never more holders than permits, and every waiter gets its turn.
    let (mutex, semaphore) = (Rc::new(AsyncMutex::new(0u32)), Arc::new(Semaphore::new(3)));
    let holders = Rc::new(RefCell::new((0, 0)));
    let tasks: JoinSet<u32> = (0..20u32)
        .map(|task| {
            let (mutex, semaphore, holders) = (mutex.clone(), semaphore.clone(), holders.clone());
            async move {
                let _permit = semaphore.acquire_owned().await.unwrap();
                {
                    let mut holders = holders.borrow_mut();
                    holders.0 += 1;
                    holders.1 = holders.1.max(holders.0);
                }
                let mut guard = mutex.lock().await;
                let before = *guard;
                yield_now().await;
                *guard = before + 1;
                holders.borrow_mut().0 -= 1;
                task
            }
        })
        .collect();
    note(format!("order {:?}", tasks.join_all().await));
    assert_eq!((*mutex.lock().await, holders.borrow().1), (20, 3));
    // Notify, watch and broadcast.
    let notify = Rc::new(Notify::new());
    let (tell, told) = watch::channel(0);
    let (shout, _) = broadcast::channel(4);
    let listeners: JoinSet<(u32, Vec<u32>, bool)> = (0..4u32)
        .map(|_| {
            let (notify, mut told, mut heard) = (notify.clone(), told.clone(), shout.subscribe());
            async move {
                notify.notified().await;
                told.wait_for(|value| *value > 2).await.unwrap();
                let (mut all, mut lagged) = (Vec::new(), false);
                loop {
                    match heard.recv().await {
                        Ok(value) => all.push(value),
                        Err(broadcast::error::RecvError::Lagged(_)) => lagged = true,
                        Err(broadcast::error::RecvError::Closed) => break,
                    }
                }
                let seen = *told.borrow();
                (seen, all, lagged)
            }
        })
        .collect();
    sleep(ms(1)).await;
    notify.notify_waiters();
    for value in 1..=3 {
        sleep(ms(1)).await;
        tell.send(value).unwrap();
        shout.send(value).unwrap();
    }
    (10..20).for_each(|value| drop(shout.send(value)));
    drop(shout);
    for (seen, all, lagged) in listeners.join_all().await {
        assert_eq!((seen, all.as_slice(), lagged), (3, &[16, 17, 18, 19][..], true));
    }
    // Cancelled waits give their place up.
    let lock = mutex.lock().await;
    assert!(timeout(ms(1), mutex.lock()).await.is_err());
    drop(lock);
    assert!(timeout(ms(1), mutex.lock()).await.is_ok());
    // Combinators of the futures crate.
    use futures::{FutureExt, StreamExt, future, stream};
    let buffered: Vec<u64> = stream::iter([30, 10, 20u64])
        .map(|millis| sleep(ms(millis)).map(move |()| millis))
        .buffer_unordered(2)
        .collect()
        .await;
    assert_eq!(buffered, [10, 30, 20]);
    let (first, _, rest) = future::select_all([sleep(ms(2)), sleep(ms(1))]).await;
    let () = first;
    future::join_all(rest).await;
    let (mut send, receive) = futures::channel::mpsc::channel(0);
    spawn(async move {
        for n in 0..5 {
            futures::SinkExt::send(&mut send, n).await.unwrap();
        }
    });
    note(format!("futures {:?}", receive.collect::<Vec<u32>>().await));
}

#[test]
fn tokios_and_futures_primitives_work_and_are_decided_by_the_run() {
    let run = |seed: u64| {
        let log = Rc::new(RefCell::new(Vec::new()));
        let kept = log.clone();
        let report = World::new(config(seed)).run(move || primitives(kept)).unwrap();
        (report.digests, log.take())
    };
    let runs: Vec<_> = (0..20).map(run).collect();
    assert_eq!((0..20).map(run).collect::<Vec<_>>(), runs);
    let orders: std::collections::BTreeSet<_> = runs.iter().map(|(_, log)| log).collect();
    assert!(orders.len() > 10, "seeds differ in what they let happen first: {}", orders.len());
    // Within a process of a machine as well as on the test's own.
    let report = World::new(config(1)).run(|| async {
        let host = machine("host").create();
        host.process("server", |_| primitives(Rc::default())).start().wait().await;
    });
    report.unwrap();
}

// ---- tracing ----

/// What a subscriber was told: each event with the fields of the spans around it.
#[derive(Default)]
struct Heard {
    spans: Vec<String>,
    entered: Vec<usize>,
    events: Vec<String>,
}

/// A subscriber by hand, with no state of the process.
struct Listener(Arc<Mutex<Heard>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write;
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut text = String::new();
        attributes.record(&mut Fields(&mut text));
        // A subscriber is user code: it may look at the run that it listens to.
        let _now = tourbillon_sim::now();
        let mut heard = self.0.lock().unwrap();
        heard.spans.push(text);
        span::Id::from_u64(heard.spans.len() as u64)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut heard = self.0.lock().unwrap();
        let mut text: String = heard.entered.iter().map(|&span| heard.spans[span].as_str()).collect();
        event.record(&mut Fields(&mut text));
        heard.events.push(text);
    }

    fn enter(&self, span: &span::Id) {
        self.0.lock().unwrap().entered.push(span.into_u64() as usize - 1);
    }

    fn exit(&self, _: &span::Id) {
        self.0.lock().unwrap().entered.pop();
    }
}

#[test]
fn tracing_events_carry_where_and_when_and_move_nothing() {
    let quiet = shown(&whole(7));
    let heard = Arc::new(Mutex::new(Heard::default()));
    let listened = tracing::subscriber::with_default(Listener(heard.clone()), || shown(&whole(7)));
    assert_eq!(listened, quiet, "a subscriber moves no run");
    let heard = heard.lock().unwrap();
    // Each machine boots its worker, whose panic boots it again; the slow one loses power in between.
    assert!(heard.events.len() >= 4, "{:?}", heard.events);
    for event in &heard.events {
        for part in ["machine=", "process=\"worker\"", "task=", "at_ns=", "message=booted", "incarnation="] {
            assert!(event.contains(part), "`{part}` in `{event}`");
        }
    }
    for machine in ["machine=\"fast\"", "machine=\"slow\""] {
        assert!(heard.events.iter().any(|event| event.contains(machine)), "{machine}");
    }
    assert!(heard.entered.is_empty(), "every span that was entered was left, also by panics");
    // Virtual time: the second boot comes milliseconds after the first.
    let at = |event: &String| {
        let from = event.split("at_ns=").nth(1).expect("it has a time");
        from.split(' ').next().and_then(|number| number.parse::<u64>().ok()).expect("a number")
    };
    let times: Vec<u64> = heard.events.iter().map(at).collect();
    assert!(times.is_sorted() && times[0] < 1_000_000 && times[times.len() - 1] > 5_000_000, "{times:?}");
}

#[test]
fn a_registry_of_tracing_subscriber_moves_nothing_either() {
    use tracing_subscriber::layer::SubscriberExt;
    let quiet = shown(&whole(8));
    let registry = tracing_subscriber::registry().with(tracing::level_filters::LevelFilter::TRACE);
    let listened = tracing::subscriber::with_default(registry, || shown(&whole(8)));
    assert_eq!(listened, quiet);
    // Destructors of aborted and killed tasks speak as well.
    let report = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
        World::new(config(1)).run(|| async {
            struct Speaks;
            impl Drop for Speaks {
                fn drop(&mut self) {
                    tracing::info!("farewell");
                }
            }
            let host = machine("host").create();
            let task = host.spawn(async {
                let _speaks = Speaks;
                pending::<()>().await;
            });
            sleep(ms(1)).await;
            task.abort();
            assert!(task.await.is_err());
            host.spawn(async {
                let _speaks = Speaks;
                pending::<()>().await;
            });
            sleep(ms(1)).await;
            host.power_off();
        })
    });
    report.unwrap();
}
