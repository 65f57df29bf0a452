//! A dead context: the destructors of a killed process call everything there is, and nothing comes of it.
//!
//! The measure is the run itself: with these destructors and without, it has the same digests, records, draws
//! and report.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tourbillon_sim::machine::{Boot, Machine, PanicPolicy, current_machine, current_process};
use tourbillon_sim::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host};
use tourbillon_sim::task::{self, JoinHandle, JoinSet, spawn, spawn_blocking, yield_now};
use tourbillon_sim::time::{Instant, Sleep, SystemTime, interval, sleep, timeout};
use tourbillon_sim::{Config, Ratio, Report, World, fault, machine};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

static RESERVE: points::Point = points::Point::new("dead.reserve", points::Kind::Site);

/// Polls a future once; a dead context answers that it is pending, or an error.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a destructor can lay its hands on.
struct Vandal {
    deaths: Rc<Cell<u32>>,
    others: Rc<RefCell<Option<JoinHandle<()>>>>,
    waker: Waker,
    sleep: Pin<Box<Sleep>>,
    udp: UdpSocket,
    stream: TcpStream,
    listener: TcpListener,
    file: tourbillon_sim::fs::File,
    set: JoinSet<()>,
    fault: fault::FaultId,
    rng: tourbillon_sim::choice::Rng,
}

impl Drop for Vandal {
    fn drop(&mut self) {
        self.deaths.set(self.deaths.get() + 1);
        self.tasks();
        self.time();
        self.machines();
        self.network();
        self.disk();
        self.faults();
        self.points_and_chance();
    }
}

impl Vandal {
    fn tasks(&mut self) {
        let started = spawn(async { unreachable!("a dead process starts nothing") });
        assert!(poll(started).is_pending());
        drop(spawn_blocking(|| unreachable!("nor this")));
        self.set.spawn(async { unreachable!("nor in a set") });
        assert!(self.set.try_join_next().is_none());
        assert!(poll(self.set.join_next()).is_pending());
        self.set.abort_all();
        self.waker.wake_by_ref();
        if let Some(other) = &*self.others.borrow() {
            other.abort();
        }
        assert!(poll(yield_now()).is_pending());
        let _ids = (task::id(), task::try_id());
        tourbillon_sim::work(Duration::from_secs(5));
    }

    fn time(&mut self) {
        // Clocks may be read; nothing is waited for.
        let (before, _wall) = (Instant::now(), SystemTime::now());
        assert!(poll(self.sleep.as_mut()).is_pending());
        self.sleep.as_mut().reset(before);
        assert!(poll(sleep(ms(1))).is_pending() && poll(interval(ms(1)).tick()).is_pending());
        assert!(poll(timeout(ms(1), pending::<()>())).is_pending());
    }

    fn machines(&mut self) {
        let own = current_machine();
        let born = machine("born-dead").create();
        assert_eq!((born, machine("born-dead").create()), (own, own), "nothing is set up");
        assert!(tourbillon_sim::find_machine("born-dead").is_none());
        let process = own.process("born-dead", |_: Boot| pending::<()>()).start();
        assert_eq!(process, current_process());
        for machine in tourbillon_sim::machines() {
            drop(machine.spawn(async { unreachable!("nor elsewhere") }));
            let verbs = [!machine.is_test() && machine.power_off(), machine.power_on(), machine.pause()];
            assert_eq!(verbs, [false; 3]);
            assert!(!machine.resume());
            machine.set_speed(Ratio::of(1, 1000));
            machine.set_addresses(&[[10, 9, 9, 9].into()]);
            for process in machine.processes() {
                let verbs = [process.kill(), process.stop(ms(1)), process.restart(), process.pause()];
                assert_eq!(verbs, [false; 4]);
                assert!(!process.resume());
                process.restart_after(ms(1));
                process.set_version(99);
                process.set_config("worse");
                process.set_on_panic(PanicPolicy::Isolate);
                drop(process.spawn(async { unreachable!("nor there") }));
                assert!(poll(process.wait()).is_pending());
            }
        }
        assert!(poll(tourbillon_sim::shutdown()).is_pending());
        tourbillon_sim::fail("vandalism", "a dead process has no complaints");
    }

