//! Charts as SVG text, by the plotting library.

use anyhow::Context as _;
use plotters::{
    chart::ChartBuilder,
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Circle, PathElement, Rectangle, Text},
    prelude::{SVGBackend, TRANSPARENT},
    style::{
        Color, FontDesc, FontFamily, FontStyle, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Chart, Dots, Room,
    palette::{self, Colour},
};
use crate::presentation::html::escape;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Width of a line.
const STROKE: u32 = 2;

/// Draws lines.
pub fn lines(chart: &Chart, room: Room) -> anyhow::Result<String> {
    let size = (room.width(), room.height());
    drawing(&chart.title, &chart.description, room, size, |area| {
        let mut context = ChartBuilder::on(area)
            .margin_top(26)
            .margin_right(16)
            .x_label_area_size(46)
            .y_label_area_size(58)
            .build_cartesian_2d(chart.x.clone(), chart.y.clone())?;
        context
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(palette::GRID.rgb())
            .axis_style(palette::FAINT.rgb())
            .label_style(font(palette::FAINT))
            .x_desc(&chart.x_title)
            .axis_desc_style(font(palette::INK))
            .draw()?;
        area.draw(&Text::new(
            chart.y_title.clone(),
            (6, 4),
            font(palette::INK),
        ))?;
        for series in &chart.series {
            let style = ShapeStyle {
                color: series.line.rgb().to_rgba(),
                filled: false,
                stroke_width: STROKE,
            };
            let path = PathElement::new(series.points.clone(), style);
            context.draw_series([path])?;
            if series.marked {
                let marks = series.points.iter();
                context.draw_series(marks.map(|point| Circle::new(*point, 3, style.filled())))?;
            }
        }
        Ok(())
    })
}

/// Draws dots.
pub fn dots(chart: &Dots, room: Room) -> anyhow::Result<String> {
    let narrow = room == Room::Narrow;
    let row = if narrow { 38 } else { 25 };
    let names = if narrow { 24 } else { 224 };
    let notes = 84;
    let size = (room.width(), chart.rows.len() as u32 * row + 56);
    drawing(&chart.title, &chart.description, room, size, |area| {
        let mut context = ChartBuilder::on(area)
            .margin_left(names)
            .margin_right(notes)
            .margin_top(6)
            .x_label_area_size(46)
            .build_cartesian_2d(chart.x.clone(), super::Axis::rows(chart.rows.len()))?;
        context
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .light_line_style(TRANSPARENT)
            .bold_line_style(palette::GRID.rgb())
            .axis_style(palette::FAINT.rgb())
            .label_style(font(palette::FAINT))
            .x_desc(&chart.x_title)
            .axis_desc_style(font(palette::INK))
            .draw()?;
        for (number, entry) in chart.rows.iter().enumerate() {
            // Where the name stands above its row, the row's lower half is left for the dot.
            let middle = number as f64 + if narrow { 0.72 } else { 0.5 };
            let line = palette::Line::new(usize::from(!entry.highlighted), 0);
            let style = ShapeStyle {
                color: line.rgb().to_rgba(),
                filled: true,
                stroke_width: STROKE,
            };
            let whole = vec![(entry.dot, middle), (entry.end, middle)];
            context.draw_series([PathElement::new(whole, style)])?;
            context.draw_series([Circle::new((entry.dot, middle), 5, style)])?;
            let end = context.backend_coord(&(entry.end, middle));
            let (x, y) = end;
            area.draw(&Rectangle::new([(x - 1, y - 5), (x + 1, y + 5)], style))?;
            let (place, anchor) = match narrow {
                true => ((4, y - 17), HPos::Left),
                false => ((names - 10, y), HPos::Right),
            };
            let colour = if entry.highlighted {
                palette::INK
            } else {
                palette::FAINT
            };
            let mut name = font(colour).pos(Pos::new(anchor, VPos::Center));
            if entry.highlighted {
                name.font = name.font.style(FontStyle::Bold);
            }
            area.draw(&Text::new(entry.label.clone(), place, name))?;
            let place = (size.0 as i32 - notes + 10, y);
            let note = font(palette::INK).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(entry.note.clone(), place, note))?;
        }
        Ok(())
    })
}

/// Draws into a new SVG, and gives it a name.
fn drawing(
    title: &str,
    description: &str,
    room: Room,
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        draw(&area).with_context(|| format!("failed to draw {title:?}"))?;
        area.present()
            .with_context(|| format!("failed to draw {title:?}"))?;
    }
    let (_, content) = text
        .split_once('>')
        .context("the plotting library drew no SVG")?;
    Ok(format!(
        "<svg class=\"{}\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\"><title>{}</title><desc>{}</desc>{}",
        room.class(),
        escape(title),
        escape(description),
        content.trim_start(),
    ))
}

/// Text of the size that is read easily on each page. The library draws it smaller by a fifth.
fn font(colour: Colour) -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::SansSerif, 12.0 * 1.24, FontStyle::Normal);
    TextStyle {
        color: colour.rgb().to_backend_color(),
        ..TextStyle::from(font)
    }
}
