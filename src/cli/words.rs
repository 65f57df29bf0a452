//! Words for people: times, numbers, tables.

use std::time::Duration;

/// Reads `250ms`, `90s`, `10m` or `8h`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    if places.is_empty() || places.len() > 6 {
        return None;
    }
    let part = places.parse::<u64>().ok()? * millis / 10u64.pow(u32::try_from(places.len()).ok()?);
    let millis = whole.parse::<u64>().ok()?.checked_mul(millis)?.checked_add(part)?;
    Some(Duration::from_millis(millis))
}

/// `12ns`, `1.20ms`, `41.0s`, `2h 5m`: three digits are enough to compare.
pub(super) fn short_time(nanos: u128) -> String {
    let scaled = |unit: u128, name: &str| {
        let (whole, rest) = (nanos / unit, nanos % unit);
        match whole {
            0..10 => format!("{whole}.{:02}{name}", rest * 100 / unit),
            10..100 => format!("{whole}.{}{name}", rest * 10 / unit),
            _ => format!("{whole}{name}"),
        }
    };
    let seconds = nanos / 1_000_000_000;
    match nanos {
        0..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => scaled(1_000, "us"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "ms"),
        _ if seconds < 60 => scaled(1_000_000_000, "s"),
        _ if seconds < 3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A number with its thousands apart: `182,113`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 run`, `2 runs`.
pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Lines of words as columns: the first to the left, the others to the right.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|word| word.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (word, width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => line += &format!("{word:<width$}"),
                _ => line += &format!("  {word:>width$}"),
            }
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// The name of a program without its folder.
pub(super) fn file_name(program: &str) -> String {
    std::path::Path::new(program)
        .file_name()
        .map_or_else(|| program.to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_a_unit_and_told_in_three_digits() {
        let read = ["90s", "1.5m", "250ms", "8h", "", "s", "90", "1.s", "-1s", "1d"].map(parse_duration);
        let millis = |millis| Some(Duration::from_millis(millis));
        let expected = [90_000, 90_000, 250, 28_800_000].map(millis);
        assert_eq!(read[..4], expected);
        assert!(read[4..].iter().all(Option::is_none), "{read:?}");
        let told = [12, 1_200, 41_000_000, 999_999_999, 61_000_000_000, 7_500_000_000_000].map(short_time);
        assert_eq!(told, ["12ns", "1.20us", "41.0ms", "999ms", "1m 1s", "2h 5m"]);
    }

    #[test]
    fn columns_line_up() {
        let row = |words: [&str; 2]| words.map(str::to_string).to_vec();
        assert_eq!(table(&[row(["a", "seeds"]), row(["long", "7"])]), "a     seeds\nlong      7\n");
    }
}
