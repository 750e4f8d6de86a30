//! Where in a direction each message lies, from a conversation without a fault.

/// A message on its way, or what carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    /// Where its content begins; before are its length, or its header.
    pub(crate) content: usize,
    /// Where it ends.
    pub(crate) end: usize,
    pub(crate) what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// Of the WebSocket's opening handshake.
    Head,
    Handshake,
    /// Accept: whoever sent it has a channel, whoever does not get it has none.
    Accept,
    Data,
    /// The close record.
    Close,
    /// Of the WebSocket, after everything.
    Farewell,
}

/// Of a direction, in order: the lengths come from the bytes, what they are from the conversation.
pub(crate) fn of_stream(bytes: &[u8], whats: &[What]) -> Vec<Frame> {
    let (mut start, mut frames) = (0, Vec::new());
    for what in whats {
        let length = u32::from_be_bytes([0, bytes[start], bytes[start + 1], bytes[start + 2]]) as usize;
        let (content, end) = (start + 3, start + 3 + length);
        frames.push(Frame { content, end, what: *what });
        start = end;
    }
    assert_eq!(start, bytes.len(), "the whole direction is accounted for");
    frames
}

/// The same over a WebSocket: a head of HTTP, and RFC 6455's frames.
pub(crate) fn of_websocket(bytes: &[u8], whats: &[What]) -> Vec<Frame> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut frames = vec![Frame { content: 0, end: head, what: What::Head }];
    let mut start = head;
    for what in whats {
        let masked = bytes[start + 1] & 0x80 != 0;
        let (length, header) = match bytes[start + 1] & 0x7F {
            126 => (usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]])), 4),
            length @ 0..=125 => (usize::from(length), 2),
            _ => panic!("nothing here is so long"),
        };
        let header = header + if masked { 4 } else { 0 };
        frames.push(Frame { content: start + header, end: start + header + length, what: *what });
        start += header + length;
    }
    frames.push(Frame { content: start, end: bytes.len(), what: What::Farewell });
    frames
}
