//! The endpoint that an initiator connects to: one URL, which decides binding and origin (R-BIND-5, R-BIND-6).

use alloc::string::String;
use core::fmt;

use crate::error::Misuse;
use crate::origin::{Origin, OriginError, split};
use crate::transcript::{Binding, Context};

/// The URL to which an initiator sends its messages: http and https for the HTTP binding, ws and wss for WebSocket.
///
/// The context of the handshake comes from the URL that is connected to, and from nothing else (R-BIND-6). In a browser
/// the user agent knows it; a page's script must not supply it.
///
/// ```
/// use didshake::{Binding, Endpoint};
/// let endpoint = Endpoint::parse("wss://Chat.example/didshake")?;
/// assert_eq!(endpoint.binding(), Binding::WebSocket);
/// assert_eq!(endpoint.origin().as_str(), "https://chat.example");
/// assert_eq!(endpoint.context()?.prologue(), b"https://chat.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    url: String,
    origin: Origin,
    binding: Binding,
}

impl Endpoint {
    /// Reads a URL; it is kept as it is written.
    ///
    /// # Errors
    /// [`OriginError`], always a fault of whoever wrote the URL.
    pub fn parse(url: &str) -> Result<Self, OriginError> {
        let (scheme, _) = split(url)?;
        let binding = if scheme.web_socket { Binding::WebSocket } else { Binding::Http };
        Ok(Self { url: String::from(url), origin: Origin::parse(url)?, binding })
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The origin of the URL.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The binding that the URL's scheme stands for.
    #[must_use]
    pub fn binding(&self) -> Binding {
        self.binding
    }

    /// What a handshake at this endpoint starts from.
    ///
    /// # Errors
    /// None that an endpoint can cause.
    pub fn context(&self) -> Result<Context, Misuse> {
        match self.binding {
            Binding::WebSocket => self.origin.websocket_context(),
            Binding::Stream | Binding::Http | Binding::Relay => self.origin.http_context(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
