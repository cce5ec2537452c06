//! Text from inputs on its way to a terminal: what would steer the terminal, or turn the line around, is shown as its code.

use std::borrow::Cow;

/// The text with control characters (line ends too), and characters that change the direction of writing, as `\u{1b}`.
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// The same for a page of several lines: its line ends stay.
pub fn shown_page(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character == '\n')
}

fn escaped(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let steers = |character: char| steers(character) && !kept(character);
    if !text.contains(steers) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) { out.extend(character.escape_default()) } else { out.push(character) }
    }
    out.into()
}

/// Control characters of ASCII and Latin-1, marks of direction, and line ends of Unicode.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(shown("\u{1b}[2Jname\r\n\u{9b}1m\u{202e}txt"), "\\u{1b}[2Jname\\r\\n\\u{9b}1m\\u{202e}txt");
        assert_eq!(shown_page("a\tb\nc\u{7}"), "a\\tb\nc\\u{7}");
        assert!(matches!(shown("Añejo – 40 %"), Cow::Borrowed("Añejo – 40 %")));
    }
}
