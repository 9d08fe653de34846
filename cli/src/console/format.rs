//! How numbers, times and foreign text are shown to people.

use std::time::Duration;

/// A text of the server's as a terminal may see it: without characters that steer a terminal, but
/// for line breaks and tabs. What a model or a provider wrote is no friend's.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect()
}

/// The same in one line of at most `width` characters.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let words: Vec<String> = text.split_whitespace().map(printable).collect();
    let line = words.join(" ");
    if line.chars().count() <= width {
        return line;
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A time of the API without its milliseconds: RFC 3339, in UTC.
pub(crate) fn day_time(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, fraction)) if fraction.ends_with('Z') => format!("{seconds}Z"),
        _ => printable(text),
    }
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things: `1 line`, `2 lines`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// A length of time in its two largest units: `1h 5m`, `42s`.
pub(crate) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

/// Millionths of a dollar in dollars: to the cent from one dollar on, exact below that.
pub(crate) fn cost(micro_usd: u64) -> String {
    if micro_usd == 0 {
        return "$0.00".to_owned();
    }
    if micro_usd < 1_000_000 {
        return format!("$0.{micro_usd:06}");
    }
    let cents = micro_usd.saturating_add(5_000) / 10_000;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// A part of a hundred.
pub(crate) fn percent(percent: f64) -> String {
    format!("{percent:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_taken_out() {
        assert_eq!(printable("a\u{1b}[31mred\u{7}\r\nb\tc"), "a[31mred\nb\tc");
    }

    #[test]
    fn a_long_text_becomes_one_short_line() {
        assert_eq!(one_line("one\ntwo  three", 40), "one two three");
        assert_eq!(one_line("one two three", 8), "one two…");
    }

    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<String> = [0, 999, 1000, 1_234_567].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_thing_is_no_many() {
        let shown = [0, 1, 2000].map(|number| counted(number, "line"));
        assert_eq!(shown, ["0 lines", "1 line", "2,000 lines"]);
    }

    #[test]
    fn lengths_have_two_units() {
        let shown =
            [0, 59, 61, 3_900, 90_000].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(shown, ["0s", "59s", "1m 1s", "1h 5m", "1d 1h"]);
    }

    #[test]
    fn small_sums_keep_their_digits() {
        let shown = [0, 12, 42_149, 999_999, 12_345_678, 1_234_567_890_000].map(cost);
        assert_eq!(
            shown,
            [
                "$0.00",
                "$0.000012",
                "$0.042149",
                "$0.999999",
                "$12.35",
                "$1,234,567.89"
            ]
        );
    }

    #[test]
    fn times_lose_their_milliseconds_only() {
        assert_eq!(day_time("2026-11-21T10:55:17.372Z"), "2026-11-21T10:55:17Z");
        assert_eq!(day_time("2026-11-21T10:55:17Z"), "2026-11-21T10:55:17Z");
    }
}
