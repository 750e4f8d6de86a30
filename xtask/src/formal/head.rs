//! The heads of queries in the models for Verifpal and ProVerif: a comment that names the query, and the variants in which
//! it falls and stands. `=| name: text | attack variant … | holds variant … |=`

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use super::variant;
use super::verdict::Verdict;

/// A query of this name is false when a run gets to its end: not a property but a test of the model.
const REACHED: &str = "reached";

/// A model, or a variant of it, as the tool gets it.
#[derive(Debug)]
pub(super) struct Model {
    /// Empty for the protocol as it is.
    pub(super) variant: String,
    pub(super) text: String,
    /// The verdict of each query in the text.
    pub(super) expected: Vec<Verdict>,
}

struct Head {
    name: String,
    attack: Vec<String>,
    holds: Vec<String>,
}

/// The protocol as it is with every query, and each variant with the queries that name it.
pub(super) fn models(text: &str) -> Result<Vec<Model>> {
    let mut named = BTreeSet::new();
    for line in text.lines() {
        named.extend(head(line)?.into_iter().flat_map(|head| head.attack.into_iter().chain(head.holds)));
    }
    let marked: BTreeSet<String> = variant::names(text).into_iter().map(str::to_owned).collect();
    if let Some(odd) = named.symmetric_difference(&marked).next() {
        bail!("the variant {odd} is only in a line, or only in the head of a query");
    }
    std::iter::once(String::new()).chain(named).map(|variant| model(text, variant)).collect()
}

fn model(text: &str, variant: String) -> Result<Model> {
    let mut kept = String::new();
    let mut expected = Vec::new();
    let selected = variant::select(text, &variant);
    let mut lines = selected.lines().peekable();
    while let Some(line) = lines.next() {
        match head(line)?.map(|head| head.expected(&variant)) {
            // The query is the next line; an equivalence has none.
            Some(None) => drop(lines.next_if(|next| is_query(next))),
            Some(Some(verdict)) => {
                expected.push(verdict);
                kept.extend([line, "\n"]);
            }
            None => kept.extend([line, "\n"]),
        }
    }
    ensure!(!expected.is_empty(), "nothing is asked");
    Ok(Model { variant, text: kept, expected })
}

fn is_query(line: &str) -> bool {
    ["query ", "confidentiality? ", "authentication? "].iter().any(|word| line.trim_start().starts_with(word))
}

fn head(line: &str) -> Result<Option<Head>> {
    let Some((_, rest)) = line.split_once("=| ") else { return Ok(None) };
    let (own, _) = rest.split_once(" |=").with_context(|| format!("a head that does not end: {line}"))?;
    let mut parts = own.split(" | ");
    let name = parts.next().and_then(|part| part.split(':').next()).unwrap_or_default().trim();
    let mut head = Head { name: name.into(), attack: Vec::new(), holds: Vec::new() };
    for part in parts {
        let mut words = part.split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("attack") => head.attack.extend(words),
            Some("holds") => head.holds.extend(words),
            _ => bail!("`attack` or `holds` expected: {line}"),
        }
    }
    Ok(Some(head))
}

impl Head {
    /// `None`: it is not asked in this variant.
    fn expected(&self, variant: &str) -> Option<Verdict> {
        let lists = |variants: &[String]| variants.iter().any(|own| own == variant);
        match (variant.is_empty(), self.name.starts_with(REACHED)) {
            (true, true) => Some(Verdict::Attack),
            (true, false) => Some(Verdict::Holds),
            (false, _) if lists(&self.attack) => Some(Verdict::Attack),
            (false, _) => lists(&self.holds).then_some(Verdict::Holds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
line (* R-A-1 @-open *)
line (* @+open @+other *)
(*=| secret: nobody knows | attack open | holds other |=*)
query attacker(k).
(*=| reached-end | attack open |=*)
query event(End).
process 0
";

    #[test]
    fn a_variant_is_asked_what_names_it() {
        let models = models(TEXT).unwrap();
        let found: Vec<_> = models.iter().map(|model| (model.variant.as_str(), model.expected.as_slice())).collect();
        let (holds, attack) = (Verdict::Holds, Verdict::Attack);
        assert_eq!(
            found,
            [("", [holds, attack].as_slice()), ("open", [attack, attack].as_slice()), ("other", [holds].as_slice())]
        );
        assert_eq!(models[0].text.matches("query").count(), 2);
        assert!(!models[2].text.contains("event(End)") && models[2].text.contains("attacker(k)"));
    }

    #[test]
    fn a_variant_that_is_nowhere_is_a_fault() {
        assert!(models(&TEXT.replace("@+other", "")).is_err());
        assert!(models(&TEXT.replace("holds other", "holds")).is_err());
        assert!(models("process 0\n").is_err());
    }
}
