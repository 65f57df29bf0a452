//! hyper 1.x, http1 and http2, client and server.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use sim::machine;
use sim::net::{TcpListener, TcpStream};
use sim::task::spawn;
use sim::time::{sleep, timeout};
use tourbillon::hyper::{Executor, Io, Timer};

use super::twice;

/// The body of the largest transfer.
const LARGE_BYTES: usize = 10 << 20;

/// Answers a greeting, an echo, a count of the body's bytes, or an answer that is long in coming.
async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = match request.uri().path() {
        "/hello" => Bytes::from_static(b"hello"),
        "/echo" => request.into_body().collect().await.expect("a whole body").to_bytes(),
        "/count" => {
            let mut body = request.into_body();
            let mut count = 0usize;
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else { break };
                count += frame.data_ref().map_or(0, Bytes::len);
                // A reader that takes its time: the sender must wait for it.
                sleep(Duration::from_micros(50)).await;
            }
            Bytes::from(count.to_string())
        }
        "/slow" => {
            sleep(Duration::from_secs(5)).await;
            Bytes::from_static(b"at last")
        }
        _ => {
            let mut lost = Response::new(Full::default());
            *lost.status_mut() = StatusCode::NOT_FOUND;
            return Ok(lost);
        }
    };
    Ok(Response::new(Full::new(answer)))
}

fn http1_server() -> sim::machine::Process {
    let host = machine("server").create();
    let server = host.process("http1", |_| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            spawn(async move {
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(Timer)
                    .header_read_timeout(Duration::from_secs(30))
                    .serve_connection(Io::new(stream), service_fn(serve));
                let _ = connection.await;
            });
        }
        #[allow(unreachable_code)]
        Ok::<(), std::io::Error>(())
    });
    server.start()
}

fn http2_server() -> sim::machine::Process {
    let host = machine("server").create();
    let server = host.process("http2", |_| async {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            spawn(async move {
                let connection = hyper::server::conn::http2::Builder::new(Executor)
                    .timer(Timer)
                    .serve_connection(Io::new(stream), service_fn(serve));
                let _ = connection.await;
            });
        }
        #[allow(unreachable_code)]
        Ok::<(), std::io::Error>(())
    });
    server.start()
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

fn request(path: &str, body: impl Into<Bytes>) -> Request<Body> {
    let body = Full::new(body.into()).boxed();
    Request::post(format!("http://server{path}"))
        .header("host", "server")
        .body(body)
        .expect("a sound request")
}

async fn text(response: Response<Incoming>) -> Bytes {
    response.into_body().collect().await.expect("a whole answer").to_bytes()
}

async fn http1_client() -> hyper::client::conn::http1::SendRequest<Body> {
    let stream = TcpStream::connect("server:80").await.expect("the server listens");
    let (sender, connection) =
        hyper::client::conn::http1::handshake(Io::new(stream)).await.expect("a handshake");
    spawn(async move {
        let _ = connection.await;
    });
    sender
}

async fn http2_client(keep_alive: Option<Duration>) -> hyper::client::conn::http2::SendRequest<Body> {
    let stream = TcpStream::connect("server:80").await.expect("the server listens");
    let mut builder = hyper::client::conn::http2::Builder::new(Executor);
    builder.timer(Timer);
    if let Some(interval) = keep_alive {
        builder.keep_alive_interval(interval).keep_alive_timeout(interval).keep_alive_while_idle(true);
    }
    let (sender, connection) = builder.handshake(Io::new(stream)).await.expect("a handshake");
    spawn(async move {
        let _ = connection.await;
    });
    sender
}

/// Runs `client` on a machine of its own.
async fn on_client<F: Future<Output = ()> + 'static>(client: F) {
    sleep(Duration::from_millis(10)).await;
    machine("client").create().spawn(client).await.expect("the client ends");
}

