//! States by the first two digits of a county's code, and their places in a grid of tiles: a layout of our own, each state one tile,
//! about where it lies. District of Columbia and territories count as states here.

/// A state.
pub(super) struct State {
    /// First two digits of its counties' FIPS codes.
    pub(super) fips: &'static str,
    /// First two digits of its counties' SSA codes.
    pub(super) ssa: &'static str,
    /// Postal code.
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Column and row of its tile.
    pub(super) tile: (u8, u8),
}

/// Columns and rows of the grid.
pub(super) const GRID: (u8, u8) = (12, 8);

/// All of them, by FIPS code.
#[rustfmt::skip]
pub(super) const STATES: [State; 54] = [
    State { fips: "01", ssa: "01", code: "AL", name: "Alabama", tile: (6, 6) },
    State { fips: "02", ssa: "02", code: "AK", name: "Alaska", tile: (0, 0) },
    State { fips: "04", ssa: "03", code: "AZ", name: "Arizona", tile: (2, 4) },
    State { fips: "05", ssa: "04", code: "AR", name: "Arkansas", tile: (5, 4) },
    State { fips: "06", ssa: "05", code: "CA", name: "California", tile: (1, 3) },
    State { fips: "08", ssa: "06", code: "CO", name: "Colorado", tile: (3, 4) },
    State { fips: "09", ssa: "07", code: "CT", name: "Connecticut", tile: (10, 2) },
    State { fips: "10", ssa: "08", code: "DE", name: "Delaware", tile: (9, 3) },
    State { fips: "11", ssa: "09", code: "DC", name: "District of Columbia", tile: (8, 4) },
    State { fips: "12", ssa: "10", code: "FL", name: "Florida", tile: (8, 7) },
    State { fips: "13", ssa: "11", code: "GA", name: "Georgia", tile: (7, 6) },
    State { fips: "15", ssa: "12", code: "HI", name: "Hawaii", tile: (1, 7) },
    State { fips: "16", ssa: "13", code: "ID", name: "Idaho", tile: (2, 2) },
    State { fips: "17", ssa: "14", code: "IL", name: "Illinois", tile: (6, 2) },
    State { fips: "18", ssa: "15", code: "IN", name: "Indiana", tile: (7, 2) },
    State { fips: "19", ssa: "16", code: "IA", name: "Iowa", tile: (5, 2) },
    State { fips: "20", ssa: "17", code: "KS", name: "Kansas", tile: (4, 4) },
    State { fips: "21", ssa: "18", code: "KY", name: "Kentucky", tile: (6, 3) },
    State { fips: "22", ssa: "19", code: "LA", name: "Louisiana", tile: (5, 5) },
    State { fips: "23", ssa: "20", code: "ME", name: "Maine", tile: (11, 0) },
    State { fips: "24", ssa: "21", code: "MD", name: "Maryland", tile: (8, 3) },
    State { fips: "25", ssa: "22", code: "MA", name: "Massachusetts", tile: (11, 1) },
    State { fips: "26", ssa: "23", code: "MI", name: "Michigan", tile: (7, 1) },
    State { fips: "27", ssa: "24", code: "MN", name: "Minnesota", tile: (5, 1) },
    State { fips: "28", ssa: "25", code: "MS", name: "Mississippi", tile: (6, 5) },
    State { fips: "29", ssa: "26", code: "MO", name: "Missouri", tile: (5, 3) },
    State { fips: "30", ssa: "27", code: "MT", name: "Montana", tile: (3, 1) },
    State { fips: "31", ssa: "28", code: "NE", name: "Nebraska", tile: (4, 3) },
    State { fips: "32", ssa: "29", code: "NV", name: "Nevada", tile: (2, 3) },
    State { fips: "33", ssa: "30", code: "NH", name: "New Hampshire", tile: (10, 0) },
    State { fips: "34", ssa: "31", code: "NJ", name: "New Jersey", tile: (10, 3) },
    State { fips: "35", ssa: "32", code: "NM", name: "New Mexico", tile: (3, 5) },
    State { fips: "36", ssa: "33", code: "NY", name: "New York", tile: (9, 1) },
    State { fips: "37", ssa: "34", code: "NC", name: "North Carolina", tile: (7, 5) },
    State { fips: "38", ssa: "35", code: "ND", name: "North Dakota", tile: (4, 1) },
    State { fips: "39", ssa: "36", code: "OH", name: "Ohio", tile: (8, 2) },
    State { fips: "40", ssa: "37", code: "OK", name: "Oklahoma", tile: (4, 5) },
    State { fips: "41", ssa: "38", code: "OR", name: "Oregon", tile: (1, 2) },
    State { fips: "42", ssa: "39", code: "PA", name: "Pennsylvania", tile: (9, 2) },
    State { fips: "44", ssa: "41", code: "RI", name: "Rhode Island", tile: (11, 2) },
    State { fips: "45", ssa: "42", code: "SC", name: "South Carolina", tile: (8, 5) },
    State { fips: "46", ssa: "43", code: "SD", name: "South Dakota", tile: (4, 2) },
    State { fips: "47", ssa: "44", code: "TN", name: "Tennessee", tile: (6, 4) },
    State { fips: "48", ssa: "45", code: "TX", name: "Texas", tile: (4, 6) },
    State { fips: "49", ssa: "46", code: "UT", name: "Utah", tile: (3, 3) },
    State { fips: "50", ssa: "47", code: "VT", name: "Vermont", tile: (10, 1) },
    State { fips: "51", ssa: "49", code: "VA", name: "Virginia", tile: (7, 4) },
    State { fips: "53", ssa: "50", code: "WA", name: "Washington", tile: (1, 1) },
    State { fips: "54", ssa: "51", code: "WV", name: "West Virginia", tile: (7, 3) },
    State { fips: "55", ssa: "52", code: "WI", name: "Wisconsin", tile: (6, 1) },
    State { fips: "56", ssa: "53", code: "WY", name: "Wyoming", tile: (3, 2) },
    State { fips: "66", ssa: "65", code: "GU", name: "Guam", tile: (0, 7) },
    State { fips: "72", ssa: "40", code: "PR", name: "Puerto Rico", tile: (10, 7) },
    State { fips: "78", ssa: "48", code: "VI", name: "U.S. Virgin Islands", tile: (11, 7) },
];

