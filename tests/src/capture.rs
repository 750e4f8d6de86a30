//! Everything that crosses a host's interfaces.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, eth, recv, socket_with};

use crate::namespaces::Namespace;

/// More than an interface ever hands over at once.
const PACKET: usize = 1 << 17;
/// What may wait while this machine does something else.
const WAITING: usize = 1 << 26;
/// Bytes of an Ethernet header; what it says of IPv4, what that says of TCP, and the flag that begins a stream.
const ETHERNET: usize = 14;
const IPV4: u16 = 0x0800;
const TCP: u8 = 6;
const SYN: u8 = 2;

/// Listens on every interface of a host, its own loopback among them, until it is [stopped](Self::stop).
pub struct Capture {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Vec<u8>>>,
}

/// What was sent one way over one TCP connection.
#[derive(Debug)]
pub struct Stream {
    /// Who sent it.
    pub from: SocketAddrV4,
    /// To whom.
    pub to: SocketAddrV4,
    /// In the order of the stream.
    pub bytes: Vec<u8>,
}

/// What went over a host's interfaces.
#[derive(Debug)]
pub struct Captured {
    packets: Vec<Vec<u8>>,
}

impl Capture {
    /// Begins.
    ///
    /// # Panics
    /// Where this user may not listen.
    #[must_use]
    pub fn start(host: &Namespace) -> Self {
        let socket = host.enter(|| {
            socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, Some(eth::ALL))
                .expect("a socket that sees every packet")
        });
        set_socket_recv_buffer_size_force(&socket, WAITING).expect("room for packets");
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_millis(100))).expect("a time-out");
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        Self { stop, thread: std::thread::spawn(move || packets(&socket, &asked)) }
    }

    /// Ends when nothing comes any more.
    ///
    /// # Panics
    /// Where listening failed.
    #[must_use]
    pub fn stop(self) -> Captured {
        self.stop.store(true, Ordering::Relaxed);
        Captured { packets: self.thread.join().expect("packets") }
    }
}

fn packets(socket: &OwnedFd, stop: &AtomicBool) -> Vec<Vec<u8>> {
    let (mut packets, mut buffer) = (Vec::new(), vec![0; PACKET]);
    loop {
        match recv(socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((length, _)) => packets.push(buffer[..length].to_vec()),
            Err(rustix::io::Errno::AGAIN) if stop.load(Ordering::Relaxed) => return packets,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(error) => panic!("listening for packets: {error}"),
        }
    }
}

impl Captured {
    /// All bytes as they came, headers and all.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.packets.concat()
    }

    /// The TCP streams, one for each direction, put together from their segments: a word that two packets share is whole in
    /// them.
    ///
    /// # Panics
    /// Where bytes of a stream were not seen.
    #[must_use]
    pub fn streams(&self) -> Vec<Stream> {
        let mut connections: BTreeMap<_, Vec<Connection>> = BTreeMap::new();
        for segment in self.packets.iter().filter_map(|packet| Segment::read(packet)) {
            let known = connections.entry((segment.from, segment.to)).or_default();
            if segment.begins && known.last().is_none_or(|last| last.begin != segment.sequence) {
                known.push(Connection { begin: segment.sequence, pieces: BTreeMap::new() });
            }
            let Some(connection) = known.last_mut() else { continue };
            let offset = segment.sequence.wrapping_sub(connection.begin).wrapping_sub(1);
            if !segment.begins && !segment.payload.is_empty() {
                let piece = connection.pieces.entry(offset).or_default();
                if piece.len() < segment.payload.len() {
                    *piece = segment.payload.to_vec();
                }
            }
        }
        let streams = connections.into_iter().flat_map(|((from, to), all)| {
            all.into_iter().map(move |connection| Stream { from, to, bytes: connection.whole(from, to) })
        });
        streams.collect()
    }
}

struct Connection {
    begin: u32,
    pieces: BTreeMap<u32, Vec<u8>>,
}

impl Connection {
    fn whole(self, from: SocketAddrV4, to: SocketAddrV4) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (offset, piece) in self.pieces {
            let offset = offset as usize;
            // One byte past the end of a closed stream asks whether the other side is still there.
            assert!(offset <= bytes.len() || piece == [0], "{from} to {to}: bytes before {offset} were not seen");
            if offset + piece.len() > bytes.len() && offset <= bytes.len() {
                let known = bytes.len() - offset;
                bytes.extend_from_slice(&piece[known..]);
            }
        }
        bytes
    }
}

/// One packet of TCP over IPv4.
struct Segment<'a> {
    from: SocketAddrV4,
    to: SocketAddrV4,
    sequence: u32,
    begins: bool,
    payload: &'a [u8],
}

impl<'a> Segment<'a> {
    fn read(packet: &'a [u8]) -> Option<Self> {
        let word = |bytes: &[u8], at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let internet = packet.get(ETHERNET..)?;
        if word(packet, 12)? != IPV4 || *internet.get(9)? != TCP {
            return None;
        }
        let header = usize::from(internet.first()? & 15) * 4;
        let segment = internet.get(header..usize::from(word(internet, 2)?).max(header))?;
        let address = |at: usize| {
            let octets: [u8; 4] = internet.get(at..at + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(octets))
        };
        Some(Self {
            from: SocketAddrV4::new(address(12)?, word(segment, 0)?),
            to: SocketAddrV4::new(address(16)?, word(segment, 2)?),
            sequence: u32::from_be_bytes(segment.get(4..8)?.try_into().ok()?),
            begins: segment.get(13)? & SYN != 0,
            payload: segment.get(usize::from(segment.get(12)? >> 4) * 4..)?,
        })
    }
}
