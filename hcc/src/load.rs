//! Reads the rules of a model from its tables, and checks that they are whole (HCC.md 9.1).

use crate::code::{Icd10, Parsed};
use crate::dx::Edit;
use crate::files::{Load, Table};
use crate::model::{Model, Segment};
use crate::person::Sex;
use crate::rules::{Demographic, Interaction, Rules, SegmentTable};
use crate::score::COUNTS;
use crate::variables::{KINDS, Kind, demographic, possible};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The tables that rules are made of.
pub(crate) struct Sources {
    model: Table,
    coef: Table,
    coef_set: Table,
    hierarchy: Table,
    zeroed: Table,
    group: Table,
    interaction: Table,
    edit: Table,
    label: Table,
}

impl Sources {
    /// The tables among the files.
    pub(crate) fn read(files: &[(&'static str, &str)]) -> Result<Sources, Load> {
        let table = |file, header| Table::read(files, file, header);
        Ok(Sources {
            model: table("hcc_model.csv", "model,payment_hccs,hierarchy_pairs,coefficients,aged_at_64,source_id")?,
            coef: table("hcc_coef.csv", "coef_set,segment,variable,milli,source_id")?,
            coef_set: table("hcc_coef_set.csv", "model,first_py,last_py,coef_set,status,source_id")?,
            hierarchy: table("hcc_hierarchy.csv", "model,seq,parent,child,source_id")?,
            zeroed: table("hcc_zeroed.csv", "model,cc,unless_any,source_id")?,
            group: table("hcc_group.csv", "model,group,cc,source_id")?,
            interaction: table("hcc_interaction.csv", "model,variable,factors,source_id")?,
            edit: table("hcc_edit.csv", "model,icd10,kind,sex,fire_age_le,fire_age_ge,action,new_cc,source_id")?,
            label: table("hcc_label.csv", "model,cc,label,source_id")?,
        })
    }

    /// A model's rules.
    pub(crate) fn rules(&self, model: Model) -> Result<Rules, Load> {
        let labels = self.labels(model)?;
        let (line, facts) = &self.model.of(model)?[0];
        let fact = |at: usize| self.model.number::<usize>(*line, &facts[at]);
        self.counted(model, "payment HCCs", labels.len(), fact(0)?)?;
        if labels.len() > 128 {
            return Err(self.label.fault(0, "more than 128 HCCs"));
        }
        let mut rules = Rules {
            model,
            aged_at_64: facts[3] == "1",
            numbers: labels.keys().copied().collect(),
            labels: labels.into_values().collect(),
            parents: 0,
            children: Box::new([0; 128]),
            zeroed: Vec::new(),
            interactions: Vec::new(),
            demographic: Vec::new(),
            segments: Vec::new(),
        };
        let pairs = self.hierarchy(&mut rules)?;
        self.counted(model, "pairs of hierarchies", pairs, fact(1)?)?;
        self.zeroed(&mut rules)?;
        let conditions = self.interactions(&mut rules)?;
        let mut coefficients = self.coefficients(model)?;
        self.counted(model, "coefficients", coefficients.milli.len(), fact(2)?)?;
        for segment in model.segments() {
            let table = self.segment(&mut rules, *segment, &conditions, &mut coefficients)?;
            rules.segments.push((*segment, table));
        }
        coefficients.finish(&rules.interactions, &conditions)?;
        Ok(rules)
    }

    fn counted(&self, model: Model, what: &str, found: usize, expected: usize) -> Result<(), Load> {
        let wrong = || self.model.fault(0, format!("{}: {found} {what}, expected {expected}", model.name()));
        if found == expected { Ok(()) } else { Err(wrong()) }
    }

    fn labels(&self, model: Model) -> Result<BTreeMap<u16, String>, Load> {
        let mut labels = BTreeMap::new();
        for (line, fields) in self.label.of(model)? {
            if labels.insert(self.label.number(*line, &fields[0])?, fields[1].clone()).is_some() {
                return Err(self.label.fault(*line, format!("HCC {} stands twice", fields[0])));
            }
        }
        Ok(labels)
    }

    /// Payment years of the final coefficients.
    pub(crate) fn years(&self, model: Model) -> Result<(i32, i32), Load> {
        let (line, fields) = self.final_set(model)?;
        Ok((self.coef_set.number(line, &fields[0])?, self.coef_set.number(line, &fields[1])?))
    }

    /// The one set of coefficients that was final; proposed ones are never taken.
    fn final_set(&self, model: Model) -> Result<(u64, &Vec<String>), Load> {
        let mut sets = self.coef_set.of(model)?.iter().filter(|(_, fields)| fields[3] == "final");
        match (sets.next(), sets.next()) {
            (Some((line, fields)), None) => Ok((*line, fields)),
            _ => Err(self.coef_set.fault(0, format!("{} must have one final set of coefficients", model.name()))),
        }
    }

    /// Hierarchies, in the order of `seq`; the kernel goes by numbers, so the two must be the same order.
    fn hierarchy(&self, rules: &mut Rules) -> Result<usize, Load> {
        let table = &self.hierarchy;
        let mut last = (0, 0);
        let rows = table.of(rules.model)?;
        for (line, fields) in rows {
            let (seq, parent): (u32, u16) = (table.number(*line, &fields[0])?, table.number(*line, &fields[1])?);
            let child: u16 = table.number(*line, &fields[2])?;
            if (seq, parent) <= last || parent < last.1 {
                return Err(table.fault(*line, "parents must stand in ascending order, and `seq` rise"));
            }
            last = (seq, parent);
            let (parent, child) = (rules.known(table, *line, parent)?, rules.known(table, *line, child)?);
            if rules.children[usize::from(parent)] >> child & 1 == 1 || parent == child {
                return Err(table.fault(*line, "the pair stands twice, or is none"));
            }
            rules.parents |= 1 << parent;
            rules.children[usize::from(parent)] |= 1 << child;
        }
        Ok(rows.len())
    }

    fn zeroed(&self, rules: &mut Rules) -> Result<(), Load> {
        let table = &self.zeroed;
        for (line, fields) in table.rows.get(rules.model.name()).into_iter().flatten() {
            let bit = rules.known(table, *line, table.number(*line, &fields[0])?)?;
            let mut unless = 0;
            for other in fields[1].split('|').filter(|other| !other.is_empty()) {
                unless |= 1 << rules.known(table, *line, table.number(*line, other)?)?;
            }
            rules.zeroed.push((bit, unless));
        }
        Ok(())
    }

    /// Conditions of the interactions, and their names into `rules`, sorted.
    fn interactions(&self, rules: &mut Rules) -> Result<Vec<Interaction>, Load> {
        let mut groups: HashMap<&str, u128> = HashMap::new();
        for (line, fields) in self.group.of(rules.model)? {
            let bit = rules.known(&self.group, *line, self.group.number(*line, &fields[1])?)?;
            *groups.entry(&fields[0]).or_default() |= 1 << bit;
        }
        let mut rows: Vec<_> = self.interaction.of(rules.model)?.iter().collect();
        rows.sort_by(|a, b| a.1[0].cmp(&b.1[0]));
        let mut conditions = Vec::new();
        for (place, (line, fields)) in rows.into_iter().enumerate() {
            let wrong = |what: String| self.interaction.fault(*line, what);
            if rules.interactions.last() == Some(&fields[0]) || place >= 64 {
                return Err(wrong(format!("{} stands twice, or is the 65th", fields[0])));
            }
            let mut found =
                Interaction { variable: place as u8, groups: [!0; 2], disabled: false, under_65: false, milli: 0 };
            let mut at = 0;
            for factor in fields[1].split('&') {
                match factor {
                    "DISABL" => found.disabled = true,
                    "UNDER65" => found.under_65 = true,
                    _ => {
                        let bits = match factor.strip_prefix("CC").and_then(|number| number.parse().ok()) {
                            Some(number) => rules.bit(number).map(|bit| 1 << bit),
                            None => groups.get(factor).copied(),
                        };
                        let bits =
                            bits.ok_or_else(|| wrong(format!("{}: no such group or HCC: `{factor}`", fields[0])))?;
                        *found.groups.get_mut(at).ok_or_else(|| wrong("more than two groups".into()))? = bits;
                        at += 1;
                    }
                }
            }
            if at == 0 {
                return Err(wrong(format!("{} has no HCC", fields[0])));
            }
            conditions.push(found);
            rules.interactions.push(fields[0].clone());
        }
        Ok(conditions)
    }

    fn coefficients(&self, model: Model) -> Result<Coefficients<'_>, Load> {
        let table = &self.coef;
        let set = &self.final_set(model)?.1[2];
        let rows = table.rows.get(set).ok_or_else(|| table.fault(0, format!("no coefficients of set `{set}`")))?;
        let mut milli = HashMap::new();
        for (line, fields) in rows {
            let value: i32 = table.number(*line, &fields[2])?;
            if milli.insert((fields[0].as_str(), fields[1].as_str()), (*line, value)).is_some() {
                return Err(table.fault(*line, format!("{} stands twice", fields[1])));
            }
        }
        Ok(Coefficients { table, set: set.clone(), milli, used: BTreeSet::new() })
    }

    fn segment<'a>(
        &'a self,
        rules: &mut Rules,
        segment: Segment,
        conditions: &[Interaction],
        coefficients: &mut Coefficients<'a>,
    ) -> Result<SegmentTable, Load> {
        let mut table = SegmentTable {
            rows: Box::new([u16::MAX; KINDS]),
            hccs: Box::new([0; 128]),
            interactions: Vec::new(),
            counts: None,
        };
        for kind in Kind::all().filter(|kind| possible(rules.model, segment, *kind)) {
            let (names, divisor) = demographic(rules.model, segment, kind);
            let mut terms = Vec::new();
            for name in names {
                let milli = coefficients.demanded(segment, &name)?;
                terms.push((name.trim_start_matches('=').to_owned(), milli));
            }
            let divisor_milli = match divisor {
                Some(name) => coefficients.demanded(segment, &format!("={name}"))?,
                None => 1000,
            };
            if divisor_milli <= 0 {
                return Err(coefficients.table.fault(0, "a divisor must be above 0"));
            }
            let row = Demographic { milli: terms.iter().map(|(_, milli)| milli).sum(), divisor_milli, terms };
            let known = rules.demographic.iter().position(|other| *other == row);
            let place = known.unwrap_or_else(|| {
                rules.demographic.push(row);
                rules.demographic.len() - 1
            });
            table.rows[kind.index()] = u16::try_from(place).expect("there are a few thousand kinds of people");
        }
        if segment.is_demographic_only() {
            return Ok(table);
        }
        for (bit, number) in rules.numbers.iter().enumerate() {
            table.hccs[bit] = coefficients.demanded(segment, &format!("HCC{number}"))?;
        }
        for condition in conditions {
            if let Some(milli) =
                coefficients.found(segment.name(), &rules.interactions[usize::from(condition.variable)])
            {
                table.interactions.push(Interaction { milli, ..*condition });
            }
        }
        if coefficients.milli.contains_key(&(segment.name(), COUNTS[1])) {
            let mut counts = [0; 10];
            for (at, name) in COUNTS[1..].iter().enumerate() {
                counts[at] = coefficients.demanded(segment, name)?;
            }
            table.counts = Some(counts);
        }
        Ok(table)
    }

