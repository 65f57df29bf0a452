//! Case lines: read or refused, printed, read again; and cases that the bytes say, printed and read.

use arbitrary::{Arbitrary, Unstructured};
use replay::ShortDigest;
use replay::case::{Case, PlanSource, Signature};
use sim::choice::{Change, Edit, Reseed};

/// A line that is read, and a case that the bytes say, prints as one line that any shell takes, and that reads back
/// the same.
///
/// # Panics
/// When it does not, or an error does not say where.
pub fn fuzz_one(bytes: &[u8]) {
    // Mutated text seldom is a case; mutated parts always are one.
    if let Ok(said) = Said::arbitrary_take_rest(Unstructured::new(bytes)) {
        holds(&said.into());
    }
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<Case>() {
        Ok(case) => holds(&case),
        Err(error) => assert!(!error.to_string().is_empty(), "{text:?} is refused without a word"),
    }
}

/// What holds of every case.
pub(super) fn holds(case: &Case) {
    let line = case.to_string();
    let pastable = |letter: char| letter != '\'' && !letter.is_control();
    assert!(line.chars().all(pastable), "no shell takes {line:?}");
    match line.parse::<Case>() {
        Ok(again) => assert_eq!(&again, case, "{line:?} reads back as another case"),
        Err(error) => panic!("{line:?} was printed and is refused: {error}"),
    }
}

/// Text in which what is special to a line is as frequent as what is not.
#[derive(Debug)]
struct Text(String);

/// The letters of a [`Text`], and beginnings that look like something else.
const PARTS: &[&str] = &[
    "a", "b", "kv/", "0", "1", " ", "(", ")", "\\", "'", "\"", "#", "@", ",", "=", ":", "[", "]", "*", "..",
    "\n", "\t", "\u{7f}", "\u{85}", "é", "inline:", "skip", "near:", "on:", "after:", "seed=", "%",
];

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Text> {
        let count = u8::arbitrary(input)? % 9;
        let part = |_| Ok(PARTS[usize::from(u8::arbitrary(input)?) % PARTS.len()]);
        (0..count).map(part).collect::<Result<String, _>>().map(Text)
    }
}

/// A case that the bytes say. What its load does is read from text alone.
#[derive(Arbitrary, Debug)]
struct Said {
    scenario: Text,
    seed: u64,
    quirks: [Option<Text>; 2],
    plan: Option<(Text, Option<u16>)>,
    inline: bool,
    words: [Option<Text>; 3],
    size: Option<(Text, u64)>,
    edits: [Option<SaidEdit>; 3],
    reseed: Option<(u64, u64)>,
    fails: Option<(Text, [Option<Text>; 4])>,
    digest: Option<u64>,
}

/// An edit that the bytes say; without a value its draws are skipped.
#[derive(Arbitrary, Debug)]
struct SaidEdit {
    stream: Text,
    first: u64,
    length: u8,
    value: Option<u64>,
}

impl From<SaidEdit> for Edit {
    fn from(said: SaidEdit) -> Edit {
        let SaidEdit { stream: Text(stream), first, length, value } = said;
        // No stream is without a name, and no span is empty; and a span without an end cannot be skipped.
        let end = first.checked_add(u64::from(length)).filter(|end| *end > first);
        let change = match (end, value) {
            (Some(_), None) => Change::Skip,
            (_, value) => Change::Set(value.unwrap_or(0)),
        };
        Edit { stream: format!("s{stream}"), first, end, change }
    }
}

impl From<Said> for Case {
    fn from(said: Said) -> Case {
        let text = |Text(text): Text| text;
        let plan = |(Text(path), hash): (Text, Option<u16>)| match said.inline {
            true => PlanSource::Inline(path),
            false => PlanSource::File { path, hash: hash.map(|hash| format!("{hash:04x}")) },
        };
        let [profile, class, explore] = said.words.map(|word| word.map(text));
        let signature = |(Text(property), parts): (Text, [Option<Text>; 4])| {
            let [place, point, role, fault] = parts.map(|part| part.map(text));
            Signature { property, place, point, role, fault }
        };
        Case {
            quirks: said.quirks.into_iter().flatten().map(text).collect(),
            plan: said.plan.map(plan),
            profile,
            class,
            explore,
            sizes: said.size.into_iter().map(|(name, size)| (text(name), size)).collect(),
            edits: said.edits.into_iter().flatten().map(Edit::from).collect(),
            reseeds: said.reseed.into_iter().map(|(draw, seed)| Reseed { draw, seed }).collect(),
            fails: said.fails.map(signature),
            digest: said.digest.map(ShortDigest),
            ..Case::new(said.scenario.0, said.seed)
        }
    }
}
