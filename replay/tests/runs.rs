//! Everything that is left of a run, with real runs of the kernel: written, read, compared, repeated, told.
#![allow(clippy::disallowed_methods, reason = "two processes are played by two threads")]

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{Cursor, pipe};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use faults::plan::{Host, Plan};
use faults::scenario::{Scenario, Spec};
use sim::choice::Edit;
use sim::net::{TcpListener, TcpStream, UdpSocket};
use sim::time::sleep;
use sim::trace::Reader;
use sim::{Config, Report, World, machine};
use tourbillon_replay::case::{Case, PlanSource, Replayed, Signature};
use tourbillon_replay::diff::{self, Run, Which};
use tourbillon_replay::golden::{Golden, Header};
use tourbillon_replay::page::Page;
use tourbillon_replay::recording;
use tourbillon_replay::timeline::{Shown, timeline};
use tourbillon_replay::trace::{Describer, Ended, TraceFile, TraceWriter};
use tourbillon_replay::verify::{self, LockStep, Verdict, Verified, referee};

/// Two machines whose processes work and sleep for so many rounds. Round `odd` takes longer, when it comes.
async fn work(rounds: u64, odd: Option<u64>) {
    for name in ["core-0", "core-1"] {
        let server = machine(name).create().process("server", move |_| async move {
            let mut rng = sim::rng("pause");
            for round in 0..rounds {
                let longer = u64::from(odd == Some(round));
                sleep(Duration::from_micros(100 + rng.range(0..50) + longer)).await;
            }
        });
        server.start();
    }
    sleep(Duration::from_millis(rounds)).await;
}

fn world(config: Config, readers: Vec<Box<dyn Reader>>) -> World {
    let mut world = World::new(config);
    readers.into_iter().for_each(|reader| world.read_along(reader));
    world
}

fn run(seed: u64, rounds: u64, odd: Option<u64>, readers: Vec<Box<dyn Reader>>) -> Report {
    world(Config { seed, ..Config::default() }, readers).run(move || work(rounds, odd))
}

/// A run and its trace file.
fn traced(seed: u64, rounds: u64, odd: Option<u64>) -> (Report, TraceFile<Cursor<Vec<u8>>>) {
    let writer = TraceWriter::new(Vec::new(), &Case::new("test/work", seed)).expect("memory takes all");
    let report = run(seed, rounds, odd, vec![writer.reader()]);
    let bytes = writer.finish(&Ended::from(&report)).expect("memory takes all");
    (report, TraceFile::new("run.trace", Cursor::new(bytes)).expect("it is whole"))
}

#[test]
fn a_trace_file_holds_what_the_run_wrote() {
    let (report, mut file) = traced(1, 2_500, None);
    assert!(report.passed() && report.records > 8_192, "{} records", report.records);
    assert_eq!(file.records(), report.records);
    assert_eq!(file.ended().digests, report.digests);
    let whole: Vec<_> = file.checkpoints().take(report.checkpoints.len()).collect();
    assert_eq!(whole, report.checkpoints);
    // Reading all of it compares the records with every checkpoint and with the digest.
    let mut count = 0;
    file.read_all(|_, _| count += 1).expect("it is whole");
    assert_eq!(count, report.records);
    let (first, tail) = report.tail;
    assert_eq!(file.range(first..report.records).expect("it is whole"), tail);
}

#[test]
fn two_runs_of_one_case_are_the_same_and_two_seeds_part_at_their_first_draw() {
    let (_, mut left) = traced(1, 2_500, None);
    let (_, mut again) = traced(1, 2_500, None);
    let (_, mut other) = traced(2, 2_500, None);
    let same = diff::files(&mut left, &mut again, 4).expect("both are whole");
    assert_eq!(
        same.to_string(),
        format!("the runs are the same: {} records and all digests are equal\n", thousands(left.records()))
    );
    let compared = diff::files(&mut left, &mut other, 4).expect("both are whole");
    assert!(compared.to_string().starts_with(
        "the cases differ:\n  test/work seed=0x1 alg=1\n  test/work seed=0x2 alg=1\nthe runs part at record #"
    ));
    assert!(
        compared.to_string().contains("replay/tests/runs.rs:"),
        "a task is told by where it was spawned: {compared}"
    );
}

fn thousands(number: u64) -> String {
    assert!((1_000..1_000_000).contains(&number));
    format!("{},{:03}", number / 1_000, number % 1_000)
}