async fn http1_keeps_a_connection() {
    http1_server();
    on_client(async {
        let mut sender = http1_client().await;
        assert_eq!(text(sender.send_request(request("/hello", "")).await.unwrap()).await, "hello");
        sender.ready().await.unwrap();
        let lost = sender.send_request(request("/nowhere", "")).await.unwrap();
        assert_eq!(lost.status(), StatusCode::NOT_FOUND);
        text(lost).await;
        sender.ready().await.unwrap();
        assert_eq!(text(sender.send_request(request("/echo", "abc")).await.unwrap()).await, "abc");
    })
    .await;
}

async fn http2_carries_concurrent_streams() {
    http2_server();
    on_client(async {
        let sender = http2_client(None).await;
        let calls: Vec<_> = (0..20)
            .map(|number: u32| {
                let mut sender = sender.clone();
                spawn(async move {
                    let answer = sender.send_request(request("/echo", number.to_string())).await.unwrap();
                    assert_eq!(text(answer).await, number.to_string());
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    })
    .await;
}

async fn a_kill_in_mid_request_is_noticed() {
    let server = http1_server();
    on_client(async move {
        let mut sender = http1_client().await;
        let call = spawn(async move { sender.send_request(request("/slow", "")).await.map(|_| ()) });
        sleep(Duration::from_secs(1)).await;
        server.kill();
        assert!(call.await.unwrap().is_err());
        server.restart();
        sleep(Duration::from_millis(10)).await;
        let mut sender = http1_client().await;
        assert_eq!(text(sender.send_request(request("/hello", "")).await.unwrap()).await, "hello");
    })
    .await;
}

async fn keepalive_gives_up_a_paused_server() {
    let server = http2_server();
    on_client(async move {
        let mut sender = http2_client(Some(Duration::from_secs(2))).await;
        assert_eq!(text(sender.send_request(request("/hello", "")).await.unwrap()).await, "hello");
        server.pause();
        let call = sender.send_request(request("/hello", ""));
        let answer = timeout(Duration::from_secs(60), call).await.expect("keepalive ends the wait");
        assert!(answer.is_err());
    })
    .await;
}

async fn an_hour_of_idle_keepalive() {
    http2_server();
    on_client(async {
        let mut sender = http2_client(Some(Duration::from_secs(20))).await;
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(text(sender.send_request(request("/hello", "")).await.unwrap()).await, "hello");
    })
    .await;
}

/// Ten mebibytes in frames, to a reader that is slower than the sender.
async fn large_body(send: impl AsyncFnOnce(Request<Body>) -> Response<Incoming>) {
    let frames = (0..LARGE_BYTES / 65536).map(|_| Ok(Frame::data(Bytes::from_static(&[7; 65536]))));
    let body = StreamBody::new(futures::stream::iter(frames)).boxed();
    let body =
        Request::post("http://server/count").header("host", "server").body(body).expect("a sound request");
    assert_eq!(text(send(body).await).await, LARGE_BYTES.to_string());
}

async fn http1_large_body() {
    http1_server();
    on_client(async {
        let mut sender = http1_client().await;
        large_body(async |request| sender.send_request(request).await.unwrap()).await;
    })
    .await;
}

async fn http2_large_body() {
    http2_server();
    on_client(async {
        let mut sender = http2_client(None).await;
        large_body(async |request| sender.send_request(request).await.unwrap()).await;
    })
    .await;
}

#[test]
fn http1_keeps_a_connection_over_requests() {
    twice::check(http1_keeps_a_connection);
}

#[test]
fn http2_carries_twenty_streams_at_once() {
    twice::check(http2_carries_concurrent_streams);
}

#[test]
fn a_server_killed_in_mid_request_is_an_error_and_comes_back() {
    twice::check(a_kill_in_mid_request_is_noticed);
}

#[test]
fn keepalive_ends_the_wait_for_a_paused_server() {
    twice::check(keepalive_gives_up_a_paused_server);
}

#[test]
fn an_idle_connection_is_kept_for_an_hour() {
    twice::check(an_hour_of_idle_keepalive);
}

#[test]
fn ten_mebibytes_pass_with_backpressure() {
    twice::few(http1_large_body);
    twice::few(http2_large_body);
}
