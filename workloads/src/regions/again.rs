//! Once more: the same load on the same answers of the machine is the same to the last event, and in every class
//! it means the same.
//!
//! Two runtimes on one machine do not get the same answers: time goes on, and entropy with it. So the first run's
//! answers are kept on a tape and given to the second. What is then left to differ is the runtime itself.

use std::rc::Rc;

use models::regions::api::{Class, Config, Event};
use sim::machine::Machine;
use sim::workload::size;

use super::accept::Acceptance;
use super::rig::{Remains, Rig, UNIT, boot};
use super::seen::difference;
use super::unit::{Source, Tape};

/// The machines that the classes are compared on.
pub const CLASS_UNITS: [&str; 3] = ["unit-r1", "unit-r2", "unit-r3"];

/// The size of a run by which it is compared in fewer classes.
pub const CLASSES: &str = "classes";

/// Plays a load on the unit, once more from the tape, and in each other class; what the unit's own run left.
///
/// The load must leave what it opened closed, and may leave leaks.
pub async fn judge<P>(accept: Acceptance, config: Config, play: P) -> Remains
where
    P: AsyncFn(&mut Rig) + 'static,
{
    let play = Rc::new(play);
    // All of them are there from the beginning: what strikes one strikes all.
    let unit = sim::machine(UNIT).create();
    let others_max = size(CLASSES, Class::ALL.len() as u64).saturating_sub(1) as usize;
    let class_units = CLASS_UNITS.iter().filter(|_| others_max > 0).map(|name| sim::machine(name).create());
    let class_units: Vec<Machine> = class_units.collect();
    let once = |source: Source, config: Config| {
        let play = play.clone();
        async move {
            let mut rig = Rig::with(config, source, None);
            play(&mut rig).await;
            rig.finish_leaking().await
        }
    };
    let tape = Tape::default();
    let (first, again) =
        (once(Source::Recorded(tape.clone()), config), once(Source::Played(tape.clone()), config));
    let (first, again) = boot(unit, async move { (first.await, again.await) }).await;
    accept.require("answers-all-asked-for", tape.borrow().is_empty(), || {
        format!("the second run left {} answers of the first on the tape", tape.borrow().len())
    });
    same(accept, &first.seen.events(), &again.seen.events());
    let meaning = first.seen.meaning();
    accept.at_least("means-something", meaning.values().map(Vec::len).sum(), 50);
    let others = class_units.into_iter().zip(Class::ALL).filter(|(_, class)| *class != config.class);
    for (unit, class) in others.take(others_max) {
        let remains = boot(unit, once(Source::Machine, config.class(class))).await;
        let differs = difference(&remains.seen.meaning(), &meaning);
        accept.require("classes-mean-the-same", differs.is_none(), || {
            format!("in {class}, against {}: {}", config.class, differs.unwrap_or_default())
        });
    }
    first
}

/// The digests of both runs, and where they part.
fn same(accept: Acceptance, first: &[Event], again: &[Event]) {
    let (digest, digest_again) = (digest(first), digest(again));
    accept.require("digests-agree", digest == digest_again, || {
        let at = first.iter().zip(again).position(|(one, other)| one != other);
        let at = at.unwrap_or(first.len().min(again.len()));
        format!(
            "{digest:016x} and {digest_again:016x}: event {at} is {:?}, then {:?}",
            first.get(at),
            again.get(at)
        )
    });
}

/// All events in one word: FNV-1a over their encoding.
fn digest(events: &[Event]) -> u64 {
    let words = events.iter().flat_map(Event::encode);
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3))
}
