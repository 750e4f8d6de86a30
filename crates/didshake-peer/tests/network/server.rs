//! A web server that does what it is told; on 127.0.0.1 alone.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake_did::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| &value[..]).collect()
    }
}

/// What the server does with a request.
pub(crate) enum Conduct {
    /// Answers with these bytes, and goes on.
    Answer(Vec<u8>),
    /// Answers with these bytes, and drops the connection.
    Drop(Vec<u8>),
    /// Answers with these bytes, and then with nothing, for good.
    Stall(Vec<u8>),
    /// Answers with the first bytes at once and the others one by one.
    Drip(Vec<u8>, Vec<u8>, Duration),
}

pub(crate) type Handler = Arc<dyn Fn(Incoming) -> BoxFuture<'static, Conduct> + Send + Sync>;

/// Stopped where it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<Incoming>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// `handler` learns the port before it is asked.
    pub(crate) async fn start(tls: Option<ServerConfig>, handler: impl FnOnce(u16) -> Handler) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, handler) = (Arc::new(Seen::default()), handler(port));
        let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
        let watched = seen.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                watched.connections.fetch_add(1, Ordering::SeqCst);
                let (handler, seen, acceptor) = (handler.clone(), watched.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => serve(acceptor.accept(stream).await.ok()?, &handler, &seen).await,
                        None => serve(stream, &handler, &seen).await,
                    }
                });
            }
        });
        Self { port, seen, task }
    }

    /// One that treats every request alike.
    pub(crate) async fn answering(conduct: impl Fn() -> Conduct + Send + Sync + 'static) -> Self {
        let conduct = Arc::new(conduct);
        let handler: Handler = Arc::new(move |_| {
            let conduct = conduct.clone();
            Box::pin(async move { conduct() })
        });
        Self::start(None, |_| handler).await
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<Incoming> {
        self.seen.requests.lock().unwrap().clone()
    }
}

/// An HTTP/1.1 response.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, handler: &Handler, seen: &Seen) -> Option<()> {
    loop {
        let incoming = read_request(&mut stream).await?;
        seen.requests.lock().unwrap().push(incoming.clone());
        match handler(incoming).await {
            Conduct::Answer(bytes) => stream.write_all(&bytes).await.ok()?,
            Conduct::Drop(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Conduct::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending::<()>().await;
            }
            Conduct::Drip(first, rest, pause) => {
                stream.write_all(&first).await.ok()?;
                for byte in rest {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&[byte]).await.ok()?;
                    stream.flush().await.ok()?;
                }
            }
        }
        stream.flush().await.ok()?;
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Incoming> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().as_bytes().to_vec())
    };
    let headers: Vec<_> = lines.map(field).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| std::str::from_utf8(value).unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Incoming { method, target, headers, body })
}
