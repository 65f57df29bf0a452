//! Case files: read or refused, printed, read again.

use replay::case::CaseFile;

use super::case_line;

/// A file that is read prints as a file that reads back the same.
///
/// # Panics
/// When it does not, or an error does not name the file.
pub fn fuzz_one(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match CaseFile::parse("x.case", &text) {
        Ok(file) => {
            case_line::holds(&file.case);
            let printed = file.to_string();
            match CaseFile::parse("printed.case", &printed) {
                Ok(again) => assert_eq!(again, file, "{printed:?} reads back as another file"),
                Err(error) => panic!("{printed:?} was printed and is refused: {error}"),
            }
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with("x.case, line "), "an error names its file and line: {told}");
        }
    }
}
