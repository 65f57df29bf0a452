//! Processes and whole machines.

use std::cell::Cell;
use std::rc::Rc;

use crate::{ms, on, run, run_lines, serve, server, until};
use sim::Ratio;
use sim::fault;
use sim::machine::Ending;
use sim::net::{TcpListener, TcpStream};
use sim::time::{sleep, timeout};
use tourbillon_faults::inject::Skipped;

async fn forever() {
    std::future::pending::<()>().await;
}

#[test]
fn kill() {
    let effects = run("kill", || async {
        let written = Rc::new(Cell::new(0));
        let count = written.clone();
        let server = serve("a", move |_| {
            let count = count.clone();
            async move {
                loop {
                    sleep(ms(10)).await;
                    points::site!("log.written").await;
                    count.set(count.get() + 1);
                }
            }
        });
        sleep(ms(100)).await;
        assert!(!server.is_running());
        assert_eq!(server.ending(), Some(Ending::Killed));
        assert_eq!(written.get(), 2, "it died at the third point, before its next instruction");
        sleep(ms(400)).await;
        assert!(server.is_running());
        assert_eq!(server.boots(), 2);
    });
    assert_eq!(effects, 1);
}

#[test]
fn a_kill_waits_for_who_is_down_already() {
    let lines = r#"
        { at = "1s", power = "b", restart_after = "1s" },
        { at = "1.5s", kill = "a", restart_after = "1s", down_max = 1 },
        { at = "3s", kill = ["a", "c"], restart_after = "1s", down_max = 1 },
        { at = "5s", kill = "a", restart_after = "1s", down_max = 1 },"#;
    let run = run_lines(lines, || async {
        for name in ["a", "b", "c"] {
            serve(name, |_| forever());
        }
        until(4_900).await;
        assert_eq!(server("a").boots(), 1);
        until(5_100).await;
        assert!(!server("a").is_running());
        until(6_100).await;
        assert_eq!(server("a").boots(), 2);
    });
    let skipped: Vec<_> = run.lines.iter().map(|line| line.skipped).collect();
    assert_eq!(skipped, [None, Some(Skipped::Guarded), Some(Skipped::Guarded), None]);
}

#[test]
fn a_strike_may_kill_who_hits_the_point_and_others_besides() {
    let lines = r#"{ on = "log.written", kill = ["self", "b", "c"], restart_after = "1s" },"#;
    run_lines(lines, || async {
        for name in ["b", "c"] {
            serve(name, |_| forever());
        }
        serve("a", |_| async {
            points::site!("log.written").await;
            forever().await;
        });
        sleep(ms(10)).await;
        assert!(["a", "b", "c"].iter().all(|name| !server(name).is_running()));
        sleep(ms(1_010)).await;
        assert!(["a", "b", "c"].iter().all(|name| server(name).is_running()));
    });
}

#[test]
fn crash_loop() {
    let effects = run("crash_loop", || async {
        let server = serve("a", |_| forever());
        for (millis, runs, boots) in [
            (990, true, 1),
            (1_050, false, 1),
            (1_150, true, 2),
            (1_250, false, 2),
            (1_450, false, 3),
            (1_700, true, 4),
        ] {
            until(millis).await;
            assert_eq!((server.is_running(), server.boots()), (runs, boots), "at {millis} ms");
        }
    });
    assert_eq!(effects, 3);
}

#[test]
fn stop() {
    run("stop", || async {
        let said_goodbye = Rc::new(Cell::new(false));
        let goodbye = said_goodbye.clone();
        let server = serve("a", move |_| {
            let goodbye = goodbye.clone();
            async move {
                sim::shutdown().await;
                sleep(ms(50)).await;
                goodbye.set(true);
            }
        });
        until(1_020).await;
        assert!(server.is_running());
        until(1_090).await;
        assert!(said_goodbye.get());
        assert_eq!(server.ending(), Some(Ending::Exited));
        until(1_490).await;
        assert!(!server.is_running());
        until(1_510).await;
        assert!(server.is_running(), "started again 400 ms after the grace of 100 ms");
    });
}

#[test]
fn who_takes_longer_than_the_grace_is_killed() {
    run("stop", || async {
        let server = serve("a", |_| forever());
        until(1_110).await;
        assert_eq!(server.ending(), Some(Ending::Stopped));
    });
}

#[test]
fn pause() {
    run("pause", || async {
        let ticks = Rc::new(Cell::new(0));
        let count = ticks.clone();
        serve("a", move |_| {
            let count = count.clone();
            async move {
                loop {
                    sleep(ms(10)).await;
                    count.set(count.get() + 1);
                }
            }
        });
        until(1_005).await;
        let before = ticks.get();
        until(1_495).await;
        assert_eq!(ticks.get(), before, "it hangs");
        until(1_600).await;
        assert!(ticks.get() > before);
    });
}

#[test]
fn power() {
    run("power", || async {
        let server = serve("a", |_| forever());
        let witness = serve("b", |_| forever());
        until(1_010).await;
        assert!(!on("a").is_up());
        assert_eq!(server.ending(), Some(Ending::PowerLost));
        until(1_410).await;
        assert!(on("a").is_up());
        assert_eq!((server.is_running(), server.boots()), (true, 2));
        assert_eq!(witness.boots(), 1);
    });
}

