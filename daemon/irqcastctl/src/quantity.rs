//! Reads times and bit masks from the command line.

use std::time::Duration;

/// Reads `1.5`, `1.5s`, `20ms` or `2m`. Without a unit it is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|character: char| character.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => {
            return Err(format!(
                "the unit {unit:?} is not known; there are ms, s and m"
            ));
        }
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "not a time; write for example 1.5, 20ms or 2m".to_owned())?;
    Duration::try_from_secs_f64(number * factor)
        .map_err(|_| "a time is not negative and not endless".to_owned())
}

/// Reads a mask with at least one bit, in decimal or, with `0x`, in hexadecimal.
pub fn bits(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    match parsed {
        Ok(0) => Err("at least one of the bits must be set".to_owned()),
        Ok(bits) => Ok(bits),
        Err(_) => Err("not a number of 32 bits; write for example 2 or 0x102".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text, milliseconds| {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)));
        };
        check("2", 2000);
        check("0.5", 500);
        check("1.5s", 1500);
        check("20ms", 20);
        check("2m", 120_000);
        check("0", 0);
        for wrong in ["", "s", "-1", "1h", "1e400", "1 s", "NaN", "inf"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn masks() {
        assert_eq!(bits("2"), Ok(2));
        assert_eq!(bits("0x102"), Ok(0x102));
        assert_eq!(bits("0XFFFFFFFF"), Ok(u32::MAX));
        for wrong in [
            "",
            "0",
            "0x0",
            "0x",
            "-1",
            "4294967296",
            "0x100000000",
            "x2",
        ] {
            assert!(bits(wrong).is_err(), "{wrong:?}");
        }
    }
}