    /// Edits of a model's diagnoses.
    pub(crate) fn edits(&self, rules: &Rules) -> Result<Vec<Edit>, Load> {
        let table = &self.edit;
        let mut edits = Vec::new();
        for (line, fields) in table.of(rules.model)? {
            let [icd10, kind, sex, most, least, action, category, _] = &fields[..] else {
                return Err(table.fault(*line, "expected nine fields"));
            };
            let Parsed::Code(code) = Icd10::parse(icd10.as_bytes()) else {
                return Err(table.fault(*line, format!("not an ICD-10 code: `{icd10}`")));
            };
            let age = |text: &String| if text.is_empty() { Ok(None) } else { table.number(*line, text).map(Some) };
            let sex = match sex.as_str() {
                "" => None,
                "1" => Some(Sex::Male),
                "2" => Some(Sex::Female),
                other => return Err(table.fault(*line, format!("sex is 1 or 2: `{other}`"))),
            };
            let category = match action.as_str() {
                "invalid" => None,
                "override" => Some(rules.known(table, *line, table.number(*line, category)?)?),
                other => return Err(table.fault(*line, format!("an action is `invalid` or `override`: `{other}`"))),
            };
            let (age_at_most, age_at_least) = (age(most)?, age(least)?);
            edits.push(Edit { code, mce: kind == "mce_age", sex, age_at_most, age_at_least, category });
        }
        Ok(edits)
    }
}

