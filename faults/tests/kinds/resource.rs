//! Entropy, memory, knobs, and what models bring.

use std::cell::Cell;
use std::rc::Rc;

use points::{Kind, Point};

use crate::{ms, on, run, until};
use sim::fault::{self, Argument};

#[test]
fn entropy() {
    /// Ids as a service makes them.
    async fn ids() -> Vec<u64> {
        let draw = || {
            let mut bytes = [0; 8];
            sim::entropy(&mut bytes);
            u64::from_le_bytes(bytes)
        };
        on("a").spawn(async move { (0..3).map(|_| draw()).collect() }).await.unwrap()
    }
    run("entropy", || async {
        let before = ids().await;
        assert_ne!(before[0], before[1]);
        until(1_100).await;
        assert_eq!(ids().await, [7, 7, 7], "every id is the same");
        until(1_600).await;
        assert_ne!(ids().await, [7, 7, 7]);
    });
}

static GROW: Point = Point::new("arena.grow", Kind::Site);
static OTHER: Point = Point::new("arena.other", Kind::Site);

#[test]
fn allocation() {
    let effects = run("allocation", || async {
        until(1_100).await;
        let grow = async {
            assert!(sim::try_reserve(&OTHER, 10).is_ok());
            (0..6).map(|_| sim::try_reserve(&GROW, 10).is_ok()).collect::<Vec<_>>()
        };
        let granted = on("a").spawn(grow).await.unwrap();
        assert_eq!(granted, [true, true, false, false, false, true], "after 2, 3 are refused");
        assert!(on("b").spawn(async { sim::try_reserve(&GROW, 10).is_ok() }).await.unwrap());
    });
    assert_eq!(effects, 3);
}

#[test]
fn knob() {
    /// How many batches a service with that knob makes of 100 things.
    async fn batches() -> u64 {
        on("a").spawn(async { 100u64.div_ceil(sim::knob("batch_max", 32)) }).await.unwrap()
    }
    let effects = run("knob", || async {
        assert_eq!(batches().await, 4);
        until(1_100).await;
        assert_eq!(batches().await, 100, "a tiny limit");
        until(1_600).await;
        assert_eq!(batches().await, 4);
    });
    assert_eq!(effects, 1);
}

#[test]
fn call() {
    let effects = run("call", || async {
        let kept = Rc::new(Cell::new(10));
        let rows = kept.clone();
        fault::register("db.failover", move |fault, arguments| {
            let Some(Argument::Number(lose)) = arguments.get("lose") else { return Err("how many?".into()) };
            rows.set(rows.get() - lose);
            fault::effect(fault);
            Ok(())
        });
        until(1_010).await;
        assert_eq!(kept.get(), 7, "the last 3 of 10 rows are lost");
    });
    assert_eq!(effects, 1);
}

#[test]
fn a_call_that_lasts_is_told_when_it_is_over() {
    let lines = r#"{ at = "1s", for = "500ms", call = "db.failover", args = { lose = 3 } }"#;
    crate::run_lines(lines, || async {
        let over = Rc::new(Cell::new(None));
        let slot = over.clone();
        fault::register("db.failover", move |fault, _| {
            let slot = slot.clone();
            on("a").spawn(async move {
                fault::over(fault).await;
                slot.set(Some(fault::now()));
            });
            Ok(())
        });
        until(2_000).await;
        assert_eq!(over.get().map(|at| at.as_millis()), Some(ms(1_500).as_millis()));
    });
}

#[test]
fn a_call_that_nobody_registered_or_that_is_refused_fails_the_run() {
    use tourbillon_faults::plan::{Call, Plan};
    use tourbillon_faults::scenario::{Scenario, Spec};
    let failure = |register: bool| {
        let scenario = Scenario::new("kinds/call", "a call", move || async move {
            if register {
                fault::register("db.failover", |_, _| Err("the database is off".to_string()));
            }
            sim::time::sleep(ms(2_000)).await;
        });
        let scenario = scenario.call(Call::new("db.failover"));
        let plan = "faults = [{ at = '1s', call = 'db.failover' }]".parse::<Plan>().unwrap();
        let run = scenario.run(&Spec { plan: Some(plan), ..Spec::of_seed(1) }).unwrap();
        let failure = run.report.failure().expect("it fails").clone();
        assert_eq!(failure.property, "plan");
        failure.message
    };
    assert_eq!(failure(true), "{ at = \"1s\", call = \"db.failover\" }: the database is off");
    assert!(failure(false).contains("no fault `db.failover` is registered in this run"));
}
