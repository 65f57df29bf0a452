//! Links between machines.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use sim::fault;
use sim::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use sim::time::{sleep, timeout};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{ms, on, run, run_lines, until};

/// Datagrams as they arrived: their number, the rest of them, and when.
type Arrived = Rc<RefCell<Vec<(u32, Vec<u8>, Duration)>>>;

/// Takes datagrams in on a machine.
fn listen(name: &str) -> Arrived {
    let arrived = Arrived::default();
    let log = arrived.clone();
    on(name).spawn(async move {
        let socket = UdpSocket::bind("0.0.0.0:7000").await.unwrap();
        let mut bytes = [0; 2048];
        loop {
            let count = socket.recv(&mut bytes).await.unwrap();
            let number = u32::from_le_bytes(*bytes.first_chunk().unwrap());
            log.borrow_mut().push((number, bytes[4..count].to_vec(), fault::now()));
        }
    });
    arrived
}

/// Sends so many numbered datagrams from one machine to another, each with so many bytes of sevens.
async fn send(from: &str, to: &'static str, numbers: std::ops::Range<u32>, every: Duration, size: usize) {
    let sending = async move {
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for number in numbers {
            let mut bytes = number.to_le_bytes().to_vec();
            bytes.resize(4 + size, 7);
            socket.send_to(&bytes, (to, 7000)).await.unwrap();
            sleep(every).await;
        }
    };
    on(from).spawn(sending).await.unwrap();
}

/// Whether a datagram gets from one machine to another now.
async fn hears(to: &'static str, from: &'static str, arrived: &Arrived) -> bool {
    let before = arrived.borrow().len();
    send(from, to, 0..1, ms(20), 0).await;
    arrived.borrow().len() > before
}

fn numbers(arrived: &Arrived) -> Vec<u32> {
    arrived.borrow().iter().map(|(number, ..)| *number).collect()
}

#[test]
fn partition() {
    run("partition", || async {
        let (a, b, c) = (listen("a"), listen("b"), listen("c"));
        assert!(hears("b", "a", &b).await);
        until(1_010).await;
        assert!(!hears("b", "a", &b).await);
        assert!(!hears("a", "c", &a).await);
        assert!(hears("c", "b", &c).await, "within the zone all is well");
        until(1_510).await;
        assert!(hears("b", "a", &b).await);
    });
}

#[test]
fn a_partition_may_leave_one_way_and_a_bridge() {
    let lines = r#"
        { at = "1s", for = "500ms", partition = [["a"], ["b"]], one_way = true },
        { at = "2s", for = "500ms", partition = [["a", "b"], ["d", "e"]] },
        { at = "3s", for = "500ms", partition = "a", one_way = true },"#;
    run_lines(lines, || async {
        let (a, b, c, d) = (listen("a"), listen("b"), listen("c"), listen("d"));
        until(1_010).await;
        assert!(!hears("b", "a", &b).await);
        assert!(hears("a", "b", &a).await);
        until(2_010).await;
        assert!(!hears("d", "a", &d).await);
        assert!(hears("c", "a", &c).await && hears("d", "c", &d).await, "c hears both sides");
        until(3_010).await;
        assert!(!hears("c", "a", &c).await, "what it sends is lost");
        assert!(hears("a", "c", &a).await);
    });
}

#[test]
fn ring() {
    run("ring", || async {
        let a = listen("a");
        until(1_010).await;
        for (from, heard) in [("b", true), ("c", false), ("d", false), ("e", true)] {
            assert_eq!(hears("a", from, &a).await, heard, "{from}");
        }
        until(1_510).await;
        assert!(hears("a", "c", &a).await);
    });
}

#[test]
fn clog() {
    run("clog", || async {
        let b = listen("b");
        until(1_100).await;
        send("a", "b", 0..3, ms(1), 0).await;
        until(1_490).await;
        assert_eq!(numbers(&b), []);
        until(1_510).await;
        assert_eq!(numbers(&b), [0, 1, 2], "held, then released in order");
    });
}

#[test]
fn swizzle() {
    run("swizzle", || async {
        let all = [("a", listen("a"), 1_450), ("b", listen("b"), 1_500), ("c", listen("c"), 1_400)];
        until(1_010).await;
        assert!(hears("b", "d", &all[1].1).await, "b is clogged 50 ms after a");
        until(1_200).await;
        for (name, log, _) in &all {
            log.borrow_mut().clear();
            send("d", name, 0..1, ms(1), 0).await;
        }
        until(1_600).await;
        for (name, log, released) in &all {
            let (_, _, at) = log.borrow()[0].clone();
            assert!((ms(*released)..ms(released + 5)).contains(&at), "{name} at {at:?}");
        }
    });
}

