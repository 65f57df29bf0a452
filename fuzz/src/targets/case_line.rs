//! Case lines: read or refused, printed, read again.

use replay::case::Case;

/// A line that is read prints as one line that any shell takes, and that reads back the same.
///
/// # Panics
/// When it does not, or an error does not say where.
pub fn fuzz_one(bytes: &[u8]) {
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
