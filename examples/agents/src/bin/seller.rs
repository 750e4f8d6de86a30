//! `seller NAME ADDRESS LEAST`: does tasks for whoever it knows, for no less than LEAST. It takes proposals on live channels at
//! ADDRESS, and those that came to its mailbox while it was away.

use std::sync::Arc;

use agents::{ACCEPT, COUNTER, Failure, Me, PROPOSE, now, price_of, with_price};
use didshake::Did;
use didshake_peer::didcomm::{CONTENT_TYPE, DidcommFault, DidcommMessage, PROTOCOL};
use didshake_peer::streams::{Settings, StreamError, Streams};
use didshake_peer::{Admit, MemoryBurnStore, ResponderOptions, accept};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Peers that are talked to at a time.
const MOST_PEERS: usize = 32;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, address, least] = arguments.as_slice() else { return Err("seller NAME ADDRESS LEAST".into()) };
    let (me, least) = (Me::of_user(name).await?, least.parse()?);
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    tokio::select! {
        ended = live(&me, listener, least) => ended,
        ended = letters(&me, least) => ended,
        ended = me.agent.run() => match ended? {},
    }
}

/// What the seller says to a message, whichever way it came.
fn answer(message: &DidcommMessage, least: u64, way: &str) -> Result<Option<DidcommMessage>, Failure> {
    let price = price_of(message)?;
    let agreed = || println!("agreed with {} on {price}, {way}", message.from);
    Ok(match message.kind.as_str() {
        PROPOSE if price < least => Some(with_price(message.answer(COUNTER)?, least)),
        PROPOSE => {
            agreed();
            Some(with_price(message.answer(ACCEPT)?, price))
        }
        ACCEPT if price >= least => {
            agreed();
            None
        }
        _ => return Err("a message that says nothing to a seller".into()),
    })
}

async fn live(me: &Me, listener: TcpListener, least: u64) -> Result<(), Failure> {
    let known: Vec<Did> = me.peers.iter().map(|peer| peer.did.clone()).collect();
    let admit = Admit::rule(move |claim| known.contains(claim.did()));
    let options = Arc::new(ResponderOptions::new(me.identity.clone(), PROTOCOL, admit));
    let (burned, places) = (Arc::new(MemoryBurnStore::default()), Arc::new(Semaphore::new(MOST_PEERS)));
    loop {
        let place = places.clone().acquire_owned().await?;
        let (stream, _) = listener.accept().await?;
        let (options, burned) = (options.clone(), burned.clone());
        tokio::spawn(async move {
            if let Err(error) = talk(stream, &options, &burned, least).await {
                eprintln!("a channel ended: {error}");
            }
            drop(place);
        });
    }
}

/// One peer: each of its streams is a negotiation.
async fn talk(
    stream: TcpStream,
    options: &ResponderOptions,
    burned: &MemoryBurnStore,
    least: u64,
) -> Result<(), Failure> {
    let (mut streams, driver) = Streams::over(accept(stream, options, burned).await?, Settings::default());
    tokio::spawn(driver.run());
    let agreed = streams.agreed().clone();
    loop {
        let mut talk = match streams.accept().await {
            Err(StreamError::Closed) => return Ok(()),
            talk => talk?,
        };
        while let Some(content) = talk.recv().await? {
            let message = DidcommMessage::read(&content, agreed.peer.did(), &agreed.identity.did, now())?;
            if let Some(answer) = answer(&message, least, "live")? {
                talk.send(&answer.write()?).await?;
            }
        }
        talk.close().await?;
    }
}

/// Answers letters by letters. Who is killed between the answer and the mark answers twice: it is the same thread.
async fn letters(me: &Me, least: u64) -> Result<(), Failure> {
    let (mut changes, mut after) = (me.agent.changes(), 0);
    loop {
        for letter in me.agent.store().unread(after, 100).await? {
            after = letter.number;
            let said = match DidcommMessage::of_letter(&letter, me.identity.did(), now()) {
                Err(DidcommFault::ContentType) => continue, // for people, and `didshake inbox`
                read => read.map_err(Failure::from).and_then(|message| answer(&message, least, "by letter")),
            };
            match said {
                Ok(Some(answer)) => {
                    let content = answer.write()?;
                    me.agent.write(&letter.sender, CONTENT_TYPE, &content, me.letter_expires()).await?;
                }
                Ok(None) => {}
                Err(error) => eprintln!("a letter of {} is not answered: {error}", letter.sender),
            }
            me.agent.mark_read(&[letter]).await?;
        }
        changes.changed().await?;
    }
}
