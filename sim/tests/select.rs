//! `select!`, `join!` and `try_join!` do what tokio documents of its own, in an order that the run decides.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::choice::Edit;
use tourbillon_sim::task::{spawn, yield_now};
use tourbillon_sim::time::{Instant, sleep};
use tourbillon_sim::{Config, Report, World, join, select, try_join};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 1, record_choices: true, ..Config::default() }).run(body).unwrap()
}

/// Draws of a stream that a run made.
fn draws(report: &Report, stream: &str) -> usize {
    let recording = report.recording.as_ref().expect("the run was recorded");
    let Some(index) = recording.streams.iter().position(|name| name == stream) else { return 0 };
    recording.draws.iter().filter(|draw| draw.stream.index() == index).count()
}

#[test]
fn the_first_that_resolves_is_chosen_and_the_others_are_dropped() {
    struct Flag(Rc<Cell<bool>>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    run(|| async {
        let dropped = Rc::new(Cell::new(false));
        let flag = Flag(dropped.clone());
        let loser = async move {
            let _flag = flag;
            pending::<u32>().await
        };
        let answer = select! {
            number = loser => number,
            () = sleep(ms(1)) => {
                assert!(dropped.get(), "the losers are dropped before the handler runs");
                7
            }
        };
        assert_eq!(answer, 7);
    });
}

#[test]
fn handlers_are_expressions_of_the_caller() {
    async fn early() -> Result<u32, String> {
        for round in 0.. {
            select! {
                value = ready(round) => {
                    if value < 3 {
                        continue;
                    }
                    return Ok(value);
                }
                failed = pending::<Result<u32, String>>() => failed?,
            };
        }
        unreachable!()
    }
    run(|| async {
        assert_eq!(early().await, Ok(3));
        let mut count = 0;
        // A handler may borrow what another branch's future borrows, and await.
        select! {
            () = async { count += 1 } => {
                count += 10;
                yield_now().await;
            }
            () = pending() => count = 0,
        }
        assert_eq!(count, 11);
    });
}

#[test]
fn a_pattern_that_does_not_fit_puts_its_branch_out() {
    run(|| async {
        let answer = select! {
            Some(value) = ready(None::<u32>) => value,
            value = async { sleep(ms(1)).await; 2 } => value,
        };
        assert_eq!(answer, 2);
        let answer = select! {
            Some(value) = ready(None::<u32>) => value,
            Ok(value) = ready(Err::<u32, _>("no")) => value,
            else => 99,
        };
        assert_eq!(answer, 99);
        // A branch that is out is not polled again.
        let polls = Rc::new(Cell::new(0));
        let counted = polls.clone();
        let once = std::future::poll_fn(move |_| {
            counted.set(counted.get() + 1);
            assert_eq!(counted.get(), 1, "it has resolved");
            std::task::Poll::Ready(false)
        });
        select! {
            true = once => unreachable!(),
            () = async { yield_now().await; yield_now().await } => {}
        }
        assert_eq!(polls.get(), 1);
    });
}

#[test]
fn patterns_bind_in_every_way() {
    run(|| async {
        let text = select! { text = ready(String::from("by move")) => text };
        assert_eq!(text, "by move");
        let text = select! {
            mut text = ready(String::from("muta")) => {
                text.push_str("bly");
                text
            }
        };
        assert_eq!(text, "mutably");
        let length = select! { ref text = ready(String::from("four")) => text.len() };
        assert_eq!(length, 4);
        let sum = select! { (left, Ok(right) | Err(right)) = ready((1, Err::<u32, u32>(2))) => left + right };
        assert_eq!(sum, 3);
        let number = 5;
        let copy = select! { &copied = ready(&number) => copied };
        assert_eq!(copy, 5);
        struct Pair {
            left: String,
            right: u32,
        }
        let pair = || ready(Pair { left: String::from("l"), right: 2 });
        let (left, right) = select! { Pair { left, right } = pair() => (left, right) };
        assert_eq!((left.as_str(), right), ("l", 2));
        select! { _ = pair() => {} }
    });
}

#[test]
fn a_condition_puts_a_branch_out_and_its_future_is_made_and_not_polled() {
    run(|| async {
        let made = Cell::new(0);
        let make = |value: u32| {
            made.set(made.get() + 1);
            async move {
                assert_ne!(value, 1, "a branch that is out is not polled");
                value
            }
        };
        let answer = select! {
            value = make(1), if made.get() > 100 => value,
            value = make(2), if made.get() == 0 => value,
        };
        assert_eq!((answer, made.get()), (2, 2));
        // A loop over a pinned future that is over after a while.
        let mut open = true;
        let mut ticks = 0;
        let mut end = std::pin::pin!(sleep(ms(5)));
        loop {
            select! {
                () = &mut end, if open => open = false,
                () = sleep(ms(2)), if open || ticks < 4 => ticks += 1,
                else => break,
            }
        }
        assert_eq!(ticks, 4);
    });
}

#[test]
fn without_a_branch_or_an_else_it_panics() {
    let report = World::new(Config::default()).run(|| async {
        select! { () = ready(()), if false => {} }
    });
    let failure = report.failure().expect("it panics");
    assert!(failure.message.contains("all branches are disabled and there is no else branch"), "{failure}");
    run(|| async {
        let only: u32 = select! { else => 3 };
        assert_eq!(only, 3);
    });
}

#[test]
fn sixteen_and_thirty_two_branches() {
    run(|| async {
        macro_rules! many {
            ($($number:literal)*) => {
                select! { $(value = async { if $number == 14 { $number } else { pending().await } } => value,)* }
            };
        }
        assert_eq!(many!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15), 14);
        assert_eq!(
            many!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31),
            14
        );
    });
}

