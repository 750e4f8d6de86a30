//! Bars and lines, in SVG.

use std::fmt::Write as _;

use anyhow::Result;

use super::escaped;
use crate::figures::{Figure, shown};

const WIDTH: f64 = 860.0;
const LABELS: f64 = 300.0;
const BAR: f64 = 22.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const COLOURS: [&str; 6] = ["#1f5fa8", "#c2571a", "#2d7d46", "#7a3e9d", "#8a6d00", "#555555"];

/// Lines where the figures have a place on the horizontal axis, bars where they have not.
pub(super) fn svg(title: &str, figures: &[&Figure]) -> Result<String> {
    let has_lines = figures.iter().any(|figure| figure.plot.as_ref().is_some_and(|plot| plot.line.is_some()));
    if has_lines { lines(title, figures) } else { bars(title, figures) }
}

fn bars(title: &str, figures: &[&Figure]) -> Result<String> {
    let most = figures.iter().map(|figure| figure.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = begun(title, 34.0 + BAR * figures.len() as f64)?;
    for (number, figure) in figures.iter().enumerate() {
        let (top, colour) = (30.0 + BAR * number as f64, if number == 0 { COLOURS[0] } else { COLOURS[5] });
        let length = (WIDTH - LABELS - 130.0) * figure.value / most;
        let (label, baseline) = (escaped(&figure.what), top + 15.0);
        write!(
            svg,
            "<text x=\"{:.0}\" y=\"{baseline:.0}\" text-anchor=\"end\">{label}</text>\
            <rect x=\"{LABELS:.0}\" y=\"{:.0}\" width=\"{length:.1}\" height=\"{:.0}\" fill=\"{colour}\"/>\
            <text x=\"{:.1}\" y=\"{baseline:.0}\">{} {}</text>",
            LABELS - 8.0,
            top + 2.0,
            BAR - 5.0,
            LABELS + length + 6.0,
            shown(figure.value),
            figure.unit
        )?;
    }
    svg.push_str("</svg>");
    Ok(svg)
}

/// The horizontal axis counts in powers of ten, the vertical one from zero.
fn lines(title: &str, figures: &[&Figure]) -> Result<String> {
    let points: Vec<(&str, f64, f64)> = figures.iter().filter_map(|figure| point(figure)).collect();
    let at_most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MIN_POSITIVE, f64::max);
    let highest = at_most(&mut points.iter().map(|(_, _, value)| *value)) * 1.1;
    let last = at_most(&mut points.iter().map(|(_, at, _)| *at)).log10();
    let first = points.iter().map(|(_, at, _)| *at).fold(f64::MAX, f64::min).max(f64::MIN_POSITIVE).log10();
    let across = |at: f64| LEFT + (WIDTH - LEFT - 200.0) * (at.log10() - first) / (last - first).max(1e-9);
    let down = |value: f64| HEIGHT - 30.0 - (HEIGHT - 70.0) * value / highest;
    let mut svg = begun(title, HEIGHT)?;
    let unit = figures.first().map(|figure| figure.unit.as_str()).unwrap_or_default();
    write!(svg, "<text x=\"4\" y=\"32\">{unit}</text>")?;
    for part in [0.0, 0.5, 1.0] {
        let (value, right) = (highest * part / 1.1, WIDTH - 190.0);
        let (height, label) = (down(value), shown(value));
        write!(
            svg,
            "<path d=\"M{LEFT} {height:.1}H{right}\" stroke=\"#ddd\"/><text x=\"4\" y=\"{:.1}\">{label}</text>",
            height + 4.0
        )?;
    }
    for (_, at, _) in &points {
        write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            across(*at),
            HEIGHT - 8.0,
            shown(*at)
        )?;
    }
    let mut names: Vec<&str> = points.iter().map(|(name, _, _)| *name).collect();
    names.dedup();
    for (number, name) in names.iter().enumerate() {
        let on_it = points.iter().filter(|(of, _, _)| of == name);
        let places: Vec<_> = on_it.map(|(_, at, value)| (across(*at), down(*value))).collect();
        one_line(&mut svg, name, number, &places)?;
    }
    svg.push_str("</svg>");
    Ok(svg)
}

/// With its points and its name.
fn one_line(svg: &mut String, name: &str, number: usize, places: &[(f64, f64)]) -> Result<()> {
    let colour = COLOURS.get(number).unwrap_or(&COLOURS[5]);
    for (across, down) in places {
        write!(svg, "<circle cx=\"{across:.1}\" cy=\"{down:.1}\" r=\"3.5\" fill=\"{colour}\"/>")?;
    }
    let path: Vec<_> = places.iter().map(|(across, down)| format!("{across:.1},{down:.1}")).collect();
    let legend = 44.0 + 18.0 * number as f64;
    write!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
        <text x=\"{}\" y=\"{legend}\" fill=\"{colour}\">{}</text>",
        path.join(" "),
        WIDTH - 180.0,
        escaped(name)
    )?;
    Ok(())
}

fn point(figure: &Figure) -> Option<(&str, f64, f64)> {
    let (line, at) = figure.plot.as_ref()?.line.as_ref()?;
    Some((line, *at, figure.value))
}

fn begun(title: &str, height: f64) -> Result<String> {
    let mut svg = String::new();
    write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
        font-family=\"system-ui,sans-serif\" font-size=\"12\" role=\"img\"><title>{0}</title>\
        <text x=\"4\" y=\"16\" font-weight=\"600\">{0}</text>",
        escaped(title)
    )?;
    Ok(svg)
}
