//! tonic's generated code, unary and streaming, over hyper's http2.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, StreamExt};
use hyper::body::Incoming;
use hyper::service::service_fn;
use sim::machine;
use sim::net::{TcpListener, TcpStream};
use sim::task::spawn;
use sim::time::sleep;
use tonic::codegen::Service;
use tonic::{Code, Request, Response, Status, Streaming};
use tourbillon::hyper::{Executor, Io, Timer};

use super::ledger::ledger_client::LedgerClient;
use super::ledger::ledger_server::{Ledger, LedgerServer};
use super::ledger::{Entry, Range, Receipt};
use super::twice;

/// Answers from nothing but the request.
struct Sums;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Ledger for Sums {
    type WatchStream = Answers<Entry>;
    type MirrorStream = Answers<Receipt>;

    async fn post(&self, request: Request<Entry>) -> Result<Response<Receipt>, Status> {
        let entry = request.into_inner();
        if entry.account == 0 {
            return Err(Status::not_found("account 0"));
        }
        Ok(Response::new(Receipt { sequence: entry.account, balance: entry.amount }))
    }

    async fn watch(&self, request: Request<Range>) -> Result<Response<Self::WatchStream>, Status> {
        let Range { account, count } = request.into_inner();
        let entries = futures::stream::iter(0..count).then(move |amount| async move {
            sleep(Duration::from_millis(10)).await;
            Ok(Entry { account, amount: i64::from(amount) })
        });
        Ok(Response::new(Box::pin(entries)))
    }

    async fn import(&self, request: Request<Streaming<Entry>>) -> Result<Response<Receipt>, Status> {
        let mut entries = request.into_inner();
        let mut receipt = Receipt::default();
        while let Some(entry) = entries.message().await? {
            receipt.sequence += 1;
            receipt.balance += entry.amount;
        }
        Ok(Response::new(receipt))
    }

    async fn mirror(
        &self,
        request: Request<Streaming<Entry>>,
    ) -> Result<Response<Self::MirrorStream>, Status> {
        let entries = request.into_inner();
        let receipts = entries
            .map(|entry| entry.map(|entry| Receipt { sequence: entry.account, balance: -entry.amount }));
        Ok(Response::new(Box::pin(receipts)))
    }
}

/// tonic's client wants a tower service: this is hyper's sender as one.
#[derive(Clone)]
struct Channel {
    sender: hyper::client::conn::http2::SendRequest<tonic::body::Body>,
}

impl Service<http::Request<tonic::body::Body>> for Channel {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}

async fn calls() {
    let server = machine("server").create().process("grpc", |_| async {
        let listener = TcpListener::bind("0.0.0.0:50051").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            spawn(async move {
                let ledger = LedgerServer::new(Sums);
                let service = service_fn(move |request| ledger.clone().call(request));
                let builder = hyper::server::conn::http2::Builder::new(Executor);
                let _ = builder.serve_connection(Io::new(stream), service).await;
            });
        }
        #[allow(unreachable_code)]
        Ok::<(), std::io::Error>(())
    });
    let server = server.start();
    sleep(Duration::from_millis(10)).await;
    let client = machine("client").create().spawn(async move {
        let stream = TcpStream::connect("server:50051").await.expect("the server listens");
        let mut builder = hyper::client::conn::http2::Builder::new(Executor);
        let (sender, connection) =
            builder.timer(Timer).handshake(Io::new(stream)).await.expect("a handshake");
        spawn(async move {
            let _ = connection.await;
        });
        let origin = http::Uri::from_static("http://server:50051");
        let mut client = LedgerClient::with_origin(Channel { sender }, origin);

        let receipt = client.post(Entry { account: 7, amount: 5 }).await.unwrap().into_inner();
        assert_eq!(receipt, Receipt { sequence: 7, balance: 5 });
        let refused = client.post(Entry { account: 0, amount: 5 }).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, "account 0"));

        let watched = client.watch(Range { account: 3, count: 5 }).await.unwrap().into_inner();
        let amounts: Vec<i64> = watched.map(|entry| entry.unwrap().amount).collect().await;
        assert_eq!(amounts, [0, 1, 2, 3, 4]);

        let entries = futures::stream::iter((1..=100).map(|amount| Entry { account: 1, amount }));
        let receipt = client.import(entries).await.unwrap().into_inner();
        assert_eq!(receipt, Receipt { sequence: 100, balance: 5050 });

        let entries = futures::stream::iter((1..=20).map(|amount| Entry { account: 2, amount }));
        let mirrored = client.mirror(entries).await.unwrap().into_inner();
        let sum: i64 = mirrored
            .map(|receipt| receipt.unwrap().balance)
            .fold(0, |sum, next| async move { sum + next })
            .await;
        assert_eq!(sum, -210);

        let mut watched = client.watch(Range { account: 3, count: 1_000 }).await.unwrap().into_inner();
        watched.message().await.unwrap();
        server.kill();
        loop {
            match watched.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a killed server has not finished its stream"),
                Err(_) => break,
            }
        }
    });
    client.await.expect("the client ends");
}

#[test]
fn generated_code_calls_and_streams_and_notices_a_kill() {
    twice::check(calls);
}