#[test]
fn loss() {
    let effects = run("loss", || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..100, ms(1), 0).await;
        let count = b.borrow().len();
        assert!((20..80).contains(&count), "half of 100 arrive: {count}");
    });
    assert!((20..80).contains(&effects), "one for each that is lost: {effects}");
}

#[test]
fn loss_in_bursts() {
    let line = r#"{ at = "1s", loss = "b", chance = "1/2", correlation = "9/10" }"#;
    let run = run_lines(line, || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..1_000, ms(1), 0).await;
        sleep(ms(100)).await;
        let arrived: BTreeSet<u32> = numbers(&b).into_iter().collect();
        assert!((250..750).contains(&arrived.len()), "half of 1,000 arrive: {}", arrived.len());
        let turns = (1..1_000).filter(|number| arrived.contains(number) != arrived.contains(&(number - 1)));
        let turns = turns.count();
        // One in twenty is drawn anew and differs; without correlation it were every other one.
        assert!((20..100).contains(&turns), "{turns} changes between lost and not");
    });
    assert!((250..750).contains(&run.lines[0].effects), "one for each that is lost: {:?}", run.lines[0]);
}

#[test]
fn duplicate() {
    run("duplicate", || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..100, ms(1), 0).await;
        sleep(ms(100)).await;
        let distinct: BTreeSet<u32> = numbers(&b).into_iter().collect();
        assert_eq!(distinct.len(), 100);
        assert!(b.borrow().len() > 120, "half of them twice: {}", b.borrow().len());
    });
}

#[test]
fn reorder() {
    run("reorder", || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..100, ms(1), 0).await;
        sleep(ms(100)).await;
        let mut sorted = numbers(&b);
        sorted.sort_unstable();
        assert_ne!(numbers(&b), sorted);
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn corrupt() {
    run("corrupt", || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..100, ms(1), 60).await;
        sleep(ms(100)).await;
        let changed = b.borrow().iter().filter(|(_, rest, _)| rest.iter().any(|byte| *byte != 7)).count();
        assert!((20..80).contains(&changed), "half of 100 are changed: {changed}");
    });
}

#[test]
fn delay() {
    run("delay", || async {
        let (b, c) = (listen("b"), listen("c"));
        until(1_010).await;
        send("a", "b", 0..1, ms(200), 0).await;
        let (_, _, at) = b.borrow()[0].clone();
        assert!((ms(1_050)..ms(1_080)).contains(&at), "{at:?}");
        send("a", "c", 0..1, ms(20), 0).await;
        assert_eq!(c.borrow().len(), 1, "its other links are as quick as ever");
        until(9_000).await;
        b.borrow_mut().clear();
        send("a", "b", 0..1, ms(20), 0).await;
        assert_eq!(b.borrow().len(), 0, "the pair stays slow");
    });
}

#[test]
fn delay_with_a_mean() {
    let line = r#"{ at = "1s", delay = [["a"], ["b"]], by = ["1ms", "60ms"], mean = "11ms" }"#;
    let run = run_lines(line, || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..400, ms(100), 0).await;
        let mut late: Vec<Duration> =
            b.borrow().iter().map(|(number, _, at)| *at - ms(1_010) - ms(100) * *number).collect();
        late.sort_unstable();
        assert_eq!(late.len(), 400);
        // The link's own latency is up to 20 ms in one of 1,024.
        assert!((ms(1)..ms(3)).contains(&late[0]), "{late:?}");
        assert!((ms(6)..ms(11)).contains(&late[200]), "half take less than the mean: {:?}", late[200]);
        assert!(late[390] > ms(30), "some take far longer: {:?}", late[390]);
        assert!(late[399] < ms(81), "{:?}", late[399]);
    });
    assert_eq!(run.lines[0].effects, 400);
}

#[test]
fn bandwidth() {
    run("bandwidth", || async {
        let b = listen("b");
        until(1_010).await;
        send("a", "b", 0..100, ms(0), 96).await;
        until(1_400).await;
        let arrived = b.borrow().iter().map(|(_, _, at)| *at).collect::<Vec<_>>();
        assert!((2..30).contains(&arrived.len()), "the queue takes few of 100: {}", arrived.len());
        let gap = arrived[1] - arrived[0];
        assert!(gap >= ms(9), "100 bytes take 10 ms and more: {gap:?}");
    });
}

