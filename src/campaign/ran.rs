//! What a run came to, as far as a campaign keeps it; it travels from the worker to the crew.

use std::io;

use faults::scenario::Run;
use replay::case::Signature;
use search::coverage::Footprint;
use search::guided::Told;
use sim::Failure;
use sim::choice::{Draw, Recording, StreamId};
use sim::trace::{Digest, Digests};

use super::wire::{Put, Take};

/// A run that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Ran {
    /// How it failed, if it did.
    pub(crate) failed: Option<FailedBy>,
    pub(crate) digests: Digests,
    pub(crate) records: u64,
    pub(crate) virtual_ns: u64,
    /// How long the worker took. It is told to people and decides nothing.
    pub(crate) wall_ns: u64,
    /// Lines of the plan.
    pub(crate) plan_lines: u64,
    /// Lines of the plan that took effect.
    pub(crate) lines_effective: u64,
    /// How often faults took effect.
    pub(crate) effects: u64,
    pub(crate) points: Vec<Hits>,
    /// Counts by value, by name.
    pub(crate) latencies: Vec<(String, Vec<(u64, u64)>)>,
    pub(crate) warnings: Vec<String>,
    /// The failure page of a failed run.
    pub(crate) page: Option<String>,
    /// The records that were asked for.
    pub(crate) excerpt: Option<String>,
    /// What the run drew, when that was asked for.
    pub(crate) recorded: Option<Drawn>,
    /// What the run showed.
    pub(crate) footprint: Footprint,
    /// What a guided search learns from it, when that was asked for: marks are a part of this footprint.
    pub(crate) told: Option<Told>,
    /// Where many schedules were searched: how many, whether they are all, and the case of the one that is told.
    pub(crate) searched: Option<Searched>,
    /// Where it stood at the times that were asked for, until it ended.
    pub(crate) stands: Vec<Stand>,
}

/// Where a run stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Stand {
    pub(crate) at_ns: u64,
    pub(crate) draws: u64,
    pub(crate) records: u64,
}

/// A search through the schedules of one seed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Searched {
    pub(crate) schedules: u64,
    pub(crate) all: bool,
    /// The case's line.
    pub(crate) case: String,
}

/// What a run drew.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Drawn {
    /// The plan that was carried out, as text.
    pub(crate) plan: String,
    /// What its load did, as text.
    pub(crate) operations: String,
    pub(crate) recording: Recording,
}

impl Drawn {
    pub(crate) fn of(run: &Run) -> Option<Drawn> {
        Some(Drawn {
            plan: run.plan.to_string(),
            operations: run.report.operations.as_ref()?.to_string(),
            recording: run.report.recording.clone()?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.put_text(&self.plan);
        out.put_text(&self.operations);
        out.put(self.recording.streams.len() as u64);
        self.recording.streams.iter().for_each(|stream| out.put_text(stream));
        out.put(self.recording.draws.len() as u64);
        for draw in &self.recording.draws {
            [draw.stream.index() as u64, draw.index, draw.bound, draw.value]
                .into_iter()
                .for_each(|number| out.put(number));
        }
    }

    fn decode(input: &mut &[u8]) -> io::Result<Drawn> {
        let (plan, operations) = (input.text()?, input.text()?);
        let streams = input.list(Take::text)?;
        let draws = input.list(|input| {
            let stream = u32::try_from(input.number()?).map_err(|_| super::wire::malformed())?;
            Ok(Draw {
                stream: StreamId::from_index(stream),
                index: input.number()?,
                bound: input.number()?,
                value: input.number()?,
            })
        })?;
        Ok(Drawn { plan, operations, recording: Recording { streams, draws } })
    }
}

/// The property that failed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct FailedBy {
    pub(crate) property: String,
    pub(crate) place: String,
    pub(crate) message: String,
    pub(crate) at_ns: u64,
    pub(crate) machine: Option<String>,
    /// `property@place`, as a case keeps it.
    pub(crate) signature: Option<Signature>,
}

/// A point and how often it was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hits {
    pub(crate) name: String,
    pub(crate) hits: u64,
    pub(crate) held: u64,
    pub(crate) numeric_max: u64,
}

impl FailedBy {
    fn new(failure: &Failure, signature: Option<Signature>) -> FailedBy {
        FailedBy {
            property: failure.property.clone(),
            place: failure.place.clone(),
            message: failure.message.clone(),
            at_ns: failure.at,
            machine: failure.machine.clone(),
            signature,
        }
    }
}

