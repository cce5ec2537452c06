//! Program rows of lives as they are met: one piece at a time.

use super::People;
use acoledger_schemas::table::Problems;

/// Pieces in the order of their keys, one after the other without a gap.
pub type Pieces<'p> = Box<dyn Iterator<Item = Result<People, Problems>> + 'p>;

impl People {
    /// A piece that is all there is.
    pub fn alone(self) -> Pieces<'static> {
        Box::new(std::iter::once(Ok(self)))
    }
}

/// The piece at hand, and those to come.
pub(crate) struct Ahead<'p> {
    piece: Option<People>,
    pieces: Pieces<'p>,
}

impl<'p> Ahead<'p> {
    pub(crate) fn new(pieces: Pieces<'p>) -> Ahead<'p> {
        Ahead { piece: None, pieces }
    }

    /// The piece of a life, and whether it is another than that of the life before. Keys only ascend, as lives do.
    ///
    /// # Errors
    /// A piece that fails; a life after the last piece.
    pub(crate) fn reach(&mut self, key: u64) -> Result<(&People, bool), Problems> {
        let mut is_new = false;
        while self.piece.as_ref().is_none_or(|piece| piece.until < key) {
            let next = self.pieces.next();
            let beyond = || crate::columns::trouble("bene", None, "bene_key", "a life that is not of this shard");
            self.piece = Some(next.ok_or_else(beyond)??);
            is_new = true;
        }
        Ok((self.piece.as_ref().expect("it was just put there"), is_new))
    }
}
