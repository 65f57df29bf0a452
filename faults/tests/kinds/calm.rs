//! The end of trouble.

use crate::{ms, on, run_lines, serve, server, until};
use sim::time::{SystemTime, sleep};

/// Trouble without an end, which the healing line ends; the calm keeps later hits of a point from striking.
const TROUBLE: &str = r#"
    { on = "log.written", hit = 200, kill = "self" },
    { at = "100ms", kill = "a" },
    { at = "200ms", for = "9s", pause = "b" },
    { at = "300ms", power = "c" },
    { at = "400ms", clock = "d", skew = "5s" },
"#;

async fn wall_is_right() -> bool {
    let here = SystemTime::now();
    let there = on("d").spawn(async { SystemTime::now() }).await.unwrap();
    there.duration_since(here).is_ok_and(|ahead| ahead < ms(1))
}

/// Processes `a`, `b` and `c`, of which `a` hits the point every 10 ms.
fn start() {
    for name in ["a", "b", "c"] {
        serve(name, |_| async {
            loop {
                sleep(ms(10)).await;
                points::site!("log.written").await;
            }
        });
    }
}

fn all_work() -> bool {
    ["a", "b", "c"].iter().all(|name| server(name).is_running() && on(name).is_up())
}

#[test]
fn heal() {
    let lines = format!("{TROUBLE} {}", crate::example("heal"));
    let run = run_lines(&lines, || async {
        start();
        until(990).await;
        assert!(!server("a").is_running());
        assert!(!on("c").is_up());
        assert!(!wall_is_right().await);
        until(1_010).await;
        assert!(all_work());
        assert!(wall_is_right().await);
        // The 200th hit comes in the quiet after the healing, in which nothing strikes.
        until(2_500).await;
        assert!(all_work());
    });
    use tourbillon_faults::inject::Skipped;
    assert_eq!(run.lines[0].skipped, Some(Skipped::Quiet));
    assert!(run.lines[1..5].iter().all(|line| line.effects > 0), "{:?}", run.lines);
}

#[test]
fn calm() {
    let lines = format!("{TROUBLE} {}", crate::example("calm"));
    let run = run_lines(&lines.replace("hit = 200", "hit = 400"), || async {
        start();
        until(1_990).await;
        assert!(!server("a").is_running());
        assert!(!wall_is_right().await);
        until(2_010).await;
        assert!(all_work());
        assert!(wall_is_right().await);
        until(9_000).await;
        assert!(all_work(), "nothing strikes after the calm");
    });
    use tourbillon_faults::inject::Skipped;
    assert_eq!(run.lines[0].skipped, Some(Skipped::Quiet));
}

#[test]
fn what_crashed_by_itself_is_started_when_all_heals() {
    run_lines(&crate::example("calm").to_string(), || async {
        let crashing = serve("a", |boot| async move {
            assert!(boot.incarnation > 0, "the first one crashes");
            std::future::pending::<()>().await;
        });
        crashing.set_on_panic(sim::machine::PanicPolicy::Crash);
        let done = serve("b", |_| async {});
        until(1_990).await;
        assert!(!crashing.is_running());
        until(2_010).await;
        assert!(crashing.is_running());
        assert!(!done.is_running(), "what was done by itself stays so");
        assert_eq!(done.boots(), 1);
    });
}

#[test]
fn a_plan_that_does_nothing_changes_nothing() {
    async fn body() {
        start();
        let mut rng = sim::rng("load");
        for _ in 0..100 {
            sleep(ms(rng.range(1..50))).await;
        }
    }
    let nothing = r#"{ on = "arena.grow", kill = "self" }, { at = "9s", heal = true }, { calm = "10s" }"#;
    let (with, without) = (run_lines(nothing, body), run_lines("", body));
    assert_eq!(with.report.digests.trace, without.report.digests.trace);
    let (again, other) = (run_lines(TROUBLE, body), run_lines(TROUBLE, body));
    assert_eq!(again.report.digests, other.report.digests);
    assert_ne!(again.report.digests.trace, without.report.digests.trace);
}
