//! Plans: text that is read or refused, and bytes that are decoded, each printed and read again.

use arbitrary::{Arbitrary as _, Unstructured};
use faults::plan::{Catalogue, Plan};

/// A plan that is read, or decoded from the bytes, prints as text that reads back the same.
///
/// # Panics
/// When it does not, or an error does not say where in one line.
pub fn fuzz_one(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<Plan>() {
        Ok(plan) => holds(&plan),
        Err(error) => in_one_line(&error.to_string()),
    }
    // With no names known, each name of the text is one more way to be refused.
    if let Err(error) = Plan::load("x.toml", &text, &Catalogue::default()) {
        let told = error.to_string();
        assert!(told.starts_with("x.toml, line "), "an error names its file and line: {told}");
        in_one_line(&told);
    }
    // Mutated text seldom is a plan; mutated records always are one.
    let decoded = Plan::arbitrary(&mut Unstructured::new(bytes)).expect("any bytes are a plan");
    holds(&decoded);
}

/// What holds of every plan.
fn holds(plan: &Plan) {
    let text = plan.to_string();
    match text.parse::<Plan>() {
        Ok(again) => {
            assert_eq!(&again, plan, "{text} reads back as another plan");
            assert_eq!(again.hash(), plan.hash(), "{text} has another hash");
        }
        Err(error) => panic!("{text} was printed and is refused: {error}"),
    }
}

fn in_one_line(told: &str) {
    assert!(!told.is_empty() && told.lines().count() == 1, "an error is told in one line: {told:?}");
}
