//! A QR code on a terminal, two modules a character, that scans on dark and on light ones.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as ISO/IEC 18004 asks for.
const QUIET: usize = 4;
/// Black on white whatever the terminal's own colours are; where colours are not shown, the blocks are the light modules.
const COLOURS: &str = "\x1b[38;5;231;48;5;16m";
const PLAIN: &str = "\x1b[0m";

/// The code of a text, as lines; `None` where it is too long for one.
pub(crate) fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, colours) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let is_light = |row: usize, column: usize| {
        let at = |index: usize| index.checked_sub(QUIET).filter(|index| *index < width);
        let module = at(row).zip(at(column)).and_then(|(row, column)| colours.get(row * width + column));
        module.is_none_or(|module| *module == Color::Light)
    };
    let line = |row: usize| {
        let blocks =
            (0..side).map(|column| match (is_light(row, column), row + 1 >= side || is_light(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        format!("{COLOURS}{}{PLAIN}", blocks.collect::<String>())
    };
    Some((0..side).step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_has_a_light_frame_and_a_finder_in_its_corner() {
        let lines = lines("didshake:card/IgE").unwrap();
        let plain: Vec<Vec<char>> = lines
            .iter()
            .map(|line| line.strip_prefix(COLOURS).unwrap().strip_suffix(PLAIN).unwrap().chars().collect())
            .collect();
        // Version 1 has 21 modules a side, and 4 around them.
        assert_eq!((plain.len(), plain[0].len()), (15, 29));
        assert!(plain[..2].concat().iter().all(|block| *block == '█'));
        let finder: String = plain[2][4..11].iter().collect();
        assert_eq!(finder, " ▄▄▄▄▄ ");
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(lines(&"x".repeat(2_953)).is_some() && lines(&"x".repeat(2_954)).is_none());
    }
}
