//! Plots of a report, as SVG on a white ground, in colours that the colour-blind can tell apart
//! (Okabe and Ito's). Everything is labelled where it stands.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::CliError;
use super::printable;
use crate::bench::{Measurement, Report, Stages, What};

const BLUE: RGBColor = RGBColor(0, 114, 178);
const SKY: RGBColor = RGBColor(86, 180, 233);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const AMBER: RGBColor = RGBColor(230, 159, 0);
const GREY: RGBColor = RGBColor(110, 110, 110);
const PINK: RGBColor = RGBColor(204, 121, 167);
const INK: RGBColor = RGBColor(30, 30, 30);

const WIDTH: u32 = 960;
/// Pixels of a row, of what stands left of the rows, and right of them for numbers.
const ROW: u32 = 20;
const LEFT: u32 = 310;
const RIGHT: u32 = 70;
/// Pixels of the title and of an axis with its name.
const TITLE: u32 = 58;
const AXIS: u32 = 58;

/// Drawing into a string fails only where a chart has no room.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The plots that the report has numbers for: name of the file, text.
pub(super) fn plots(report: &Report) -> Result<Vec<(&'static str, String)>, CliError> {
    let mut all = Vec::new();
    let mut add = |name, text: Result<Option<String>, Box<dyn std::error::Error>>| {
        let text = text.map_err(|error| CliError::new(format!("{name}: {error}")))?;
        all.extend(text.map(|text| (name, text)));
        Ok::<_, CliError>(())
    };
    add("throughput.svg", throughput(report))?;
    add("stages.svg", stages(report))?;
    add("growth.svg", growth(report))?;
    Ok(all)
}

fn svg(
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn text(size: u32, color: RGBColor, side: HPos) -> TextStyle<'static> {
    let style = TextStyle::from(("sans-serif", size).into_font());
    let pos = Pos::new(side, VPos::Center);
    TextStyle { color: color.to_backend_color(), pos, ..style }
}

fn title(area: &Area<'_>, title: &str, more: &str) -> Drawn {
    area.draw(&Text::new(title.to_owned(), (16, 20), text(22, INK, HPos::Left)))?;
    area.draw(&Text::new(more.to_owned(), (16, 44), text(16, INK, HPos::Left)))?;
    Ok(())
}

/// The colour of a way to go through the files.
fn color(what: What) -> RGBColor {
    match what {
        What::Scan | What::ColdScan | What::Growth | What::StartUp => BLUE,
        What::NoPrefilter => ORANGE,
        What::Sum | What::ColdRead => GREY,
        _ => GREEN,
    }
}

/// A row of the plot of throughput.
struct Row {
    label: String,
    speed: f64,
    color: RGBColor,
    /// Whether another corpus starts here.
    starts: bool,
}

fn rows(report: &Report) -> Vec<Row> {
    let whole = |one: &Measurement| {
        let all = report.measurements.iter().filter(|other| other.corpus == one.corpus);
        all.map(|other| other.bytes).max().unwrap_or(0)
    };
    let mut corpus = None;
    report
        .measurements
        .iter()
        .filter(|one| !matches!(one.what, What::StartUp | What::Growth))
        .filter(|one| one.gigabytes_per_second().is_finite() && one.bytes > 0)
        .map(|one| {
            let size = match one.what {
                What::Scan if one.bytes < whole(one) && one.of_sum.is_none() => " a part",
                _ => "",
            };
            let threads = if one.threads == 1 { "thread" } else { "threads" };
            let name = one.what.name();
            Row {
                label: format!("{}: {name}{size}, {} {threads}", short(&one.corpus), one.threads),
                speed: one.gigabytes_per_second(),
                color: color(one.what),
                starts: corpus.replace(&one.corpus) != Some(&one.corpus),
            }
        })
        .collect()
}

/// A name that fits beside the rows.
fn short(name: &str) -> String {
    const MOST: usize = 22;
    let name = printable(name);
    let length = name.chars().count();
    if length <= MOST {
        return name;
    }
    let end: String = name.chars().skip(length - MOST).collect();
    format!("…{end}")
}