/// Answers what it is sent, on each connection.
fn echo(name: &str) {
    on(name).spawn(async {
        let listener = TcpListener::bind("0.0.0.0:8000").await.unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            sim::task::spawn(async move {
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                    if stream.write_all(&bytes[..count]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
}

#[test]
fn reset() {
    run("reset", || async {
        echo("b");
        on("a")
            .spawn(async {
                let mut stream = TcpStream::connect("b:8000").await.unwrap();
                let mut bytes = [0; 4];
                for _ in 0..10 {
                    stream.write_all(b"ping").await.unwrap();
                    stream.read_exact(&mut bytes).await.unwrap();
                }
                until(1_010).await;
                let mut kind = None;
                for _ in 0..50 {
                    let turn = async {
                        stream.write_all(b"ping").await?;
                        stream.read_exact(&mut bytes).await
                    };
                    if let Err(error) = turn.await {
                        kind = Some(error.kind());
                        break;
                    }
                }
                assert_eq!(kind, Some(ErrorKind::ConnectionReset));
            })
            .await
            .unwrap();
    });
}

#[test]
fn half_close() {
    run("half_close", || async {
        echo("b");
        on("a")
            .spawn(async {
                let mut stream = TcpStream::connect("b:8000").await.unwrap();
                until(1_010).await;
                let (mut sent, mut heard) = (0, 0);
                let mut bytes = [0; 4];
                // Either side may be the one that can write no more; the bytes before it arrive.
                let ended = loop {
                    match stream.write_all(b"ping").await {
                        Ok(()) => sent += 1,
                        Err(error) => break error.kind(),
                    }
                    match stream.read(&mut bytes).await {
                        Ok(0) => break ErrorKind::UnexpectedEof,
                        Ok(_) => heard += 1,
                        Err(error) => break error.kind(),
                    }
                };
                assert!(matches!(ended, ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof), "{ended}");
                assert!(sent - heard <= 1, "{heard} of {sent}");
                if ended == ErrorKind::BrokenPipe {
                    assert_eq!(stream.read(&mut bytes).await.unwrap(), 0, "the peer is at the end, too");
                }
            })
            .await
            .unwrap();
    });
}

#[test]
fn refuse() {
    run("refuse", || async {
        echo("b");
        on("a")
            .spawn(async {
                assert!(TcpStream::connect("b:8000").await.is_ok());
                until(1_010).await;
                let refused = TcpStream::connect("b:8000").await.expect_err("it is refused");
                assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
                until(1_510).await;
                assert!(TcpStream::connect("b:8000").await.is_ok());
            })
            .await
            .unwrap();
    });
}

#[test]
fn hang() {
    run("hang", || async {
        echo("b");
        on("a")
            .spawn(async {
                until(1_010).await;
                assert!(timeout(ms(400), TcpStream::connect("b:8000")).await.is_err(), "no answer");
                until(1_510).await;
                assert!(timeout(ms(400), TcpStream::connect("b:8000")).await.unwrap().is_ok());
            })
            .await
            .unwrap();
    });
}

#[test]
fn chop() {
    run("chop", || async {
        echo("b");
        on("a")
            .spawn(async {
                let mut stream = TcpStream::connect("b:8000").await.unwrap();
                until(1_010).await;
                let mut bytes = [0; 64];
                stream.write_all(b"twelve bytes").await.unwrap();
                let (mut got, mut reads) = (0, 0);
                while got < 12 {
                    let count = stream.read(&mut bytes).await.unwrap();
                    assert!((1..=3).contains(&count), "{count}");
                    got += count;
                    reads += 1;
                }
                assert!(reads >= 4);
                assert_eq!(stream.write(b"twelve bytes").await.unwrap(), 3);
            })
            .await
            .unwrap();
    });
}

#[test]
fn window() {
    run("window", || async {
        echo("b");
        on("a")
            .spawn(async {
                /// How long 6400 bytes take there.
                async fn transfer() -> Duration {
                    let mut stream = TcpStream::connect("b:8000").await.unwrap();
                    let before = fault::now();
                    stream.write_all(&[7; 6_400]).await.unwrap();
                    stream.read_exact(&mut [0; 6_400]).await.unwrap();
                    fault::now() - before
                }
                let usual = transfer().await;
                until(1_010).await;
                let tiny = transfer().await;
                assert!(tiny > usual * 10, "64 bytes a turn: {tiny:?}, and {usual:?} without");
                until(1_700).await;
                assert!(transfer().await < usual * 2);
            })
            .await
            .unwrap();
    });
}

#[test]
fn dns_late() {
    run("dns.late", || async {
        let look = async |from: &str| {
            let before = fault::now();
            on(from).spawn(async { lookup_host("b:1").await.map(|_| ()) }).await.unwrap().unwrap();
            fault::now() - before
        };
        assert!(look("a").await < ms(10));
        until(1_010).await;
        assert!(look("a").await >= ms(300));
        assert!(look("c").await < ms(10));
        until(1_600).await;
        assert!(look("a").await < ms(10));
    });
}

#[test]
fn dns_fail() {
    run("dns.fail", || async {
        let look =
            async |from: &str| on(from).spawn(async { lookup_host("b:1").await.is_ok() }).await.unwrap();
        assert!(look("a").await);
        until(1_010).await;
        assert!(!look("a").await);
        assert!(look("c").await);
        until(1_600).await;
        assert!(look("a").await);
    });
}
