//! A simulated test of one's own.

#[tourbillon::test(seeds = 20, machines = ["till"], plan = "plans/killed.toml")]
async fn every_payment_is_taken_once() {
    outside::payments().await;
}
