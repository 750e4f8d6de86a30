//! What did:web and did:webvh have in common: which client may go where, and that it takes no longer than it may.

use std::sync::Arc;

use reqwest::Client;

use super::confined::Confined;
use super::failure::WebFailure;
use super::fetch::{self, Wanted};
use super::guard::{Guard, Reach};
use super::location::{Location, Scheme};
use super::lookup::Lookup;
use super::options::{WebOptionFault, WebOptions};

#[derive(Clone)]
pub(super) struct Fetcher {
    pub(super) options: WebOptions,
    confined: Confined,
    public: Client,
    local: Client,
}

impl Fetcher {
    pub(super) fn new(options: &WebOptions, lookup: Arc<dyn Lookup>) -> Result<Self, WebOptionFault> {
        let client = |reach| fetch::client(Guard::new(Arc::clone(&lookup), reach), options, reach);
        let (public, local) = (client(Reach::Public)?, client(Reach::Local)?);
        Ok(Self { options: options.clone(), confined: Confined::new(options.deadline), public, local })
    }

    pub(super) async fn fetch(&self, location: &Location, wanted: Wanted) -> Result<Vec<u8>, WebFailure> {
        let (client, scheme) = match self.options.local.get(&location.endpoint) {
            Some(scheme) => (&self.local, *scheme),
            None => {
                location.check_public()?;
                (&self.public, Scheme::Https)
            }
        };
        self.confined.fetch(client, location.url(scheme), wanted).await
    }
}
