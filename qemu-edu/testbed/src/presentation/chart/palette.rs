//! Colours and strokes, in both themes.
//!
//! Lines that stand for different paths differ in colour; lines for different listeners of one
//! path differ in their dashes too. The colours can be told apart by people who do not see all
//! of them, and stand out from the page; tests check both.

use std::fmt::Write as _;

use plotters::style::RGBColor;

/// A colour in the light and in the dark theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    light: u32,
    dark: u32,
}

const fn colour(light: u32, dark: u32) -> Colour {
    Colour { light, dark }
}

/// The page.
pub const PAGE: Colour = colour(0xFFFFFF, 0x15171C);
/// Text, and the path that all others are compared with.
pub const INK: Colour = colour(0x1A1C20, 0xE8EAED);
/// Text that matters less.
pub const FAINT: Colour = colour(0x5A606B, 0xA4ABB6);
/// Lines behind the data.
pub const GRID: Colour = colour(0xDFE2E7, 0x343942);

/// Colours of lines.
pub const LINES: [Colour; 6] = [
    INK,
    colour(0x0049A2, 0x5F94FC),
    colour(0xF51409, 0xFF6944),
    colour(0x35A579, 0x3CD4A4),
    colour(0xA55D92, 0xF4ADFF),
    colour(0x5D813B, 0xADD948),
];

/// Dashes of lines: lengths of stroke and gap; none for a whole line.
const DASHES: [&str; 3] = ["none", "7 4", "2 3"];

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    colour: usize,
    dash: usize,
}

impl Line {
    /// A line of the colour and the dashes with these numbers. Numbers that are too large begin
    /// again, colours with the next dashes.
    pub fn new(colour: usize, dash: usize) -> Self {
        Self {
            colour: colour % LINES.len(),
            dash: (dash + colour / LINES.len()) % DASHES.len(),
        }
    }

    /// The value that stands for it in an SVG: the light colour, with the number of the dashes
    /// added to its blue, which nobody sees, so that a style sheet can tell it.
    fn value(self) -> u32 {
        LINES[self.colour].light + self.dash as u32
    }

    /// As an attribute of SVG.
    pub fn attribute(self) -> String {
        hex(self.value())
    }

    /// For the plotting library.
    pub(super) fn rgb(self) -> RGBColor {
        rgb(self.value())
    }
}

impl Colour {
    /// For the plotting library.
    pub(super) fn rgb(self) -> RGBColor {
        rgb(self.light)
    }
}

/// The style sheet that gives the charts their colours in both themes.
pub fn style_sheet() -> String {
    let mut light = String::new();
    let mut dark = String::new();
    let mut rules = String::new();
    let named = [
        ("page", PAGE),
        ("ink", INK),
        ("faint", FAINT),
        ("grid", GRID),
    ];
    for (name, colour) in named {
        variable(&mut light, name, colour.light);
        variable(&mut dark, name, colour.dark);
        let _ = write!(
            rules,
            "svg [fill=\"{0}\"]{{fill:var(--{name})}}svg [stroke=\"{0}\"]{{stroke:var(--{name})}}",
            hex(colour.light)
        );
    }
    for (number, colour) in LINES.iter().enumerate() {
        variable(&mut light, &format!("line-{number}"), colour.light);
        variable(&mut dark, &format!("line-{number}"), colour.dark);
        for (dash, lengths) in DASHES.iter().enumerate() {
            let value = Line {
                colour: number,
                dash,
            }
            .attribute();
            let _ = write!(
                rules,
                "svg [stroke=\"{value}\"]{{stroke:var(--line-{number});stroke-dasharray:{lengths}}}\
                 svg [fill=\"{value}\"]{{fill:var(--line-{number})}}"
            );
        }
    }
    format!(
        ":root{{color-scheme:light dark;{light}}}\
         @media (prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}"
    )
}

fn variable(text: &mut String, name: &str, value: u32) {
    let _ = write!(text, "--{name}:{};", hex(value));
}

fn hex(value: u32) -> String {
    format!("#{value:06X}")
}

fn rgb(value: u32) -> RGBColor {
    let [_, red, green, blue] = value.to_be_bytes();
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of the light of a colour, from 0 to 1.
    fn linear(value: u32) -> [f64; 3] {
        let [_, rest @ ..] = value.to_be_bytes();
        rest.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |value| {
            let [red, green, blue] = linear(value);
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn times(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// Oklab: equal distances look equally different.
    fn oklab(linear: [f64; 3]) -> [f64; 3] {
        let cones = times(
            [
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            linear,
        );
        times(
            [
                [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// What people see who lack red, green or blue cones (Machado, Oliveira and Fernandes, 2009).
    const SIGHTS: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    const THEMES: [fn(&Colour) -> u32; 2] = [|colour| colour.light, |colour| colour.dark];

    #[test]
    fn text_and_lines_stand_out_from_the_page() {
        for theme in THEMES {
            for (colours, least) in [(&[INK, FAINT][..], 4.5), (&LINES[..], 3.0)] {
                for colour in colours {
                    let contrast = contrast(theme(colour), theme(&PAGE));
                    assert!(contrast >= least, "{colour:X?}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn lines_can_be_told_apart_without_all_cones() {
        for theme in THEMES {
            for sight in SIGHTS {
                for (index, a) in LINES.iter().enumerate() {
                    for b in &LINES[..index] {
                        let seen = |colour| {
                            let seen = times(sight, linear(theme(colour)));
                            oklab(seen.map(|part| part.clamp(0.0, 1.0)))
                        };
                        let squares = seen(a)
                            .into_iter()
                            .zip(seen(b))
                            .map(|(a, b)| (a - b).powi(2));
                        let distance = squares.sum::<f64>().sqrt();
                        assert!(
                            distance > 0.09,
                            "{a:X?} and {b:X?}: {distance:.3} {sight:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn each_line_has_a_value_of_its_own() {
        let mut values: Vec<_> = (0..LINES.len() * DASHES.len())
            .map(|number| Line::new(number, 0).attribute())
            .collect();
        values.extend([PAGE, FAINT, GRID].map(|colour| hex(colour.light)));
        let count = values.len();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), count);
    }
}
