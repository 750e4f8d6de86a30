//! Standard error. While peers are served a thread of its own writes it: who does not read it must not stop them.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};

/// Texts that may wait for a reader; later ones are lost, and counted.
const QUEUE: usize = 256;
/// Bytes after which no more of those that wait are written at once.
const TOGETHER: usize = 1 << 16;
/// How long the end of the program waits for a reader.
const PATIENCE: Duration = Duration::from_secs(2);

static SENDER: OnceLock<SyncSender<Vec<u8>>> = OnceLock::new();
static WAITING: AtomicUsize = AtomicUsize::new(0);
static LOST: AtomicUsize = AtomicUsize::new(0);

/// From here on a write never waits.
pub(crate) fn never_wait() {
    let (sender, receiver) = sync_channel(QUEUE);
    if SENDER.set(sender).is_ok() {
        std::thread::spawn(move || drain(&receiver));
    }
}

fn drain(texts: &Receiver<Vec<u8>>) {
    while let Ok(mut text) = texts.recv() {
        let mut gathered = 1;
        while text.len() < TOGETHER {
            let Ok(next) = texts.try_recv() else { break };
            text.extend(next);
            gathered += 1;
        }
        write_now(&text);
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            write_now(format!("… and {lost} more messages that nobody read in time\n").as_bytes());
        }
        WAITING.fetch_sub(gathered, Ordering::Release);
    }
}

pub(crate) fn write(text: &[u8]) {
    let Some(sender) = SENDER.get() else {
        return write_now(text);
    };
    WAITING.fetch_add(1, Ordering::Acquire);
    if sender.try_send(text.to_vec()).is_err() {
        WAITING.fetch_sub(1, Ordering::Release);
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

fn write_now(text: &[u8]) {
    // Asked once: it is three questions to the system.
    static CHOICE: OnceLock<ColorChoice> = OnceLock::new();
    let stderr = io::stderr();
    let choice = *CHOICE.get_or_init(|| AutoStream::choice(&stderr));
    // There is nowhere left to complain.
    let _ = AutoStream::new(stderr, choice).write_all(text);
}

/// Waits until what was written has left, but not for ever.
pub(crate) fn settle() {
    let start = Instant::now();
    while WAITING.load(Ordering::Acquire) > 0 && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The same for the log.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        write(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
