//! Diagnosis codes: their form, and the number under which tables know them.

/// An ICD-10 diagnosis in the form of the tables: upper case, no dot, three to seven characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Icd10(u64);

/// What a field that should hold a diagnosis holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A code of valid form; whether a model knows it is another question.
    Code(Icd10),
    /// Nothing.
    Blank,
    /// Something that is no ICD-10 code: of another length, with blanks inside, an ICD-9 code.
    Malformed,
}

impl Icd10 {
    /// Reads a field: outer blanks and one dot are dropped, letters raised (HCC.md 2.1). No code is shortened to its parent.
    pub fn parse(field: &[u8]) -> Parsed {
        let field = field.trim_ascii();
        if field.is_empty() {
            return Parsed::Blank;
        }
        let (mut number, mut length, mut dots) = (0u64, 0usize, 0);
        for byte in field {
            match byte {
                b'.' => dots += 1,
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if length < 7 => {
                    number = number << 8 | u64::from(byte.to_ascii_uppercase());
                    length += 1;
                }
                _ => return Parsed::Malformed,
            }
        }
        if length < 3 || dots > 1 {
            return Parsed::Malformed;
        }
        let at = |place: usize| (number >> ((length - 1 - place) * 8)) as u8;
        if at(0).is_ascii_uppercase() && at(1).is_ascii_digit() {
            Parsed::Code(Icd10(number))
        } else {
            Parsed::Malformed
        }
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Icd10 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.0.to_be_bytes();
        bytes.iter().skip_while(|byte| **byte == 0).try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let shown = |text: &str| match Icd10::parse(text.as_bytes()) {
            Parsed::Code(code) => code.to_string(),
            Parsed::Blank => "blank".into(),
            Parsed::Malformed => "malformed".into(),
        };
        for (text, expected) in [
            ("E11.9", "E119"),
            (" e11.9 ", "E119"),
            ("c50a1", "C50A1"),
            ("S06A0XA", "S06A0XA"),
            ("", "blank"),
            ("  ", "blank"),
            ("E1121 1", "malformed"),
            ("E11.21 1", "malformed"),
            ("250.00", "malformed"),
            ("99999", "malformed"),
            ("ABC", "malformed"),
            ("XXX.XX", "malformed"),
            ("E1", "malformed"),
            ("E1.1.9", "malformed"),
            ("S06A0XA1", "malformed"),
            ("Ä119", "malformed"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
