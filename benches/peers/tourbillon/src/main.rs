//! The shared work on Tourbillon: how it makes a world, a task and a socket.
//!
//! Everything is at its default, trace and digests included.

use std::{
    cell::Cell,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    rc::Rc,
    time::Duration,
};

use sim::{
    Config, StepLimit, TimeLimit, World,
    machine::{Machine, machine},
    net::{TcpListener, TcpStream, UdpSocket},
    task,
    time::sleep,
};
use work::{CLIENT_DELAY, Case, Datagrams, HEARTBEAT_MACHINES, PORT, SEED, TASKS, Tally, runner::Outcome};

struct Socket(UdpSocket);

impl Datagrams for Socket {
    async fn send_to(&self, bytes: &[u8], target: SocketAddr) -> io::Result<()> {
        self.0.send_to(bytes, target).await.map(drop)
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await
    }
}

fn main() -> ExitCode {
    work::runner::main(run)
}

fn run(case: Case, iterations: u64) -> Outcome {
    match case {
        Case::Yield => simulate(move || tasks(move |_| work::yielder(iterations))),
        Case::Spawn => simulate(move || spawn(iterations)),
        Case::Timer => simulate(move || tasks(move |task| work::sleeper(task, iterations, sleep))),
        Case::Datagram => simulate(move || datagram(iterations)),
        Case::Stream => simulate(move || stream(iterations)),
        Case::Heartbeat => simulate(move || heartbeat(iterations)),
    }
}

/// Runs `body` as the test of a world with everything at its default but the limits, which would end a long
/// bench.
fn simulate<F>(body: impl FnOnce() -> F + 'static) -> Outcome
where
    F: Future<Output = Tally> + 'static,
{
    let world = World::new(Config {
        seed: SEED,
        steps: StepLimit::FailAfter(u64::MAX),
        time: TimeLimit::FailAfter(Duration::from_nanos(u64::MAX)),
        ..Config::default()
    });
    let total = Rc::new(Cell::new(Tally::default()));
    Outcome::of(|| {
        let slot = total.clone();
        let report = world.run(|| async move { slot.set(body().await) }).unwrap();
        // A report without records would be of a run whose trace was off.
        assert!(report.records > 0, "the trace is on");
        total.get()
    })
}

async fn tasks<F>(task: impl Fn(u64) -> F) -> Tally
where
    F: Future<Output = Tally> + Send + 'static,
{
    let handles: Vec<_> = (0..TASKS).map(|index| task::spawn(task(index))).collect();
    let mut total = Tally::default();
    for handle in handles {
        total.join(handle.await.expect("no task panics"));
    }
    total
}

async fn spawn(iterations: u64) -> Tally {
    let mut tally = Tally::default();
    for index in 0..iterations {
        tally.count(task::spawn(async move { index }).await.expect("no task panics"));
    }
    tally
}

async fn datagram(iterations: u64) -> Tally {
    let (server, client) = (machine("server").create(), machine("client").create());
    server.spawn(async move { work::datagram_server(bind().await?, iterations).await });
    let client = client.spawn(async move {
        sleep(CLIENT_DELAY).await;
        work::datagram_client(bind().await?, address(server), iterations).await
    });
    client.await.expect("no task panics").expect("no datagram is lost")
}

async fn stream(iterations: u64) -> Tally {
    let (server, client) = (machine("server").create(), machine("client").create());
    server.spawn(async move {
        let listener = TcpListener::bind(LOCAL).await?;
        let (stream, _) = listener.accept().await?;
        work::stream_server(stream, iterations).await
    });
    let client = client.spawn(async move {
        sleep(CLIENT_DELAY).await;
        work::stream_client(TcpStream::connect(address(server)).await?, iterations).await
    });
    client.await.expect("no task panics").expect("no stream is reset")
}

async fn heartbeat(beats: u64) -> Tally {
    let machines: Vec<_> =
        (0..HEARTBEAT_MACHINES).map(|index| machine(&format!("machine-{index}")).create()).collect();
    let addresses: Rc<[SocketAddr]> = machines.iter().map(|machine| address(*machine)).collect();
    let programs: Vec<_> = machines
        .iter()
        .zip(0..)
        .map(|(machine, index)| machine.spawn(heartbeat_machine(index, addresses.clone(), beats)))
        .collect();
    let mut total = Tally::default();
    for program in programs {
        total.join(program.await.expect("no task panics").expect("no datagram is lost"));
    }
    total
}

async fn heartbeat_machine(index: u64, addresses: Rc<[SocketAddr]>, beats: u64) -> io::Result<Tally> {
    let socket = Rc::new(bind().await?);
    let expected = (HEARTBEAT_MACHINES - 1) * beats;
    let receiver = task::spawn({
        let socket = socket.clone();
        async move { work::beat_receiver(&*socket, index, expected).await }
    });
    work::beat_sender(&*socket, index, &addresses, beats, sleep).await?;
    receiver.await.expect("no task panics")
}

async fn bind() -> io::Result<Socket> {
    Ok(Socket(UdpSocket::bind(LOCAL).await?))
}

/// Every interface of the machine that asks.
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT);

/// Where others reach the machine.
fn address(machine: Machine) -> SocketAddr {
    SocketAddr::new(machine.addresses()[0], PORT)
}