    fn network(&mut self) {
        let target = SocketAddr::from(([10, 0, 0, 1], 9));
        let own = current_machine().addresses()[0];
        // Each either pends or answers an error; none goes through.
        let came = [
            matches!(poll(UdpSocket::bind((own, 0))), Poll::Ready(Ok(_))),
            matches!(poll(TcpListener::bind((own, 0))), Poll::Ready(Ok(_))),
            matches!(poll(TcpStream::connect(target)), Poll::Ready(Ok(_))),
            matches!(poll(self.udp.send_to(b"from the grave", target)), Poll::Ready(Ok(_))),
            self.udp.try_send_to(b"from the grave", target).is_ok(),
            matches!(poll(self.udp.recv_from(&mut [0; 8])), Poll::Ready(Ok(_))),
            matches!(poll(self.udp.connect(target)), Poll::Ready(Ok(()))),
            matches!(poll(self.listener.accept()), Poll::Ready(Ok(_))),
            self.stream.try_write(b"from the grave").is_ok(),
            self.stream.try_read(&mut [0; 8]).is_ok(),
        ];
        assert_eq!(came, [false; 10]);
        let mut context = Context::from_waker(Waker::noop());
        let stream = Pin::new(&mut self.stream);
        assert!(!matches!(stream.poll_write(&mut context, b"from the grave"), Poll::Ready(Ok(_))));
        let mut room = [0; 8];
        let mut room = ReadBuf::new(&mut room);
        let stream = Pin::new(&mut self.stream);
        assert!(!matches!(stream.poll_read(&mut context, &mut room), Poll::Ready(Ok(()))));
        assert!(!matches!(Pin::new(&mut self.stream).poll_shutdown(&mut context), Poll::Ready(Ok(()))));
        let _ = (self.stream.set_nodelay(true), self.stream.set_zero_linger());
        let _ = TcpSocket::new_v4().and_then(|socket| socket.bind(SocketAddr::new(own, 0)));
        let _ = poll(lookup_host("host:1")).map(|found| found.map(Iterator::count));
        tourbillon_sim::net::set_latency(
            &tourbillon_sim::machines(),
            &tourbillon_sim::machines(),
            tourbillon_sim::net::Latency::constant(ms(500)),
        );
    }

    fn disk(&mut self) {
        use tourbillon_sim::fs;
        let came = [
            matches!(poll(fs::write("/grave", b"words")), Poll::Ready(Ok(()))),
            matches!(poll(fs::read("/log")), Poll::Ready(Ok(_))),
            matches!(poll(fs::create_dir_all("/dead/and/gone")), Poll::Ready(Ok(()))),
            matches!(poll(fs::rename("/log", "/grave")), Poll::Ready(Ok(()))),
            matches!(poll(fs::remove_file("/log")), Poll::Ready(Ok(()))),
            matches!(poll(fs::File::create("/grave")), Poll::Ready(Ok(_))),
            matches!(poll(self.file.sync_all()), Poll::Ready(Ok(()))),
            matches!(poll(self.file.set_len(0)), Poll::Ready(Ok(()))),
        ];
        assert_eq!(came, [false; 8]);
        let mut context = Context::from_waker(Waker::noop());
        let written = Pin::new(&mut self.file).poll_write(&mut context, b"words");
        assert!(!matches!(written, Poll::Ready(Ok(_))));
    }

    fn faults(&mut self) {
        let host = current_machine();
        let begun = fault::begin("vandalism");
        for fault in [begun, self.fault] {
            let effects = fault::effects(fault);
            for condition in [
                fault::Condition::WallFreeze,
                fault::Condition::MonotonicDrift { ppm: 9 },
                fault::Condition::ConstantEntropy(7),
                fault::Condition::Slow { times: 1000 },
            ] {
                fault::impose(fault, fault::Target::Machine(host), condition);
            }
            fault::effect(fault);
            fault::turn(fault, "knob", 99);
            assert!(!fault::attribute(fault, || host.power_off()));
            fault::end(fault);
            assert_eq!(fault::effects(fault), effects);
            assert!(poll(fault::over(fault)).is_pending());
        }
        assert!(!fault::is_over(self.fault));
        fault::at(Duration::ZERO, || unreachable!("a dead process plans nothing"));
        fault::after(ms(1), || unreachable!("nor later"));
        fault::on_point("dead.site", 1, |_| unreachable!("nor at a point"));
        fault::register("dead.fault", |_, _| Err("nor this".to_string()));
        assert!(fault::call(begun, "dead.fault", &BTreeMap::new()).is_err());
        tourbillon_sim::take_role("ghost");
        tourbillon_sim::drop_role("leader");
        assert_eq!(fault::roles_of(tourbillon_sim::test_machine()), ["leader"]);
        assert_eq!(tourbillon_sim::knob("knob", 5), 5);
    }

