//! The page: one file that needs nothing else.

use std::fmt::Write as _;

use anyhow::Context as _;
use irqcast_bench::schema::Run;

use super::{
    chart::{self, Chart, Room, palette},
    columns::{self, COLUMNS, Column},
    curves, label, unit,
    verdict::{self, Standing},
};

/// How the page looks, apart from the colours.
const STYLE: &str = include_str!("html/page.css");

/// Renders the page of a run.
pub fn render(run: &Run) -> anyhow::Result<String> {
    let mut page = String::new();
    let title = "From the interrupt to user space";
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>irqcast: {title}</title><style>{}{STYLE}</style></head><body>\
         <header><p class=\"name\">irqcast</p><h1>{title}</h1><p>{}</p></header><main>",
        palette::style_sheet(),
        introduction(run),
    );
    standing_section(&mut page, run);
    overview_section(&mut page, run)?;
    table_section(&mut page, run);
    let sections: [(&str, &str, Vec<Chart>); 5] = [
        (
            "How latencies are spread",
            "A line that is further left is faster; one that leans to the right at its top has a \
             slow tail. The black line (white in the dark) is netlink-multicast in each chart.",
            curves::latency(run),
        ),
        (
            "Rates and loss",
            "Interrupts at fixed rates, and the share of their events that did not arrive.",
            curves::loss(run),
        ),
        (
            "Bursts",
            "Interrupts as fast as they can, and the share of their events that did not arrive. \
             What holds them meanwhile is the listener's queue.",
            curves::bursts(run),
        ),
        (
            "More listeners",
            "Both axes are logarithmic. With listeners that are awake, none has to be woken up. \
             Bystanders are listeners of another generic netlink family, which the broadcast \
             passes on its way.",
            curves::fan_out(run),
        ),
        ("Larger events", "", curves::payload(run)),
    ];
    for (title, text, charts) in sections {
        chart_section(&mut page, title, text, &charts)?;
    }
    storm_section(&mut page, run);
    method_section(&mut page, run);
    page.push_str("</main></body></html>\n");
    Ok(page)
}

/// `text` with the characters that mean something in HTML and XML replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn introduction(run: &Run) -> String {
    format!(
        "Every way that a driver can tell a program of its interrupt, on the same device in the \
         same virtual machine. Linux {}, {} on {}, {}. {}",
        escape(&run.kernel.release),
        escape(&run.machine.accelerator),
        escape(&run.machine.host_processor),
        unit::date(run.started),
        columns::times_are(run.mode),
    )
}

fn standing_section(page: &mut String, run: &Run) {
    let standings = verdict::standings(run);
    if standings.is_empty() {
        return;
    }
    page.push_str("<section><h2>Where netlink stands</h2><dl class=\"standings\">");
    for Standing {
        column,
        own,
        better,
        others,
    } in &standings
    {
        let _ = write!(
            page,
            "<div><dt>{}</dt><dd class=\"figure\">{}</dd><dd>",
            column.title,
            column.format(run, *own)
        );
        let _ = match better.first() {
            None => write!(page, "the best of {}", others + 1),
            Some(best) => write!(
                page,
                "{} of {others} others are better, <b>{}</b> most: {:.2} of that",
                better.len(),
                escape(&best.label),
                best.ratio
            ),
        };
        page.push_str("</dd></div>");
    }
    page.push_str("</dl></section>");
}

fn overview_section(page: &mut String, run: &Run) -> anyhow::Result<()> {
    let Some(dots) = curves::overview(run) else {
        return Ok(());
    };
    page.push_str("<section><h2>Latency at a glance</h2><figure class=\"chart\">");
    for room in Room::ALL {
        page.push_str(&chart::dots(&dots, room)?);
    }
    page.push_str("</figure></section>");
    Ok(())
}

