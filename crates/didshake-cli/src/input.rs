//! Lines from standard input, read by a thread of their own: a blocking read must not hold the program when it ends.
//! What is typed belongs to the peer that it was typed for.

use std::io::{BufRead, BufReader, IsTerminal};
use std::time::{Duration, Instant};

use didshake::MAX_CONTENT_BYTES;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What was typed is all here once nothing has come for so long.
const QUIET: Duration = Duration::from_millis(50);
/// Nobody presses Ctrl-D so often and so fast: the terminal is gone.
const HUNG_UP: (u32, Duration) = (16, Duration::from_millis(5));

/// A line with its line break, or a part of a line that is longer than a record; nothing where Ctrl-D was typed.
type Piece = Option<Vec<u8>>;

/// Pieces of standard input.
pub(crate) struct Lines {
    pieces: mpsc::Receiver<Piece>,
    terminal: bool,
}

impl Lines {
    /// Starts to read standard input.
    pub(crate) fn of_stdin() -> Self {
        let (sender, pieces) = mpsc::channel(16);
        let terminal = std::io::stdin().is_terminal();
        std::thread::spawn(move || read(&mut BufReader::new(std::io::stdin()), terminal, &sender));
        Self { pieces, terminal }
    }

    /// Whether somebody types them.
    pub(crate) fn are_typed(&self) -> bool {
        self.terminal
    }

    /// The next piece; `None` at the end. A terminal goes on after its end, for the next peer.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        self.pieces.recv().await.flatten()
    }

    /// Drops what was typed on a terminal and nobody has read, and says how many lines.
    pub(crate) async fn drop_typed(&mut self) -> usize {
        let mut dropped = 0;
        while self.terminal
            && let Ok(Some(piece)) = timeout(QUIET, self.pieces.recv()).await
        {
            dropped += usize::from(piece.is_some());
        }
        dropped
    }

    /// While nobody is connected: drops what is typed on a terminal, and returns after a line. Other input waits.
    pub(crate) async fn drop_next(&mut self) {
        while self.terminal {
            match self.pieces.recv().await {
                Some(Some(_)) => return,
                Some(None) => {}
                None => break,
            }
        }
        std::future::pending().await
    }

    /// After a peer has left: what was meant for it goes to nobody else. Says whether there was any.
    pub(crate) async fn end_for_peer(&mut self) -> bool {
        if self.terminal {
            return self.drop_typed().await > 0;
        }
        let rest = matches!(timeout(QUIET, self.pieces.recv()).await, Ok(Some(_)));
        self.pieces.close();
        while self.pieces.try_recv().is_ok() {}
        rest
    }
}

fn read(input: &mut impl BufRead, terminal: bool, sender: &mpsc::Sender<Piece>) {
    let (mut ends, mut last) = (0, Instant::now());
    loop {
        let piece = next(input);
        let ended = piece.is_none();
        if ended {
            ends = if last.elapsed() < HUNG_UP.1 { ends + 1 } else { 0 };
            last = Instant::now();
        }
        if ended && (!terminal || ends > HUNG_UP.0) || sender.blocking_send(piece).is_err() {
            return;
        }
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

    #[test]
    fn a_terminal_that_hung_up_is_not_read_for_ever() {
        let (sender, mut pieces) = mpsc::channel(100);
        read(&mut b"one\n".as_slice(), true, &sender);
        assert_eq!(pieces.try_recv().unwrap(), Some(b"one\n".to_vec()));
        assert_eq!(pieces.try_recv().unwrap(), None);
    }

    #[tokio::test]
    async fn what_was_typed_for_one_peer_goes_to_no_other() {
        for terminal in [true, false] {
            let (sender, pieces) = mpsc::channel(4);
            let mut lines = Lines { pieces, terminal };
            // More than the queue holds: the rest is with the thread that reads.
            let typing = tokio::spawn(async move {
                for _ in 0..20 {
                    let _ = sender.send(Some(b"for Alice\n".to_vec())).await;
                }
                sender
            });
            assert!(lines.end_for_peer().await);
            let sender = typing.await.unwrap();
            let _ = sender.try_send(Some(b"for Carol\n".to_vec()));
            // Only a terminal has input for a second peer.
            assert_eq!(lines.next().await, terminal.then(|| b"for Carol\n".to_vec()));
        }
    }
}