impl Ran {
    pub(crate) fn new(run: &Run, wall_ns: u64, page: Option<String>, excerpt: Option<String>) -> Ran {
        let report = &run.report;
        Ran {
            failed: report.failure().map(|failure| FailedBy::new(failure, Signature::of(run))),
            digests: report.digests,
            records: report.records,
            virtual_ns: u64::try_from(report.virtual_time.as_nanos()).unwrap_or(u64::MAX),
            wall_ns,
            plan_lines: run.lines.len() as u64,
            lines_effective: run.lines.iter().filter(|line| line.effects > 0).count() as u64,
            effects: report.faults.iter().map(|fault| fault.effects).sum(),
            points: report
                .points
                .iter()
                .map(|point| Hits {
                    name: point.name.to_string(),
                    hits: point.hits,
                    held: point.held,
                    numeric_max: point.numeric_max,
                })
                .collect(),
            latencies: report
                .latencies
                .iter()
                .map(|latency| (latency.name.to_string(), latency.counts.clone()))
                .collect(),
            warnings: report.warnings.clone(),
            page,
            excerpt,
            recorded: Drawn::of(run),
            footprint: Footprint::of_run(run),
            told: None,
            searched: None,
            stands: Vec::new(),
        }
    }

    /// Measured operations.
    pub(crate) fn operations(&self) -> u64 {
        self.latencies.iter().flat_map(|(_, counts)| counts).map(|(_, count)| count).sum()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put(u64::from(self.failed.is_some()));
        if let Some(failed) = &self.failed {
            out.put_text(&failed.property);
            out.put_text(&failed.place);
            out.put_text(&failed.message);
            out.put(failed.at_ns);
            put_option(&mut out, failed.machine.as_deref());
            let signature = failed.signature.clone().unwrap_or_default();
            for part in [signature.place, signature.point, signature.role, signature.fault] {
                put_option(&mut out, part.as_deref());
            }
        }
        for digest in [self.digests.trace, self.digests.faults, self.digests.semantic] {
            out.put_bytes(&digest.0);
        }
        let numbers = [
            self.records,
            self.virtual_ns,
            self.wall_ns,
            self.plan_lines,
            self.lines_effective,
            self.effects,
            self.points.len() as u64,
        ];
        numbers.into_iter().for_each(|number| out.put(number));
        for point in &self.points {
            out.put_text(&point.name);
            [point.hits, point.held, point.numeric_max].into_iter().for_each(|number| out.put(number));
        }
        out.put(self.latencies.len() as u64);
        for (name, counts) in &self.latencies {
            out.put_text(name);
            out.put(counts.len() as u64);
            for (value, count) in counts {
                out.put(*value);
                out.put(*count);
            }
        }
        out.put(self.warnings.len() as u64);
        self.warnings.iter().for_each(|warning| out.put_text(warning));
        put_option(&mut out, self.page.as_deref());
        put_option(&mut out, self.excerpt.as_deref());
        out.put(u64::from(self.recorded.is_some()));
        if let Some(recorded) = &self.recorded {
            recorded.encode(&mut out);
        }
        put_footprint(&mut out, &self.footprint);
        out.put(u64::from(self.told.is_some()));
        if let Some(told) = &self.told {
            put_footprint(&mut out, &told.footprint);
            out.put(told.streams.len() as u64);
            for (stream, draws) in &told.streams {
                out.put_text(stream);
                out.put(*draws);
            }
        }
        out.put(u64::from(self.searched.is_some()));
        if let Some(Searched { schedules, all, case }) = &self.searched {
            out.put(*schedules);
            out.put(u64::from(*all));
            out.put_text(case);
        }
        out.put(self.stands.len() as u64);
        for Stand { at_ns, draws, records } in &self.stands {
            [*at_ns, *draws, *records].into_iter().for_each(|number| out.put(number));
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> io::Result<Ran> {
        let mut input = bytes;
        let input = &mut input;
        let failed = match input.number()? {
            0 => None,
            _ => {
                let property = input.text()?;
                Some(FailedBy {
                    place: input.text()?,
                    message: input.text()?,
                    at_ns: input.number()?,
                    machine: option(input)?,
                    signature: Some(Signature {
                        property: property.clone(),
                        place: option(input)?,
                        point: option(input)?,
                        role: option(input)?,
                        fault: option(input)?,
                    }),
                    property,
                })
            }
        };
        let mut digest = || -> io::Result<Digest> {
            let bytes = input.bytes()?;
            Ok(Digest(bytes.try_into().map_err(|_| super::wire::malformed())?))
        };
        let digests = Digests { trace: digest()?, faults: digest()?, semantic: digest()? };
        Ok(Ran {
            failed,
            digests,
            records: input.number()?,
            virtual_ns: input.number()?,
            wall_ns: input.number()?,
            plan_lines: input.number()?,
            lines_effective: input.number()?,
            effects: input.number()?,
            points: input.list(|input| {
                Ok(Hits {
                    name: input.text()?,
                    hits: input.number()?,
                    held: input.number()?,
                    numeric_max: input.number()?,
                })
            })?,
            latencies: input.list(|input| {
                let name = input.text()?;
                Ok((name, input.list(|input| Ok((input.number()?, input.number()?)))?))
            })?,
            warnings: input.list(Take::text)?,
            page: option(input)?,
            excerpt: option(input)?,
            recorded: if input.number()? == 0 { None } else { Some(Drawn::decode(input)?) },
            footprint: footprint(input)?,
            told: match input.number()? {
                0 => None,
                _ => Some(Told {
                    footprint: footprint(input)?,
                    streams: input.list(|input| Ok((input.text()?, input.number()?)))?,
                }),
            },
            searched: match input.number()? {
                0 => None,
                _ => Some(Searched {
                    schedules: input.number()?,
                    all: input.number()? == 1,
                    case: input.text()?,
                }),
            },
            stands: input.list(|input| {
                Ok(Stand { at_ns: input.number()?, draws: input.number()?, records: input.number()? })
            })?,
        })
    }
}

fn put_footprint(out: &mut Vec<u8>, footprint: &Footprint) {
    out.put(footprint.features().len() as u64);
    footprint.features().iter().for_each(|feature| out.put(u64::from(*feature)));
    out.put(footprint.maxima().len() as u64);
    for (feature, value) in footprint.maxima() {
        out.put(u64::from(*feature));
        out.put(*value);
    }
}

fn footprint(input: &mut &[u8]) -> io::Result<Footprint> {
    let features = input.list(feature)?;
    Ok(Footprint::of_parts(features, input.list(|input| Ok((feature(input)?, input.number()?)))?))
}

fn feature(input: &mut &[u8]) -> io::Result<u32> {
    u32::try_from(input.number()?).map_err(|_| super::wire::malformed())
}

fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    out.put(u64::from(text.is_some()));
    if let Some(text) = text {
        out.put_text(text);
    }
}

fn option(input: &mut &[u8]) -> io::Result<Option<String>> {
    if input.number()? == 0 { Ok(None) } else { input.text().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_came_to_is_read_as_it_was_written_and_a_cut_frame_is_refused() {
        let digest = |byte| Digest([byte; 32]);
        let ran = Ran {
            failed: Some(FailedBy {
                property: "no-lost-write".to_string(),
                place: "a.rs:1:2".to_string(),
                message: "two\nlines".to_string(),
                at_ns: 7,
                machine: Some("n1".to_string()),
                signature: Some(Signature {
                    property: "no-lost-write".to_string(),
                    place: Some("a.rs:1:2".to_string()),
                    point: None,
                    role: Some("n".to_string()),
                    fault: Some("power".to_string()),
                }),
            }),
            digests: Digests { trace: digest(1), faults: digest(2), semantic: digest(3) },
            records: 1,
            virtual_ns: 2,
            wall_ns: 3,
            plan_lines: 4,
            lines_effective: 5,
            effects: 6,
            points: vec![Hits { name: "p".to_string(), hits: 1, held: 2, numeric_max: 3 }],
            latencies: vec![("call".to_string(), vec![(10, 1), (20, 2)])],
            warnings: vec!["w".to_string()],
            page: Some("page".to_string()),
            excerpt: None,
            recorded: Some(Drawn {
                plan: "faults = []".to_string(),
                operations: "a: 1".to_string(),
                recording: Recording {
                    streams: vec!["s".to_string()],
                    draws: vec![Draw { stream: StreamId::from_index(0), index: 3, bound: 0, value: 7 }],
                },
            }),
            footprint: Footprint::of_parts(vec![3, 9], vec![(7, 2)]),
            told: Some(Told {
                footprint: Footprint::of_parts(vec![4], Vec::new()),
                streams: vec![("s".to_string(), 4)],
            }),
            searched: Some(Searched { schedules: 6, all: true, case: "kv/x seed=0x1".to_string() }),
            stands: vec![Stand { at_ns: 1, draws: 2, records: 3 }],
        };
        let bytes = ran.encode();
        assert_eq!(Ran::decode(&bytes).expect("it was written"), ran);
        for length in 0..bytes.len() {
            assert!(Ran::decode(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert_eq!(ran.operations(), 3);
    }
}
