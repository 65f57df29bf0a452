//! An unmodified tokio-postgres client, and a database that is killed in the middle of a query.
//!
//!     cargo run --example postgres
//!
//! The client sees what it would see of a real `kill -9`: its connection ends, and the next one finds the
//! database back. The peer speaks the real protocol; it is the one that the tests of the guests use.

use std::time::Duration;

use tokio_postgres::NoTls;
use tourbillon::machine::Process;
use tourbillon::net::TcpStream;
use tourbillon::task::spawn;
use tourbillon::time::sleep;
use tourbillon::{Config, Payloads, World, machine, now};

#[path = "../tests/guests/postgres/peer.rs"]
mod peer;

async fn connect() -> tokio_postgres::Client {
    let stream = TcpStream::connect(("database", peer::PORT)).await.expect("the database listens");
    let mut config = tokio_postgres::Config::new();
    config.user("ledger").dbname("ledger");
    let (client, connection) = config.connect_raw(stream, NoTls).await.expect("a start-up");
    spawn(async move {
        // A killed server ends it with an error, which each waiting call sees for itself.
        let _ = connection.await;
    });
    client
}

async fn serve(database: Process) {
    let opened_at = now();
    let say = |what: String| println!("  at {:>9.2?}  {what}", opened_at.elapsed());

    let client = connect().await;
    let sum: i64 = client.query_one("SELECT $1 + $2", &[&40i64, &2i64]).await.expect("a row").get(0);
    say(format!("40 + 2 = {sum}"));

    let query = spawn(async move { client.simple_query("SLEEP").await.map(|_| ()) });
    sleep(Duration::from_secs(60)).await;
    say("kill -9, in the middle of a query".to_string());
    database.kill();
    let error = query.await.expect("the task ends").expect_err("the database is gone");
    say(format!("the client says: {error}"));

    sleep(Duration::from_secs(5)).await;
    database.restart();
    sleep(Duration::from_millis(10)).await;
    let sum: i64 = connect().await.query_one("SELECT $1 + $2", &[&1i64, &1i64]).await.expect("a row").get(0);
    say(format!("the database is back: 1 + 1 = {sum}"));
}

async fn story() {
    let database = machine("database").create().process("postgres", |_boot| peer::serve()).start();
    sleep(Duration::from_millis(10)).await;
    machine("service").create().spawn(serve(database)).await.expect("the service ends");
}

fn main() {
    for seed in [7, 7, 8] {
        println!("seed {seed}:");
        let config = Config { seed, payloads: Payloads::Opaque, ..Config::default() };
        let report = World::new(config).run(story).unwrap();
        let (records, digest) = (report.records, report.digests.trace);
        println!("  {:.1?} of virtual time, {records} records, digest {digest}\n", report.virtual_time);
    }
}
