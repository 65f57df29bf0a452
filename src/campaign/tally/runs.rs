//! The runs of one scenario within a tally: a few words about all of them, then each in some hundred bytes.

use std::collections::BTreeMap;
use std::io;

use replay::case::Case;
use search::coverage::Coverage;
use sim::trace::{Digest, Digests};

use super::Parts;
use crate::campaign::rows::{Row, Rows, Verdict};
use crate::campaign::summary::{Failing, Kept, PointSum, ScenarioSummary, histogram};
use crate::campaign::wire::{Put as _, Take as _, malformed};

impl ScenarioSummary {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_text(&self.name);
        out.put(self.points.len() as u64);
        for (name, point) in &self.points {
            out.put_text(name);
            out.put_text(point.kind);
            let numbers = [u64::from(point.required), point.hits, point.held, point.numeric_max];
            numbers.into_iter().for_each(|number| out.put(number));
        }
        out.put(self.latencies.len() as u64);
        for (name, histogram) in &self.latencies {
            out.put_text(name);
            // A bucket's highest value stands for the bucket: put back, it finds the same one.
            let buckets: Vec<_> = histogram.iter_recorded().collect();
            out.put(buckets.len() as u64);
            for bucket in buckets {
                out.put_varint(bucket.value_iterated_to());
                out.put_varint(bucket.count_at_value());
            }
        }
        out.put(self.warnings.len() as u64);
        for (warning, count) in &self.warnings {
            out.put_text(warning);
            out.put(*count);
        }
        let (features, maxima, runs, end) = self.coverage.parts();
        out.put(features.len() as u64);
        for (feature, runs, first) in features {
            [u64::from(feature), runs, first].into_iter().for_each(|number| out.put_varint(number));
        }
        out.put(maxima.len() as u64);
        for (feature, value) in maxima {
            [u64::from(feature), value].into_iter().for_each(|number| out.put_varint(number));
        }
        [runs, end, self.schedules, self.seeds_whole].into_iter().for_each(|number| out.put(number));
        out.put(self.failing.len() as u64);
        for (what, failing) in &self.failing {
            out.put_text(what);
            out.push(failing.verdict as u8);
            out.put(failing.count);
            out.put(failing.first.len() as u64);
            failing.first.iter().for_each(|(position, kept)| put_kept(out, *position, kept));
        }
        let properties: BTreeMap<&str, u64> = (1..)
            .zip(self.rows.values().filter_map(|row| row.property.as_deref()).collect::<Words<'_>>())
            .map(|(index, property)| (property, index))
            .collect();
        out.put(properties.len() as u64);
        properties.keys().for_each(|property| out.put_text(property));
        out.put(self.rows.len() as u64);
        for (position, row) in self.rows.iter() {
            let property = row.property.as_deref().map_or(0, |property| properties[property]);
            put_row(out, position, row, property);
        }
    }
}

/// What a row takes at least: two bytes, and eight numbers of one byte.
const ROW_BYTES_MIN: usize = 10;

/// Words, each once, in order.
type Words<'a> = std::collections::BTreeSet<&'a str>;

