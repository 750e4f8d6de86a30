//! `didshake mailbox tokens` and `revoke`.

use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::GivenToken;
use serde_json::json;

use super::done;
use crate::agent::{Online, Post, of_agent, of_store};
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output::{self, one_line};
use crate::storage;
use crate::time_words::{since, until};

/// The beginning of a hash that tells which token is meant.
const MIN_HASH: usize = 8;

pub(super) async fn list(global: &Global, online: &Online) -> Result<(), Failure> {
    let post = online.open(global, false).await?;
    let tokens = post.agent.store().tokens().await.map_err(|error| of_store(&error))?;
    if global.json {
        let list: Vec<_> = tokens.iter().map(|token| told(&post, token)).collect();
        output::json(&json!(list));
        return Ok(());
    }
    if tokens.is_empty() {
        output::note("no tokens: `didshake id share --for NAME` makes a card with one");
    }
    let now = SystemClock.now();
    for token in &tokens {
        let hash: String = token.token.hash().to_string().chars().take(12).collect();
        let ends = token.expires.map(|ends| format!(", ends in {}", until(ends, now))).unwrap_or_default();
        let state = match (token.revoked, token.registered) {
            (true, _) => " (is being revoked)",
            (false, true) => "",
            (false, false) => " (the relay does not know it yet)",
        };
        let whom = one_line(label(&post, token));
        output::line(&format!("{hash}  for {whom}  given {}{ends}{state}  {}", since(token.given, now), token.origin));
    }
    Ok(())
}

/// The token itself is shown to nobody.
fn told(post: &Post, token: &GivenToken) -> serde_json::Value {
    json!({
        "hash": token.token.hash().to_string(),
        "for": label(post, token),
        "relay": token.origin.as_str(),
        "given": token.given.0,
        "expires": token.expires.map(|expires| expires.0),
        "registered": token.registered,
        "revoked": token.revoked,
    })
}

/// Whom it was given to, as we call them now.
fn label<'a>(post: &'a Post, token: &'a GivenToken) -> &'a str {
    let name = didshake::Did::parse(&token.label).ok().and_then(|did| post.name_of(&did));
    name.unwrap_or(&token.label)
}

pub(super) async fn revoke(global: &Global, who: &str, online: &Online) -> Result<(), Failure> {
    let post = online.open(global, false).await?;
    let failed = |error| of_agent(&error, &post.failures);
    let mut count = post.agent.revoke_tokens(who).await.map_err(failed)?;
    if let Ok(did) = storage::did_or_name(who, &post.peers) {
        count += post.agent.revoke_tokens(did.as_str()).await.map_err(failed)?;
    }
    if count == 0 && who.len() >= MIN_HASH {
        count = revoke_hash(&post, who).await?;
    }
    if count == 0 {
        return Err(Failure::new(Exit::Usage, "no_token", format!("no token was given to `{who}`, or has that hash"))
            .remedy("`didshake mailbox tokens` shows all"));
    }
    let tokens = if count == 1 { "1 token is".to_owned() } else { format!("{count} tokens are") };
    let text = format!("{tokens} revoked: {who} can leave no more letters with it");
    done(global, &text, &json!({"revoked": count, "for": who}));
    Ok(())
}

async fn revoke_hash(post: &Post, hash: &str) -> Result<usize, Failure> {
    let tokens = post.agent.store().tokens().await.map_err(|error| of_store(&error))?;
    let mut meant: Vec<GivenToken> =
        tokens.into_iter().filter(|token| token.token.hash().to_string().starts_with(hash)).collect();
    if meant.len() > 1 {
        return Err(Failure::new(Exit::Usage, "several_tokens", format!("several hashes begin with {hash}"))
            .remedy("give more of it"));
    }
    let Some(token) = meant.pop() else { return Ok(0) };
    post.agent.revoke_token(token).await.map_err(|error| of_agent(&error, &post.failures))?;
    Ok(1)
}
