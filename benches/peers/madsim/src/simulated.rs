//! How madsim makes a world, a task and a socket.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use madsim::{
    Config,
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::Runtime,
    task,
    time::sleep,
};
use work::{CLIENT_DELAY, Case, Datagrams, HEARTBEAT_MACHINES, PORT, SEED, TASKS, Tally, runner::Outcome};

struct Socket(UdpSocket);

impl Datagrams for Socket {
    async fn send_to(&self, bytes: &[u8], target: SocketAddr) -> io::Result<()> {
        self.0.send_to(target, bytes).await
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await
    }
}

pub fn run(case: Case, iterations: u64) -> Outcome {
    let runtime = Runtime::with_seed_and_config(SEED, Config::default());
    match case {
        Case::Yield => tasks(&runtime, |_| work::yielder(iterations)),
        Case::Spawn => spawn(&runtime, iterations),
        Case::Timer => tasks(&runtime, |task| work::sleeper(task, iterations, sleep)),
        Case::Datagram => datagram(&runtime, iterations),
        Case::Stream => stream(&runtime, iterations),
        Case::Heartbeat => heartbeat(&runtime, iterations),
    }
}

fn tasks<F>(runtime: &Runtime, task: impl Fn(u64) -> F) -> Outcome
where
    F: Future<Output = Tally> + Send + 'static,
{
    Outcome::of(|| {
        runtime.block_on(async {
            let handles: Vec<_> = (0..TASKS).map(|index| task::spawn(task(index))).collect();
            let mut total = Tally::default();
            for handle in handles {
                total.join(handle.await.expect("no task panics"));
            }
            total
        })
    })
}

fn spawn(runtime: &Runtime, iterations: u64) -> Outcome {
    Outcome::of(|| {
        runtime.block_on(async {
            let mut tally = Tally::default();
            for index in 0..iterations {
                tally.count(task::spawn(async move { index }).await.expect("no task panics"));
            }
            tally
        })
    })
}

fn datagram(runtime: &Runtime, iterations: u64) -> Outcome {
    let server = runtime.create_node().name("server").ip(address(0).ip()).build();
    let client = runtime.create_node().name("client").ip(address(1).ip()).build();
    Outcome::of(|| {
        runtime.block_on(async move {
            server.spawn(async move { work::datagram_server(bind(0).await?, iterations).await });
            let client = client.spawn(async move {
                sleep(CLIENT_DELAY).await;
                work::datagram_client(bind(1).await?, address(0), iterations).await
            });
            client.await.expect("no task panics").expect("no datagram is lost")
        })
    })
}

fn stream(runtime: &Runtime, iterations: u64) -> Outcome {
    let server = runtime.create_node().name("server").ip(address(0).ip()).build();
    let client = runtime.create_node().name("client").ip(address(1).ip()).build();
    Outcome::of(|| {
        runtime.block_on(async move {
            server.spawn(async move {
                let listener = TcpListener::bind(address(0)).await?;
                let (stream, _) = listener.accept().await?;
                work::stream_server(stream, iterations).await
            });
            let client = client.spawn(async move {
                sleep(CLIENT_DELAY).await;
                work::stream_client(TcpStream::connect(address(0)).await?, iterations).await
            });
            client.await.expect("no task panics").expect("no stream is reset")
        })
    })
}

fn heartbeat(runtime: &Runtime, beats: u64) -> Outcome {
    let addresses: Arc<[SocketAddr]> = (0..HEARTBEAT_MACHINES).map(address).collect();
    let nodes: Vec<_> =
        addresses.iter().map(|address| runtime.create_node().ip(address.ip()).build()).collect();
    Outcome::of(|| {
        runtime.block_on(async move {
            let machines: Vec<_> = nodes
                .iter()
                .zip(0..)
                .map(|(node, index)| node.spawn(heartbeat_machine(index, addresses.clone(), beats)))
                .collect();
            let mut total = Tally::default();
            for machine in machines {
                total.join(machine.await.expect("no task panics").expect("no datagram is lost"));
            }
            total
        })
    })
}

async fn heartbeat_machine(index: u64, addresses: Arc<[SocketAddr]>, beats: u64) -> io::Result<Tally> {
    let socket = Arc::new(bind(index).await?);
    let expected = (HEARTBEAT_MACHINES - 1) * beats;
    let receiver = task::spawn({
        let socket = socket.clone();
        async move { work::beat_receiver(&*socket, index, expected).await }
    });
    work::beat_sender(&*socket, index, &addresses, beats, sleep).await?;
    receiver.await.expect("no task panics")
}

async fn bind(index: u64) -> io::Result<Socket> {
    Ok(Socket(UdpSocket::bind(address(index)).await?))
}

/// Where the machine of this index lives.
fn address(index: u64) -> SocketAddr {
    let [.., high, low] = (index as u16 + 1).to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, high, low)), PORT)
}
