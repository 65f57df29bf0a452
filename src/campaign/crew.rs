//! The side that asks: one worker at a time, replaced when it is lost.
//!
//! The wall clock is looked at here and nowhere else: a run that takes too long is `hung`, a worker that is
//! gone is `aborted`, and neither has a digest.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use replay::diff::CONTEXT;
use replay::verify::{Verified, referee};

use super::pool::Interrupt;
use super::ran::Ran;
use super::wire::{Order, Take as _, malformed, read_frame, write_frame};
use super::worker::{HIDDEN_VERB, RAN, REFUSED};

/// How often a crew that waits looks whether it should stop.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes of a lost worker's last words that are shown.
const LAST_WORDS_BYTES: usize = 2000;

/// How an order ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// It ran.
    Ran(Box<Ran>),
    /// The worker cannot run it: the input was wrong.
    Refused(String),
    /// The worker died.
    Aborted(String),
    /// It overran its wall limit.
    Hung(String),
    /// It ran twice and not in the same way.
    Parted(String),
    /// Somebody wants to stop.
    Interrupted,
}

/// What workers are started with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The binary: this one.
    pub(crate) binary: PathBuf,
    /// Where workers print; `None` for this process's own standard error.
    pub(crate) logs: Option<PathBuf>,
    /// How long a run may take.
    pub(crate) wall_limit: Duration,
}

/// One worker and its replacements.
pub(crate) struct Crew {
    setup: Setup,
    interrupt: Interrupt,
    index: usize,
    worker: Option<Worker>,
}

struct Worker {
    child: Child,
    socket: UnixStream,
    log: Option<PathBuf>,
    /// How long the log was when the worker was asked: words before that are about something else.
    log_bytes_before: u64,
}

impl Crew {
    pub(crate) fn new(setup: &Setup, interrupt: &Interrupt, index: usize) -> Crew {
        Crew { setup: setup.clone(), interrupt: interrupt.clone(), index, worker: None }
    }

    /// Starts the worker, where there is none.
    pub(crate) fn start(&mut self) -> io::Result<()> {
        if self.worker.is_none() {
            self.worker = Some(Worker::start(&self.setup, &format!("worker-{}", self.index))?);
        }
        Ok(())
    }

    /// Runs an order; in a process that has run nothing before, when it must be `fresh`.
    pub(crate) fn run(&mut self, order: &Order, fresh: bool) -> Ended {
        if fresh {
            self.worker = None;
        }
        let ended = self.try_run(order).unwrap_or_else(|error| self.lost(&error));
        if fresh || !matches!(ended, Ended::Ran(_) | Ended::Refused(_)) {
            self.worker = None;
        }
        ended
    }

    fn try_run(&mut self, order: &Order) -> io::Result<Ended> {
        self.start()?;
        let (interrupt, limit) = (self.interrupt.clone(), self.setup.wall_limit);
        let worker = self.worker.as_mut().expect("it was started");
        worker.ask(order)?;
        worker.answer(&interrupt, Instant::now() + limit)
    }

    /// Runs an order in this worker and in a fresh one, in lock step.
    pub(crate) fn verify(&mut self, order: &Order, fresh: bool) -> Ended {
        if fresh {
            self.worker = None;
        }
        let mut other =
            Crew { worker: None, index: self.index, ..Crew::new(&self.setup, &self.interrupt, 0) };
        let order = Order { lockstep: true, ..order.clone() };
        let ended = self.try_verify(&mut other, &order).unwrap_or_else(|error| self.lost(&error));
        if fresh || !matches!(ended, Ended::Ran(_) | Ended::Refused(_)) {
            self.worker = None;
        }
        ended
    }

    fn try_verify(&mut self, other: &mut Crew, order: &Order) -> io::Result<Ended> {
        self.start()?;
        other.worker = Some(Worker::start(&self.setup, &format!("worker-{}-verify", self.index))?);
        let deadline = Instant::now() + self.setup.wall_limit;
        let interrupt = self.interrupt.clone();
        let (left, right) =
            (self.worker.as_mut().expect("it was started"), other.worker.as_mut().expect("it was started"));
        left.ask(order)?;
        let untraced = Order { trace: None, ..order.clone() };
        right.ask(&untraced)?;
        let verified = {
            let pipes = |worker: &Worker| -> io::Result<_> {
                let input =
                    Patient { socket: worker.socket.try_clone()?, interrupt: interrupt.clone(), deadline };
                Ok((input, worker.socket.try_clone()?))
            };
            referee(pipes(left)?, pipes(right)?, CONTEXT)
        };
        if let Verified::Gone { .. } = verified {
            // One of them has an answer that explains it, or is gone, or hangs.
            return match left.answer(&interrupt, deadline) {
                Ok(Ended::Refused(message)) => Ok(Ended::Refused(message)),
                Err(error) => Err(error),
                Ok(ended) => match right.answer(&interrupt, deadline) {
                    Err(error) => Ok(other.lost(&error)),
                    Ok(_) => Ok(ended),
                },
            };
        }
        let ran = left.answer(&interrupt, deadline)?;
        let _ = right.answer(&interrupt, deadline);
        Ok(if verified.is_same() { ran } else { Ended::Parted(verified.to_string()) })
    }

