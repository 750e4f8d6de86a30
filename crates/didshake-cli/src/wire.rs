//! What a channel runs over: TCP, a Unix socket, a child process, or our own standard input and output.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Before a path, it makes an address of it.
pub(crate) const UNIX: &str = "unix:";
/// A command that carried a channel ends within this after it, or is killed.
const END: Duration = Duration::from_secs(5);
/// A peer from which nothing comes for so long is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// An ordered stream of bytes, both ways.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Any of them.
pub(crate) type Wire = Box<dyn Io>;

/// Our own standard input and output.
pub(crate) fn of_stdio() -> Wire {
    Box::new(tokio::io::join(tokio::io::stdin(), tokio::io::stdout()))
}

/// A command (`sh -c`) whose standard input and output lead to the peer.
pub(crate) struct Carrier(Child);

impl Carrier {
    pub(crate) fn start(command: &str) -> io::Result<(Wire, Self)> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok((Box::new(tokio::io::join(stdout, stdin)), Self(child)))
    }

    /// After its channel: lets it come to its end. Says how, where that was no success.
    pub(crate) async fn end(mut self) -> Option<String> {
        match timeout(END, self.0.wait()).await {
            Ok(Ok(status)) if status.success() => None,
            Ok(Ok(status)) => Some(status.to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => {
                // It is gone after this, or was before.
                let _ = self.0.kill().await;
                Some(format!("it did not end within {} s", END.as_secs()))
            }
        }
    }
}

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) enum ListenAt {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for ListenAt {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(UNIX) {
            Some("") => Err("a path is missing after `unix:`"),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| "neither ADDRESS:PORT, as 127.0.0.1:7007, nor unix:PATH"),
        }
    }
}

impl fmt::Display for ListenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// Where somebody comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caller {
    Address(SocketAddr),
    /// A Unix socket does not tell.
    Here,
    /// Nor does a relay.
    Relay,
}

impl Caller {
    /// Whom limits count it with: all of this machine are one, and all who come through relays.
    pub(crate) fn ip(self) -> IpAddr {
        match self {
            Self::Address(address) => address.ip(),
            Self::Here => Ipv4Addr::LOCALHOST.into(),
            Self::Relay => Ipv4Addr::UNSPECIFIED.into(),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Here => f.write_str("this machine"),
            Self::Relay => f.write_str("a relay"),
        }
    }
}

/// A place where peers come in.
pub(crate) enum Entrance {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Entrance {
    /// Opens it. A socket that nobody listens on any more is replaced.
    pub(crate) async fn open(at: &ListenAt) -> io::Result<Self> {
        match at {
            ListenAt::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
            ListenAt::Unix(path) => {
                remove_left_over(path).await;
                Ok(Self::Unix(UnixListener::bind(path)?, SocketFile(path.clone())))
            }
        }
    }

    /// Where it is.
    pub(crate) fn at(&self) -> io::Result<ListenAt> {
        match self {
            Self::Tcp(listener) => Ok(ListenAt::Tcp(listener.local_addr()?)),
            Self::Unix(_, SocketFile(path)) => Ok(ListenAt::Unix(path.clone())),
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<(Wire, Caller)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // One that is gone already shows later.
                let _ = tend(&stream);
                Ok((Box::new(stream), Caller::Address(from)))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Caller::Here))
            }
        }
    }
}

/// Records are small, and each is a message of its own: they leave at once. A peer whose machine or network went away says
/// nothing of it, and would keep its place, and its process, for ever: it is asked whether it is there.
pub(crate) fn tend(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl};
    stream.set_nodelay(true)?;
    set_tcp_keepidle(stream, KEEP_ALIVE)?;
    set_tcp_keepintvl(stream, KEEP_ALIVE / 4)?;
    set_tcp_keepcnt(stream, 4)?;
    Ok(set_socket_keepalive(stream, true)?)
}

/// The file of a socket, removed in the end.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn remove_left_over(path: &Path) {
    use std::os::unix::fs::FileTypeExt as _;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket());
    if is_socket
        && let Err(error) = UnixStream::connect(path).await
        && error.kind() == io::ErrorKind::ConnectionRefused
    {
        // Where it cannot be removed, binding says why.
        let _ = std::fs::remove_file(path);
    }
}
