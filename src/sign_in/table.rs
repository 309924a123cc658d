//! A service of the table: its row, and the client and endpoints that follow from that at the place and base where it is.

use super::custom::Client;
use super::{Protocol, Site};
use crate::oauth2::AuthorizationServer;
use crate::services::{Instance, Oauth1Service, Service};
use crate::wire::{Origin, check_private, endpoint};
use crate::{Error, Secret, Unsupported, oauth1, oauth2};

/// A row, what the application is known by there, and where the profile is that follows.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) site: Site,
    pub(super) secret: Secret,
    client_id: String,
    pub(super) place: Option<String>,
    /// Where all endpoints are instead.
    pub(super) base: Option<String>,
    pub(super) profile: String,
    pub(super) emails: Option<String>,
}

impl Table {
    /// Without what follows, which [`build`](Self::build) makes.
    pub(super) fn new(site: &Site, client_id: String, secret: Secret, place: Option<String>) -> Self {
        let site = site.clone();
        Self { site, secret, client_id, place, base: None, profile: String::new(), emails: None }
    }

    /// Makes all that follows from the rest, and the client.
    pub(super) fn build(&mut self) -> Result<Client, Error> {
        let client = self.client()?;
        self.profile = self.profile()?;
        self.emails = self.site.emails.map(|emails| self.url(emails.url)).transpose()?;
        if let Some(emails) = &self.emails {
            // The token is for the profile's origin alone.
            let origin = Origin::of(&endpoint(emails)?);
            if origin != Origin::of(&endpoint(&self.profile)?) {
                let origin = origin.map(|origin| origin.to_string()).unwrap_or_default();
                return Err(Unsupported::ForeignOrigin { origin, option: None }.into());
            }
        }
        Ok(client)
    }

    fn client(&self) -> Result<Client, Error> {
        match &self.site.service {
            Protocol::Oauth2(provider) => {
                let client = oauth2::Client::new(self.authorization_server(provider)?, &self.client_id);
                Ok(if self.secret.is_empty() { client } else { client.secret(&self.secret) }.into())
            }
            Protocol::Oauth1(provider) => {
                let credentials = oauth1::ClientCredentials::new(&self.client_id, &self.secret);
                Ok(oauth1::Client::new(self.oauth1_service(provider)?, credentials).into())
            }
        }
    }

    fn url(&self, template: &str) -> Result<String, Error> {
        let url = match &self.site.service {
            Protocol::Oauth2(provider) => provider.url(template, self.place.as_deref())?,
            Protocol::Oauth1(_) => Instance::Fixed.fill(template, self.place.as_deref())?,
        };
        let Some(base) = &self.base else {
            return Ok(url);
        };
        let uri = endpoint(&url)?;
        Ok(format!("{base}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
    }

    /// Where the profile is. The token goes there.
    fn profile(&self) -> Result<String, Error> {
        let row = match &self.site.service {
            Protocol::Oauth2(provider) => provider.userinfo,
            Protocol::Oauth1(_) => None,
        };
        let template = self.site.profile.or(row).ok_or(Unsupported::NoEndpoint { endpoint: "profile" })?;
        let url = self.url(template)?;
        check_private(&endpoint(&url)?, None)?;
        Ok(url)
    }

    fn authorization_server(&self, provider: &Service) -> Result<AuthorizationServer, Error> {
        let mut server = provider.authorization_server(self.place.as_deref())?;
        if self.base.is_none() {
            return Ok(server);
        }
        // Who stands in for the service has another name.
        server.issuer = None;
        server = server.token_endpoint(&self.url(provider.token)?)?;
        if let Some(url) = provider.authorization {
            server = server.authorization_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.device {
            server = server.device_authorization_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.refresh {
            server = server.refresh_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.revocation {
            server = server.revocation_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.introspection {
            server = server.introspection_endpoint(&self.url(url)?)?;
        }
        Ok(server)
    }

    fn oauth1_service(&self, provider: &Oauth1Service) -> Result<oauth1::Service, Error> {
        let [temporary, authorization, token] =
            [provider.temporary_credentials, provider.authorization, provider.token_credentials]
                .map(|url| self.url(url));
        let mut service = oauth1::Service::new(&temporary?, &authorization?, &token?)?;
        if let Some(url) = provider.authentication {
            service = service.authentication(&self.url(url)?)?;
        }
        Ok(if provider.version_2007 { service.dangerous_version_1_0() } else { service })
    }
}
