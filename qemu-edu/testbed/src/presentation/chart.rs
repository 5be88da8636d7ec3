//! Drawing: from points to SVG text.
//!
//! A chart is drawn in the colours of the light theme. Each of them is a value of its own, and
//! the style sheet of [`palette`] gives it another meaning by that value, so that the same SVG
//! follows the reader's theme.

mod axis;
mod draw;
pub mod palette;

use self::palette::Line;
pub use self::{
    axis::Axis,
    draw::{dots, lines},
};

/// A chart of lines.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it is of; also its name for those who do not see it.
    pub title: String,
    /// What it shows, in a sentence or two, for those who do not see it.
    pub description: String,
    /// What the horizontal axis is of.
    pub x_title: String,
    /// What the vertical axis is of.
    pub y_title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
}

/// A line of a chart.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name.
    pub label: String,
    /// A figure that stands beside the name in the legend; may be empty.
    pub note: String,
    /// How it is drawn.
    pub line: Line,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// Whether each point is a measurement, and so is marked.
    pub marked: bool,
}

/// A chart with a row for each name: a dot, and a line from there to the right.
#[derive(Debug, Clone)]
pub struct Dots {
    /// What it is of; also its name for those who do not see it.
    pub title: String,
    /// What it shows, in a sentence or two, for those who do not see it.
    pub description: String,
    /// What the horizontal axis is of.
    pub x_title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The rows, from the top.
    pub rows: Vec<Row>,
}

/// A row of [`Dots`].
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Where the dot is.
    pub dot: f64,
    /// Where the line ends.
    pub end: f64,
    /// Figure at the right edge.
    pub note: String,
    /// Whether it is to catch the eye.
    pub highlighted: bool,
}

/// The room that a chart is drawn for. Text keeps its size in each, so that it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// A page beside other windows, or a document.
    Wide,
    /// A phone.
    Narrow,
}

impl Room {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Wide, Self::Narrow];

    /// Its name in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }

    fn width(self) -> u32 {
        match self {
            Self::Wide => 800,
            Self::Narrow => 340,
        }
    }

    fn height(self) -> u32 {
        match self {
            Self::Wide => 360,
            Self::Narrow => 280,
        }
    }
}
