//! An unmodified hyper server and an unmodified hyper client on two machines, with a partition between them.
//!
//!     cargo run --example http
//!
//! The request that meets the partition waits, in virtual time, until the network heals. The hour of the story
//! takes milliseconds, and its second run is its first to the bit.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tourbillon::fault::{self, Condition, Target};
use tourbillon::hyper::{Executor, Io, Timer};
use tourbillon::net::{TcpListener, TcpStream};
use tourbillon::task::spawn;
use tourbillon::time::sleep;
use tourbillon::{Config, Payloads, World, machine, now};

const TWENTY_MINUTES: Duration = Duration::from_secs(20 * 60);

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:80").await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let greet = service_fn(move |request: Request<Incoming>| async move {
            let greeting = format!("{} asked for {}", peer.ip(), request.uri().path());
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(greeting))))
        });
        spawn(async move {
            // A connection that breaks is the client's story.
            let _ = hyper::server::conn::http2::Builder::new(Executor)
                .serve_connection(Io::new(stream), greet)
                .await;
        });
    }
}

async fn browse() {
    let opened_at = now();
    let stream = TcpStream::connect("web:80").await.expect("the server listens");
    let mut builder = hyper::client::conn::http2::Builder::new(Executor);
    let (mut sender, connection) =
        builder.timer(Timer).handshake(Io::new(stream)).await.expect("a handshake");
    spawn(async move {
        let _ = connection.await;
    });
    for path in ["/a", "/b", "/c"] {
        let asked_at = now();
        let request =
            Request::get(format!("http://web{path}")).body(Full::<Bytes>::default()).expect("a request");
        let answer = sender.send_request(request).await.expect("an answer");
        let text = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        let (asked_at, waited) = (asked_at - opened_at, asked_at.elapsed());
        println!("  at {asked_at:>9.1?}, answered after {waited:>8.2?}: {}", String::from_utf8_lossy(&text));
        sleep(TWENTY_MINUTES).await;
    }
}

async fn story() {
    let (web, browser) = (machine("web").create(), machine("browser").create());
    web.process("server", |_boot| serve()).start();
    sleep(Duration::from_millis(10)).await;
    let browsing = browser.spawn(browse());

    sleep(TWENTY_MINUTES).await;
    let partition = fault::begin("the browser is cut off");
    fault::impose(partition, Target::Link { source: vec![browser], target: vec![web] }, Condition::Block);
    sleep(Duration::from_secs(3)).await;
    fault::end(partition);
    browsing.await.expect("the browser ends");
}

fn main() {
    let digests = ["first", "second"].map(|turn| {
        println!("the {turn} run:");
        // hyper counts across runs, so the bytes that it sends are left out of the trace.
        let config = Config { seed: 7, payloads: Payloads::Opaque, ..Config::default() };
        let report = World::new(config).run(story).unwrap();
        let (records, digest) = (report.records, report.digests.trace);
        println!("  {:.1?} of virtual time, {records} records, digest {digest}\n", report.virtual_time);
        report.digests
    });
    assert_eq!(digests[0], digests[1], "one seed, one run");
    println!("the same, to the bit");
}
