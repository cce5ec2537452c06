//! Counties by number, so that a life's months hold no text.

use std::collections::HashMap;

/// Counties seen so far; 0 stands for an unknown one.
#[derive(Default)]
pub(crate) struct Counties {
    numbers: HashMap<String, u16>,
    texts: Vec<String>,
}

/// The twelve months' counties of one enrollment record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Residence {
    /// Months with a residence.
    pub(crate) known: u16,
    /// Months with one inside the program's area (M.A.1.4).
    pub(crate) inside: u16,
    pub(crate) counties: [u16; 12],
}

/// Characters of a county code in the lake's twelve.
const WIDTH: usize = 5;

impl Counties {
    /// Reads twelve codes of five characters; `places` are the beginnings of codes inside the program's area.
    pub(crate) fn residence(&mut self, text: &str, places: &[String]) -> Result<Residence, String> {
        let mut residence = Residence::default();
        for (month, code) in text.as_bytes().chunks(WIDTH).take(12).enumerate() {
            let code = std::str::from_utf8(code).map_err(|_| "county codes are not plain text".to_owned())?.trim();
            if code.is_empty() {
                continue;
            }
            residence.known |= 1 << month;
            residence.inside |= u16::from(places.iter().any(|place| code.starts_with(place.as_str()))) << month;
            residence.counties[month] = self.number(code)?;
        }
        Ok(residence)
    }

    fn number(&mut self, code: &str) -> Result<u16, String> {
        if let Some(number) = self.numbers.get(code) {
            return Ok(*number);
        }
        let number = u16::try_from(self.texts.len() + 1).map_err(|_| "more than 65,535 counties".to_owned())?;
        self.numbers.insert(code.to_owned(), number);
        self.texts.push(code.to_owned());
        Ok(number)
    }

    /// The code of a county; `None` for the unknown one.
    pub(crate) fn text(&self, number: u16) -> Option<&str> {
        usize::from(number).checked_sub(1).map(|at| self.texts[at].as_str())
    }
}

/// A county code as a number, for keys: its bytes, so that it sorts as the text does. 0: unknown.
pub(crate) fn pack(code: &str) -> u64 {
    let mut all = [0u8; 8];
    for (slot, byte) in all.iter_mut().zip(code.bytes()) {
        *slot = byte;
    }
    u64::from_be_bytes(all)
}

/// The text of a packed county.
pub(crate) fn unpack(packed: u64) -> String {
    let bytes = packed.to_be_bytes();
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
