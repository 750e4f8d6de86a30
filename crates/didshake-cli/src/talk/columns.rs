//! Text in the columns of a terminal: some letters take two, some none.

use unicode_width::UnicodeWidthChar;

fn width(letter: char) -> usize {
    letter.width().unwrap_or(0)
}

/// The beginning of a text that fits.
pub(super) fn beginning(text: &str, columns: usize) -> &str {
    let mut left = columns;
    let end = text.char_indices().find(|(_, letter)| match left.checked_sub(width(*letter)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The end of a text that fits.
pub(super) fn end(text: &str, columns: usize) -> &str {
    let mut left = columns;
    let mut start = text.len();
    for (at, letter) in text.char_indices().rev() {
        match left.checked_sub(width(letter)) {
            Some(rest) => (left, start) = (rest, at),
            None => break,
        }
    }
    text.get(start..).unwrap_or_default()
}

/// A text in lines that fit, one at least.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), text);
    loop {
        // A letter that is wider than the line stands alone.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let taken = beginning(rest, columns).len().max(first);
        let (line, behind) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        lines.push(line);
        if behind.is_empty() {
            return lines;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_take_none_one_or_two_columns() {
        assert_eq!(beginning("漢字kana", 5), "漢字k");
        assert_eq!(beginning("漢字", 3), "漢");
        assert_eq!(beginning("ab", 9), "ab");
        // A mark stands above the letter before it.
        assert_eq!(beginning("e\u{301}te", 2), "e\u{301}t");
        assert_eq!(end("abc漢字", 5), "c漢字");
        assert_eq!(end("漢字", 3), "字");
        assert_eq!(end("", 3), "");
    }

    #[test]
    fn lines_fit_and_hold_everything() {
        assert_eq!(wrap("漢字かな", 5), ["漢字", "かな"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("漢字", 1), ["漢", "字"]);
        assert_eq!(wrap("abcdef", 3), ["abc", "def"]);
    }
}