    /// The outcome when the worker does not answer, and no worker from then on.
    fn lost(&mut self, error: &io::Error) -> Ended {
        let worker = self.worker.take();
        if self.interrupt.is_set() {
            return Ended::Interrupted;
        }
        let Some(mut worker) = worker else {
            return Ended::Aborted(format!("no worker could be started: {error}"));
        };
        if error.kind() == io::ErrorKind::TimedOut {
            return Ended::Hung(format!(
                "it took longer than the wall limit of {:?}{}",
                self.setup.wall_limit,
                worker.last_words()
            ));
        }
        // What writes no frame is not trusted to end by itself.
        let status = match error.kind() {
            io::ErrorKind::InvalidData => None,
            _ => worker.wait_briefly(),
        };
        let how = status.map_or_else(|| error.to_string(), how_it_died);
        Ended::Aborted(format!("the worker died: {how}{}", worker.last_words()))
    }
}

fn how_it_died(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(6), _) => "it aborted (signal 6)".to_string(),
        (Some(9), _) => "it was killed (signal 9), perhaps for want of memory".to_string(),
        (Some(11), _) => {
            "it touched memory that is not its own, or its stack was too small (signal 11)".to_string()
        }
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("it exited with status {}", code.unwrap_or_default()),
    }
}

impl Worker {
    fn start(setup: &Setup, name: &str) -> io::Result<Worker> {
        let (socket, theirs) = UnixStream::pair()?;
        let log = setup.logs.as_ref().map(|folder| folder.join(format!("{name}.log")));
        let output = || -> io::Result<Stdio> {
            Ok(match &log {
                Some(path) => Stdio::from(File::options().create(true).append(true).open(path)?),
                None => Stdio::from(io::stderr()),
            })
        };
        let child = Command::new(&setup.binary)
            .arg(HIDDEN_VERB)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(output()?)
            .stderr(output()?)
            // Ctrl-C is for the crew, which then ends its workers.
            .process_group(0)
            .spawn()?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Worker { child, socket, log, log_bytes_before: 0 })
    }

    fn ask(&mut self, order: &Order) -> io::Result<()> {
        let log = self.log.as_ref().and_then(|path| std::fs::metadata(path).ok());
        self.log_bytes_before = log.map_or(0, |log| log.len());
        write_frame(&mut self.socket, &order.encode())
    }

    fn answer(&mut self, interrupt: &Interrupt, deadline: Instant) -> io::Result<Ended> {
        let socket = self.socket.try_clone()?;
        let mut input = Patient { socket, interrupt: interrupt.clone(), deadline };
        let frame = read_frame(&mut input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut fields = &frame[..];
        match fields.number()? {
            RAN => Ok(Ended::Ran(Box::new(Ran::decode(fields)?))),
            REFUSED => Ok(Ended::Refused(fields.text()?)),
            _ => Err(malformed()),
        }
    }

    /// The status of a worker whose end of the socket is closed: it is about to be gone.
    fn wait_briefly(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    fn last_words(&self) -> String {
        let Some(text) = self.log.as_ref().and_then(|path| std::fs::read(path).ok()) else {
            return String::new();
        };
        let said = usize::try_from(self.log_bytes_before).ok().and_then(|before| text.get(before..));
        let said = said.unwrap_or_default();
        let words =
            String::from_utf8_lossy(&said[said.len().saturating_sub(LAST_WORDS_BYTES)..]).trim().to_string();
        if words.is_empty() { String::new() } else { format!("; its last words:\n{words}") }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A worker that is done has only to see that the crew is gone; killing it is quicker and as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(log) = &self.log
            && std::fs::metadata(log).is_ok_and(|log| log.len() == 0)
        {
            let _ = std::fs::remove_file(log);
        }
    }
}

/// Reads from a worker until a deadline, or until somebody wants to stop.
struct Patient {
    socket: UnixStream,
    interrupt: Interrupt,
    deadline: Instant,
}

impl Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.socket.read(bytes) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.interrupt.0.load(Ordering::Relaxed) || Instant::now() >= self.deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}
