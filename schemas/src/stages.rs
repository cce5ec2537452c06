//! The list of stages: name, what it does, what it reads and writes. Run order, resume, help, documentation and scenarios
//! follow from it.

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Name, also the command that runs up to it.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Tables it reads.
    pub reads: &'static [&'static str],
    /// Tables it writes.
    pub writes: &'static [&'static str],
    /// Families of rules, by the first word of their keys; each rule says itself which stage reads it.
    pub rules: &'static [&'static str],
}

/// All stages in the order in which they run.
pub const STAGES: &[Stage] = &[
    Stage {
        name: "ingest",
        about: "raw claims and enrollment into the lake: typed, checked, sharded, sorted by life",
        reads: &["raw"],
        writes: &["lake", "rejects"],
        rules: &[],
    },
    Stage {
        name: "enroll",
        about: "months of each life by eligibility and enrollment type",
        reads: &["lake/enrollment", "esrd_month"],
        writes: &[],
        rules: &["enroll", "county"],
    },
    Stage {
        name: "assign",
        about: "each life to the ACO that it belongs to, for every performance year and calendar year",
        reads: &[
            "lake",
            "aco",
            "participant",
            "participant_ccn",
            "aco_provider",
            "provider_specialty",
            "voluntary_alignment",
            "other_initiative",
            "assignment_given",
            "eta_hospital",
            "eta_fee",
            "lis_adi",
        ],
        writes: &["assignment", "assignment_differences"],
        rules: &["assign", "primary_care"],
    },
    Stage {
        name: "spend",
        about: "Parts A and B dollars of each life by year and enrollment type",
        reads: &["lake", "claim_reduction", "non_claims_payment", "improper_payment"],
        writes: &["person_year"],
        rules: &["spend", "utilisation"],
    },
    Stage {
        name: "risk",
        about: "risk scores of each life by year and enrollment type",
        reads: &["lake", "risk_score", "risk_status"],
        writes: &[],
        rules: &["risk"],
    },
    Stage {
        name: "cells",
        about: "thresholds, then sums of integers by small keys; reads no claims",
        reads: &["assignment", "person_year"],
        writes: &["cells"],
        rules: &["cells"],
    },
    Stage {
        name: "rates",
        about: "cells divided once: national, county and ACO rates",
        reads: &["cells", "completion_factor"],
        writes: &["rates", "service_categories", "utilisation", "run_out"],
        rules: &["rates"],
    },
    Stage {
        name: "benchmark",
        about: "base years to historical benchmark to updated benchmark, every step kept",
        reads: &["rates", "aco", "aco_history", "acpt"],
        writes: &["benchmark", "trend_decomposition"],
        rules: &["benchmark", "update", "risk_cap", "county"],
    },
    Stage {
        name: "settle",
        about: "savings or losses, limits, payments",
        reads: &["benchmark", "aco", "disaster"],
        writes: &["savings_losses", "expected"],
        rules: &["settle"],
    },
];

/// The stage with this name.
pub fn stage(name: &str) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.name == name)
}
