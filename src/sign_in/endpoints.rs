//! What follows from an application's options: the client, and the endpoints at the place and base where the service is.

use super::client::Mapping;
use super::{Service, Site};
use crate::oauth2::AuthorizationServer;
use crate::providers::{Oauth1Provider, Place, Provider};
use crate::short_hash::sha256_of;
use crate::wire::{Origin, check_private, endpoint};
use crate::{Error, Secret, Unsupported, oauth1, oauth2};

/// What follows from the rest.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) protocol: Protocol,
    pub(super) profile: String,
    pub(super) emails: Option<String>,
    /// What pending values are known by.
    pub(super) mark: u64,
}

#[derive(Clone)]
pub(super) enum Protocol {
    Oauth1(Box<oauth1::Client>),
    Oauth2(oauth2::Client),
}

impl Built {
    pub(super) fn new(
        site: &Site,
        mapping: &Mapping,
        place: Option<&str>,
        base: Option<&str>,
        (client_id, secret, callback): (&str, &Secret, &str),
    ) -> Result<Self, Error> {
        let urls = Urls { site, place, base };
        let (protocol, kind, token) = match &site.service {
            Service::Oauth2(provider) => {
                let mut client = oauth2::Client::new(urls.authorization_server(provider)?, client_id);
                if !secret.is_empty() {
                    client = client.secret(secret);
                }
                let client = client.redirect_uri(callback)?;
                (Protocol::Oauth2(client), "oauth2", urls.url(provider.token)?)
            }
            Service::Oauth1(provider) => {
                let credentials = oauth1::ClientCredentials::new(client_id, secret);
                let client = oauth1::Client::new(urls.oauth1_service(provider)?, credentials);
                (Protocol::Oauth1(Box::new(client)), "oauth1", urls.url(provider.token_credentials)?)
            }
        };
        let (profile, emails) = match mapping {
            Mapping::Table => (urls.profile()?, site.emails.map(|emails| urls.url(emails.url)).transpose()?),
            Mapping::Custom { .. } => (String::new(), None),
        };
        if let Some(emails) = &emails {
            // The token is for the profile's origin alone.
            let origin = Origin::of(&endpoint(emails)?);
            if origin != Origin::of(&endpoint(&profile)?) {
                let origin = origin.map(|origin| origin.to_string()).unwrap_or_default();
                return Err(Unsupported::ForeignOrigin { origin }.into());
            }
        }
        let mark = mark(&[kind, &token, &profile, client_id]);
        Ok(Self { protocol, profile, emails, mark })
    }
}

/// The URLs of a service, at the place and base where it is.
struct Urls<'a> {
    site: &'a Site,
    place: Option<&'a str>,
    base: Option<&'a str>,
}

impl Urls<'_> {
    fn url(&self, template: &str) -> Result<String, Error> {
        let url = match &self.site.service {
            Service::Oauth2(provider) => provider.url(template, self.place)?,
            Service::Oauth1(_) => Place::Fixed.fill(template, self.place)?,
        };
        let Some(base) = self.base else {
            return Ok(url);
        };
        let uri = endpoint(&url)?;
        Ok(format!("{base}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
    }

    /// Where the profile is. The token goes there.
    fn profile(&self) -> Result<String, Error> {
        let row = match &self.site.service {
            Service::Oauth2(provider) => provider.userinfo,
            Service::Oauth1(_) => None,
        };
        let template = self.site.profile.or(row).ok_or(Unsupported::NoEndpoint { endpoint: "profile" })?;
        let url = self.url(template)?;
        check_private(&endpoint(&url)?, false)?;
        Ok(url)
    }

    fn authorization_server(&self, provider: &Provider) -> Result<AuthorizationServer, Error> {
        let mut server = provider.authorization_server(self.place)?;
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

    fn oauth1_service(&self, provider: &Oauth1Provider) -> Result<oauth1::Service, Error> {
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

/// Texts in 53 bits, which every reader of JSON keeps.
fn mark(texts: &[&str]) -> u64 {
    let hash = sha256_of(texts.join("\0").as_bytes());
    hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte)) >> 11
}