#[test]
fn a_process_that_was_killed_starts_when_its_machine_has_power_again() {
    let lines = r#"
        { at = "1s", kill = "a", restart_after = "500ms" },
        { at = "1.2s", power = "a", restart_after = "1s" },"#;
    run_lines(lines, || async {
        let server = serve("a", |_| forever());
        until(2_190).await;
        assert!(!server.is_running());
        until(2_210).await;
        assert!(server.is_running());
    });
}

#[test]
fn upgrade() {
    run("upgrade", || async {
        let told = Rc::new(Cell::new((0, false)));
        let slot = told.clone();
        serve("a", move |boot| {
            slot.set((boot.version, boot.config == "mode=new"));
            sim::shutdown()
        });
        until(990).await;
        assert_eq!(told.get(), (1, false));
        until(1_110).await;
        assert_eq!(told.get(), (2, true));
    });
}

#[test]
fn roll() {
    let effects = run("roll", || async {
        let versions = Rc::new(Cell::new([0; 2]));
        for (index, name) in ["a", "b"].into_iter().enumerate() {
            let versions = versions.clone();
            serve(name, move |boot| {
                let mut all = versions.get();
                all[index] = boot.version;
                versions.set(all);
                forever()
            });
        }
        for (millis, a_runs, b_runs, seen) in [
            (990, true, true, [1, 1]),
            (1_050, true, true, [1, 1]),
            (1_150, true, true, [2, 1]),
            (1_350, true, true, [2, 1]),
            (1_450, true, true, [2, 2]),
        ] {
            until(millis).await;
            assert_eq!(
                (server("a").is_running(), server("b").is_running()),
                (a_runs, b_runs),
                "at {millis} ms"
            );
            assert_eq!(versions.get(), seen, "at {millis} ms");
        }
        assert_eq!(server("a").boots(), 2);
    });
    assert_eq!(effects, 2);
}

#[test]
fn address() {
    run("address", || async {
        on("b").spawn(async {
            let listener = TcpListener::bind("0.0.0.0:8000").await.unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                sim::task::spawn(async move {
                    let _stream = stream;
                    forever().await;
                });
            }
        });
        on("a")
            .spawn(async {
                let old = TcpStream::connect("b:8000").await.unwrap().peer_addr().unwrap();
                until(1_010).await;
                let new = TcpStream::connect("b:8000").await.unwrap().peer_addr().unwrap();
                assert_ne!(old, new);
                assert_eq!(new.to_string(), "10.213.0.9:8000");
                let lost = timeout(ms(500), TcpStream::connect(old)).await;
                assert!(!matches!(lost, Ok(Ok(_))), "nobody is at the old address");
            })
            .await
            .unwrap();
    });
}

#[test]
fn slow() {
    run("slow", || async {
        /// How long a million nanoseconds of work take on a machine.
        async fn work(name: &str) -> std::time::Duration {
            let task = on(name).spawn(async {
                let before = fault::now();
                sim::work(ms(1));
                sim::task::yield_now().await;
                fault::now() - before
            });
            task.await.unwrap()
        }
        assert!(work("a").await < ms(2));
        until(1_100).await;
        assert!(work("a").await >= ms(100));
        assert!(work("b").await < ms(2), "its neighbor is as fast as ever");
        until(1_600).await;
        assert!(work("a").await < ms(2));
    });
}

#[test]
fn yields() {
    run("yield", || async {
        /// Two tasks of a machine that pass sites: how often the one was seen between two sites of the other.
        async fn interleavings(name: &str) -> u32 {
            let machine = on(name);
            let turn = Rc::new(Cell::new((0, 0)));
            let mut tasks = Vec::new();
            for which in 0..2 {
                let turn = turn.clone();
                tasks.push(machine.spawn(async move {
                    for _ in 0..50 {
                        let (last, changes) = turn.get();
                        turn.set((which, changes + u32::from(last != which)));
                        points::site!("log.written").await;
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            turn.get().1
        }
        assert!(interleavings("a").await <= 2, "nothing at a site makes a task wait");
        until(1_100).await;
        assert!(interleavings("a").await > 10);
        assert!(interleavings("b").await <= 2);
    });
}

#[test]
fn a_role_is_aimed_at_while_somebody_holds_it() {
    let lines = r#"
        { at = "1s", kill = "role:leader", restart_after = "100ms" },
        { at = "2s", kill = "role:leader", restart_after = "100ms" },
        { at = "3s", kill = "role:leader", restart_after = "100ms" },"#;
    let run = run_lines(lines, || async {
        for (name, from, to) in [("a", 500, 9_000), ("b", 1_500, 2_500)] {
            serve(name, move |boot| async move {
                // Only the first incarnation leads: a role ends with its process.
                if boot.incarnation == 0 {
                    until(from).await;
                    sim::take_role("leader");
                    until(to).await;
                    sim::drop_role("leader");
                }
                forever().await;
            });
        }
        for (millis, boots) in [(1_200, (2, 1)), (2_200, (2, 2)), (3_200, (2, 2))] {
            until(millis).await;
            assert_eq!((server("a").boots(), server("b").boots()), boots, "at {millis} ms");
        }
    });
    assert_eq!(run.lines[2].skipped, Some(Skipped::Nobody));
    assert_eq!(Ratio::ALWAYS, Ratio::of(1, 1));
}
