//! The applications that people come in to through this service: other hosts, behind proxies that ask here who may.

use didshake::{Did, Origin, Origins};
use http::request::Parts;

use crate::config::{ApplicationSettings, ConfigError};
use crate::policy::LivePolicy;
use crate::store::Standing;

/// All of them; nowhere else does this service send anybody.
#[derive(Clone, Debug)]
pub(crate) struct Applications {
    list: Vec<Application>,
    origins: Option<Origins>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) settings: ApplicationSettings,
    /// Who may come in, of those whom the service lets in; `None`: all of them.
    pub(crate) policy: Option<LivePolicy>,
}

impl Applications {
    /// Reads their policies.
    pub(crate) fn load(settings: &[ApplicationSettings], config: &crate::Config) -> Result<Self, ConfigError> {
        let load = |settings: &ApplicationSettings| -> Result<Application, ConfigError> {
            let policy = settings.policy.as_deref().map(|path| config.policy_at("application", path)).transpose()?;
            Ok(Application { settings: settings.clone(), policy: policy.map(LivePolicy::new) })
        };
        let list = settings.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        // They were found to be apart when the configuration was checked.
        let origins = Origins::new(list.iter().map(|application| application.settings.origin.clone()).collect()).ok();
        Ok(Self { list, origins })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Application> {
        self.list.iter()
    }

    pub(crate) fn by_origin(&self, origin: &Origin) -> Option<&Application> {
        self.list.iter().find(|application| application.settings.origin == *origin)
    }

    /// The one that a request came to, by its host.
    pub(crate) fn by_host(&self, parts: &Parts) -> Option<&Application> {
        self.by_origin(didshake_axum::requested_origin(parts, self.origins.as_ref()?)?)
    }
}

impl Application {
    pub(crate) fn origin(&self) -> &Origin {
        &self.settings.origin
    }

    /// Whether somebody whom the service lets in may come in here too: by its rules and by those of the service, and not by an
    /// invite that nobody has accepted.
    pub(crate) fn allows(&self, did: &Did, standing: &Standing, service: &LivePolicy) -> bool {
        let own = |policy: &LivePolicy| standing.belongs(did, &policy.current());
        own(service) && self.policy.as_ref().is_none_or(own)
    }

    /// The groups of a DID here, by name, in order: those of its own policy, of the service's, and of the account.
    pub(crate) fn groups(&self, did: &Did, standing: &Standing, service: &LivePolicy) -> Vec<String> {
        let mut groups = service.current().groups_of(did);
        groups.extend(standing.groups().unwrap_or_default().iter().cloned());
        groups.extend(self.policy.iter().flat_map(|policy| policy.current().groups_of(did)));
        groups.sort();
        groups.dedup();
        groups
    }
}
