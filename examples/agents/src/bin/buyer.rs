//! `buyer NAME SELLER ADDRESS PRICE LIMIT`: offers SELLER, a known peer, PRICE for a task, and pays up to LIMIT. On a live channel
//! where something listens at ADDRESS, by letters otherwise.

use agents::{ACCEPT, COUNTER, Failure, Me, PROPOSE, now, price_of, with_price};
use didshake::Did;
use didshake::mailbox::MessageId;
use didshake_peer::didcomm::{CONTENT_TYPE, DidcommMessage, PROTOCOL};
use didshake_peer::mailbox::SentState;
use didshake_peer::streams::{Settings, Streams};
use didshake_peer::{Expect, InitiatorOptions, connect};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, seller, address, price, limit] = arguments.as_slice() else {
        return Err("buyer NAME SELLER ADDRESS PRICE LIMIT".into());
    };
    let (me, limit) = (Me::of_user(name).await?, limit.parse()?);
    let seller = me.peer(seller)?;
    let mut proposal = with_price(DidcommMessage::new(me.identity.did(), &seller, PROPOSE)?, price.parse()?);
    proposal.body.insert("task".to_owned(), "summarise 40 pages".into());
    match TcpStream::connect(address).await {
        Ok(stream) => live(&me, &seller, stream, &proposal, limit).await,
        Err(error) => {
            println!("the seller is away ({error}): a letter goes");
            tokio::select! {
                ended = by_letter(&me, &seller, &proposal, limit) => ended,
                ended = me.agent.run() => match ended? {},
            }
        }
    }
}

/// What the buyer says to an answer: something more, where that is needed, and the price that holds then.
fn decide(answer: &DidcommMessage, limit: u64) -> Result<(Option<DidcommMessage>, u64), Failure> {
    let price = price_of(answer)?;
    match answer.kind.as_str() {
        _ if price > limit => Err(format!("no deal: {price} is over the limit of {limit}").into()),
        ACCEPT => Ok((None, price)),
        COUNTER => Ok((Some(with_price(answer.answer(ACCEPT)?, price)), price)),
        _ => Err("an answer that says nothing to a buyer".into()),
    }
}

async fn live(me: &Me, seller: &Did, stream: TcpStream, proposal: &DidcommMessage, limit: u64) -> Result<(), Failure> {
    let options = InitiatorOptions::new(me.identity.clone(), PROTOCOL, Expect::Did(seller.clone()));
    let (streams, driver) = Streams::over(connect(stream, &options).await?, Settings::default());
    let driving = tokio::spawn(driver.run());
    let mut talk = streams.open().await?;
    talk.send(&proposal.write()?).await?;
    let content = talk.recv().await?.ok_or("the seller says nothing")?;
    let answer = DidcommMessage::read(&content, streams.agreed().peer.did(), me.identity.did(), now())?;
    let (say, price) = decide(&answer, limit)?;
    if let Some(say) = say {
        talk.send(&say.write()?).await?;
    }
    talk.close().await?;
    // The seller's end says that it has taken all of ours; a cut would be an error.
    while talk.recv().await?.is_some() {}
    println!("agreed on {price}, live");
    streams.close();
    Ok(driving.await??)
}

async fn by_letter(me: &Me, seller: &Did, proposal: &DidcommMessage, limit: u64) -> Result<(), Failure> {
    let mut changes = me.agent.changes();
    me.agent.write(seller, CONTENT_TYPE, &proposal.write()?, me.letter_expires()).await?;
    let answer = loop {
        if let Some(answer) = answer_to(me, seller, proposal).await? {
            break answer;
        }
        changes.changed().await?;
    };
    let (say, price) = decide(&answer, limit)?;
    if let Some(say) = say {
        let id = me.agent.write(seller, CONTENT_TYPE, &say.write()?, me.letter_expires()).await?;
        while !has_arrived(me, &id).await? {
            changes.changed().await?;
        }
    }
    println!("agreed on {price}, by letter");
    Ok(())
}

/// The answer of this thread, if it has come.
async fn answer_to(me: &Me, seller: &Did, proposal: &DidcommMessage) -> Result<Option<DidcommMessage>, Failure> {
    for letter in me.agent.store().unread(0, 1000).await?.into_iter().filter(|letter| letter.sender == *seller) {
        let read = DidcommMessage::of_letter(&letter, me.identity.did(), now());
        if let Some(answer) = read.ok().filter(|answer| answer.thread() == proposal.id) {
            me.agent.mark_read(&[letter]).await?;
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

async fn has_arrived(me: &Me, id: &MessageId) -> Result<bool, Failure> {
    let state = me.agent.store().sent(id).await?.map(|letter| letter.state);
    match state {
        Some(SentState::Taken | SentState::Read) => Ok(true),
        Some(state) if state.is_under_way() => Ok(false),
        _ => Err("the seller has not taken our letter".into()),
    }
}
