//! Models and their segments.

/// A risk adjustment model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    /// CMS-HCC V22, six community segments since 2017.
    V22,
    /// CMS-HCC V23, a quarter of the score of 2019.
    V23,
    /// CMS-HCC V24, since 2020.
    V24,
    /// CMS-HCC V28, since 2024.
    V28,
    /// CMS-HCC ESRD V21.
    EsrdV21,
    /// CMS-HCC ESRD V24, since 2023.
    EsrdV24,
}

impl Model {
    /// All models.
    pub const ALL: [Model; 6] = [Model::V22, Model::V23, Model::V24, Model::V28, Model::EsrdV21, Model::EsrdV24];

    /// Its name in tables and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Model::V22 => "v22",
            Model::V23 => "v23",
            Model::V24 => "v24",
            Model::V28 => "v28",
            Model::EsrdV21 => "esrd_v21",
            Model::EsrdV24 => "esrd_v24",
        }
    }

    /// The model of a name.
    pub fn named(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name() == name)
    }

    /// Whether it scores people on dialysis or with a transplanted kidney.
    pub fn is_esrd(self) -> bool {
        matches!(self, Model::EsrdV21 | Model::EsrdV24)
    }

    /// The segments that it has.
    pub fn segments(self) -> &'static [Segment] {
        use Segment::*;
        match self {
            Model::V22 | Model::V23 | Model::V24 | Model::V28 => &[Cna, Cnd, Cfa, Cfd, Cpa, Cpd, Ins, Ne, SnpNe],
            Model::EsrdV21 => &[Di, Dne, Gc, Gi, Gne, Transplant1, Transplant2, Transplant3],
            Model::EsrdV24 => &[Di, Dne, Gfa, Gfn, Gnpa, Gnpn, Gi, Gne, Transplant1, Transplant2, Transplant3],
        }
    }
}

macro_rules! segments {
    ($($name:ident $text:literal $meaning:literal;)+) => {
        /// A segment: the part of a model whose coefficients apply (HCC.md 4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Segment {
            $(#[doc = $meaning] $name),+
        }

        impl Segment {
            /// All segments of all models.
            pub const ALL: &[Segment] = &[$(Segment::$name),+];

            /// Its name: the prefix of its coefficients; for transplant months the name of the constant.
            pub fn name(self) -> &'static str {
                match self { $(Segment::$name => $text),+ }
            }
        }
    };
}

segments! {
    Cna "CNA" "Community, no Medicaid, aged.";
    Cnd "CND" "Community, no Medicaid, below 65.";
    Cfa "CFA" "Community, full Medicaid benefits, aged.";
    Cfd "CFD" "Community, full Medicaid benefits, below 65.";
    Cpa "CPA" "Community, partial Medicaid benefits, aged.";
    Cpd "CPD" "Community, partial Medicaid benefits, below 65.";
    Ins "INS" "Long-term institutional.";
    Ne "NE" "New enrollee.";
    SnpNe "SNPNE" "New enrollee of a special needs plan for chronic conditions; never in the Shared Savings Program.";
    Di "DI" "Dialysis.";
    Dne "DNE" "Dialysis, new enrollee.";
    Gc "GC" "Functioning graft, community (ESRD V21).";
    Gi "GI" "Functioning graft, long-term institutional.";
    Gne "GNE" "Functioning graft, new enrollee.";
    Gfa "GFA" "Functioning graft, community, full Medicaid benefits, aged (ESRD V24).";
    Gfn "GFN" "Functioning graft, community, full Medicaid benefits, below 65 (ESRD V24).";
    Gnpa "GNPA" "Functioning graft, community, no or partial Medicaid, aged (ESRD V24).";
    Gnpn "GNPN" "Functioning graft, community, no or partial Medicaid, below 65 (ESRD V24).";
    Transplant1 "TRANSPLANT_KIDNEY_ONLY_1M" "First month of a kidney transplant.";
    Transplant2 "TRANSPLANT_KIDNEY_ONLY_2M" "Second month.";
    Transplant3 "TRANSPLANT_KIDNEY_ONLY_3M" "Third month.";
}

impl Segment {
    /// The segment of a name.
    pub fn named(name: &str) -> Option<Segment> {
        Segment::ALL.iter().copied().find(|segment| segment.name() == name)
    }

    /// Whether the whole score comes from who the person is, not from diagnoses.
    pub fn is_demographic_only(self) -> bool {
        use Segment::*;
        matches!(self, Ne | SnpNe | Dne | Gne | Transplant1 | Transplant2 | Transplant3)
    }
}
