//! The cases that cross the network: two machines in a ping-pong, five hundred all at once.

use std::time::Duration;

use sim::net::{TcpListener, TcpStream, UdpSocket};
use sim::time::{interval, sleep};
use sim::{Report, World, machine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PORT: u16 = 9000;
const PAYLOAD: [u8; 32] = [7; 32];
/// Machines that talk all to all, and how often.
const MACHINE_COUNT: usize = 500;
const BEAT: Duration = Duration::from_millis(100);

/// 32 bytes there and back in datagrams.
pub fn datagrams(world: World, operations: u64) -> Report {
    world.run(move || async move {
        let server = machine("server").create();
        server.spawn(async {
            let socket = UdpSocket::bind(("0.0.0.0", PORT)).await.expect("a free port");
            let mut buffer = [0; 64];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.expect("an open socket");
                socket.send_to(&buffer[..length], from).await.expect("an open socket");
            }
        });
        let client = machine("client").create().spawn(async move {
            sleep(Duration::from_millis(10)).await;
            let socket = UdpSocket::bind("0.0.0.0:0").await.expect("a free port");
            socket.connect(("server", PORT)).await.expect("a known name");
            let mut buffer = [0; 64];
            for _ in 0..operations {
                socket.send(&PAYLOAD).await.expect("an open socket");
                assert_eq!(socket.recv(&mut buffer).await.expect("an open socket"), PAYLOAD.len());
            }
        });
        client.await.expect("the client ends");
    })
}

/// `write_all` and `read_exact` of 32 bytes there and back on one stream.
pub fn streams(world: World, operations: u64) -> Report {
    world.run(move || async move {
        let server = machine("server").create();
        server.spawn(async {
            let listener = TcpListener::bind(("0.0.0.0", PORT)).await.expect("a free port");
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut buffer = PAYLOAD;
            while stream.read_exact(&mut buffer).await.is_ok() {
                stream.write_all(&buffer).await.expect("the client reads");
            }
        });
        let client = machine("client").create().spawn(async move {
            sleep(Duration::from_millis(10)).await;
            let mut stream = TcpStream::connect(("server", PORT)).await.expect("the server listens");
            let mut buffer = PAYLOAD;
            for _ in 0..operations {
                stream.write_all(&PAYLOAD).await.expect("the server reads");
                stream.read_exact(&mut buffer).await.expect("the server answers");
            }
        });
        client.await.expect("the client ends");
    })
}

/// Five hundred machines send 32 bytes to each other every 100 ms: the operations are messages.
pub fn all_to_all(world: World, operations: u64) -> Report {
    let beats = operations / (MACHINE_COUNT * (MACHINE_COUNT - 1)) as u64;
    world.run(move || async move {
        let machines: Vec<_> =
            (0..MACHINE_COUNT).map(|index| machine(&format!("m{index}")).create()).collect();
        let addresses: Vec<_> =
            machines.iter().map(|machine| (machine.addresses()[0], PORT).into()).collect();
        let mut senders = Vec::new();
        for (own, machine) in machines.iter().enumerate() {
            let peers: Vec<std::net::SocketAddr> = addresses
                .iter()
                .enumerate()
                .filter(|&(index, _)| index != own)
                .map(|(_, &peer)| peer)
                .collect();
            senders.push(machine.spawn(async move {
                let socket = std::rc::Rc::new(UdpSocket::bind(("0.0.0.0", PORT)).await.expect("a free port"));
                let receiving = socket.clone();
                let receiver = sim::task::spawn(async move {
                    let mut buffer = [0; 64];
                    for _ in 0..beats * (MACHINE_COUNT as u64 - 1) {
                        receiving.recv_from(&mut buffer).await.expect("an open socket");
                    }
                });
                let mut ticks = interval(BEAT);
                for _ in 0..beats {
                    ticks.tick().await;
                    for &peer in &peers {
                        socket.send_to(&PAYLOAD, peer).await.expect("an open socket");
                    }
                }
                receiver.await.expect("every message arrives");
            }));
        }
        for sender in senders {
            sender.await.expect("a machine ends");
        }
    })
}