fn table_section(page: &mut String, run: &Run) {
    let used: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| column.is_used(run))
        .collect();
    page.push_str(
        "<section><h2>All figures</h2>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All figures\">\
         <table><thead><tr><th scope=\"col\">path</th>",
    );
    let titles = used.iter().map(|column| column.title);
    for title in titles.chain([columns::COMPARED, columns::TOLD]) {
        let _ = write!(page, "<th scope=\"col\">{title}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    let reference = label::reference(run);
    for path in label::by_latency(run) {
        let class = match reference.is_some_and(|reference| std::ptr::eq(reference, path)) {
            true => " class=\"reference\"",
            false => "",
        };
        let _ = write!(
            page,
            "<tr{class}><th scope=\"row\" title=\"{}\">{}</th>",
            escape(label::meaning(&path.name)),
            escape(&label::label(run, path))
        );
        for column in &used {
            let class = if column.is_best(run, path) {
                " class=\"best\""
            } else {
                ""
            };
            let _ = write!(page, "<td{class}>{}</td>", escape(&column.cell(run, path)));
        }
        let (compared, told) = (columns::compared(run, path), columns::told(path));
        let _ = write!(page, "<td>{compared}</td><td>{told}</td></tr>");
    }
    page.push_str("</tbody></table></div><details><summary>What the columns say</summary><dl>");
    let meanings = used.iter().map(|column| (column.title, column.meaning));
    let last = [
        (columns::COMPARED, columns::COMPARED_MEANING),
        (columns::TOLD, columns::TOLD_MEANING),
    ];
    for (title, meaning) in meanings.chain(last) {
        let _ = write!(page, "<dt>{title}</dt><dd>{}</dd>", escape(meaning));
    }
    page.push_str("</dl></details></section>");
}

fn chart_section(
    page: &mut String,
    title: &str,
    text: &str,
    charts: &[Chart],
) -> anyhow::Result<()> {
    if charts.is_empty() {
        return Ok(());
    }
    let _ = write!(page, "<section><h2>{title}</h2>");
    if !text.is_empty() {
        let _ = write!(page, "<p>{text}</p>");
    }
    for chart in charts {
        let heading = escape(&chart.title);
        let _ = write!(
            page,
            "<figure class=\"chart\"><figcaption><h3>{heading}</h3>"
        );
        page.push_str(&legend(chart));
        page.push_str("</figcaption>");
        for room in Room::ALL {
            page.push_str(&chart::lines(chart, room).with_context(|| format!("in {title:?}"))?);
        }
        page.push_str("</figure>");
    }
    page.push_str("</section>");
    Ok(())
}

fn legend(chart: &Chart) -> String {
    let mut text = "<ul class=\"legend\">".to_owned();
    for series in &chart.series {
        let _ = write!(
            text,
            "<li><svg width=\"30\" height=\"10\" aria-hidden=\"true\"><line x1=\"1\" y1=\"5\" \
             x2=\"29\" y2=\"5\" stroke-width=\"3\" stroke=\"{}\"/></svg>{} <span>{}</span></li>",
            series.line.attribute(),
            escape(&series.label),
            escape(&series.note)
        );
    }
    text.push_str("</ul>");
    text
}

fn storm_section(page: &mut String, run: &Run) {
    if run.storms.is_empty() {
        return;
    }
    page.push_str(
        "<section><h2>Storms</h2><p>Interrupts as fast as the device raises them, with every \
         path off, and with one multicast listener and the message sent from the hard handler, \
         from a bottom half and from a thread.</p><div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"Storms\"><table><thead><tr><th scope=\"col\">sent from</th>\
         <th scope=\"col\">interrupts</th><th scope=\"col\">delivered</th></tr></thead><tbody>",
    );
    for storm in &run.storms {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            escape(&storm.name),
            unit::rate(storm.interrupts_hz),
            unit::rate(storm.delivered_hz)
        );
    }
    page.push_str("</tbody></table></div>");
    if let Some(joining) = verdict::joining(run) {
        let _ = write!(page, "<p>Time in the {}.</p>", escape(&joining));
    }
    page.push_str("</section>");
}

fn method_section(page: &mut String, run: &Run) {
    page.push_str("<section><h2>How it was measured</h2><dl>");
    for (name, value) in super::docs::facts(run) {
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    page.push_str("</dl>");
    for skipped in &run.skipped {
        let _ = write!(
            page,
            "<p>Not measured: {}: {}</p>",
            escape(&skipped.name),
            escape(&skipped.reason)
        );
    }
    page.push_str("</section>");
}

#[cfg(test)]
mod tests {
    use irqcast_bench::schema::Mode;

    use super::super::sample;
    use super::*;

    #[test]
    fn page_needs_nothing_from_elsewhere() {
        let page = render(&sample::of_mode(Mode::Wall)).unwrap();
        for foreign in ["<script", "<link", "<img", "url(", "@import", "src="] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        let addresses = page.matches("http").count();
        let names = page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
        assert_eq!(addresses, names, "an address other than SVG's name");
    }

    #[test]
    fn text_of_the_run_cannot_become_markup() {
        let page = render(&sample::of_mode(Mode::Wall)).unwrap();
        assert!(page.contains("a made-up reason with &lt;markup&gt; &amp; an ampersand"));
        assert!(!page.contains("<markup>"));
    }

    #[test]
    fn a_run_of_one_path_or_none_is_rendered() {
        let whole = sample::of_mode(Mode::Wall);
        for paths in [&whole.paths[..0], &whole.paths[7..8], &whole.paths[22..]] {
            let run = Run {
                paths: paths.to_vec(),
                storms: Vec::new(),
                ..sample::of_mode(Mode::Wall)
            };
            let page = render(&run).unwrap();
            assert!(page.ends_with("</main></body></html>\n"));
            assert!(!page.contains("NaN") && !page.contains("inf"));
        }
    }
}
