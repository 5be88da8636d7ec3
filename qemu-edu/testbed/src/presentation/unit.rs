//! Figures with their units, short enough for a column.

use irqcast_bench::schema::Mode;

/// A time in the unit of the run: of the clock, or instructions.
pub fn time(mode: Mode, nanoseconds: f64) -> String {
    match mode {
        Mode::Icount => grouped(nanoseconds.round()),
        Mode::Wall => {
            let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
            let fitting = units.into_iter().find(|(unit, _)| nanoseconds >= *unit);
            let (unit, name) = fitting.unwrap_or((1.0, "ns"));
            format!("{} {name}", three_digits(nanoseconds / unit))
        }
    }
}

/// A time for an axis, where a number is as round as it looks and as short as it can be:
/// `10 ms`, and not `10.0 ms`.
pub fn time_tick(mode: Mode, nanoseconds: f64) -> String {
    match mode {
        Mode::Wall => round(&time(mode, nanoseconds)),
        Mode::Icount if nanoseconds >= 1e6 => {
            round(&format!("{} M", three_digits(nanoseconds / 1e6)))
        }
        Mode::Icount if nanoseconds >= 1e4 => {
            round(&format!("{} k", three_digits(nanoseconds / 1e3)))
        }
        Mode::Icount => time(mode, nanoseconds),
    }
}

/// A rate for an axis.
pub fn rate_tick(hertz: f64) -> String {
    round(&rate(hertz))
}

fn round(text: &str) -> String {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    };
    format!("{number} {unit}").trim_end().to_owned()
}

/// What a heading says of times that name no unit themselves.
pub fn of_time(mode: Mode) -> &'static str {
    match mode {
        Mode::Icount => ", in instructions",
        Mode::Wall => "",
    }
}

/// Events a second.
pub fn rate(hertz: f64) -> String {
    match hertz {
        h if h >= 1e6 => format!("{} M/s", three_digits(h / 1e6)),
        h if h >= 1e3 => format!("{} k/s", three_digits(h / 1e3)),
        h => format!("{} /s", three_digits(h)),
    }
}

/// A small number that is an average.
pub fn average(value: f64) -> String {
    format!("{value:.2}")
}

/// How many times as much `value` is as `base`.
pub fn ratio(value: f64, base: f64) -> Option<String> {
    (base > 0.0).then(|| format!("{:.2}", value / base))
}

/// A share in percent. What is not nothing does not look like nothing, nor like all.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p <= 0.0 => "0%".to_owned(),
        p if p < 0.1 => "<0.1%".to_owned(),
        p if p >= 100.0 => "100%".to_owned(),
        p if p > 99.9 => ">99.9%".to_owned(),
        p if p < 10.0 => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A whole number with commas between groups of three digits.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds since 1970 as a date in UTC, such as `2026-01-31`.
pub fn date(seconds: u64) -> String {
    // Days are counted from 1 March of year 0, so that a leap day is the last of its year.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn three_digits(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v.fract() == 0.0 => format!("{v:.0}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (69.0, "69.0 ns"),
            (999.0, "999 ns"),
            (1000.0, "1 µs"),
            (12_345.0, "12.3 µs"),
            (99_960.0, "100 µs"),
            (7_654_321.0, "7.65 ms"),
            (2e9, "2 s"),
        ] {
            assert_eq!(time(Mode::Wall, nanoseconds), text);
        }
        assert_eq!(time(Mode::Icount, 1_234_567.0), "1,234,567");
    }

    #[test]
    fn a_small_loss_is_not_shown_as_none() {
        for (share, text) in [
            (0.0, "0%"),
            (0.000_01, "<0.1%"),
            (0.025, "2.5%"),
            (0.5, "50%"),
            (0.999_95, ">99.9%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn ticks_have_no_idle_zeros() {
        for (text, short) in [
            ("10.0 ms", "10 ms"),
            ("2.50 k/s", "2.5 k/s"),
            ("100", "100"),
            ("0 /s", "0 /s"),
        ] {
            assert_eq!(round(text), short);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (65_536.0, "65,536"),
        ] {
            assert_eq!(grouped(value), text);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_767_225_599, "2025-12-31"),
            (1_772_323_200, "2026-03-01"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }
}