/// Gigabytes a second of each corpus and way, on a scale where each step is ten times the last.
fn throughput(report: &Report) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let rows = rows(report);
    let speeds = || rows.iter().map(|row| row.speed.log10());
    let least = speeds().fold(f64::INFINITY, f64::min).floor();
    let most = speeds().fold(f64::NEG_INFINITY, f64::max).ceil().max(least + 1.0);
    if rows.is_empty() {
        return Ok(None);
    }
    let (from, to) = (10f64.powf(least) * 0.99, 10f64.powf(most));
    let count = rows.len() + rows.iter().filter(|row| row.starts).count();
    let height = TITLE + AXIS + ROW * u32::try_from(count)?;
    svg(height, |area| {
        title(
            area,
            "Throughput",
            "blue: coldsweep, orange: without prefilter, grey: summing or reading the bytes, green: others",
        )?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(TITLE)
            .margin_right(RIGHT)
            .set_label_area_size(LabelAreaPosition::Left, LEFT)
            .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
            .build_cartesian_2d((from..to).log_scale(), count as f64..0.0)?;
        axis(&mut chart, "GB/s (10^9 bytes a second), median of the rounds, logarithmic")?;
        let mut at = 0.0;
        for row in &rows {
            if row.starts {
                at += 1.0;
            }
            let (y, style) = (at + 0.5, row.color.stroke_width(3));
            chart.draw_series([PathElement::new([(from, y), (row.speed, y)], style)])?;
            chart.draw_series([Circle::new((row.speed, y), 5, row.color.filled())])?;
            label(&mut chart, (from, y), -8, &row.label, INK)?;
            label(&mut chart, (row.speed, y), 9, &number(row.speed), INK)?;
            at += 1.0;
        }
        Ok(())
    })
    .map(Some)
}

/// Three digits that say something.
fn number(number: f64) -> String {
    let digits = 2 - number.abs().max(1e-4).log10().floor() as i32;
    format!("{number:.*}", usize::try_from(digits.clamp(0, 6)).unwrap_or(0))
}

type Chart<'c, 'a, X> = ChartContext<'c, SVGBackend<'a>, Cartesian2d<X, RangedNumber>>;
type RangedNumber = plotters::coord::types::RangedCoordf64;
use plotters::coord::ranged1d::ValueFormatter;

/// The axis at the foot of rows, and lines up from it.
fn axis<X>(chart: &mut Chart<'_, '_, X>, name: &str) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_desc(name)
        .bold_line_style(RGBColor(200, 200, 200))
        .light_line_style(RGBColor(236, 236, 236))
        .axis_style(INK)
        .label_style(text(16, INK, HPos::Center))
        .axis_desc_style(text(17, INK, HPos::Center))
        .x_label_formatter(&|x| plain(*x))
        .draw()?;
    Ok(())
}

fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text beside a place: to its left where `by` is negative.
fn label<X>(
    chart: &mut Chart<'_, '_, X>,
    place: (f64, f64),
    by: i32,
    label: &str,
    color: RGBColor,
) -> Drawn
where
    X: Ranged<ValueType = f64>,
{
    let side = match by {
        ..0 => HPos::Right,
        0 => HPos::Center,
        _ => HPos::Left,
    };
    let words = Text::new(label.to_owned(), (by, 0), text(16, color, side));
    chart.draw_series([EmptyElement::at(place) + words])?;
    Ok(())
}

/// The colours of the stages, and what is legible on each.
const STAGES: [(RGBColor, RGBColor); 6] =
    [(GREY, WHITE), (BLUE, WHITE), (SKY, INK), (AMBER, INK), (ORANGE, WHITE), (PINK, INK)];
/// A share under this has no room for its number.
const NAMED: f64 = 6.0;

/// The share of each stage.
fn stages(report: &Report) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let all: Vec<_> =
        report.measurements.iter().filter_map(|one| Some((&one.corpus, one.stages?))).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let height = TITLE + 30 + AXIS + 30 * u32::try_from(all.len())?;
    svg(height, |area| {
        title(
            area,
            "Where the time goes",
            "1 thread, shard by shard, with a clock around each stage",
        )?;
        legend(area)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(TITLE + 30)
            .margin_right(RIGHT)
            .set_label_area_size(LabelAreaPosition::Left, 190)
            .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
            .build_cartesian_2d(0.0..100.0, all.len() as f64..0.0)?;
        axis(&mut chart, "% of the time of all stages")?;
        for (at, (corpus, stages)) in all.iter().enumerate() {
            label(&mut chart, (0.0, at as f64 + 0.5), -8, &short(corpus), INK)?;
            stacked(&mut chart, at as f64, stages)?;
        }
        Ok(())
    })
    .map(Some)
}

