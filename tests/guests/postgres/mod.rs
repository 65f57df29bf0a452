//! tokio-postgres as a client, unmodified, against a scripted peer that speaks the protocol through pgwire.

mod peer;

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt, pin_mut};
use sim::machine;
use sim::net::TcpStream;
use sim::task::spawn;
use sim::time::{sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::twice;

async fn connect() -> Client {
    let stream = TcpStream::connect(("database", peer::PORT)).await.expect("the database listens");
    let mut config = Config::new();
    config.user("ledger").dbname("ledger");
    let (client, connection) = config.connect_raw(stream, NoTls).await.expect("a start-up");
    spawn(async move {
        // A killed server ends it with an error, which each waiting call sees for itself.
        let _ = connection.await;
    });
    client
}

/// Starts the peer, and `client` on a machine of its own.
async fn with_peer<F: Future<Output = ()> + 'static>(client: impl FnOnce(sim::machine::Process) -> F) {
    let server = machine("database").create().process("postgres", |_| peer::serve()).start();
    sleep(Duration::from_millis(10)).await;
    machine("client").create().spawn(client(server)).await.expect("the client ends");
}

async fn simple_and_extended() {
    with_peer(async |_| {
        let client = connect().await;
        let messages = client.simple_query("SELECT 1; SELECT 2").await.unwrap();
        let rows: Vec<&str> = messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        assert_eq!(rows, ["1", "2"]);

        let sum = client.query_one("SELECT $1 + $2", &[&40i64, &2i64]).await.unwrap();
        assert_eq!(sum.get::<_, i64>(0), 42);

        let statement = client.prepare("SELECT $1 + $2").await.unwrap();
        assert_eq!(statement.params().len(), 2);
        for number in 0..5i64 {
            let row = client.query_one(&statement, &[&number, &number]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 2 * number);
        }
        let rows = client.query_raw(&statement, [1i64, 2]).await.unwrap();
        pin_mut!(rows);
        assert_eq!(rows.next().await.unwrap().unwrap().get::<_, i64>(0), 3);

        let refused = client.simple_query("SELEKT 1").await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::SYNTAX_ERROR));
        assert!(client.simple_query("SELECT 3").await.is_ok(), "an error ends a query, not a connection");
    })
    .await;
}

async fn pipelined() {
    with_peer(async |_| {
        let client = std::rc::Rc::new(connect().await);
        let statement = client.prepare("SELECT $1 + $2").await.unwrap();
        let calls = (0..50i64).map(|number| {
            let (client, statement) = (client.clone(), statement.clone());
            async move {
                let rows = client.query_raw(&statement, [number, 1000]).await.unwrap();
                let sums: Vec<i64> = rows.map_ok(|row| row.get::<_, i64>(0)).try_collect().await.unwrap();
                assert_eq!(sums, [number + 1000]);
            }
        });
        join_all(calls).await;
    })
    .await;
}

async fn cancelled() {
    with_peer(async |_| {
        let client = connect().await;
        let token = client.cancel_token();
        let waiting = spawn(async move { (client.simple_query("SLEEP").await.unwrap_err(), client) });
        sleep(Duration::from_millis(100)).await;
        let stream = TcpStream::connect(("database", peer::PORT)).await.unwrap();
        token.cancel_query_raw(stream, NoTls).await.unwrap();
        let (error, client) =
            timeout(Duration::from_secs(5), waiting).await.expect("it is cancelled").unwrap();
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        assert!(client.simple_query("SELECT 1").await.is_ok());
    })
    .await;
}

async fn killed_in_mid_query() {
    with_peer(async |server: sim::machine::Process| {
        let client = connect().await;
        let waiting = spawn(async move { client.simple_query("SLEEP").await.map(|_| ()) });
        sleep(Duration::from_millis(100)).await;
        server.kill();
        assert!(waiting.await.unwrap().is_err());
        server.restart();
        sleep(Duration::from_millis(10)).await;
        assert!(connect().await.simple_query("SELECT 1").await.is_ok());
    })
    .await;
}

#[test]
fn simple_extended_and_prepared_queries() {
    twice::check(simple_and_extended);
}

#[test]
fn fifty_queries_in_a_pipeline() {
    twice::check(pipelined);
}

#[test]
fn a_cancel_request_ends_a_query() {
    twice::check(cancelled);
}

#[test]
fn a_server_killed_in_mid_query_is_an_error_and_comes_back() {
    twice::check(killed_in_mid_query);
}
