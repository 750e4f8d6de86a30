//! What stands between Alice and Bob in an attack: carries messages, keeps them, and changes one.

use didshake_peer::{Frame, FrameReader, Message, frame};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::demo::cast::{dial, incoming, network};
use crate::failure::Failure;

/// Carries one connection to `target` and changes the first message of a type, if there is one to change. Gives the
/// alerts that went over the wire in clear.
pub(crate) async fn relay(listener: TcpListener, target: String, change: Option<Message>) -> Result<Vec<u8>, Failure> {
    let (near_read, near_write) = tokio::io::split(incoming(&listener).await?);
    let (far_read, far_write) = tokio::io::split(dial(&target).await?);
    let (forth, back) = tokio::join!(carry(near_read, far_write, change), carry(far_read, near_write, change));
    Ok([forth?, back?].concat())
}

async fn carry(
    from: ReadHalf<TcpStream>,
    mut to: WriteHalf<TcpStream>,
    mut change: Option<Message>,
) -> Result<Vec<u8>, Failure> {
    let mut frames = FrameReader::new(from);
    let mut alerts = Vec::new();
    while let Ok(Some(mut message)) = frames.next(Frame::Record).await {
        if change == Some(Message::of(&message))
            && let Some(last) = message.last_mut()
        {
            *last ^= 1;
            change = None;
        }
        if let [15, code] = message.as_slice() {
            alerts.push(*code);
        }
        if to.write_all(&frame(&message)).await.is_err() {
            return Ok(alerts);
        }
    }
    let _ = to.shutdown().await;
    Ok(alerts)
}

/// Reads one message of a handshake.
pub(crate) async fn read(stream: &mut TcpStream) -> Result<Vec<u8>, Failure> {
    let message = FrameReader::new(stream).next(Frame::Message).await.map_err(|error| network(&error))?;
    message.ok_or_else(|| network(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof)))
}

pub(crate) async fn write(stream: &mut TcpStream, message: &[u8]) -> Result<(), Failure> {
    stream.write_all(&frame(message)).await.map_err(|error| network(&error))
}
