//! What the kernel offers to whoever carries out a plan: strikes in time and at points, roles, knobs, ends.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tourbillon_sim::fault;
use tourbillon_sim::machine::find_machine;
use tourbillon_sim::time::sleep;
use tourbillon_sim::{Config, Report, World, drop_role, knob, machine, points, take_role};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed: 3, ..Config::default() }).run(body)
}

type Seen = Rc<RefCell<Vec<(u64, &'static str)>>>;

fn note(seen: &Seen, what: &'static str) -> impl FnOnce() + use<> {
    let seen = seen.clone();
    move || seen.borrow_mut().push((fault::now().as_millis() as u64, what))
}

#[test]
fn strikes_come_at_their_time_and_in_the_order_in_which_they_were_asked_for() {
    run(|| async {
        let seen = Seen::default();
        fault::at(ms(5), note(&seen, "second"));
        fault::at(ms(2), note(&seen, "first"));
        fault::at(ms(5), note(&seen, "third"));
        let (within, inner) = (seen.clone(), note(&seen, "from a strike"));
        fault::after(ms(7), move || {
            note(&within, "outer")();
            fault::after(ms(1), inner);
        });
        fault::at(ms(900), note(&seen, "too late"));
        sleep(ms(20)).await;
        fault::at(ms(3), note(&seen, "at once"));
        sleep(ms(1)).await;
        let expected =
            [(2, "first"), (5, "second"), (5, "third"), (7, "outer"), (8, "from a strike"), (20, "at once")];
        assert_eq!(*seen.borrow(), expected);
    })
    .unwrap();
}

#[test]
fn a_strike_that_does_nothing_leaves_no_trace() {
    let digest = |strikes: bool| {
        let report = run(move || async move {
            if strikes {
                (0..50).for_each(|index| fault::at(ms(index), || ()));
                fault::on_point("loop.turned", 7, |_| ());
            }
            let tasks: Vec<_> = (0..5)
                .map(|_| {
                    tourbillon_sim::task::spawn(async {
                        for _ in 0..20 {
                            sleep(ms(1)).await;
                            points::site!("loop.turned").await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        report.unwrap().digests
    };
    assert_eq!(digest(true), digest(false));
}

#[test]
fn a_strike_at_a_point_acts_in_nobodys_name() {
    run(|| async {
        let (one, other) = (machine("one").create(), machine("other").create());
        let bystander = other.process("server", |_| std::future::pending::<()>()).start();
        let victim = one.process("server", |boot| async move {
            points::site!("step.taken").await;
            assert!(boot.incarnation > 0, "the first incarnation goes no further");
            std::future::pending::<()>().await;
        });
        fault::on_point("step.taken", 1, move |hitter| {
            assert_eq!(hitter.machine().name(), "one");
            hitter.kill();
            assert!(bystander.kill(), "a verb after the hitter's death still counts");
            hitter.restart();
        });
        let victim = victim.start();
        sleep(ms(1)).await;
        assert!(!bystander.is_running());
        assert!(victim.is_running());
        assert_eq!(victim.boots(), 2);
    })
    .unwrap();
}

#[test]
fn a_panic_in_a_strike_fails_the_run() {
    let report = run(|| async {
        fault::at(ms(1), || panic!("a mistake of the injector's"));
        sleep(ms(5)).await;
    });
    let failure = report.failure().expect("it fails");
    assert_eq!(
        (failure.property.as_str(), failure.message.as_str()),
        ("panic", "a mistake of the injector's")
    );
}

#[test]
fn a_role_is_held_until_it_is_dropped_or_its_process_ends() {
    run(|| async {
        let node = machine("node").create();
        let leader = node.process("server", |_| async {
            take_role("leader");
            take_role("voter");
            take_role("leader");
            sleep(ms(5)).await;
            drop_role("voter");
            std::future::pending::<()>().await;
        });
        let leader = leader.start();
        let roles = || fault::roles_of(find_machine("node").unwrap());
        sleep(ms(1)).await;
        assert_eq!(roles(), ["leader", "voter"]);
        sleep(ms(10)).await;
        assert_eq!(roles(), ["leader"]);
        leader.kill();
        assert_eq!(roles(), Vec::<String>::new());
    })
    .unwrap();
}

#[test]
fn a_knob_is_turned_until_its_fault_ends_and_the_last_turn_counts() {
    let report = run(|| async {
        let (low, high) = (fault::begin("low"), fault::begin("high"));
        assert_eq!(knob("batch", 8), 8);
        fault::turn(low, "batch", 1);
        fault::turn(high, "batch", 64);
        assert_eq!(knob("batch", 8), 64);
        assert_eq!(knob("queue", 8), 8);
        fault::end(high);
        assert_eq!(knob("batch", 8), 1);
        assert_eq!(knob("batch", 1), 1, "as usual: no effect");
        fault::end(low);
        assert_eq!(knob("batch", 8), 8);
        assert_eq!((fault::effects(low), fault::effects(high)), (1, 1));
    });
    report.unwrap();
}

#[test]
fn whoever_waits_for_the_end_of_a_fault_hears_of_it() {
    run(|| async {
        let fault = fault::begin("slow reader");
        fault::after(ms(4), move || fault::end(fault));
        assert!(!fault::is_over(fault));
        fault::over(fault).await;
        assert_eq!(fault::now(), ms(4));
        assert!(fault::is_over(fault));
        fault::over(fault).await;
    })
    .unwrap();
}
