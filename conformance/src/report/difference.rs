//! Where two texts part, and so much of a long one as shows it.

/// The first character in which two texts differ, counted from 0; None if they are equal.
pub(crate) fn first_difference(one: &str, other: &str) -> Option<usize> {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    (one != other).then_some(same)
}

/// At most `width` characters of a text with the one at `at` among them.
pub(crate) fn part(text: &str, at: usize, width: usize) -> String {
    let count = text.chars().count();
    let start = at.saturating_sub(width / 4).min(count.saturating_sub(width));
    let before = if start > 0 { "…" } else { "" };
    let after = if start.saturating_add(width) < count { "…" } else { "" };
    format!("{before}{}{after}", text.chars().skip(start).take(width).collect::<String>())
}

/// The same on one line and without control characters, for a terminal.
pub(crate) fn excerpt(text: &str, at: usize, width: usize) -> String {
    part(text, at, width).replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_part_at_a_character_or_where_one_ends() {
        assert_eq!(first_difference("aéb", "aéc"), Some(2));
        assert_eq!(first_difference("ab", "abc"), Some(2));
        assert_eq!(first_difference("ab", "ab"), None);
    }

    #[test]
    fn an_excerpt_shows_the_difference_of_long_texts() {
        let long = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let shown = excerpt(&long, 500, 40);
        assert!(shown.contains('X') && shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert_eq!(shown.chars().count(), 42);
        assert_eq!(excerpt(&long, 1000, 8), "…bbbbbbbb");
        assert_eq!(excerpt("short", 3, 40), "short");
    }

    #[test]
    fn an_excerpt_cannot_steer_a_terminal() {
        assert_eq!(excerpt("a\u{1b}[31m\nb", 0, 40), "a [31m b");
    }
}
