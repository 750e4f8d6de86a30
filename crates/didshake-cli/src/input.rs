//! Lines from standard input, read by a thread of their own: a blocking read must not hold the program when it ends.

use std::io::{BufRead, BufReader};

use didshake::MAX_CONTENT_BYTES;
use tokio::sync::mpsc;

/// Pieces of standard input: a line each with its line break, or a part of a line that is longer than a record.
pub(crate) struct Lines(mpsc::Receiver<Vec<u8>>);

impl Lines {
    /// Starts to read standard input.
    pub(crate) fn of_stdin() -> Self {
        let (sender, receiver) = mpsc::channel(16);
        std::thread::spawn(move || {
            let mut input = BufReader::new(std::io::stdin());
            while let Some(piece) = next(&mut input) {
                if sender.blocking_send(piece).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().await
    }
}

fn next(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut piece = Vec::new();
    let mut bounded = std::io::Read::take(input, MAX_CONTENT_BYTES as u64);
    match bounded.read_until(b'\n', &mut piece) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends_and_long_ones_are_cut() {
        let long = vec![b'x'; MAX_CONTENT_BYTES + 3];
        let text = [b"one\n\ntwo\n".as_slice(), &long, b"\nrest"].concat();
        let mut input = text.as_slice();
        let pieces: Vec<Vec<u8>> = std::iter::from_fn(|| next(&mut input)).collect();
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 4, MAX_CONTENT_BYTES, 4, 4]);
        assert_eq!(pieces.concat(), text);
    }
}