impl Rules {
    /// The bit of an HCC that a row names.
    fn known(&self, table: &Table, line: u64, number: u16) -> Result<u8, Load> {
        let wrong = || table.fault(line, format!("{number} is no payment HCC of {}", self.model.name()));
        self.bit(number).ok_or_else(wrong)
    }
}

/// Coefficients of a model, and which of them something asked for.
struct Coefficients<'a> {
    table: &'a Table,
    set: String,
    milli: HashMap<(&'a str, &'a str), (u64, i32)>,
    used: BTreeSet<u64>,
}

impl Coefficients<'_> {
    fn found(&mut self, segment: &str, variable: &str) -> Option<i32> {
        let (line, milli) = self.milli.get(&(segment, variable))?;
        self.used.insert(*line);
        Some(*milli)
    }

    /// The coefficient of a variable that can arise in a segment: a name beginning with `=` has no prefix.
    fn demanded(&mut self, segment: Segment, variable: &str) -> Result<i32, Load> {
        let (prefix, name) = match variable.strip_prefix('=') {
            Some(name) => ("", name),
            None => (segment.name(), variable),
        };
        let found = self.found(prefix, name);
        found.ok_or_else(|| {
            self.table.fault(0, format!("set {}: no coefficient of {prefix}_{name}, which can arise", self.set))
        })
    }

    /// Nothing may be left over: neither an interaction without a coefficient nor a coefficient that nothing reaches.
    fn finish(&self, names: &[String], conditions: &[Interaction]) -> Result<(), Load> {
        for condition in conditions {
            let name = names[usize::from(condition.variable)].as_str();
            if !self.milli.keys().any(|(_, variable)| *variable == name) {
                return Err(self
                    .table
                    .fault(0, format!("set {}: no coefficient of {name}, which can arise", self.set)));
            }
        }
        match self.milli.iter().filter(|(_, (line, _))| !self.used.contains(line)).min_by_key(|(_, (line, _))| *line) {
            Some(((segment, variable), (line, _))) => {
                Err(self.table.fault(*line, format!("set {}: nothing makes {segment}_{variable} arise", self.set)))
            }
            None => Ok(()),
        }
    }
}