#[test]
fn two_runs_that_can_be_repeated_part_where_one_of_them_was_late() {
    let odd = |which| (which == Which::Right).then_some(1_500);
    let (left, right) = (run(1, 2_500, odd(Which::Left), vec![]), run(1, 2_500, odd(Which::Right), vec![]));
    let runs = (Run::new("on time", &left), Run::new("late", &right));
    let compared = diff::runs::<Infallible>(&runs.0, &runs.1, 3, |which, reader| {
        Ok(Run::new("again", &run(1, 2_500, odd(which), vec![reader])))
    });
    let compared = compared.expect("both repeat themselves");
    let divergence = compared.divergence.as_ref().expect("one was late");
    assert!(divergence.sequence > 4_096 && divergence.sequence < left.records);
    // What differs is the time of a poll, woken by its timer.
    let told = compared.to_string();
    assert!(told.contains("\non time\n  > #") && told.contains("\nlate\n  > #"), "{told}");
    assert!(told.contains("(woken by timer)"), "{told}");
    let (_, mut left_file) = traced(1, 2_500, odd(Which::Left));
    let (_, mut right_file) = traced(1, 2_500, odd(Which::Right));
    let files = diff::files(&mut left_file, &mut right_file, 3).expect("both are whole");
    assert_eq!(files.divergence.map(|divergence| divergence.sequence), Some(divergence.sequence));
}

#[test]
fn a_case_in_lock_step_with_itself_is_the_same_and_a_leak_is_caught_where_it_happens() {
    for leak in [None, Some(1_500)] {
        let mut referees = Vec::new();
        let mut processes = Vec::new();
        for odd in [None, leak] {
            let (process_in, referee_out) = pipe().expect("there are pipes");
            let (referee_in, process_out) = pipe().expect("there are pipes");
            referees.push((referee_in, referee_out));
            processes.push(thread::spawn(move || {
                let lockstep = LockStep::new(process_in, process_out, "test/work seed=0x1 alg=1")
                    .expect("both are there");
                let report = run(1, 2_500, odd, vec![lockstep.reader()]);
                let names = (&report.names).into();
                lockstep.finish(verify::Ended::from(&report), names).expect("the referee listens")
            }));
        }
        let right = referees.pop().expect("there are two");
        let left = referees.pop().expect("there are two");
        let verified = referee(left, right, 3);
        let heard = processes.into_iter().map(|thread| thread.join().expect("no process panics"));
        let heard: Vec<Verdict> = heard.collect();
        match (leak, verified) {
            (None, verified) => {
                assert!(verified.is_same(), "{verified}");
                assert_eq!(heard, [Verdict::Same; 2]);
            }
            (Some(_), Verified::Parted(divergence)) => {
                assert!(divergence.sequence > 4_096);
                assert!(divergence.to_string().contains("core-"), "{divergence}");
                assert_eq!(heard, [Verdict::Parted; 2]);
            }
            (_, verified) => panic!("{verified}"),
        }
    }
}

#[test]
fn a_recording_that_was_kept_makes_another_seed_the_same_run() {
    let config = |seed| Config { seed, record_choices: true, ..Config::default() };
    let recorded = world(config(1), vec![]).run(|| work(200, None));
    let draws = recorded.recording.as_ref().expect("it was recorded");
    let bytes = recording::save(Vec::new(), &Case::new("test/work", 1), draws).expect("memory takes all");
    let kept = recording::load("run.draws", Cursor::new(bytes)).expect("it is whole");
    assert_eq!(&kept.recording, draws);

    let (explorer, followed) = recording::follow(&kept.recording);
    let mut world = world(config(2), vec![]);
    world.explore(explorer);
    let report = world.run(|| work(200, None));
    assert_eq!(report.digests, recorded.digests);
    let followed = *followed.borrow();
    assert_eq!((followed.followed, followed.beyond), (draws.draws.len() as u64, 0));
}

#[test]
fn a_case_with_an_edit_is_another_run_and_its_golden_says_so() {
    let edit: Edit = "app/core-0/pause[3]=0".parse().expect("it is an edit");
    let plain = run(1, 200, None, vec![]);
    let edited =
        world(Config { seed: 1, edits: vec![edit], ..Config::default() }, vec![]).run(|| work(200, None));
    let header = Header::new("test/work", false);
    let entry = |report: &Report| header.entry(&report.digests, report.records, report.virtual_time);
    let golden = Golden { header: header.clone(), entries: [(1, entry(&plain))].into() };
    assert!(golden.check(&header, &[(1, entry(&run(1, 200, None, vec![])))].into()).holds());
    let check = golden.check(&header, &[(1, entry(&edited))].into());
    assert!(check.to_string().contains("seed 0x1: schedule drift, the same faults took effect"), "{check}");
}

/// A service that fails at its tenth request, while a plan strikes it.
async fn failing() {
    let requests = Rc::new(Cell::new(0));
    let server = machine("core-0").create().process("server", move |_| {
        let requests = requests.clone();
        async move {
            loop {
                sleep(Duration::from_millis(10)).await;
                requests.set(requests.get() + 1);
                assert!(requests.get() < 10, "request {} was lost", requests.get());
            }
        }
    });
    server.start();
    sim::fault::begin("nothing at all");
    sleep(Duration::from_secs(1)).await;
}

