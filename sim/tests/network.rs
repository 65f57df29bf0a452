//! The network through its public surface, on real worlds: what code sees of names, datagrams and streams.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tourbillon_sim::fault::{self, Condition, FaultId, Target};
use tourbillon_sim::machine::Machine;
use tourbillon_sim::net::{
    self, Latency, Settings, TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host,
};
use tourbillon_sim::task::{spawn, yield_now};
use tourbillon_sim::time::{Instant, sleep, timeout};
use tourbillon_sim::{Config, Payloads, Ratio, Report, World, machine, test_machine};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn run_seed<F: Future<Output = ()> + 'static>(seed: u64, body: impl FnOnce() -> F + 'static) -> Report {
    World::new(Config { seed, ..Config::default() }).run(body).unwrap()
}

fn run<F: Future<Output = ()> + 'static>(body: impl FnOnce() -> F + 'static) -> Report {
    run_seed(1, body)
}

/// An echo server on a machine: each connection in its own task.
fn echo(machine: Machine) {
    machine.spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            spawn(async move {
                let mut buf = [0; 1024];
                while let Ok(count) = stream.read(&mut buf).await {
                    if count == 0 || stream.write_all(&buf[..count]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
}

fn between(a: Machine, b: Machine) -> [Target; 2] {
    [Target::Link { source: vec![a], target: vec![b] }, Target::Link { source: vec![b], target: vec![a] }]
}

/// Imposes a condition on the links between two machines, both ways.
fn trouble(a: Machine, b: Machine, condition: Condition) -> FaultId {
    let fault = fault::begin("trouble");
    for target in between(a, b) {
        fault::impose(fault, target, condition);
    }
    fault
}

fn one_way(a: Machine, b: Machine, condition: Condition) -> FaultId {
    let fault = fault::begin("trouble");
    fault::impose(fault, Target::Link { source: vec![a], target: vec![b] }, condition);
    fault
}

/// Two futures side by side in one task.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let mut outputs = (None, None);
    poll_fn(|cx| {
        if outputs.0.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(cx)
        {
            outputs.0 = Some(output);
        }
        if outputs.1.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(cx)
        {
            outputs.1 = Some(output);
        }
        match (&outputs.0, &outputs.1) {
            (Some(_), Some(_)) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
    (outputs.0.expect("it is ready"), outputs.1.expect("it is ready"))
}

async fn settle() {
    sleep(ms(2)).await;
}

// ---- names and addresses

#[test]
fn every_machine_is_found_by_its_name() {
    run(|| async {
        machine("ledger-0").create();
        let many = machine("many");
        many.address("10.9.0.1".parse().unwrap()).address("fd00::7".parse().unwrap()).create();
        let found = async |name: &str| {
            let found = lookup_host(name).await.map(|found| found.map(|a| a.to_string()).collect::<Vec<_>>());
            found.map_err(|error| error.to_string())
        };
        assert_eq!(found("ledger-0:7000").await, Ok(vec!["10.0.0.2:7000".to_string()]));
        let both = vec!["10.9.0.1:1".to_string(), "[fd00::7]:1".to_string()];
        assert_eq!(found("many:1").await, Ok(both));
        assert_eq!(found("localhost:1").await, Ok(vec!["127.0.0.1:1".to_string()]));
        assert_eq!(found("test:1").await, Ok(vec!["10.0.0.1:1".to_string()]));
        let error = found("nobody:1").await;
        assert_eq!(error, Err("failed to look up `nobody`: no machine has that name".to_string()));
    });
}

#[test]
fn a_name_is_slow_or_fails_when_a_fault_says_so() {
    let report = run(|| async {
        machine("far").create();
        let fault = fault::begin("slow names");
        fault::impose(fault, Target::Machine(test_machine()), Condition::DnsDelay(secs(2)));
        let start = Instant::now();
        assert!(lookup_host("far:1").await.is_ok());
        assert!(start.elapsed() >= secs(2));
        fault::end(fault);
        let fault = fault::begin("no names");
        fault::impose(fault, Target::Machine(test_machine()), Condition::DnsFail);
        assert!(lookup_host("far:1").await.is_err());
        assert!(TcpStream::connect("far:1").await.is_err());
        fault::end(fault);
        assert!(lookup_host("far:1").await.is_ok());
    });
    assert_eq!(report.effects("slow names"), 1);
    assert_eq!(report.effects("no names"), 2);
}

// ---- datagrams

#[test]
fn a_datagram_goes_there_and_back() {
    run(|| async {
        let server = machine("server").create();
        server.spawn(async {
            let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
            let mut buf = [0; 100];
            loop {
                let (count, peer) = socket.recv_from(&mut buf).await.unwrap();
                socket.send_to(&buf[..count], peer).await.unwrap();
            }
        });
        settle().await;
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for length in [0, 1, 31, 32, 33, 99] {
            let sent: Vec<u8> = (0..length).collect();
            socket.send_to(&sent, "server:9").await.unwrap();
            let mut buf = [0; 100];
            let (count, peer) = socket.recv_from(&mut buf).await.unwrap();
            assert_eq!(&buf[..count], &sent);
            assert_eq!(peer.to_string(), "10.0.0.2:9");
        }
    });
}

#[test]
fn a_connected_socket_hears_its_peer_only_and_learns_of_a_refusal() {
    run(|| async {
        let a = machine("a").create();
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        socket.connect("a:9").await.unwrap();
        assert_eq!(socket.peer_addr().unwrap().to_string(), "10.0.0.2:9");
        socket.send(b"to nobody").await.unwrap();
        let error = socket.recv(&mut [0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let to = socket.local_addr().unwrap().port();
        a.spawn(async move {
            let stranger = UdpSocket::bind("0.0.0.0:10").await.unwrap();
            stranger.send_to(b"stranger", ("test", to)).await.unwrap();
            let peer = UdpSocket::bind("0.0.0.0:9").await.unwrap();
            sleep(ms(30)).await;
            peer.send_to(b"peer", ("test", to)).await.unwrap();
        });
        let mut buf = [0; 9];
        let count = socket.recv(&mut buf).await.unwrap();
        assert_eq!(&buf[..count], b"peer");
    });
}

#[test]
fn ports_are_taken_free_and_one_s_own() {
    run(|| async {
        machine("other").create();
        let first = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        let kind =
            async |address: &str| UdpSocket::bind(address).await.map(|_| ()).map_err(|error| error.kind());
        assert_eq!(kind("0.0.0.0:9").await, Err(ErrorKind::AddrInUse));
        assert_eq!(kind("127.0.0.1:9").await, Err(ErrorKind::AddrInUse));
        assert_eq!(kind("other:10").await, Err(ErrorKind::AddrNotAvailable));
        assert_eq!(kind("10.0.0.1:10").await, Ok(()));
        // Datagrams and streams have their own ports.
        let listener = TcpListener::bind("0.0.0.0:9").await.unwrap();
        let error = TcpListener::bind("0.0.0.0:9").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        drop((first, listener));
        assert_eq!(kind("0.0.0.0:9").await, Ok(()));
        TcpListener::bind("0.0.0.0:9").await.unwrap();
        let a = UdpSocket::bind("0.0.0.0:0").await.unwrap().local_addr().unwrap();
        let b = UdpSocket::bind("0.0.0.0:0").await.unwrap().local_addr().unwrap();
        assert_ne!(a, b);
    });
}

#[test]
fn a_million_datagrams_to_a_paused_process_are_bounded() {
    let report = run(|| async {
        let slow = machine("slow").create();
        let count = Rc::new(Cell::new(0u32));
        let seen = count.clone();
        let reader = slow
            .process("reader", move |_| {
                let seen = seen.clone();
                async move {
                    let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
                    while socket.recv_from(&mut [0; 64]).await.is_ok() {
                        seen.set(seen.get() + 1);
                    }
                }
            })
            .start();
        settle().await;
        reader.pause();
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let target = "10.0.0.2:9".parse::<SocketAddr>().unwrap();
        for round in 0..1_000_000 {
            socket.send_to(&[7; 64], target).await.unwrap();
            if round % 1000 == 0 {
                sleep(ms(1)).await;
            }
        }
        sleep(secs(1)).await;
        reader.resume();
        sleep(secs(1)).await;
        // 208 KiB, and 128 bytes for each.
        assert_eq!(count.get(), 208 * 1024 / 128);
    });
    assert!(report.records >= 2_000_000);
}

#[test]
fn two_tasks_may_wait_on_one_socket_and_a_dropped_wait_is_forgotten() {
    run(|| async {
        let socket = Rc::new(UdpSocket::bind("0.0.0.0:9").await.unwrap());
        let heard = Rc::new(RefCell::new(Vec::new()));
        for name in ["one", "two"] {
            let (socket, heard) = (socket.clone(), heard.clone());
            spawn(async move {
                let mut buf = [0; 9];
                let (count, _) = socket.recv_from(&mut buf).await.unwrap();
                heard.borrow_mut().push((name, buf[..count].to_vec()));
            });
        }
        yield_now().await;
        for _ in 0..50 {
            assert!(timeout(Duration::from_micros(10), socket.recv_from(&mut [0; 9])).await.is_err());
        }
        let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for word in [b"a", b"b"] {
            sender.send_to(word, "127.0.0.1:9").await.unwrap();
        }
        settle().await;
        let mut heard = heard.borrow().iter().map(|(name, _)| *name).collect::<Vec<_>>();
        heard.sort_unstable();
        assert_eq!(heard, ["one", "two"]);
    });
}

#[test]
fn loss_duplication_corruption_and_reordering_take_effect_and_are_counted() {
    let count_with = |condition: Condition| {
        let received = Rc::new(RefCell::new(Vec::new()));
        let seen = received.clone();
        let report = run(move || async move {
            let a = machine("a").create();
            let sink = seen.clone();
            a.spawn(async move {
                let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
                let mut buf = [0; 8];
                while socket.recv_from(&mut buf).await.is_ok() {
                    sink.borrow_mut().push(u64::from_le_bytes(buf));
                }
            });
            settle().await;
            let fault = one_way(test_machine(), a, condition);
            let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            for number in 0..1000u64 {
                socket.send_to(&number.to_le_bytes(), "a:9").await.unwrap();
                sleep(ms(30)).await;
            }
            sleep(secs(3)).await;
            fault::end(fault);
        });
        let received = received.borrow().clone();
        (received, report.effects("trouble"))
    };
    let chance = Ratio::of(1, 10);
    let (received, effects) = count_with(Condition::Loss(chance));
    assert_eq!(received.len() as u64, 1000 - effects);
    assert!((50..200).contains(&effects), "{effects}");
    let (received, effects) = count_with(Condition::Duplicate(chance));
    assert_eq!(received.len() as u64, 1000 + effects);
    assert!((50..200).contains(&effects), "{effects}");
    let (received, effects) = count_with(Condition::Corrupt(chance));
    let damaged = received.iter().zip(0..).filter(|&(&found, sent)| found != sent);
    assert!(damaged.clone().all(|(found, sent)| (found ^ sent).count_ones() == 1));
    assert_eq!(damaged.count() as u64, effects);
    assert!((50..200).contains(&effects), "{effects}");
    let (received, effects) = count_with(Condition::Reorder { chance, by: ms(500) });
    assert_eq!(received.len(), 1000);
    let late = (0..1000).filter(|&at| received[..at].iter().any(|&before| before > received[at])).count();
    assert_eq!(late as u64, effects);
    assert!((50..200).contains(&effects), "{effects}");
    let (received, effects) = count_with(Condition::Delay { min: ms(100), max: ms(100) });
    assert_eq!((received.len(), effects), (1000, 1000));
    let (received, effects) = count_with(Condition::Block);
    assert_eq!((received.len(), effects), (0, 1000));
}

#[test]
fn a_clogged_link_holds_everything_and_releases_it_in_order() {
    let report = run(|| async {
        let a = machine("a").create();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let sink = heard.clone();
        a.spawn(async move {
            let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
            let mut buf = [0; 1];
            while socket.recv_from(&mut buf).await.is_ok() {
                sink.borrow_mut().push(buf[0]);
            }
        });
        settle().await;
        let fault = trouble(test_machine(), a, Condition::Clog);
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for number in 0..100 {
            socket.send_to(&[number], "a:9").await.unwrap();
        }
        sleep(secs(60)).await;
        assert!(heard.borrow().is_empty());
        fault::end(fault);
        sleep(ms(50)).await;
        assert_eq!(*heard.borrow(), (0..100).collect::<Vec<u8>>());
    });
    assert_eq!(report.effects("trouble"), 100);
}

#[test]
fn bandwidth_delays_and_a_full_queue_loses() {
    let report = run(|| async {
        let a = machine("a").create();
        let heard = Rc::new(Cell::new(0));
        let sink = heard.clone();
        a.spawn(async move {
            let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
            while socket.recv_from(&mut [0; 960]).await.is_ok() {
                sink.set(sink.get() + 1);
            }
        });
        settle().await;
        // A thousand bytes with its header is a second; one under way and four in the queue.
        one_way(test_machine(), a, Condition::Bandwidth { bytes_per_second: 1000, queue_bytes: 5000 });
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for _ in 0..20 {
            socket.send_to(&[0; 960], "a:9").await.unwrap();
        }
        sleep(ms(3500)).await;
        assert_eq!(heard.get(), 3);
        sleep(secs(30)).await;
        assert_eq!(heard.get(), 5);
    });
    assert_eq!(report.effects("trouble"), 20);
}

// ---- streams

#[test]
fn bytes_go_there_and_back_without_a_flush() {
    run(|| async {
        echo(machine("server").create());
        settle().await;
        let mut stream = TcpStream::connect("server:7000").await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().to_string(), "10.0.0.2:7000");
        for _ in 0..10 {
            stream.write_all(b"a whirlwind in a watch").await.unwrap();
            let mut buf = [0; 22];
            stream.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"a whirlwind in a watch");
        }
        let loopback = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = loopback.local_addr().unwrap();
        let (mut near, (mut far, _)) = {
            let (near, far) = both(TcpStream::connect(address), loopback.accept()).await;
            (near.unwrap(), far.unwrap())
        };
        let start = Instant::now();
        near.write_all(b"fast").await.unwrap();
        far.read_exact(&mut [0; 4]).await.unwrap();
        assert!(start.elapsed() < Duration::from_micros(50));
    });
}

#[test]
fn nobody_listens_nobody_answers_nobody_exists() {
    run(|| async {
        let a = machine("a").create();
        let error = TcpStream::connect("a:1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        a.power_off();
        let start = Instant::now();
        let error = TcpStream::connect("a:1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!((secs(30)..secs(31)).contains(&start.elapsed()), "{:?}", start.elapsed());
        let error = TcpStream::connect("10.0.99.99:1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
    });
}

#[test]
fn a_connection_survives_a_partition_that_heals_and_times_out_in_one_that_does_not() {
    let report = run(|| async {
        let a = machine("a").create();
        echo(a);
        settle().await;
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        let fault = trouble(test_machine(), a, Condition::Block);
        stream.write_all(b"hello").await.unwrap();
        let mut buf = [0; 5];
        assert!(timeout(secs(2), stream.read_exact(&mut buf)).await.is_err());
        fault::end(fault);
        let start = Instant::now();
        stream.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"hello");
        assert!(start.elapsed() < secs(2), "{:?}", start.elapsed());

        trouble(test_machine(), a, Condition::Block);
        stream.write_all(b"hello").await.unwrap();
        let start = Instant::now();
        let error = stream.read(&mut buf).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!((secs(29)..secs(31)).contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_eq!(TcpStream::connect("a:7000").await.unwrap_err().kind(), ErrorKind::TimedOut);
    });
    assert!(report.effects("trouble") > 0);
}

#[test]
fn when_only_the_way_back_is_blocked_bytes_arrive_and_the_sender_times_out() {
    run(|| async {
        let a = machine("a").create();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let sink = heard.clone();
        a.spawn(async move {
            let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buf = [0; 100];
            while let Ok(count) = stream.read(&mut buf).await {
                if count == 0 {
                    break;
                }
                sink.borrow_mut().extend_from_slice(&buf[..count]);
            }
        });
        settle().await;
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        let fault = one_way(a, test_machine(), Condition::Block);
        stream.write_all(b"one way").await.unwrap();
        sleep(ms(30)).await;
        assert_eq!(*heard.borrow(), b"one way");
        let error = stream.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        fault::end(fault);
    });
}

#[test]
fn a_finished_writer_still_reads_and_its_peer_reads_to_the_end() {
    run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let client = machine("client").create().spawn(async {
            let mut stream = TcpStream::connect("test:7000").await.unwrap();
            stream.write_all(b"a question").await.unwrap();
            stream.shutdown().await.unwrap();
            let error = stream.write_all(b"more").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"an answer");
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = Vec::new();
        stream.read_to_end(&mut question).await.unwrap();
        assert_eq!(question, b"a question");
        sleep(ms(10)).await;
        stream.write_all(b"an answer").await.unwrap();
        drop(stream);
        client.await.unwrap();
    });
}

#[test]
fn dropping_what_was_not_read_resets_the_peer() {
    run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let client = machine("client").create().spawn(async {
            let mut stream = TcpStream::connect("test:7000").await.unwrap();
            stream.write_all(b"never read").await.unwrap();
            let error = stream.read(&mut [0; 9]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let error = stream.write(b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let error = stream.write(b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
        });
        let (stream, _) = listener.accept().await.unwrap();
        sleep(ms(25)).await;
        drop(stream);
        client.await.unwrap();
    });
}

#[test]
fn what_arrives_at_a_dropped_stream_is_answered_by_a_reset() {
    run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let client = machine("client").create().spawn(async {
            let mut stream = TcpStream::connect("test:7000").await.unwrap();
            assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
            stream.write_all(b"too late").await.unwrap();
            sleep(ms(50)).await;
            let error = stream.write_all(b"too late").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        });
        drop(listener.accept().await.unwrap());
        client.await.unwrap();
    });
}

#[test]
fn linger_of_zero_resets_on_drop() {
    run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let client = machine("client").create().spawn(async {
            let mut stream = TcpStream::connect("test:7000").await.unwrap();
            let error = stream.read(&mut [0; 9]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        });
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_zero_linger().unwrap();
        drop(stream);
        client.await.unwrap();
    });
}

#[test]
fn a_killed_process_resets_its_connections_and_frees_its_ports() {
    run(|| async {
        let a = machine("a").create();
        let server = a
            .process("server", |_| async {
                let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
                let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
                let mut streams = Vec::new();
                loop {
                    streams.push(listener.accept().await.unwrap());
                    socket.local_addr().unwrap();
                }
            })
            .start();
        settle().await;
        for _ in 0..3 {
            let mut stream = TcpStream::connect("a:7000").await.unwrap();
            sleep(ms(30)).await;
            let start = Instant::now();
            server.restart();
            let error = stream.read(&mut [0; 9]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert!(start.elapsed() < ms(25));
            settle().await;
        }
        // A process that ends by itself says goodbye properly.
        let b = machine("b").create();
        let polite = b.process("polite", |_| async {
            let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"bye").await.unwrap();
            std::mem::forget(stream);
        });
        polite.start();
        settle().await;
        let mut stream = TcpStream::connect("b:7000").await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"bye");
    });
}

#[test]
fn a_peer_without_power_is_silent_and_resets_when_it_is_back() {
    run(|| async {
        let a = machine("a").create();
        a.process("server", |_| async {
            let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
            let mut streams = Vec::new();
            loop {
                streams.push(listener.accept().await.unwrap());
            }
        })
        .start();
        settle().await;
        let mut idle = TcpStream::connect("a:7000").await.unwrap();
        let mut busy = TcpStream::connect("a:7000").await.unwrap();
        sleep(ms(30)).await;
        a.power_off();
        assert!(timeout(secs(3600), idle.read(&mut [0; 9])).await.is_err());
        busy.write_all(b"hello").await.unwrap();
        assert!(timeout(secs(1), busy.read(&mut [0; 9])).await.is_err());
        a.power_on();
        let error = busy.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        idle.write_all(b"hello").await.unwrap();
        let error = idle.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        // What it listened at is taken anew.
        TcpStream::connect("a:7000").await.unwrap();
    });
}

#[test]
fn a_machine_that_moves_breaks_its_connections_and_is_found_anew() {
    run(|| async {
        let a = machine("a").create();
        echo(a);
        settle().await;
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.read_exact(&mut [0; 5]).await.unwrap();
        a.set_addresses(&["10.7.7.7".parse::<IpAddr>().unwrap()]);
        stream.write_all(b"hello").await.unwrap();
        let error = stream.read(&mut [0; 5]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().to_string(), "10.7.7.7:7000");
        stream.write_all(b"hello").await.unwrap();
        stream.read_exact(&mut [0; 5]).await.unwrap();
    });
}

#[test]
fn a_backlog_is_bounded_and_the_rest_ask_again() {
    run(|| async {
        let a = machine("a").create();
        a.spawn(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("0.0.0.0:7000".parse().unwrap()).unwrap();
            let listener = socket.listen(2).unwrap();
            sleep(secs(5)).await;
            let mut streams = Vec::new();
            loop {
                streams.push(listener.accept().await.unwrap());
            }
        });
        settle().await;
        let connected = Rc::new(Cell::new(0));
        for _ in 0..5 {
            let connected = connected.clone();
            spawn(async move {
                let stream = TcpStream::connect("a:7000").await.unwrap();
                connected.set(connected.get() + 1);
                sleep(secs(100)).await;
                drop(stream);
            });
        }
        sleep(secs(4)).await;
        assert_eq!(connected.get(), 2);
        sleep(secs(16)).await;
        assert_eq!(connected.get(), 5);
    });
}

#[test]
fn a_writer_waits_for_a_slow_reader() {
    run(|| async {
        let a = machine("a").create();
        a.spawn(async {
            let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            sleep(secs(10)).await;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            assert_eq!(all.len(), 1 << 20);
            assert!(all.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8));
            stream.write_all(b"thanks").await.unwrap();
        });
        settle().await;
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        let all: Vec<u8> = (0..1 << 20).map(|at| (at % 251) as u8).collect();
        let start = Instant::now();
        let first = stream.write(&all).await.unwrap();
        assert_eq!(first, 64 * 1024);
        stream.write_all(&all[first..]).await.unwrap();
        assert!(start.elapsed() > secs(9));
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"thanks");
    });
}

#[test]
fn halves_are_split_and_reunited() {
    run(|| async {
        echo(machine("a").create());
        settle().await;
        let stream = TcpStream::connect("a:7000").await.unwrap();
        let (mut reads, mut writes) = stream.into_split();
        let reader = spawn(async move {
            let mut buf = [0; 5];
            reads.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"hello");
            reads
        });
        writes.write_all(b"hello").await.unwrap();
        let reads = reader.await.unwrap();
        let other = TcpStream::connect("a:7000").await.unwrap().into_split();
        let error = reads.reunite(other.1).unwrap_err();
        let mut stream = error.0.reunite(writes).unwrap();
        stream.write_all(b"again").await.unwrap();
        {
            let (mut reads, _writes) = stream.split();
            reads.read_exact(&mut [0; 5]).await.unwrap();
        }
        // Dropping the half that writes lets the peer read to its end, and so we do.
        let (mut reads, writes) = stream.into_split();
        drop(writes);
        assert_eq!(reads.read(&mut [0; 5]).await.unwrap(), 0);
    });
}

#[test]
fn readiness_peeking_and_trying() {
    run(|| async {
        let a = machine("a").create();
        echo(a);
        settle().await;
        let stream = TcpStream::connect("a:7000").await.unwrap();
        stream.writable().await.unwrap();
        assert_eq!(stream.try_read(&mut [0; 5]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(stream.try_write(b"hello").unwrap(), 5);
        stream.readable().await.unwrap();
        let mut buf = [0; 9];
        assert_eq!(stream.peek(&mut buf).await.unwrap(), 5);
        assert_eq!(stream.try_read(&mut buf).unwrap(), 5);
        assert_eq!(&buf[..5], b"hello");
        a.pause();
        let mut total = 0;
        while let Ok(count) = stream.try_write(&[0; 1000]) {
            total += count;
        }
        assert!((64 * 1024..=128 * 1024).contains(&total), "{total}");
        stream.set_nodelay(true).unwrap();
        assert!(stream.nodelay().unwrap());
    });
}

#[test]
fn faults_of_streams_take_effect() {
    let effects = |condition: Condition, all: usize| {
        let report = run(move || async move {
            let a = machine("a").create();
            echo(a);
            settle().await;
            trouble(test_machine(), a, condition);
            let mut stream = TcpStream::connect("a:7000").await.unwrap();
            let sent: Vec<u8> = (0..all).map(|at| at as u8).collect();
            let (mut reads, mut writes) = stream.split();
            let mut heard = vec![0; all];
            let (wrote, read) = both(writes.write_all(&sent), reads.read_exact(&mut heard)).await;
            wrote.unwrap();
            read.unwrap();
            assert!(heard == sent);
        });
        report.effects("trouble")
    };
    assert!(effects(Condition::Chop { bytes_max: 3 }, 300) >= 100);
    assert!(effects(Condition::Window { bytes: 10 }, 1000) >= 100);
    assert!(effects(Condition::Loss(Ratio::of(1, 4)), 100_000) >= 2);
    assert!(effects(Condition::Corrupt(Ratio::of(1, 4)), 100_000) >= 2);
    assert!(effects(Condition::Delay { min: ms(1), max: ms(50) }, 10_000) >= 2);
    assert!(effects(Condition::Bandwidth { bytes_per_second: 10_000, queue_bytes: 100 }, 10_000) >= 2);
    assert_eq!(effects(Condition::Duplicate(Ratio::ALWAYS), 10_000), 0);
}

#[test]
fn connecting_is_refused_or_hangs_when_a_fault_says_so() {
    let report = run(|| async {
        let a = machine("a").create();
        echo(a);
        settle().await;
        let fault = one_way(test_machine(), a, Condition::RefuseConnect);
        let error = TcpStream::connect("a:7000").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        fault::end(fault);
        let fault = one_way(test_machine(), a, Condition::HangConnect);
        let error = TcpStream::connect("a:7000").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        fault::end(fault);
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        one_way(test_machine(), a, Condition::Reset(Ratio::ALWAYS));
        let error = stream.write(b"hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = stream.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
    assert!(report.effects("trouble") >= 3);
}

#[test]
fn a_clogged_stream_goes_on_in_order_when_it_is_released() {
    run(|| async {
        let a = machine("a").create();
        echo(a);
        settle().await;
        let mut stream = TcpStream::connect("a:7000").await.unwrap();
        let fault = trouble(test_machine(), a, Condition::Clog);
        for word in [&b"one "[..], b"two ", b"three"] {
            stream.write_all(word).await.unwrap();
        }
        let second = spawn(async { TcpStream::connect("a:7000").await.map(|_| ()) });
        assert!(timeout(secs(100), stream.read(&mut [0; 1])).await.is_err());
        assert!(!second.is_finished());
        fault::end(fault);
        let mut heard = [0; 13];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"one two three");
        second.await.unwrap().unwrap();
    });
}

// ---- the whole

/// A busy little world in which most things happen.
async fn busy_body() {
    let machines: Vec<Machine> = (0..4).map(|index| machine(&format!("m{index}")).create()).collect();
    for &host in &machines {
        host.process("server", |_| async {
            let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
            let socket = Rc::new(UdpSocket::bind("0.0.0.0:9").await.unwrap());
            spawn(async move {
                let mut buf = [0; 64];
                while let Ok((count, peer)) = socket.recv_from(&mut buf).await {
                    let _ = socket.send_to(&buf[..count], peer).await;
                }
            });
            while let Ok((mut stream, _)) = listener.accept().await {
                spawn(async move {
                    let mut buf = [0; 300];
                    while let Ok(count @ 1..) = stream.read(&mut buf).await {
                        if stream.write_all(&buf[..count]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        })
        .start();
    }
    settle().await;
    fault::impose(
        fault::begin("loss"),
        Target::Link { source: machines.clone(), target: machines.clone() },
        Condition::Loss(Ratio::of(1, 20)),
    );
    let clients: Vec<_> = machines
        .iter()
        .enumerate()
        .map(|(index, host)| {
            host.spawn(async move {
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                for round in 0..30u8 {
                    let target = format!("m{}", (index + usize::from(round)) % 4);
                    socket.send_to(&[round; 20], (target.as_str(), 9)).await.unwrap();
                    let _ = timeout(ms(3), socket.recv_from(&mut [0; 64])).await;
                    let stream = timeout(ms(900), TcpStream::connect((target.as_str(), 7000))).await;
                    if let Ok(Ok(mut stream)) = stream {
                        let (mut reads, mut writes) = stream.split();
                        let mut heard = [0; 1000];
                        let word = [round; 1000];
                        let there = writes.write_all(&word);
                        let _ = timeout(ms(300), both(there, reads.read_exact(&mut heard))).await;
                    }
                }
            })
        })
        .collect();
    sleep(ms(100)).await;
    machines[1].find_process("server").unwrap().restart();
    sleep(ms(100)).await;
    machines[2].power_off();
    sleep(ms(100)).await;
    machines[2].power_on();
    for (index, client) in clients.into_iter().enumerate() {
        assert_eq!(client.await.is_ok(), index != 2);
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_does_not() {
    let digests: Vec<_> = (0..8).map(|seed| run_seed(seed, busy_body).digests).collect();
    for (seed, digest) in digests.iter().enumerate() {
        assert_eq!(run_seed(seed as u64, busy_body).digests, *digest);
    }
    for pair in digests.windows(2) {
        assert_ne!(pair[0].trace, pair[1].trace);
    }
}

#[test]
fn tiny_limits_and_far_machines_change_nothing_but_time() {
    for settings in [Settings::tiny(), Settings::wide_area()] {
        let config = Config { network: settings, ..Config::default() };
        World::new(config).run(busy_body).unwrap();
    }
}

#[test]
fn a_pair_can_be_slow_for_good() {
    run(|| async {
        let (near, far) = (machine("near").create(), machine("far").create());
        net::set_latency(&[test_machine()], &[far], Latency::constant(ms(80)));
        for host in [near, far] {
            echo(host);
        }
        settle().await;
        for (name, least, most) in [("near", 0, 40), ("far", 160, 240)] {
            let start = Instant::now();
            let mut stream = TcpStream::connect((name, 7000)).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            stream.read_exact(&mut [0; 5]).await.unwrap();
            assert!((ms(least)..ms(most)).contains(&start.elapsed()), "{name} {:?}", start.elapsed());
        }
    });
}

#[test]
fn opaque_payloads_leave_content_and_length_out_of_the_trace() {
    let digest = |payloads: Payloads, word: &'static [u8]| {
        World::new(Config { payloads, ..Config::default() })
            .run(move || async move {
                echo(machine("a").create());
                settle().await;
                let mut stream = TcpStream::connect("a:7000").await.unwrap();
                stream.write_all(word).await.unwrap();
                let mut buf = vec![0; word.len()];
                stream.read_exact(&mut buf).await.unwrap();
            })
            .unwrap()
            .digests
            .trace
    };
    assert_ne!(digest(Payloads::Digested, b"one"), digest(Payloads::Digested, b"two"));
    assert_eq!(digest(Payloads::Opaque, b"s1"), digest(Payloads::Opaque, b"s10"));
}

#[test]
fn handles_of_another_run_are_refused_and_dropped_without_effect() {
    let kept: Rc<RefCell<Option<(UdpSocket, TcpListener, TcpStream)>>> = Rc::default();
    let put = kept.clone();
    run(move || async move {
        let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let stream = TcpStream::connect("127.0.0.1:7000").await.unwrap();
        *put.borrow_mut() = Some((socket, listener, stream));
    });
    let (socket, listener, stream) = kept.borrow_mut().take().unwrap();
    assert_eq!(socket.local_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    assert!(stream.try_write(b"x").is_err());
    let report = run(move || async move {
        let own = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        let own_listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        assert!(socket.recv_from(&mut [0; 1]).await.is_err());
        assert!(listener.accept().await.is_err());
        drop((socket, listener, stream));
        own.local_addr().unwrap();
        own_listener.local_addr().unwrap();
    });
    assert_eq!(report.warnings.len(), 1);
}

#[test]
fn a_stall_says_who_waits_for_the_network() {
    let report = World::new(Config::default()).run(|| async {
        let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        let _ = socket.recv_from(&mut [0; 1]).await;
    });
    let failure = report.failure().expect("nothing is due");
    assert_eq!(failure.property, "stall");
    assert!(failure.message.contains("for a datagram on port 9"), "{}", failure.message);
}

#[test]
fn destructors_of_a_killed_process_send_nothing() {
    struct Farewell(Option<UdpSocket>, Option<TcpStream>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            let (socket, stream) = (self.0.take().unwrap(), self.1.take().unwrap());
            assert!(socket.try_send_to(b"bye", "10.0.0.1:9".parse().unwrap()).is_err());
            assert!(stream.try_write(b"bye").is_err());
            assert!(stream.local_addr().is_err());
        }
    }
    run(|| async {
        let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        let listener = TcpListener::bind("0.0.0.0:7000").await.unwrap();
        let a = machine("a").create();
        let process = a
            .process("p", |_| async {
                let socket = UdpSocket::bind("0.0.0.0:1").await.unwrap();
                let stream = TcpStream::connect("test:7000").await.unwrap();
                let _farewell = Farewell(Some(socket), Some(stream));
                std::future::pending::<()>().await;
            })
            .start();
        let (mut stream, _) = listener.accept().await.unwrap();
        sleep(ms(30)).await;
        process.kill();
        let error = stream.read(&mut [0; 3]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        sleep(secs(1)).await;
        assert_eq!(socket.try_recv(&mut [0; 3]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}
