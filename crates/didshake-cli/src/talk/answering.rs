//! Calls that are being answered, side by side.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use super::live::Live;

/// As many as a mailbox has circuits.
const MOST: usize = 16;

/// A call that is being answered.
type Call = Pin<Box<dyn Future<Output = Option<Live>>>>;

/// Whoever has a token of ours can call, and who calls to say nothing is to hold up nobody.
#[derive(Default)]
pub(crate) struct Answering(Vec<Call>);

impl Answering {
    pub(crate) fn take(&mut self, call: Call) {
        if self.0.len() < MOST {
            self.0.push(call);
        }
    }

    /// The first that leads to a channel. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Live> {
        poll_fn(|context| {
            let mut found = Poll::Pending;
            self.0.retain_mut(|call| match call.as_mut().poll(context) {
                Poll::Ready(Some(live)) if found.is_pending() => {
                    found = Poll::Ready(Some(live));
                    false
                }
                polled => polled.is_pending(),
            });
            found
        })
        .await
    }
}