/// Beginnings of SSA county codes that no FIPS code has: Arizona, Connecticut, Illinois, South Dakota.
const ONLY_SSA: [&str; 4] = ["03", "07", "14", "43"];

/// Whether county codes are SSA codes, by what only one of the two systems has. `None`: they could be either.
pub(super) fn are_ssa<'c>(codes: impl Iterator<Item = &'c str>) -> Option<bool> {
    let mut only_fips = false;
    for code in codes {
        let state = code.get(..2).unwrap_or_default();
        if ONLY_SSA.contains(&state) {
            return Some(true);
        }
        only_fips |= matches!(state, "54" | "55" | "56" | "66" | "72" | "78");
    }
    only_fips.then_some(false)
}

/// The state of a county code.
pub(super) fn state_of(county: &str, ssa: bool) -> Option<&'static State> {
    let state = county.get(..2)?;
    STATES.iter().find(|of| if ssa { of.ssa == state } else { of.fips == state })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_state_has_a_tile_of_its_own_and_both_codes() {
        let tiles: BTreeSet<_> = STATES.iter().map(|state| state.tile).collect();
        assert_eq!(tiles.len(), STATES.len());
        assert!(tiles.iter().all(|(column, row)| *column < GRID.0 && *row < GRID.1));
        for system in [|state: &State| state.fips, |state: &State| state.ssa, |state: &State| state.code] {
            assert_eq!(STATES.iter().map(system).collect::<BTreeSet<_>>().len(), STATES.len());
        }
        let (arizona, dakota) = (state_of("03060", true), state_of("46103", false));
        assert_eq!([arizona, dakota].map(|of| of.map(|of| of.code)), [Some("AZ"), Some("SD")]);
        assert!(state_of("03060", false).is_none() && state_of("x", false).is_none());
    }

    #[test]
    fn codes_tell_their_system_where_they_can() {
        let system = |codes: &[&'static str]| are_ssa(codes.iter().copied());
        assert_eq!(system(&["01000", "03060"]), Some(true));
        assert_eq!(system(&["01001", "55025"]), Some(false));
        assert_eq!(system(&["01001", "18001"]), None);
    }
}
