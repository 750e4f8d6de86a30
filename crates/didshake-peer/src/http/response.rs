//! An answer whose body is read as far as its reader wants.

use std::fmt;
use std::time::Duration;

use reqwest::Response;

use super::client::within;
use crate::failure::HttpFailure;

/// Bytes a second: a body that comes slower is given up.
const LEAST_SPEED: usize = 16_384;

/// The answer to a request of a session. It is whatever the transport brought: answers are not signed.
pub struct WebResponse {
    response: Response,
    timeout: Duration,
}

impl WebResponse {
    pub(super) fn new(response: Response, timeout: Duration) -> Self {
        Self { response, timeout }
    }

    /// The status; a redirect was not followed.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The header fields: names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// The next bytes of the body, as they come; `None` after the last.
    ///
    /// # Errors
    /// [`HttpFailure::Broken`], [`HttpFailure::TimedOut`].
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, HttpFailure> {
        within(self.timeout, chunk(&mut self.response)).await
    }

    /// The whole body, of at most `limit` bytes. Beside the time for each silence it has a second for each 16 KiB of the
    /// limit: whoever sends byte after byte holds up nobody for ever.
    ///
    /// # Errors
    /// [`HttpFailure::TooLong`]; those of [`WebResponse::chunk`].
    pub async fn body(mut self, limit: usize) -> Result<Vec<u8>, HttpFailure> {
        let seconds = u64::try_from(limit / LEAST_SPEED).unwrap_or(u64::MAX);
        let whole = self.timeout.saturating_add(Duration::from_secs(seconds));
        let reading = async {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk().await? {
                take(&mut body, &chunk, limit)?;
            }
            Ok(body)
        };
        within(whole, reading).await
    }
}

impl fmt::Debug for WebResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebResponse").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// The next bytes of a body; the caller sets the deadline.
pub(super) async fn chunk(response: &mut Response) -> Result<Option<Vec<u8>>, HttpFailure> {
    let chunk = response.chunk().await.map_err(|_| HttpFailure::Broken)?;
    Ok(chunk.map(Vec::from))
}

/// A body of at most `limit` bytes; the caller sets the deadline.
pub(super) async fn read_up_to(response: &mut Response, limit: usize) -> Result<Vec<u8>, HttpFailure> {
    let mut body = Vec::new();
    while let Some(chunk) = chunk(response).await? {
        take(&mut body, &chunk, limit)?;
    }
    Ok(body)
}

fn take(body: &mut Vec<u8>, chunk: &[u8], limit: usize) -> Result<(), HttpFailure> {
    if body.len().saturating_add(chunk.len()) > limit {
        return Err(HttpFailure::TooLong);
    }
    body.extend_from_slice(chunk);
    Ok(())
}
