//! What lies between the peers: a TCP proxy with one fault.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    ToResponder,
    ToInitiator,
}

/// What happens at an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Nothing goes either way any more; both ends see the connection end in order.
    Cut,
    /// The byte and what follows come later.
    Delay,
    /// The byte comes twice.
    Duplicate,
    /// A bit of the byte is another.
    Corrupt,
    /// So many bytes before it come once more: a message that is played again.
    Again(usize),
}

/// One fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) way: Way,
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

const DELAY: Duration = Duration::from_millis(20);

/// What went through one way.
#[derive(Default)]
pub(crate) struct Passed {
    /// As it came.
    pub(crate) bytes: Vec<u8>,
    /// The first position at which something else went out, or nothing more.
    pub(crate) altered: Option<usize>,
    sent: usize,
}

impl Passed {
    /// What goes out for `chunk`: before the fault and from it on. The second part is `None` where there is no fault.
    fn pass(&mut self, chunk: &[u8], fault: Option<Fault>) -> (Vec<u8>, Option<Vec<u8>>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(chunk);
        let here = fault.filter(|fault| (start..self.bytes.len()).contains(&fault.at));
        let Some(fault) = here else { return (chunk.to_vec(), None) };
        let (before, after) = chunk.split_at(fault.at - start);
        let changed = match fault.kind {
            Kind::Cut => Vec::new(),
            Kind::Delay => after.to_vec(),
            Kind::Duplicate => [&after[..1], after].concat(),
            Kind::Again(count) => [&self.bytes[fault.at - count..fault.at], after].concat(),
            Kind::Corrupt => [&[after[0] ^ 1 << (fault.at % 8)], &after[1..]].concat(),
        };
        if fault.kind == Kind::Cut {
            self.altered = Some(fault.at);
        }
        (before.to_vec(), Some(changed))
    }

    /// Where what went out first differs from what came; after a duplicate that may be a little later.
    fn compare(&mut self, sent: &[u8]) {
        for byte in sent {
            if self.altered.is_none() && self.bytes.get(self.sent).is_none_or(|came| came != byte) {
                self.altered = Some(self.sent);
            }
            self.sent += 1;
        }
    }
}

/// Carries both ways until both are over.
pub(crate) async fn carry(near: TcpStream, far: TcpStream, fault: Option<Fault>) -> [Passed; 2] {
    for stream in [&near, &far] {
        stream.set_nodelay(true).unwrap();
    }
    let (cut, _) = watch::channel(false);
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let of = |way| fault.filter(|fault| fault.way == way);
    let there = pump(near_read, far_write, of(Way::ToResponder), &cut);
    let back = pump(far_read, near_write, of(Way::ToInitiator), &cut);
    let (there, back) = tokio::join!(there, back);
    [there, back]
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    fault: Option<Fault>,
    cut: &watch::Sender<bool>,
) -> Passed {
    let (mut passed, mut is_cut) = (Passed::default(), cut.subscribe());
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::select! {
            biased;
            _ = is_cut.wait_for(|cut| *cut) => break,
            read = from.read(&mut buffer) => read,
        };
        let Ok(count @ 1..) = read else { break };
        // A duplicate stays a fault of its direction although its chunk has gone.
        let (before, after) = passed.pass(&buffer[..count], fault);
        passed.compare(&before);
        if to.write_all(&before).await.is_err() {
            break;
        }
        let Some(after) = after else { continue };
        match fault.map(|fault| fault.kind) {
            Some(Kind::Cut) => {
                cut.send_replace(true);
                break;
            }
            Some(Kind::Delay) => tokio::time::sleep(DELAY).await,
            _ => {}
        }
        passed.compare(&after);
        if to.write_all(&after).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    // What nobody read would end the connection in a reset, and with it what was sent before.
    while let Ok(1..) = from.read(&mut buffer).await {}
    passed
}
