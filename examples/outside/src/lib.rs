//! A service of one's own, and its scenarios.
//!
//! A till takes payments while its process is killed now and then. What was paid before a kill must not be
//! paid a second time when the client asks again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tourbillon::time::sleep;
use tourbillon::{Allowance, Budget, Group, Host, Point, Profile, Quirk, Scenario, Weather, points};

static POINTS: [Point; 2] =
    [Point::new("till.paid", points::Kind::Mark), Point::new("till.asked_again", points::Kind::Reachable)];

/// The bug that the check is known to catch.
pub static FORGETFUL: Quirk = Quirk::new("forgetful", "the till does not keep what it has answered");

/// What the till's disk would hold: it survives a kill.
type Ledger = Rc<RefCell<BTreeMap<u64, u32>>>;

/// All scenarios of this crate.
pub fn scenarios() -> Vec<Scenario> {
    // The points are passed by the client, on the test's own machine: there is nothing to kill there.
    let kills = Profile::of("kills", &["kill"]).and_then(|all| all.without(&["kill.site"]));
    let kills = kills.expect("these are features");
    let survives = Allowance::new(Group::all()).down_max(1);
    vec![
        Scenario::new("till/steady", "payments in calm", payments),
        Scenario::new("till/killed", "payments while the till is killed", payments)
            .host(Host::new("till").process("server"))
            .points(&POINTS)
            .quirks(&[&FORGETFUL])
            .budget(Budget::new(Duration::from_secs(10)).allow(survives))
            .weather(Weather::Swarm(kills)),
    ]
}

/// Pays a hundred times, asks again where there was no answer, and counts.
pub async fn payments() {
    let till = tourbillon::machine("till").create();
    let ledger: Ledger = Rc::default();
    let server = till.process("server", |_boot| async {
        loop {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let server = server.start();
    for payment in 0..100 {
        let asked_at = tourbillon::now();
        pay(&ledger, payment).await;
        // The answer is lost when the till was killed in the meantime.
        while !server.is_running() {
            sleep(Duration::from_millis(10)).await;
            if server.is_running() {
                tourbillon::reachable!("till.asked_again");
                pay(&ledger, payment).await;
            }
        }
        tourbillon::latency("till.payment", asked_at.elapsed());
        let times = ledger.borrow()[&payment];
        if times != 1 {
            tourbillon::fail("paid-once", format!("payment {payment} was taken {times} times"));
        }
    }
}

async fn pay(ledger: &Ledger, payment: u64) {
    sleep(Duration::from_millis(50 + tourbillon::rng("work").choose(50))).await;
    let mut ledger = ledger.borrow_mut();
    if FORGETFUL.is_planted() || !ledger.contains_key(&payment) {
        *ledger.entry(payment).or_default() += 1;
        tourbillon::mark!("till.paid", payment);
    }
}
