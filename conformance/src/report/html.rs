//! `report.html`: one file that needs no network, its data as JSON inside.

use std::io;

use super::page::page;
use crate::runner::case::Run;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole file.
pub(crate) fn text(run: &Run) -> io::Result<String> {
    let data = embedded(&serde_json::to_string(&page(run))?);
    // The data come last, so that nothing in them is taken for a place to fill.
    Ok(PAGE.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT).replacen("/*data*/", &data, 1))
}

/// JSON that cannot end the element that it stands in: `<` occurs in strings only.
fn embedded(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::runner::case::Tier;

    const NASTY: &str = "</script><script>alert(1)</script><!--<script>/*data*/";

    fn data(html: &str) -> &str {
        html.split_once("type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0
    }

    #[test]
    fn what_an_implementation_says_stays_data() {
        let plain = text(&made_up::run()).unwrap();
        let mut run = made_up::run();
        run.results.push(made_up::result(NASTY, Tier::Live, NASTY, made_up::failure(NASTY, NASTY, NASTY)));
        let html = text(&run).unwrap();
        for tag in ["</script", "<script", "<!--"] {
            assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{tag}");
        }
        let data: serde_json::Value = serde_json::from_str(data(&html)).unwrap();
        assert_eq!(data["implementations"][2]["name"], NASTY);
        assert_eq!(data["cases"][2]["results"][NASTY]["log"][0], NASTY);
    }

    #[test]
    fn the_page_loads_nothing_and_a_policy_says_so() {
        let html = text(&made_up::run()).unwrap();
        assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"));
        for outside in ["src=", "href=\"http", "@import", "url(", "fetch(", "innerHTML", "/*style*/", "/*script*/"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}
