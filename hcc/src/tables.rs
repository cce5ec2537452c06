//! The tables of all models, and the scorers made of them.

use crate::code::{Icd10, Parsed};
use crate::dx::{DxMap, Edit, MapRow, MapStatus};
use crate::files::{FILES, Load, Table, each_row, fault};
use crate::load::Sources;
use crate::model::Model;
use crate::rules::Rules;
use crate::score::{Options, Scorer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The tables of all models.
#[derive(Clone, Debug)]
pub struct Tables {
    rules: Vec<Arc<Rules>>,
    maps: BTreeMap<Model, Map>,
}

/// The diagnosis maps of a model.
#[derive(Clone, Debug, Default)]
struct Map {
    rows: Vec<MapRow>,
    /// Payment years that have a map.
    years: BTreeSet<i32>,
    edits: Vec<Edit>,
    first_py: i32,
    last_py: i32,
}

/// Payment years that a diagnosis map can be of.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
const DX_HEADER: &str = "model,icd10,cc,first_py,last_py,source_id";

impl Tables {
    /// The tables inside the program.
    ///
    /// # Errors
    /// A table that is not whole.
    pub fn built_in() -> Result<Tables, Load> {
        Tables::read(FILES)
    }

    pub(crate) fn read(files: &[(&'static str, &str)]) -> Result<Tables, Load> {
        let sources = Sources::read(files)?;
        let mut tables = Tables { rules: Vec::new(), maps: BTreeMap::new() };
        for model in Model::ALL {
            let rules = sources.rules(model)?;
            let edits = sources.edits(&rules)?;
            let (first_py, last_py) = sources.years(model)?;
            tables.maps.insert(model, Map { edits, first_py, last_py, ..Map::default() });
            tables.rules.push(Arc::new(rules));
        }
        let dx = files.iter().find(|(name, _)| *name == "hcc_dx.csv").map_or("", |(_, text)| *text);
        tables.read_map("hcc_dx.csv", dx)?;
        tables.check_years(&Table::read(files, "hcc_dx_year.csv", "model,payment_year,rows,codes,source_id")?)?;
        Ok(tables)
    }

    fn read_map(&mut self, file: &str, text: &str) -> Result<(), Load> {
        let rules = self.rules.clone();
        each_row(file, text, DX_HEADER, |line, record| {
            let wrong = |what: String| fault(file, line, what);
            let model = Model::named(&record[0]).ok_or_else(|| wrong(format!("no such model: `{}`", &record[0])))?;
            let Parsed::Code(code) = Icd10::parse(record[1].as_bytes()) else {
                return Err(wrong(format!("not an ICD-10 code: `{}`", &record[1])));
            };
            let rules = rules.iter().find(|rules| rules.model == model).expect("every model was read");
            let number =
                |at: usize| record[at].parse::<i32>().map_err(|_| wrong(format!("not a number: `{}`", &record[at])));
            let category = u16::try_from(number(2)?).ok().and_then(|cc| rules.bit(cc));
            let category =
                category.ok_or_else(|| wrong(format!("{} is no payment HCC of {}", &record[2], model.name())))?;
            let (first, last) = (number(3)?, number(4)?);
            if first > last {
                return Err(wrong(format!("years run backwards: {first} to {last}")));
            }
            if !YEARS.contains(&first) || !YEARS.contains(&last) {
                return Err(wrong(format!("not payment years of these models: {first} to {last}")));
            }
            self.maps.get_mut(&model).expect("every model was read").rows.push(MapRow { code, category, first, last });
            Ok(())
        })
    }

    /// Counts of each year's map against what was counted when it was made.
    fn check_years(&mut self, table: &Table) -> Result<(), Load> {
        for model in Model::ALL {
            let map = self.maps.get_mut(&model).expect("every model was read");
            for (line, fields) in table.of(model)? {
                let (year, rows, codes): (i32, usize, usize) = (
                    table.number(*line, &fields[0])?,
                    table.number(*line, &fields[1])?,
                    table.number(*line, &fields[2])?,
                );
                let of_year: Vec<_> = map.rows.iter().filter(|row| row.first <= year && year <= row.last).collect();
                let found = of_year.iter().map(|row| row.code).collect::<BTreeSet<_>>().len();
                if (of_year.len(), found) != (rows, codes) {
                    let what = format!(
                        "{} {year}: hcc_dx.csv has {} rows of {found} codes, expected {rows} of {codes}",
                        model.name(),
                        of_year.len()
                    );
                    return Err(table.fault(*line, what));
                }
                map.years.insert(year);
            }
        }
        Ok(())
    }

    /// Takes maps from a table in the form of `hcc_dx.csv` in place of our own, for the models and payment years that it names.
    ///
    /// # Errors
    /// A row that cannot be read, a category that is no payment HCC of its model.
    pub fn with_maps(&self, file: &str, text: &str) -> Result<Tables, Load> {
        let mut given = self.clone();
        given.maps.values_mut().for_each(|map| map.rows.clear());
        given.read_map(file, text)?;
        let mut tables = self.clone();
        for (model, map) in given.maps {
            let years: BTreeSet<i32> = map.rows.iter().flat_map(|row| row.first..=row.last).collect();
            let kept = tables.maps.get_mut(&model).expect("every model was read");
            for year in years {
                // Our rows end where the given ones stand.
                kept.rows = std::mem::take(&mut kept.rows).into_iter().flat_map(|row| row.without(year)).collect();
                let of_year = map.rows.iter().filter(|row| row.first <= year && year <= row.last);
                kept.rows.extend(of_year.map(|row| MapRow { first: year, last: year, ..*row }));
                kept.years.insert(year);
            }
        }
        Ok(tables)
    }

    /// Payment years for which a model has a map of its own.
    pub fn map_years(&self, model: Model) -> impl Iterator<Item = i32> + '_ {
        self.maps[&model].years.iter().copied()
    }

    /// Codes that any of a model's maps has, some more than once.
    pub fn codes(&self, model: Model) -> impl Iterator<Item = Icd10> + '_ {
        self.maps[&model].rows.iter().map(|row| row.code)
    }

    /// Payment years for which the model's coefficients were final.
    pub fn payment_years(&self, model: Model) -> (i32, i32) {
        (self.maps[&model].first_py, self.maps[&model].last_py)
    }

    /// A model with the map of a payment year. A year without its own map gets the union of those before and after, or the nearest;
    /// [`Scorer::status`] says which.
    ///
    /// # Errors
    /// No map at all, or a code with more than four categories.
    pub fn scorer(&self, model: Model, payment_year: i32, options: Options) -> Result<Scorer, Load> {
        let map = &self.maps[&model];
        let before = map.years.range(..=payment_year).next_back().copied();
        let after = map.years.range(payment_year..).next().copied();
        let (status, years) = match (before, after) {
            (Some(before), Some(after)) if before == after => (MapStatus::Published, [before, after]),
            (Some(before), Some(after)) => (MapStatus::Between(before, after), [before, after]),
            (Some(year), None) | (None, Some(year)) => (MapStatus::Nearest(year), [year, year]),
            (None, None) => return Err(fault("hcc_dx.csv", 0, format!("no map of {}", model.name()))),
        };
        let rows = map.rows.iter().filter(|row| years.iter().any(|year| row.first <= *year && *year <= row.last));
        let dx = DxMap::new(rows.map(|row| (row.code, row.category)), &map.edits, options.mce_edits)
            .map_err(|code| fault("hcc_dx.csv", 0, format!("{code} has too many categories in {}", model.name())))?;
        let rules = self.rules.iter().find(|rules| rules.model == model).expect("every model was read").clone();
        Ok(Scorer { rules, map: dx, status, options })
    }
}

impl MapRow {
    /// The row without a year: up to two.
    fn without(self, year: i32) -> impl Iterator<Item = MapRow> {
        let before = MapRow { last: self.last.min(year - 1), ..self };
        let after = MapRow { first: self.first.max(year + 1), ..self };
        [before, after].into_iter().filter(|row| row.first <= row.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What loading says when one table is changed.
    fn refused(file: &str, from: &str, to: &str) -> String {
        let text = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| *text);
        assert!(text.contains(from), "{file} has {from}");
        let changed = text.replacen(from, to, 1);
        let files: Vec<(&'static str, &str)> =
            FILES.iter().map(|(name, text)| (*name, if *name == file { changed.as_str() } else { *text })).collect();
        Tables::read(&files).map_or_else(|error| error.to_string(), |_| "nothing".into())
    }

    #[test]
    fn tables_that_are_not_whole_are_refused() {
        for (file, from, to, expected) in [
            // A coefficient misspelt, as another program has it.
            (
                "hcc_coef.csv",
                "v22,CNA,HCC85_GDIABETESMELLIT,",
                "v22,CNA,HCC85_GDIABETESMELLITUS,",
                "set v22: nothing makes CNA_HCC85_GDIABETESMELLITUS arise",
            ),
            (
                "hcc_interaction.csv",
                "v24,ART_OPENINGS_PRESS_ULCER,",
                "v24,ART_OPENINGS_PRESSURE_ULCER,",
                "hcc_coef.csv: set v24: no coefficient of ART_OPENINGS_PRESSURE_ULCER, which can arise",
            ),
            (
                "hcc_coef.csv",
                "v28,CNA,F65_69,",
                "v28,CNA,F65_68,",
                "hcc_coef.csv: set v28: no coefficient of CNA_F65_69, which can arise",
            ),
            (
                "hcc_coef.csv",
                "v28,CNA,HCC17,",
                "v28,CNA,HCC16,",
                "hcc_coef.csv: set v28: no coefficient of CNA_HCC17, which can arise",
            ),
            ("hcc_coef.csv", "v28,CNA,D5,50,", "v28,CNA,D4,50,", "stands twice"),
            (
                "hcc_coef.csv",
                "esrd_v24,,ACTADJ_DUR4_9,",
                "esrd_v24,,ACTADJ_DUR4,",
                "no coefficient of _ACTADJ_DUR4_9, which can arise",
            ),
            ("hcc_interaction.csv", "DIABETES_V28&HF_V28", "DIABETES_V28&HF_V82", "no such group or HCC: `HF_V82`"),
            ("hcc_interaction.csv", "HF_V28&CC238", "HF_V28&CC237", "no such group or HCC: `CC237`"),
            ("hcc_group.csv", "v28,HF_V28,221,", "v28,HF_V28,220,", "220 is no payment HCC of v28"),
            ("hcc_dx.csv", "v28,A0104,92,", "v28,A0104,91,", "91 is no payment HCC of v28"),
            (
                "hcc_dx.csv",
                "v28,A0104,92,2022,2027,s16\n",
                "",
                "v28 2022: hcc_dx.csv has 7882 rows of 7606 codes, expected 7883 of 7607",
            ),
            (
                "hcc_model.csv",
                "v28,115,149,",
                "v28,115,127,",
                "hcc_model.csv: v28: 149 pairs of hierarchies, expected 127",
            ),
            ("hcc_hierarchy.csv", "v28,1,17,18,", "v28,2,17,18,", "parents must stand in ascending order"),
            ("hcc_zeroed.csv", "v28,223,221|", "v28,223,220|", "220 is no payment HCC of v28"),
            (
                "hcc_coef_set.csv",
                "v28,2022,2027,v28,final",
                "v28,2022,2027,v28,proposed",
                "v28 must have one final set of coefficients",
            ),
            ("hcc_edit.csv", "v28,D66,sex,2,", "v28,D66,sex,3,", "sex is 1 or 2: `3`"),
            ("hcc_label.csv", "model,cc", "model,hcc", "the header must be `model,cc,label,source_id`"),
        ] {
            let found = refused(file, from, to);
            assert!(found.contains(expected), "{file}: {found}");
        }
    }

    #[test]
    fn a_proposed_set_beside_the_final_one_is_not_taken() {
        let more = "v28,2027,2027,v28_proposed,proposed,s19\n";
        let text = FILES.iter().find(|(name, _)| *name == "hcc_coef_set.csv").map_or("", |(_, text)| *text);
        let changed = format!("{text}{more}");
        let files: Vec<(&'static str, &str)> = FILES
            .iter()
            .map(|(name, text)| (*name, if *name == "hcc_coef_set.csv" { changed.as_str() } else { *text }))
            .collect();
        let tables = Tables::read(&files);
        assert_eq!(tables.map(|tables| tables.payment_years(Model::V28)), Ok((2022, 2027)));
    }
}
