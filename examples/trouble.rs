//! A pack of small scenarios that pass, fail, hang, abort or are not deterministic, with the whole command line:
//! `cargo run --example trouble -- list`. The tests of the command line run it.
#![allow(clippy::disallowed_methods, reason = "a scenario that hangs is what it shows")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tourbillon::{
    Allowance, Budget, Deployment, Deployments, Group, Host, Point, Profile, Quirk, Scenario, Weather,
    machine, points, time,
};

static POINTS: [Point; 3] = [
    Point::new("trouble.waited", points::Kind::Reachable),
    Point::new("trouble.counted", points::Kind::Mark),
    Point::new("trouble.never", points::Kind::Reachable),
];
static SHORT: Quirk = Quirk::new("short-sleep", "the worker sleeps for less than was asked");
static UNSEEN: Quirk = Quirk::new("unseen", "nothing is wrong with it on, so no check sees it");

fn main() -> std::process::ExitCode {
    tourbillon::cli::main(scenarios())
}

fn scenarios() -> Vec<Scenario> {
    // The points are hit on the test's own machine, which no plan may take away: no kill at a point.
    let profile =
        Profile::of("blows", &["kill", "pause", "stop"]).and_then(|all| all.without(&["kill.site"]));
    let profile = profile.expect("these are features");
    let steady = Scenario::new("trouble/steady", "two machines wait for each other; all holds", steady)
        .hosts(["left", "right"].map(Host::new))
        .points(&POINTS)
        .required(["trouble.waited"])
        .quirks(&[&SHORT])
        .budget(Budget::new(Duration::from_secs(5)).allow(Allowance::new(Group::all()).down_max(1)))
        .weather(Weather::Swarm(profile));
    vec![
        steady,
        Scenario::new("trouble/odd", "fails for odd seeds", || async {
            let odd = tourbillon::rng("seed").choose(2) == 1;
            time::sleep(Duration::from_millis(5)).await;
            assert!(!odd, "the coin fell on its edge");
        }),
        Scenario::new("trouble/abort", "the process aborts for some seeds", || async {
            if tourbillon::rng("seed").choose(4) == 3 {
                eprintln!("these are my last words");
                std::process::abort();
            }
        }),
        Scenario::new("trouble/hang", "a poll never returns for some seeds", || async {
            while tourbillon::rng("seed").choose(4) == 3 {
                std::hint::spin_loop();
                forever();
            }
        }),
        Scenario::new("trouble/static", "a static decides, so no run is like another", count_runs),
        Scenario::new("trouble/guest", "the same, in a process of its own for each run", count_runs).guests(),
        Scenario::new("trouble/shy", "never reaches a point that it must", || async {})
            .points(&POINTS)
            .required(["trouble.never"])
            .quirks(&[&UNSEEN]),
        Scenario::new("trouble/chatty", "prints on standard output", || async {
            println!("a scenario may print");
            time::sleep(Duration::from_secs(1)).await;
        }),
        Scenario::deployed("trouble/sized", "waits as long as its class is large", sizes(), |deployment| {
            sized(deployment)
        })
        .confluent(),
    ]
}

fn sizes() -> Deployments {
    Deployments::new(&["Core", "EmbeddedRouter"], &["R1", "R2", "R3"]).usually("Core", "R3")
}

async fn sized(deployment: Deployment) {
    let rounds = match &*deployment.class {
        "R1" => 1,
        "R2" => 2,
        _ => 3,
    };
    for _ in 0..rounds {
        time::sleep(Duration::from_millis(if deployment.profile == "Core" { 10 } else { 20 })).await;
    }
    tourbillon::mark!("trouble.counted", "sizes", &deployment.profile);
}

async fn steady() {
    let boot = |_boot| async {
        loop {
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    for name in ["left", "right"] {
        machine(name).create().process("waiter", boot).start();
    }
    let nap = Duration::from_millis(if SHORT.is_planted() { 9 } else { 10 });
    for round in 0..200_u64 {
        let asked_at = tourbillon::now();
        time::sleep(nap).await;
        let took = asked_at.elapsed();
        tourbillon::latency("trouble.nap", took);
        tourbillon::reachable!("trouble.waited");
        tourbillon::mark!("trouble.counted", "naps", round);
        if took < Duration::from_millis(10) {
            tourbillon::fail("no-short-nap", format!("a nap of 10ms took {took:?}"));
        }
    }
}

fn forever() {
    loop {
        std::thread::sleep(Duration::from_millis(50));
    }
}

async fn count_runs() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    tourbillon::mark!("trouble.counted", "runs", run);
    time::sleep(Duration::from_millis(1 + run)).await;
}
