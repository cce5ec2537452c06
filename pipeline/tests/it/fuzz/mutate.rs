//! Changes of bytes: what transmission errors, careless tools and enemies do to files.

/// One change. Places are shares of the length, in 2^32 parts, so that a change means something at any length.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Flip {
        at: u32,
        bit: u8,
    },
    Set {
        at: u32,
        byte: u8,
    },
    Insert {
        at: u32,
        bytes: Vec<u8>,
    },
    Delete {
        at: u32,
        length: u16,
    },
    Truncate {
        at: u32,
    },
    /// Copies a stretch over another place.
    Splice {
        from: u32,
        to: u32,
        length: u16,
    },
    /// Says a stretch again.
    Repeat {
        at: u32,
        length: u16,
        times: u8,
    },
}

/// Longest bytes that changes make: parsers are fuzzed for what they do, not for how long it takes.
const LONGEST: usize = 1 << 17;

impl Change {
    /// Does it.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let place = |at: u32| ((u64::from(at) * length as u64) >> 32) as usize;
        let stretch = |at: u32, of: u16| place(at)..(place(at) + usize::from(of)).min(length);
        match self {
            Change::Flip { .. } | Change::Set { .. } if length == 0 => {}
            Change::Flip { at, bit } => bytes[place(*at)] ^= 1 << (bit % 8),
            Change::Set { at, byte } => bytes[place(*at)] = *byte,
            Change::Insert { at, bytes: new } => drop(bytes.splice(place(*at)..place(*at), new.iter().copied())),
            Change::Delete { at, length } => drop(bytes.drain(stretch(*at, *length))),
            Change::Truncate { at } => bytes.truncate(place(*at)),
            Change::Splice { from, to, length } => {
                let copy = bytes[stretch(*from, *length)].to_vec();
                let end = (place(*to) + copy.len()).min(bytes.len());
                bytes.splice(place(*to)..end, copy);
            }
            Change::Repeat { at, length, times } => {
                let copy = bytes[stretch(*at, *length)].repeat(usize::from(*times));
                bytes.splice(place(*at)..place(*at), copy);
            }
        }
        bytes.truncate(LONGEST);
    }
}

/// Text that parsers take for something: signs, numbers at the edge, ends of lines and of quotes.
const WORDS: [&[u8]; 40] = [
    b"\"",
    b"\"\"",
    b"\n",
    b"\r\n",
    b",",
    b"|",
    b"\t",
    b"\0",
    b"=",
    b"-",
    b"'",
    b"0",
    b"-1",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"4294967296",
    b"2147483647",
    b"-2147483648",
    b"999999999999999",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"nan",
    b"inf",
    b"0.1",
    b"9999-12-31",
    b"0001-01-01",
    b"20240229",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x1f\x8b\x08",
    b"PK\x01\x02",
    b"PAR1",
    b"../../x",
    b"[[",
    b"{\"",
    b"*",
];

/// Splitmix64: the same number, the same changes.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// A change.
    pub(crate) fn change(&mut self) -> Change {
        let at = self.next() as u32;
        // Beginnings and ends say most: headers, descriptions, directories.
        let at = match self.below(4) {
            0 => at >> 8,
            1 => !(at >> 8),
            _ => at,
        };
        let length = 1 << self.below(12);
        let length = 1 + self.below(length) as u16;
        match self.below(12) {
            0..=2 => Change::Flip { at, bit: self.next() as u8 },
            3 | 4 => Change::Set { at, byte: [0, 0xff, 0x7f, 0x80, b'9', self.next() as u8][self.below(6)] },
            5 | 6 => Change::Insert { at, bytes: WORDS[self.below(WORDS.len())].to_vec() },
            7 => Change::Insert { at, bytes: (0..self.below(16)).map(|_| self.next() as u8).collect() },
            8 => Change::Delete { at, length },
            9 => Change::Truncate { at },
            10 => Change::Splice { from: self.next() as u32, to: at, length },
            _ => Change::Repeat { at, length, times: self.next() as u8 % 64 },
        }
    }

    /// Bytes of nobody, or of a seed after some changes.
    pub(crate) fn bytes(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        if self.below(40) == 0 {
            return (0..self.below(4096)).map(|_| self.next() as u8).collect();
        }
        let mut bytes = seeds[self.below(seeds.len())].clone();
        let most = 1 << self.below(5);
        for _ in 0..=self.below(most) {
            self.change().apply(&mut bytes);
        }
        bytes
    }
}
