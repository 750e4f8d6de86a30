//! The tokens that we give to contacts.

use didshake::relay::DepositToken;
use didshake::{Origin, UnixTime};
use getrandom::SysRng;

use super::{Agent, AgentError, Inner};
use crate::mailbox::records::{GivenToken, MailboxAddress, OwnMailbox};
use crate::mailbox::relay::TokenLimits;

impl Agent {
    /// Draws a deposit token for somebody and lets it in: what they need to write to us, for a contact card. `label` says
    /// to whom it is given, for [`revoke_tokens`](Self::revoke_tokens): a DID, or what the user calls them.
    ///
    /// # Errors
    /// [`AgentError::NoMailbox`]; [`AgentError::Relay`]: the token is kept then, and let in with the next connection.
    pub async fn give_token(
        &self,
        origin: &Origin,
        label: &str,
        expires: Option<UnixTime>,
    ) -> Result<MailboxAddress, AgentError> {
        let mailbox = self.inner.mailbox(origin).await?;
        let token = DepositToken::generate(&mut SysRng)?;
        let (origin, label, given) = (origin.clone(), label.to_owned(), self.inner.now());
        let given = GivenToken { token, origin, label, given, expires, registered: false, revoked: false };
        self.inner.store.put_token(&given).await?;
        let given = self.inner.register(&mailbox, given).await?;
        Ok(MailboxAddress { url: mailbox.url, token: given.token })
    }

    /// Revokes every token that was given to somebody, at all relays; how many. What they have deposited already stays.
    ///
    /// # Errors
    /// [`AgentError`]: what could not be revoked is noted, and revoked with the next connection.
    pub async fn revoke_tokens(&self, label: &str) -> Result<usize, AgentError> {
        let tokens = self.inner.store.tokens().await?;
        let mut revoked = Vec::new();
        for token in tokens.into_iter().filter(|token| token.label == label) {
            let token = GivenToken { revoked: true, ..token };
            self.inner.store.put_token(&token).await?;
            revoked.push(token);
        }
        let count = revoked.len();
        for token in revoked {
            self.revoke_token(token).await?;
        }
        Ok(count)
    }

    /// Revokes this token.
    ///
    /// # Errors
    /// As [`revoke_tokens`](Self::revoke_tokens).
    pub async fn revoke_token(&self, token: GivenToken) -> Result<(), AgentError> {
        let token = GivenToken { revoked: true, ..token };
        self.inner.store.put_token(&token).await?;
        let mailbox = self.inner.mailbox(&token.origin).await?;
        self.inner.revoke(&mailbox, &token).await
    }
}

impl Inner {
    /// Tells the relay of tokens what it was not told yet.
    pub(super) async fn settle_tokens(&self, mailbox: &OwnMailbox) -> Result<(), AgentError> {
        let tokens = self.store.tokens().await?;
        for token in tokens.into_iter().filter(|token| token.origin == mailbox.origin) {
            if token.revoked {
                self.revoke(mailbox, &token).await?;
            } else if token.expires.is_some_and(|expires| expires <= self.now()) {
                self.store.remove_token(&token.token).await?;
            } else if !token.registered {
                self.register(mailbox, token).await?;
            }
        }
        Ok(())
    }

    async fn register(&self, mailbox: &OwnMailbox, given: GivenToken) -> Result<GivenToken, AgentError> {
        let limits = TokenLimits { expires: given.expires, ..TokenLimits::default() };
        self.owner(mailbox).let_in(&given.token.hash(), &limits).await?;
        let given = GivenToken { registered: true, ..given };
        self.store.put_token(&given).await?;
        Ok(given)
    }

    async fn revoke(&self, mailbox: &OwnMailbox, given: &GivenToken) -> Result<(), AgentError> {
        self.owner(mailbox).revoke(&given.token.hash()).await?;
        Ok(self.store.remove_token(&given.token).await?)
    }
}