fn legend(area: &Area<'_>) -> Drawn {
    let mut x = 190;
    for ((name, _), (color, _)) in Stages::default().named().into_iter().zip(STAGES) {
        area.draw(&Rectangle::new([(x, 64), (x + 14, 78)], color.filled()))?;
        area.draw(&Text::new(name, (x + 20, 71), text(16, INK, HPos::Left)))?;
        x += 112;
    }
    Ok(())
}

fn stacked(chart: &mut Chart<'_, '_, RangedNumber>, top: f64, stages: &Stages) -> Drawn {
    let sum: f64 = stages.named().iter().map(|(_, seconds)| seconds).sum();
    let mut from = 0.0;
    for ((_, seconds), (color, ink)) in stages.named().into_iter().zip(STAGES) {
        let share = if sum > 0.0 { seconds / sum * 1e2 } else { 0.0 };
        let to = from + share;
        let corners = [(from, top + 0.12), (to, top + 0.88)];
        chart.draw_series([Rectangle::new(corners, color.filled())])?;
        if share >= NAMED {
            let place = (f64::midpoint(from, to), top + 0.5);
            label(chart, place, 0, &format!("{share:.0}"), ink)?;
        }
        from = to;
    }
    Ok(())
}

/// Time against size, with the line through zero and the largest size.
fn growth(report: &Report) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let sizes: Vec<_> = report.measurements.iter().filter(|one| one.what == What::Growth).collect();
    let Some(largest) = sizes.iter().max_by_key(|one| one.bytes) else { return Ok(None) };
    let x = |one: &Measurement| one.bytes as f64 / 1e9;
    let most = sizes.iter().map(|one| one.seconds.max()).fold(0.0, f64::max);
    let (right, top) = (x(largest) * 1.12, most * 1.2);
    if !(right > 0.0 && top > 0.0 && top.is_finite()) {
        return Ok(None);
    }
    svg(480, |area| {
        let name = format!("Time against size: {}, 1 thread", short(&largest.corpus));
        title(area, &name, "dots: medians, bars: all rounds, line: through zero and the largest")?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(TITLE)
            .margin_right(RIGHT)
            .margin_left(16)
            .set_label_area_size(LabelAreaPosition::Left, 90)
            .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
            .build_cartesian_2d(0.0..right, 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc("GB (10^9 bytes)")
            .y_desc("seconds")
            .bold_line_style(RGBColor(200, 200, 200))
            .light_line_style(WHITE)
            .axis_style(INK)
            .label_style(("sans-serif", 16))
            .axis_desc_style(("sans-serif", 17))
            .x_label_formatter(&|x| plain(*x))
            .y_label_formatter(&|y| plain(*y))
            .draw()?;
        let line = [(0.0, 0.0), (x(largest), largest.seconds.median())];
        chart.draw_series([PathElement::new(line, GREY.stroke_width(2))])?;
        for one in &sizes {
            let (x, y) = (x(one), one.seconds.median());
            let bar = [(x, one.seconds.min()), (x, one.seconds.max())];
            chart.draw_series([PathElement::new(bar, BLUE.stroke_width(2))])?;
            chart.draw_series([Circle::new((x, y), 5, BLUE.filled())])?;
            let words = format!("{} s", number(y));
            let words = Text::new(words, (10, 14), text(16, INK, HPos::Left));
            chart.draw_series([EmptyElement::at((x, y)) + words])?;
        }
        Ok(())
    })
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_names_fit() {
        for (value, text) in [(12.345, "12.3"), (0.012345, "0.0123"), (345.6, "346"), (1.0, "1.00")]
        {
            assert_eq!(number(value), text);
        }
        assert_eq!((plain(0.1), plain(10.0), plain(0.0)), ("0.1".into(), "10".into(), "0".into()));
        assert_eq!(short("/a/very/long/path/to/the/evidence"), "…g/path/to/the/evidence");
    }

    #[test]
    fn a_report_without_numbers_has_no_plots() {
        assert_eq!(plots(&Report::default()).unwrap(), []);
    }
}
