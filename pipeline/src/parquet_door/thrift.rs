//! As much of Thrift's compact encoding as it takes to look at what a Parquet file declares, without taking memory for it.

/// Bytes of a page, unpacked: what writers make has a megabyte, a dictionary some more.
const PAGE_BYTES: i64 = 256 << 20;

/// What the description of a page says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// Bytes of the description itself.
    pub(super) length: usize,
    /// 0 values, 2 a dictionary, 3 values in the second version of the format.
    pub(super) kind: i64,
    /// Values, those that are null among them; 0 for a dictionary.
    pub(super) values: i64,
    /// How the values are encoded, by the format's number.
    pub(super) encoding: i64,
    /// How it is encoded which of them are null.
    pub(super) levels: i64,
    /// Bytes, unpacked.
    pub(super) bytes: i64,
    /// Bytes in the file.
    pub(super) packed: i64,
    /// Values of a dictionary; 0 for other pages.
    pub(super) dictionary_values: i64,
    /// Whether its values are texts whose lengths stand in a list of a length of its own.
    pub(super) is_delta_text: bool,
}

impl PageHeader {
    /// Reads the description that `bytes` begin with; `None` when they are not all of it, or none.
    pub(super) fn read(bytes: &[u8]) -> Option<PageHeader> {
        /// `DELTA_LENGTH_BYTE_ARRAY` and `DELTA_BYTE_ARRAY`.
        const DELTA_TEXT: std::ops::RangeInclusive<i64> = 6..=7;
        let mut header = PageHeader::default();
        let mut whole = Walk { bytes };
        whole.fields(0, &mut |walk, field, kind| {
            match (field, kind) {
                (1, INTEGERS) => header.kind = walk.integer()?,
                (2, INTEGERS) => header.bytes = walk.integer()?,
                (3, INTEGERS) => header.packed = walk.integer()?,
                (5 | 7 | 8, STRUCT) => walk.fields(1, &mut |walk, inner, kind| {
                    match (field, inner, kind) {
                        (7, 1, INTEGERS) => header.dictionary_values = walk.integer()?,
                        (5, 1, INTEGERS) | (8, 1, INTEGERS) => header.values = walk.integer()?,
                        (5, 2, INTEGERS) | (7, 2, INTEGERS) | (8, 4, INTEGERS) => {
                            header.encoding = walk.integer()?;
                            header.is_delta_text = DELTA_TEXT.contains(&header.encoding);
                        }
                        (5, 3, INTEGERS) => header.levels = walk.integer()?,
                        _ => walk.skip(kind, 2)?,
                    }
                    Some(())
                })?,
                _ => walk.skip(kind, 1)?,
            }
            Some(())
        })?;
        header.length = bytes.len() - whole.bytes.len();
        Some(header)
    }

    /// Whether a page can be what it says, in a file of so many bytes.
    pub(super) fn judge(&self, file_bytes: u64) -> Result<(), String> {
        if !(0..=PAGE_BYTES).contains(&self.bytes) {
            return Err(format!("a page of {} bytes, where {PAGE_BYTES} are read at most", self.bytes));
        }
        if self.packed < 0 || self.packed as u64 > file_bytes {
            return Err(format!("a page of {} bytes in a file of {file_bytes}", self.packed));
        }
        if self.dictionary_values < 0 || self.dictionary_values > self.bytes {
            return Err(format!("a dictionary of {} values in {} bytes", self.dictionary_values, self.bytes));
        }
        if self.is_delta_text {
            return Err("delta-encoded text is not read: write the file with dictionary or plain encoding".into());
        }
        Ok(())
    }
}

/// How deep columns lie in columns, by the description of a file; `None` when it is damaged.
pub(super) fn depth(description: &[u8]) -> Option<usize> {
    let mut deepest = 0;
    // Of each open group, how many of its members are still to come.
    let mut open: Vec<i64> = Vec::new();
    Walk { bytes: description }.fields(0, &mut |walk, field, kind| {
        if (field, kind) != (2, LIST) {
            return walk.skip(kind, 1);
        }
        let (of, count) = walk.list()?;
        for _ in 0..count {
            if of != STRUCT {
                return None;
            }
            let mut children = 0;
            walk.fields(1, &mut |walk, field, kind| match (field, kind) {
                (5, INTEGERS) => walk.integer().map(|number| children = number),
                _ => walk.skip(kind, 2),
            })?;
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            deepest = deepest.max(open.len());
            while open.last().is_some_and(|left| *left == 0) {
                open.pop();
            }
        }
        Some(())
    })?;
    Some(deepest)
}

/// Kinds of values. Whole numbers of 32 bits are what all that is looked at here is.
const INTEGERS: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;
/// Values in values; files have six or seven.
const DEEPEST: usize = 32;

/// Bytes still to be walked.
struct Walk<'b> {
    bytes: &'b [u8],
}

impl Walk<'_> {
    /// Walks the fields of a structure: number and kind of each.
    fn fields(&mut self, depth: usize, each: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        if depth >= DEEPEST {
            return None;
        }
        let mut field = 0i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            field = match head >> 4 {
                0 => self.integer()?,
                step => field.checked_add(i64::from(step))?,
            };
            each(self, field, head & 15)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // True and false as fields: the kind is the value.
            1 | 2 => Some(()),
            3 => self.take(1),
            4..=6 => self.integer().map(drop),
            7 => self.take(8),
            8 => self.length().and_then(|length| self.take(length)),
            LIST | 10 => {
                let (of, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_member(of, depth))
            }
            11 => {
                let count = self.length()?;
                if count == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.skip_member(kinds >> 4, depth)?;
                    self.skip_member(kinds & 15, depth)
                })
            }
            STRUCT => self.fields(depth + 1, &mut |walk, _, kind| walk.skip(kind, depth + 2)),
            13 => self.take(16),
            _ => None,
        }
    }

    /// A member of a list: true and false take a byte there.
    fn skip_member(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.take(1),
            _ if depth + 1 >= DEEPEST => None,
            _ => self.skip(kind, depth + 1),
        }
    }

    /// Kind and number of a list's members; each takes a byte at least.
    fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let count = match usize::from(head >> 4) {
            15 => self.length()?,
            count => count,
        };
        (count <= self.bytes.len()).then_some((head & 15, count))
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|length| *length <= self.bytes.len())
    }

    fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<()> {
        self.bytes = self.bytes.get(length..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dictionary_page_says_its_size() {
        // type 2, 300 bytes, 20 packed, a dictionary header of 7 values, plain.
        let header = [0x15, 0x04, 0x15, 0xd8, 0x04, 0x15, 0x28, 0x4c, 0x15, 0x0e, 0x15, 0x00, 0x00, 0x00];
        let read =
            PageHeader { length: 14, kind: 2, bytes: 300, packed: 20, dictionary_values: 7, ..PageHeader::default() };
        assert_eq!(PageHeader::read(&header), Some(read));
        assert_eq!(PageHeader::read(&header[..13]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_walked(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = PageHeader::read(&bytes);
            let _ = depth(&bytes);
        }

        #[test]
        fn what_lies_in_itself_without_end_is_damaged(kind in prop::sample::select(vec![0x19u8, 0x1c, 0x1b, 0x99])) {
            prop_assert_eq!(depth(&vec![kind; 100_000]), None);
        }
    }
}