/// Reads a scenario's runs; each must be of one of the parts.
pub(super) fn take(input: &mut &[u8], parts: &Parts) -> io::Result<ScenarioSummary> {
    let name = input.text()?;
    let points = input.list(|input| {
        let (name, kind) = (input.text()?, input.text()?);
        let required = input.number()? == 1;
        let (hits, held, numeric_max) = (input.number()?, input.number()?, input.number()?);
        Ok((name, PointSum { kind: kind_of(&kind)?, required, hits, held, numeric_max }))
    })?;
    let latencies = input.list(|input| {
        let (name, mut latencies) = (input.text()?, histogram());
        for (value, count) in input.list(|input| Ok((input.varint()?, input.varint()?)))? {
            latencies.record_n(value, count).map_err(|_| malformed())?;
        }
        Ok((name, latencies))
    })?;
    let warnings = input.list(|input| Ok((input.text()?, input.number()?)))?;
    let feature = |input: &mut &[u8]| u32::try_from(input.varint()?).map_err(|_| malformed());
    let features = input.list(|input| Ok((feature(input)?, input.varint()?, input.varint()?)))?;
    let maxima = input.list(|input| Ok((feature(input)?, input.varint()?)))?;
    let coverage = Coverage::of_parts(features, maxima, (input.number()?, input.number()?));
    let (schedules, seeds_whole) = (input.number()?, input.number()?);
    let failing = input.list(|input| {
        let what = input.text()?;
        let mut failing = Failing::new(verdict(input)?);
        failing.count = input.number()?;
        for (position, kept) in input.list(take_kept)? {
            failing.keep(position, kept);
        }
        Ok((what, failing))
    })?;
    let properties = input.list(|input| input.text())?;
    let count = input.number()?;
    // Memory for no more rows than there are bytes for.
    let room = (input.len() / ROW_BYTES_MIN) as u64;
    let mut rows = Rows::with_capacity(usize::try_from(count.min(room)).map_err(|_| malformed())?);
    let mut last = None;
    for _ in 0..count {
        let (position, row) = take_row(input, &properties)?;
        if last.replace(position) >= Some(position) || !parts.have(position) {
            return Err(malformed());
        }
        rows.insert(position, row);
    }
    Ok(ScenarioSummary {
        name,
        busy_ns: 0,
        virtual_ns: rows.values().map(|row| u128::from(row.virtual_ns)).sum(),
        effects: rows.values().fold(0, |sum: u64, row| row.effects.saturating_add(sum)),
        points: points.into_iter().collect(),
        failing: failing.into_iter().collect(),
        latencies: latencies.into_iter().collect(),
        warnings: warnings.into_iter().collect(),
        coverage,
        schedules,
        seeds_whole,
        rows,
    })
}

fn put_kept(out: &mut Vec<u8>, position: u64, kept: &Kept) {
    out.put(position);
    out.put_text(&kept.case.to_string());
    out.put_text(&kept.message);
    out.put(u64::from(kept.page.is_some()));
    kept.page.iter().for_each(|page| out.put_text(page));
    out.put(kept.records);
}

fn take_kept(input: &mut &[u8]) -> io::Result<(u64, Kept)> {
    let position = input.number()?;
    let case: Case = input.text()?.parse().map_err(|_| malformed())?;
    let message = input.text()?;
    let page = if input.number()? == 0 { None } else { Some(input.text()?) };
    Ok((position, Kept { case, message, page, records: input.number()? }))
}

/// A row; `property` counts those of its scenario from 1, and 0 is none.
fn put_row(out: &mut Vec<u8>, position: u64, row: &Row, property: u64) {
    out.push(row.verdict as u8);
    out.push(u8::from(row.digests.is_some()));
    let numbers = [
        position,
        row.seed,
        property,
        row.records,
        row.virtual_ns,
        row.effects,
        row.operations,
        row.lines_effective,
    ];
    numbers.into_iter().for_each(|number| out.put_varint(number));
    if let Some(Digests { trace, faults, semantic }) = &row.digests {
        [trace, faults, semantic].into_iter().for_each(|digest| out.extend_from_slice(&digest.0));
    }
}

fn take_row(input: &mut &[u8], properties: &[String]) -> io::Result<(u64, Row)> {
    let verdict = verdict(input)?;
    let [is_whole] = input.array()?;
    let (position, seed) = (input.varint()?, input.varint()?);
    let property = match usize::try_from(input.varint()?).map_err(|_| malformed())?.checked_sub(1) {
        Some(index) => Some(properties.get(index).ok_or_else(malformed)?.clone()),
        None => None,
    };
    let (records, virtual_ns, effects) = (input.varint()?, input.varint()?, input.varint()?);
    let (operations, lines_effective) = (input.varint()?, input.varint()?);
    let mut digest = || input.array().map(Digest);
    let digests = match is_whole {
        0 => None,
        _ => Some(Digests { trace: digest()?, faults: digest()?, semantic: digest()? }),
    };
    let row =
        Row { seed, verdict, property, digests, records, virtual_ns, effects, operations, lines_effective };
    Ok((position, row))
}

pub(super) fn verdict(input: &mut &[u8]) -> io::Result<Verdict> {
    let [byte] = input.array()?;
    Verdict::ALL.into_iter().find(|verdict| *verdict as u8 == byte).ok_or_else(malformed)
}

fn kind_of(label: &str) -> io::Result<&'static str> {
    use points::Kind;
    let all = [
        Kind::Site,
        Kind::Always,
        Kind::Sometimes,
        Kind::Reachable,
        Kind::Unreachable,
        Kind::Numeric,
        Kind::Mark,
    ];
    all.into_iter().map(Kind::label).find(|known| *known == label).ok_or_else(malformed)
}
