//! Over TCP as it is.

use didshake_peer::{MemoryBurnStore, accept, connect};
use tokio::net::{TcpListener, TcpStream};

use crate::conversation::{Saw, impatient, initiator, responder};
use crate::frames::{Frame, What, of_stream};
use crate::proxy::Way;
use crate::run::{Binding, every_fault};

struct Stream;

impl Binding for Stream {
    async fn initiator(&self, port: u16) -> Saw {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        initiator(connect(stream, &impatient().0).await).await
    }

    async fn responder(&self, listener: &TcpListener, _: u16) -> Saw {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        responder(accept(stream, &impatient().1, &MemoryBurnStore::default()).await).await
    }

    fn frames(way: Way, bytes: &[u8]) -> Vec<Frame> {
        use What::{Accept, Close, Data, Handshake};
        match way {
            Way::ToResponder => of_stream(bytes, &[Handshake, Handshake, Data, Data, Data, Close]),
            Way::ToInitiator => of_stream(bytes, &[Handshake, Accept, Data, Data, Close]),
        }
    }
}

// R-CHAN-5, R-CHAN-14, R-CHAN-15, R-CHAN-17, R-LIMIT-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_byte_of_a_stream_is_an_error_and_never_a_wrong_message() {
    every_fault(Stream).await;
}