/// Which of three futures, all ready at once, is chosen.
fn chosen(seed: u64, edits: Vec<Edit>) -> u32 {
    let chosen = Rc::new(Cell::new(0));
    let seen = chosen.clone();
    let config = Config { seed, edits, ..Config::default() };
    let body = || async move {
        seen.set(select! { n = ready(1) => n, n = ready(2) => n, n = ready(3) => n });
    };
    World::new(config).run(body).unwrap();
    chosen.get()
}

#[test]
fn the_order_is_drawn_from_the_run() {
    let by_seed: Vec<u32> = (0..64).map(|seed| chosen(seed, vec![])).collect();
    assert_eq!(by_seed, (0..64).map(|seed| chosen(seed, vec![])).collect::<Vec<_>>());
    for branch in 1..=3 {
        let count = by_seed.iter().filter(|&&chosen| chosen == branch).count();
        assert!(count > 8, "branch {branch} was chosen {count} times of 64");
    }
    // An edit makes it any other; a draw of zero is the order of declaration.
    let edit = |value| vec![Edit::one("select/test", 0, value)];
    assert_eq!(chosen(5, edit(0)), 1);
    let all: BTreeSet<u32> = (0..6).map(|value| chosen(5, edit(value))).collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn biased_and_single_branches_draw_nothing() {
    let report = run(|| async {
        for _ in 0..50 {
            let first = select! {
                biased;
                n = ready(1) => n,
                n = ready(2) => n,
            };
            assert_eq!(first, 1);
            select! { () = ready(()) => {}, () = pending(), if false => {} }
            join!(biased; ready(1), ready(2));
        }
    });
    assert_eq!(draws(&report, "select/test"), 0);
    let report = run(|| async {
        select! { () = ready(()) => {}, () = ready(()) => {} }
        join!(yield_now(), yield_now(), async {});
    });
    // One for the select; for the join one with three left and one with two.
    assert_eq!(draws(&report, "select/test"), 3);
}

#[test]
fn another_machines_select_moves_nobodys_order() {
    let order = |others: usize| {
        let log = Rc::new(RefCell::new(Vec::new()));
        let kept = log.clone();
        let body = move || async move {
            let host = tourbillon_sim::machine("host").create();
            let tasks: Vec<_> = (0..others)
                .map(|_| {
                    host.spawn(async {
                        select! { () = ready(()) => {}, () = ready(()) => {} }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            for _ in 0..40 {
                let chosen = select! { n = ready(1) => n, n = ready(2) => n };
                kept.borrow_mut().push(chosen);
            }
        };
        World::new(Config { seed: 9, ..Config::default() }).run(body).unwrap();
        Rc::try_unwrap(log).unwrap().into_inner()
    };
    assert_eq!(order(0), order(13));
}

#[test]
fn join_awaits_all_at_the_same_time() {
    run(|| async {
        let start = Instant::now();
        let (a, b, c) = join!(
            async {
                sleep(ms(30)).await;
                1
            },
            async {
                sleep(ms(10)).await;
                "b"
            },
            ready(3.5),
        );
        assert_eq!((a, b, c), (1, "b", 3.5));
        assert!(start.elapsed() < ms(31));
        let () = join!();
        assert_eq!(join!(ready(1)), (1,));
        // A future is dropped as soon as it has resolved, not when all have.
        let (sender, dropped) = (Rc::new(()), Rc::new(Cell::new(false)));
        let weak = Rc::downgrade(&sender);
        struct Holds(#[allow(dead_code)] Rc<()>);
        impl Future for Holds {
            type Output = ();
            fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                std::task::Poll::Ready(())
            }
        }
        join!(Holds(sender), async {
            yield_now().await;
            dropped.set(weak.upgrade().is_none());
        });
        assert!(dropped.get());
    });
}

#[test]
fn try_join_ends_at_the_first_error() {
    run(|| async {
        let both = try_join!(ready(Ok::<_, String>(1)), async {
            sleep(ms(1)).await;
            Ok("two")
        });
        assert_eq!(both, Ok((1, "two")));
        let start = Instant::now();
        let failed: Result<((), u32), &str> = try_join!(
            async {
                sleep(ms(1000)).await;
                Ok(())
            },
            async {
                sleep(ms(1)).await;
                Err("early")
            },
        );
        assert_eq!(failed, Err("early"));
        assert!(start.elapsed() < ms(2));
        let failed: Result<((), ()), &str> =
            try_join!(biased; async { Err("first") }, async { Err("second") });
        assert_eq!(failed, Err("first"));
    });
}

#[test]
fn the_order_of_a_join_is_drawn_as_well() {
    let orders: BTreeSet<Vec<u32>> = (0..40)
        .map(|seed| {
            let log = Rc::new(RefCell::new(Vec::new()));
            let kept = log.clone();
            let body = || async move {
                let note = |n: u32| kept.borrow_mut().push(n);
                join!(async { note(1) }, async { note(2) }, async { note(3) });
            };
            World::new(Config { seed, ..Config::default() }).run(body).unwrap();
            log.take()
        })
        .collect();
    assert_eq!(orders.len(), 6, "every order of three shows up: {orders:?}");
}

#[test]
fn a_channel_loop_and_cancellation() {
    run(|| async {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<u32>(4);
        let producer = spawn(async move {
            for number in 0..20 {
                sender.send(number).await.unwrap();
                sleep(ms(1)).await;
            }
        });
        let (mut sum, mut ticks) = (0, 0);
        let mut clock = tourbillon_sim::time::interval(ms(3));
        loop {
            select! {
                Some(number) = receiver.recv() => sum += number,
                _ = clock.tick(), if ticks < 5 => ticks += 1,
                else => break,
            }
        }
        producer.await.unwrap();
        assert_eq!((sum, ticks), (190, 5));
    });
}
