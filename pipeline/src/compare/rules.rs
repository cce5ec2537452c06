//! What two manifests say about the way two runs were made: rules, inputs, versions.

use super::RuleComparison;
use crate::manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};

/// Rules that the runs read with different values, and what else differs in how they were made.
pub(super) fn compare(manifests: &[Option<Manifest>; 2]) -> (Vec<RuleComparison>, Vec<String>) {
    let [Some(a), Some(b)] = manifests else {
        return (Vec::new(), vec!["a run without a manifest of its own: rules and inputs are not compared".into()]);
    };
    let mut keys: BTreeMap<&str, [Option<String>; 2]> = BTreeMap::new();
    for (side, manifest) in [a, b].into_iter().enumerate() {
        for rule in &manifest.rules.overridden {
            keys.entry(&rule.key).or_default()[side] = Some(rule.told());
        }
    }
    keys.retain(|_, [a, b]| a != b);
    let row = |(key, [values_a, values_b]): (&str, [Option<String>; 2])| RuleComparison {
        key: key.to_owned(),
        values_a,
        values_b,
    };
    let rules: Vec<RuleComparison> = keys.into_iter().map(row).collect();
    let notes = notes(a, b, rules.is_empty());
    (rules, notes)
}

fn notes(a: &Manifest, b: &Manifest, same_overrides: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if a.version != b.version {
        notes.push(format!("made by version {} (A) and {} (B)", a.version, b.version));
    }
    if same_overrides && a.rules.sha256 != b.rules.sha256 {
        notes.push("the law itself differs between the programs that made the runs".into());
    }
    if a.seed != b.seed {
        notes.push(format!("ties fall by seed {} (A) and {} (B)", a.seed, b.seed));
    }
    if a.performance_years != b.performance_years {
        notes.push(format!("performance years {:?} (A) and {:?} (B)", a.performance_years, b.performance_years));
    }
    let files = |of: &Manifest| -> BTreeSet<(String, String)> {
        of.inputs.iter().map(|input| (input.file.clone(), input.sha256.clone())).collect()
    };
    let (of_a, of_b) = (files(a), files(b));
    let differ: BTreeSet<&str> = of_a.symmetric_difference(&of_b).map(|(file, _)| file.as_str()).collect();
    if !differ.is_empty() {
        let first: Vec<&str> = differ.iter().take(5).copied().collect();
        let more = if differ.len() > first.len() { ", …" } else { "" };
        notes.push(format!("{} input files differ: {}{more}", differ.len(), first.join(", ")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ALWAYS, OverriddenRule, RulesRecord};
    use crate::study::InputFile;

    fn manifest(rules: &[(&str, &str)], inputs: &[(&str, &str)]) -> Manifest {
        let overridden = rules.iter().map(|(key, value)| OverriddenRule {
            key: (*key).into(),
            values: vec![(ALWAYS.into(), (*value).into()), ("2024-01-01".into(), "0".into())],
        });
        let overridden: Vec<_> = overridden.collect();
        let inputs = inputs.iter().map(|(file, hash)| InputFile { file: (*file).into(), sha256: (*hash).into() });
        Manifest {
            version: "1".into(),
            study: "s".into(),
            performance_years: vec![2023],
            seed: 1,
            rules: RulesRecord { sha256: format!("{rules:?}"), overridden },
            inputs: inputs.collect(),
            stages: Vec::new(),
            quality: Default::default(),
            findings: Vec::new(),
            outputs: Vec::new(),
        }
    }

    #[test]
    fn rules_and_inputs_that_differ_are_named() {
        let a = manifest(&[("x", "1"), ("y", "2"), ("z", "3")], &[("aco.csv", "h"), ("raw.csv", "h")]);
        let b = manifest(&[("w", "9"), ("y", "2"), ("z", "4")], &[("aco.csv", "g"), ("raw.csv", "h")]);
        let (rules, notes) = compare(&[Some(a.clone()), Some(b)]);
        let told: Vec<String> =
            rules.iter().map(|row| format!("{} {:?} {:?}", row.key, row.values_a, row.values_b)).collect();
        assert_eq!(
            told,
            [
                r#"w None Some("9; from 2024-01-01: 0")"#,
                r#"x Some("1; from 2024-01-01: 0") None"#,
                r#"z Some("3; from 2024-01-01: 0") Some("4; from 2024-01-01: 0")"#,
            ]
        );
        assert_eq!(notes, ["1 input files differ: aco.csv"]);
        let mut other = a.clone();
        other.rules.sha256 = "another".into();
        let (rules, notes) = compare(&[Some(a.clone()), Some(other)]);
        assert!(rules.is_empty() && notes[0].contains("the law itself differs"), "{notes:?}");
        assert!(compare(&[Some(a.clone()), Some(a.clone())]).1.is_empty());
        assert_eq!(compare(&[Some(a), None]).1.len(), 1);
    }
}
