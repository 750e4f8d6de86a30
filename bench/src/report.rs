//! `report.json`, and `report.html`: one file without scripts that needs nothing beside it.

mod plot;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::figures::{Figure, Part, shown};
use crate::limits::{Judged, judge};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}\
    table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}\
    td.n{text-align:right;font-variant-numeric:tabular-nums}.met{color:#17692b}.not{color:#b3201b;font-weight:600}\
    svg{max-width:100%;height:auto;margin:.5rem 0}details{margin:1rem 0}";

/// Writes both, shows how each limit stands, and says whether all that were measured are met.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(parts: &[Part], about: &str, into: &Path) -> Result<bool> {
    let judged = judge(parts);
    eprintln!("\n    {:<44} {:<9} {:>12} {:>10}", "limit", "build", "value", "");
    for one in &judged {
        let value = one.figure.map_or_else(|| "-".to_owned(), |figure| shown(figure.value));
        let bound = one.limit.bound.shown();
        eprintln!("    {:<44} {:<9} {value:>12} {bound:>10}  {}", one.limit.figure, one.build, one.verdict());
    }
    fs::create_dir_all(into).with_context(|| into.display().to_string())?;
    let save = |name: &str, text: String| {
        let path = into.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        eprintln!("    {}", path.display());
        Ok::<_, anyhow::Error>(())
    };
    let limits: Vec<_> = judged.iter().map(limit_json).collect();
    let all = json!({"about": about, "parts": parts, "limits": limits});
    save("report.json", serde_json::to_string_pretty(&all)?)?;
    save("report.html", page(parts, &judged, about)?)?;
    Ok(judged.iter().all(|one| one.is_met() != Some(false)))
}

fn limit_json(one: &Judged<'_>) -> serde_json::Value {
    json!({"figure": one.limit.figure, "build": one.build, "bound": one.limit.bound.shown(),
        "value": one.figure.map(|figure| figure.value), "verdict": one.verdict()})
}

fn page(parts: &[Part], judged: &[Judged<'_>], about: &str) -> Result<String> {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>didshake: measured</title><style>{STYLE}</style>\
        <h1>didshake: measured</h1><p>{}</p><h2>Limits</h2><table><tr><th>figure<th>build<th>limit<th>value<th>",
        escaped(about)
    );
    for one in judged {
        let class = match one.is_met() {
            Some(true) => "met",
            Some(false) => "not",
            None => "unknown",
        };
        write!(
            page,
            "<tr><td>{}<td>{}<td class=n>{}<td class=n>{}<td class={class}>{}",
            one.limit.figure,
            one.build,
            one.limit.bound.shown(),
            one.figure.map(|figure| shown(figure.value)).unwrap_or_default(),
            one.verdict()
        )?;
    }
    page.push_str("</table>");
    for part in parts {
        one_part(&mut page, part)?;
    }
    page.push_str("</html>\n");
    Ok(page)
}

fn one_part(page: &mut String, part: &Part) -> Result<()> {
    write!(page, "<h2>{}, {} build</h2>", escaped(&part.part), escaped(&part.build))?;
    for note in &part.notes {
        write!(page, "<p>{}</p>", escaped(note))?;
    }
    let mut titles: Vec<&str> = Vec::new();
    for plot in part.figures.iter().filter_map(|figure| figure.plot.as_ref()) {
        if !titles.contains(&plot.title.as_str()) {
            titles.push(&plot.title);
        }
    }
    for title in titles {
        let stands_in = |figure: &&Figure| figure.plot.as_ref().is_some_and(|plot| plot.title == title);
        let figures: Vec<&Figure> = part.figures.iter().filter(stands_in).collect();
        page.push_str(&plot::svg(title, &figures)?);
    }
    page.push_str("<details><summary>all figures</summary><table><tr><th>figure<th>value<th>unit<th>runs");
    for figure in &part.figures {
        let runs: Vec<_> = figure.runs.iter().map(|run| shown(*run)).collect();
        let (what, value) = (escaped(&figure.what), shown(figure.value));
        write!(page, "<tr><td>{what}<td class=n>{value}<td>{}<td>{}", figure.unit, runs.join(", "))?;
    }
    page.push_str("</table></details>");
    Ok(())
}

/// Text that stands for itself in HTML and SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_not_met_is_seen_in_both_files_and_in_the_answer() {
        let folder = std::env::temp_dir().join(format!("didshake-report-{}", std::process::id()));
        let ratio = |value| {
            let mut part = Part::new("handshake", "portable");
            part.figures.push(Figure::new("handshake.floor_ratio", "a <b>", "ratio", vec![value]).unwrap().bar("bars"));
            let figure = |at| Figure::new("x", "x", "µs", vec![at]).unwrap().point("lines", "line", at);
            part.figures.extend([figure(1000.0), figure(2000.0)]);
            [part]
        };
        assert!(!write(&ratio(2.0), "here", &folder).unwrap());
        let page = fs::read_to_string(folder.join("report.html")).unwrap();
        assert!(page.contains("NOT MET") && page.contains("a &lt;b&gt;") && page.matches("<svg").count() == 2);
        let report: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
        assert_eq!(report["limits"][0]["verdict"], "NOT MET");
        assert!(write(&ratio(1.0), "here", &folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