    fn points_and_chance(&mut self) {
        points::always!(false, "dead.always");
        points::sometimes!(true, "dead.sometimes");
        points::reachable!("dead.reachable");
        points::unreachable!("dead.unreachable");
        points::numeric!("dead.numeric", 9u32);
        points::mark!("dead.mark", "subject", 1);
        assert!(!points::quirk!("dead.quirk"));
        assert!(poll(points::site!("dead.site")).is_pending());
        assert!(tourbillon_sim::try_reserve(&RESERVE, 64).is_err());
        let mut bytes = [1; 9];
        tourbillon_sim::entropy(&mut bytes);
        assert_eq!((bytes, self.rng.choose(100)), ([0; 9], 0));
        assert_eq!(tourbillon_sim::rng("born-dead").choose(100), 0);
        let chosen = poll(async {
            tourbillon_sim::select! {
                () = std::future::ready(()) => 1,
                () = std::future::ready(()) => 2,
            }
        });
        assert_eq!(chosen, Poll::Ready(1), "no order is drawn for the dead");
    }
}

/// A service is ended in every way while it holds a vandal, or nothing of the kind.
fn ended(vandals: bool, end: fn(Machine)) -> (Report, u32) {
    let deaths = Rc::new(Cell::new(0));
    let counted = deaths.clone();
    let config = Config { seed: 11, record_choices: true, ..Config::default() };
    let report = World::new(config).run(move || async move {
        tourbillon_sim::take_role("leader");
        let living = fault::begin("living");
        // Reads of this clock are counted: a dead process's are none.
        let target = fault::Target::Machine(machine("host").create());
        let host = tourbillon_sim::find_machine("host").unwrap();
        fault::impose(living, target, fault::Condition::WallCreep { by: 1000 });
        let others = Rc::new(RefCell::new(Some(spawn(sleep(ms(30))))));
        let held = others.clone();
        host.process("server", move |_| {
            let (counted, others) = (counted.clone(), held.clone());
            async move {
                let listener = TcpListener::bind("host:80").await.unwrap();
                let (stream, accepted) = tokio::join!(TcpStream::connect("host:80"), listener.accept());
                let mut late = Box::pin(sleep(ms(20)));
                assert!(timeout(ms(1), &mut late).await.is_err());
                let mut set = JoinSet::new();
                set.spawn(pending());
                let mut vandal = Vandal {
                    deaths: counted,
                    others,
                    waker: std::future::poll_fn(|cx| Poll::Ready(cx.waker().clone())).await,
                    sleep: late,
                    udp: UdpSocket::bind("host:53").await.unwrap(),
                    stream: stream.unwrap(),
                    listener,
                    file: tourbillon_sim::fs::File::create("/log").await.unwrap(),
                    set,
                    fault: living,
                    rng: tourbillon_sim::rng("server"),
                };
                assert!(vandal.rng.choose(100) < 100);
                if vandals {
                    let _vandal = vandal;
                    let _accepted = accepted;
                    points::site!("dead.ready").await;
                    pending::<()>().await;
                } else {
                    let _vandal = std::mem::ManuallyDrop::new(vandal);
                    let _accepted = std::mem::ManuallyDrop::new(accepted);
                    points::site!("dead.ready").await;
                    pending::<()>().await;
                }
            }
        })
        .on_panic(PanicPolicy::Crash)
        .start();
        sleep(ms(10)).await;
        end(host);
        sleep(ms(10)).await;
        // Life goes on beside it, on the same disk, and would show a draw or a wake too many.
        if host.is_up() {
            let walls = host.spawn(async {
                let walls = (SystemTime::now(), SystemTime::now());
                assert_eq!(tourbillon_sim::fs::read("/log").await.unwrap(), b"");
                assert!(tourbillon_sim::fs::metadata("/grave").await.is_err());
                (walls.1.duration_since(walls.0), tourbillon_sim::rng("server").choose(1 << 40))
            });
            assert_eq!(walls.await.unwrap().0, Ok(Duration::from_nanos(1000)));
        }
        let bustle: JoinSet<()> = (0..10)
            .map(|_| async {
                for _ in 0..10 {
                    yield_now().await;
                }
            })
            .collect();
        bustle.join_all().await;
        let other = others.borrow_mut().take().unwrap();
        other.await.unwrap();
    });
    (report, deaths.get())
}

