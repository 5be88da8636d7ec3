//! What makes a device interrupt, as a person writes it.

use irqcast_bench::plan::Raise;

/// Highest number of a BAR.
const BAR_MAX: u8 = 5;

/// Reads `[BAR:]OFFSET=VALUE`, or says what is wrong with it.
pub fn parse(text: &str) -> Result<Raise, String> {
    let (place, value) = text
        .split_once('=')
        .ok_or("a register and its value look like 0xc8=0x4")?;
    let (bar, offset) = place.split_once(':').unwrap_or(("0", place));
    let raise = Raise {
        bar: u8::try_from(number(bar)?)
            .ok()
            .filter(|bar| *bar <= BAR_MAX)
            .ok_or_else(|| format!("a BAR has a number from 0 to {BAR_MAX}, not {bar}"))?,
        offset: number(offset)?,
        value: number(value)?,
    };
    if !raise.offset.is_multiple_of(4) {
        return Err(format!(
            "{offset} is no register's offset: no multiple of 4"
        ));
    }
    Ok(raise)
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| format!("{text:?} is no number of 32 bits: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_and_value_are_read() {
        let raise = |bar, offset, value| Ok(Raise { bar, offset, value });
        assert_eq!(parse("0xc8=0x4"), raise(0, 0xc8, 4));
        assert_eq!(parse("5:96=16"), raise(5, 96, 16));
    }

    #[test]
    fn what_is_no_register_is_told() {
        for (text, reason) in [
            ("0xc8", "look like"),
            ("6:0=1", "from 0 to 5"),
            ("0xc9=1", "no multiple of 4"),
            ("=1", "\"\" is no number"),
            ("0=0x100000000", "is no number of 32 bits"),
        ] {
            let error = parse(text).err().unwrap();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