#[test]
fn a_failed_run_is_told_on_one_page_and_its_line_repeats_it() {
    let plan = "faults = [
        { at = \"25ms\", kill = \"core-0/server\", restart_after = \"1ms\" },
        { at = \"9s\", kill = \"core-0/server\" },
    ]";
    let plan: Plan = plan.parse().expect("it is a plan");
    let host = Host::new("core-0").process("server");
    let scenario = Scenario::new("test/failing", "a service that fails", failing).host(host);
    let spec = Spec { plan: Some(plan.clone()), ..Spec::of_seed(7) };
    let run = scenario.run(&spec).expect("the plan fits");
    let mut case = Case::new("test/failing", 7);
    case.plan = Some(PlanSource::inline(&plan));
    let page = Page::new(&case, &run, "tourbillon replay").expect("it failed");
    let text = page.to_string();
    assert!(
        text.starts_with(
            "FAILED  test/failing  seed 0x7\n\n  property  panic\n  place     replay/tests/runs.rs:"
        ),
        "{text}"
    );
    assert!(text.contains("\n  message   request 10 was lost\n"), "{text}");
    assert!(
        text.contains("\n        1  { at = \"25ms\", kill = \"core-0/server\", restart_after = \"1ms\" }\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "\n        -  { at = \"9s\", kill = \"core-0/server\" }  (its time or its point never came)\n"
        ),
        "{text}"
    );
    assert!(text.contains("\n        0  nothing at all  (of the scenario, had no effect)\n"), "{text}");
    // Back from the failure: the panic, the poll it was in, woken by a timer, and what set that.
    let causes: Vec<&str> = page.causes.iter().map(|cause| cause.what.as_str()).collect();
    assert!(causes[0].ends_with("of server panics"), "{text}");
    assert!(causes[1].starts_with("poll task ") && causes[1].contains("(replay/tests/runs.rs:"), "{text}");
    assert!(causes.len() > 3, "{text}");
    assert!(page.last.last().expect("there are records").what.starts_with("the run ends: failed"), "{text}");

    let line = text.lines().last().expect("there are lines").trim();
    let line = line.strip_prefix("tourbillon replay '").and_then(|line| line.strip_suffix('\'')).expect(line);
    let pasted: Case = line.parse().expect("it was printed");
    let Some(PlanSource::Inline(plan)) = &pasted.plan else { panic!("the plan stands in the line: {line}") };
    let spec = Spec { plan: Some(plan.parse().expect("it is a plan")), ..Spec::of_seed(pasted.seed) };
    let again = scenario.run(&spec).expect("the plan fits").report;
    let signature = again.failure().map(Signature::from);
    let replayed = pasted.replayed(signature.as_ref(), again.digests.trace.into());
    assert_eq!(replayed, Replayed::SameFailure { same_digest: Some(true) });
}

/// A client and a server on two machines: over a stream, and by a datagram that nobody hears.
async fn talking() {
    let server = machine("server-0").create();
    server.spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7000").await.expect("the port is free");
        let (stream, _) = listener.accept().await.expect("a client comes");
        stream.readable().await.expect("bytes come");
        let mut bytes = [0; 5];
        stream.try_read(&mut bytes).expect("bytes are there");
    });
    let client = machine("client-0").create();
    let work = client.spawn(async {
        sleep(Duration::from_millis(1)).await;
        let socket = UdpSocket::bind("0.0.0.0:9").await.expect("the port is free");
        socket.send_to(b"anybody?", "server-0:8").await.expect("it leaves");
        let stream = TcpStream::connect("server-0:7000").await.expect("the server listens");
        stream.writable().await.expect("there is room");
        stream.try_write(b"hello").expect("there is room");
        sleep(Duration::from_secs(1)).await;
    });
    work.await.expect("it ends");
}

#[test]
fn records_of_the_network_are_told_with_machines_and_words() {
    let writer = TraceWriter::new(Vec::new(), &Case::new("test/talking", 1)).expect("memory takes all");
    let report = world(Config::default(), vec![writer.reader()]).run(talking);
    assert!(report.passed(), "{:?}", report.outcome);
    let bytes = writer.finish(&Ended::from(&report)).expect("memory takes all");
    let mut file = TraceFile::new("run.trace", Cursor::new(bytes)).expect("it is whole");
    let names = file.names().clone();
    let mut describer = Describer::new(&names);
    let mut told = String::new();
    file.read_all(|sequence, record| {
        let described = describer.describe(sequence, record);
        told += &format!("{}: {}\n", described.machine.unwrap_or_default(), described.what);
    })
    .expect("it is whole");
    for line in [
        "server-0: bind stream port 7000\n",
        "client-0: bind datagram port 9\n",
        "client-0: send over client-0>server-0 (checksum ",
        "server-0: lose over client-0>server-0: no socket (",
        "client-0: connection 0 over client-0>server-0: asked\n",
        "server-0: connection 0 over server-0>client-0: answered\n",
        "client-0: bytes leave on connection 0 (client-0>server-0) (checksum ",
        "server-0: 5 bytes arrive on connection 0 (client-0>server-0)\n",
    ] {
        assert!(told.contains(line), "no `{line}` in\n{told}");
    }
    let picture = timeline(&mut file, Shown::default()).expect("it is whole");
    assert!(picture.contains("server-0: connection 0 over server-0>client-0: answered\"]"));
}