fn assert_inert(end: fn(Machine)) {
    let (with, deaths) = ended(true, end);
    let (without, none) = ended(false, end);
    assert_eq!((deaths, none), (1, 0));
    let (with, without) = (with.unwrap(), without.unwrap());
    assert_eq!(with.digests, without.digests);
    assert_eq!((with.records, with.steps), (without.records, without.steps));
    assert_eq!(with.recording, without.recording, "not a draw, not a stream");
    assert_eq!(with.points, without.points);
    assert_eq!(with.faults, without.faults);
    assert_eq!(with.names, without.names);
    assert_eq!(with.warnings, without.warnings);
}

#[test]
fn destructors_of_a_killed_process_call_everything_in_vain() {
    assert_inert(|host| assert!(host.find_process("server").unwrap().kill()));
}

#[test]
fn destructors_of_a_machine_without_power_call_everything_in_vain() {
    assert_inert(|host| assert!(host.power_off()));
}

#[test]
fn destructors_of_a_process_that_ran_out_of_grace_call_everything_in_vain() {
    assert_inert(|host| assert!(host.find_process("server").unwrap().stop(ms(2))));
}

#[test]
fn destructors_at_the_end_of_a_run_call_everything_in_vain() {
    assert_inert(|_| ());
}

#[test]
fn unwinding_a_crash_calls_everything_in_vain() {
    let run = |vandals: bool| {
        let deaths = Rc::new(Cell::new(0));
        let counted = deaths.clone();
        let report = World::new(Config { seed: 5, ..Config::default() }).run(move || async move {
            struct Will(Rc<Cell<u32>>);
            impl Drop for Will {
                fn drop(&mut self) {
                    self.0.set(self.0.get() + 1);
                    drop(spawn(async { unreachable!("a crash says no goodbye") }));
                    tourbillon_sim::fail("goodbye", "");
                    let _ = tourbillon_sim::rng("will").choose(9);
                }
            }
            let host = machine("host").create();
            let server = host.process("server", move |_| {
                let counted = counted.clone();
                async move {
                    let will = AssertUnwindSafe(Will(counted));
                    let _will = if vandals {
                        Some(will)
                    } else {
                        std::mem::forget(will);
                        None
                    };
                    sleep(ms(1)).await;
                    panic!("crash");
                }
            });
            server.on_panic(PanicPolicy::Crash).start().wait().await;
            sleep(ms(1)).await;
        });
        (report.unwrap().digests, deaths.get())
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.0, without.0);
    assert_eq!((with.1, without.1), (1, 0));
}

#[test]
fn wakers_of_a_dead_process_are_dropped_as_its_own() {
    struct Shared(Rc<Cell<u32>>);
    // A waker must be Send: the counter is reached through a thread-local.
    thread_local! {
        static BORN: Cell<u32> = const { Cell::new(0) };
    }
    struct Custom;
    impl Wake for Custom {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    impl Drop for Custom {
        fn drop(&mut self) {
            drop(spawn(async { BORN.set(BORN.get() + 1) }));
        }
    }
    let counted = Shared(Rc::default());
    let report = World::new(Config::default()).run(move || async move {
        let host = machine("host").create();
        let server = host
            .process("server", |_| async {
                let waker = Waker::from(std::sync::Arc::new(Custom));
                let mut cx = Context::from_waker(&waker);
                let mut late = Box::pin(sleep(ms(100)));
                let mut stop = Box::pin(tourbillon_sim::shutdown());
                assert!(late.as_mut().poll(&mut cx).is_pending() && stop.as_mut().poll(&mut cx).is_pending());
                let socket = UdpSocket::bind("host:53").await.unwrap();
                let listener = TcpListener::bind("host:80").await.unwrap();
                let mut room = [0; 8];
                // One for each, so that each is the last of its kind.
                let other = Waker::from(std::sync::Arc::new(Custom));
                let mut cx = Context::from_waker(&other);
                assert!(socket.poll_recv(&mut cx, &mut ReadBuf::new(&mut room)).is_pending());
                let third = Waker::from(std::sync::Arc::new(Custom));
                let mut cx = Context::from_waker(&third);
                assert!(listener.poll_accept(&mut cx).is_pending());
                drop((other, third));
                drop(waker);
                pending::<()>().await;
            })
            .start();
        sleep(ms(1)).await;
        server.kill();
        sleep(ms(1)).await;
        counted.0.set(BORN.get());
        assert_eq!(counted.0.get(), 0, "a task was born of a dead process");
    });
    report.unwrap();
}
