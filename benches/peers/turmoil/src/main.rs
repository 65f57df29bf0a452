//! The shared work on turmoil: how it makes a world, a task and a socket.
//!
//! A turmoil client is a machine whose program must end for the run to end; a host is one that need not.
//! Both run on a `LocalSet`, so tasks are spawned with `spawn_local`: `tokio::spawn` goes around it and costs
//! more than twice as much, and a peer is measured at its best.

use std::{
    cell::RefCell,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{task, time::sleep};
use turmoil::{
    Builder, Sim,
    net::{TcpListener, TcpStream, UdpSocket},
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
        Case::Yield => tasks(move |_| work::yielder(iterations)),
        Case::Spawn => spawn(iterations),
        Case::Timer => tasks(move |task| work::sleeper(task, iterations, sleep)),
        Case::Datagram => datagram(iterations),
        Case::Stream => stream(iterations),
        Case::Heartbeat => heartbeat(iterations),
    }
}

/// A world with everything at its default but the end: the default gives up after ten virtual seconds.
fn world<'a>() -> Sim<'a> {
    Builder::new().rng_seed(SEED).simulation_duration(Duration::from_secs(1 << 40)).build()
}

/// Runs the world, timed; what the clients tallied is what was done.
fn finish(mut world: Sim, total: &Rc<RefCell<Tally>>) -> Outcome {
    Outcome::of(|| {
        world.run().expect("every client ends well");
        *total.borrow()
    })
}

fn tasks<F>(task: impl Fn(u64) -> F + 'static) -> Outcome
where
    F: Future<Output = Tally> + 'static,
{
    let (mut world, total) = (world(), Rc::default());
    world.client("test", {
        let total: Rc<RefCell<Tally>> = Rc::clone(&total);
        async move {
            let handles: Vec<_> = (0..TASKS).map(|index| task::spawn_local(task(index))).collect();
            for handle in handles {
                let tally = handle.await?;
                total.borrow_mut().join(tally);
            }
            Ok(())
        }
    });
    finish(world, &total)
}

fn spawn(iterations: u64) -> Outcome {
    let (mut world, total) = (world(), Rc::default());
    world.client("test", {
        let total: Rc<RefCell<Tally>> = Rc::clone(&total);
        async move {
            let mut tally = Tally::default();
            for index in 0..iterations {
                tally.count(task::spawn_local(async move { index }).await?);
            }
            total.borrow_mut().join(tally);
            Ok(())
        }
    });
    finish(world, &total)
}

fn datagram(iterations: u64) -> Outcome {
    let (mut world, total) = (world(), Rc::default());
    world.host("server", move || async move { Ok(work::datagram_server(bind().await?, iterations).await?) });
    let server = SocketAddr::new(world.lookup("server"), PORT);
    world.client("client", {
        let total: Rc<RefCell<Tally>> = Rc::clone(&total);
        async move {
            sleep(CLIENT_DELAY).await;
            let tally = work::datagram_client(bind().await?, server, iterations).await?;
            total.borrow_mut().join(tally);
            Ok(())
        }
    });
    finish(world, &total)
}

fn stream(iterations: u64) -> Outcome {
    let (mut world, total) = (world(), Rc::default());
    world.host("server", move || async move {
        let listener = TcpListener::bind(local()).await?;
        let (stream, _) = listener.accept().await?;
        Ok(work::stream_server(stream, iterations).await?)
    });
    let server = SocketAddr::new(world.lookup("server"), PORT);
    world.client("client", {
        let total: Rc<RefCell<Tally>> = Rc::clone(&total);
        async move {
            sleep(CLIENT_DELAY).await;
            let tally = work::stream_client(TcpStream::connect(server).await?, iterations).await?;
            total.borrow_mut().join(tally);
            Ok(())
        }
    });
    finish(world, &total)
}

fn heartbeat(beats: u64) -> Outcome {
    let (mut world, total) = (world(), Rc::default());
    let names: Vec<String> = (0..HEARTBEAT_MACHINES).map(|index| format!("machine-{index}")).collect();
    let addresses: Arc<[SocketAddr]> =
        names.iter().map(|name| SocketAddr::new(world.lookup(name.as_str()), PORT)).collect();
    for (name, index) in names.iter().zip(0..) {
        let addresses = addresses.clone();
        let total: Rc<RefCell<Tally>> = Rc::clone(&total);
        world.client(name.as_str(), async move {
            let tally = heartbeat_machine(index, addresses, beats).await?;
            total.borrow_mut().join(tally);
            Ok(())
        });
    }
    finish(world, &total)
}

async fn heartbeat_machine(index: u64, addresses: Arc<[SocketAddr]>, beats: u64) -> turmoil::Result<Tally> {
    let socket = Arc::new(bind().await?);
    let expected = (HEARTBEAT_MACHINES - 1) * beats;
    let receiver = task::spawn_local({
        let socket = socket.clone();
        async move { work::beat_receiver(&*socket, index, expected).await }
    });
    work::beat_sender(&*socket, index, &addresses, beats, sleep).await?;
    Ok(receiver.await??)
}

async fn bind() -> io::Result<Socket> {
    Ok(Socket(UdpSocket::bind(local()).await?))
}

/// Every interface of the machine that asks.
fn local() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)
}
