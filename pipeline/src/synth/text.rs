//! Raw tables as text with `|` between the cells.

use super::columns::{Column, Fill, Rows};
use acoledger_schemas::values::Date;
use acoledger_synth::tables::NO_DATE;

/// Months as RIF text spells them.
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// The header line.
pub(super) fn header<T>(columns: &[Column<T>]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    names.join("|") + "\n"
}

/// Appends all rows.
pub(super) fn rows<T: Rows>(columns: &[Column<T>], table: &T, out: &mut Vec<u8>) {
    for row in 0..table.count() {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b'|');
            }
            cell(&column.fill, table, row, out);
        }
        out.push(b'\n');
    }
}

fn cell<T>(fill: &Fill<T>, table: &T, row: usize, out: &mut Vec<u8>) {
    match fill {
        Fill::Word(read, words) => out.extend_from_slice(words.get(read(table, row)).unwrap_or("").as_bytes()),
        Fill::Letter(read) => match read(table, row) {
            0 => {}
            letter => out.push(letter),
        },
        Fill::Whole(read) => whole(read(table, row), out),
        Fill::Person(read) => unsigned(read(table, row), out),
        Fill::Money(read) => {
            let cents = read(table, row);
            if cents < 0 {
                out.push(b'-');
            }
            let cents = cents.unsigned_abs();
            unsigned(cents / 100, out);
            out.extend_from_slice(&[b'.', b'0' + (cents / 10 % 10) as u8, b'0' + (cents % 10) as u8]);
        }
        Fill::Day(read) => match read(table, row) {
            NO_DATE => {}
            day => date(Date(day), out),
        },
    }
}

/// `04-Jun-2017`.
fn date(date: Date, out: &mut Vec<u8>) {
    let (year, month, day) = date.ymd();
    out.extend_from_slice(&[b'0' + (day / 10) as u8, b'0' + (day % 10) as u8, b'-']);
    out.extend_from_slice(MONTHS[month as usize - 1]);
    out.push(b'-');
    unsigned(year as u64, out);
}

fn whole(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    unsigned(number.unsigned_abs(), out);
}

fn unsigned(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
