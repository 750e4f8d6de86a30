//! A web server that does what it is told, and not what it should; on 127.0.0.1 alone.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Conduct {
    /// Answers with these bytes, and closes in good order.
    Answer(Vec<u8>),
    /// Answers with these bytes, and drops the connection as it is.
    Drop(Vec<u8>),
    /// Answers with these bytes, and then with nothing, for good.
    Stall(Vec<u8>),
    /// Answers with the first bytes at once and the others one by one, for good.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Answers with the first bytes, then with the others again and again, up to a gigabyte.
    Flood(Vec<u8>, Vec<u8>),
    /// Does with each path what is there now, and has nothing elsewhere.
    Files(Files),
    /// Says these bytes before anybody has asked, and nothing more.
    Greet(Vec<u8>),
}

/// What a server does with each path; it may change while it runs.
#[derive(Clone, Default)]
pub(crate) struct Files(Arc<Mutex<HashMap<String, Conduct>>>);

impl Files {
    pub(crate) fn put(&self, path: &str, conduct: Conduct) {
        self.0.lock().unwrap().insert(path.to_owned(), conduct);
    }

    fn at(&self, request: &str) -> Conduct {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let nothing = || Conduct::Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec());
        self.0.lock().unwrap().get(path).cloned().unwrap_or_else(nothing)
    }
}

/// A free port, taken.
pub(crate) struct Reserved(TcpListener);

impl Reserved {
    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub(crate) fn start(self, conduct: Conduct, tls: Option<ServerConfig>) -> Server {
        let (seen, acceptor) = (Arc::new(Seen::default()), tls.map(|tls| TlsAcceptor::from(Arc::new(tls))));
        let server = Server { port: self.port(), seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = self.0.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (conduct, seen, acceptor) = (conduct.clone(), Arc::clone(&seen), acceptor.clone());
                tokio::spawn(async move { serve(stream, acceptor, &conduct, &seen).await });
            }
        });
        server
    }
}

pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    sent: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    pub(crate) async fn reserve() -> Reserved {
        Reserved(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Bytes of bodies that the operating system took.
    pub(crate) fn sent(&self) -> usize {
        self.seen.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>, conduct: &Conduct, seen: &Seen) -> io::Result<()> {
    match acceptor {
        Some(acceptor) => misbehave(acceptor.accept(stream).await?, conduct, seen).await,
        None => misbehave(stream, conduct, seen).await,
    }
}

async fn misbehave<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, conduct: &Conduct, seen: &Seen) -> io::Result<()> {
    if let Conduct::Greet(bytes) = conduct {
        stream.write_all(bytes).await?;
        return wait_for_the_end(stream).await;
    }
    let request = read_request(&mut stream).await?;
    let found = if let Conduct::Files(files) = conduct { Some(files.at(&request)) } else { None };
    seen.requests.lock().unwrap().push(request);
    match found.as_ref().unwrap_or(conduct) {
        Conduct::Answer(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await
        }
        Conduct::Drop(bytes) => {
            stream.write_all(bytes).await?;
            stream.flush().await
        }
        Conduct::Stall(bytes) => {
            stream.write_all(bytes).await?;
            stream.flush().await?;
            wait_for_the_end(stream).await
        }
        Conduct::Drip(head, drops, pause) => drip(stream, head, drops, *pause).await,
        Conduct::Flood(head, block) => flood(stream, head, block, seen).await,
        Conduct::Greet(_) | Conduct::Files(_) => Ok(()),
    }
}

async fn drip<S: AsyncWrite + Unpin>(mut stream: S, head: &[u8], drops: &[u8], pause: Duration) -> io::Result<()> {
    stream.write_all(head).await?;
    for byte in drops.iter().cycle() {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

async fn flood<S: AsyncWrite + Unpin>(mut stream: S, head: &[u8], block: &[u8], seen: &Seen) -> io::Result<()> {
    stream.write_all(head).await?;
    while seen.sent.load(Ordering::SeqCst) < 1 << 30 {
        stream.write_all(block).await?;
        seen.sent.fetch_add(block.len(), Ordering::SeqCst);
    }
    stream.shutdown().await
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

async fn wait_for_the_end<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}
