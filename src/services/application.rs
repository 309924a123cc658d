//! An application at a service of the table: the location of the service, the application's
//! credentials there, and the client and the URLs made from them.

use super::client::Client;
use super::instance::{Instance, Location};
use super::profile::ProfileMapping;
use super::proof::proof_parameter;
use super::protocol::Protocol;
use super::service::Service;
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::RequestError;
use crate::oauth2::client::attach_token::TokenParameter;
use crate::wire::{Origin, without_secrets};
use crate::{Error, Secret, Unsupported, oauth1, oauth2};

#[derive(Clone)]
pub(super) struct Application {
    pub(super) service: Service,
    pub(super) mapping: ProfileMapping,
    /// The URL of the profile in the row, before the location is filled in.
    userinfo: &'static str,
    pub(super) location: Location,
    client_id: String,
    secret: Secret,
    /// The URL of the profile. Empty until there is a client.
    pub(super) profile: String,
    /// The URL of the email addresses, if the profile does not have them.
    pub(super) emails: Option<String>,
}

impl Application {
    /// Makes an application without client and URLs, which [`connect`](Self::connect) adds.
    pub(super) fn new(service: &Service, client_id: String, secret: Secret) -> Result<Self, Error> {
        let userinfo = service.userinfo.ok_or(Unsupported::NoEndpoint { endpoint: "profile" })?;
        let mapping = service.profile.ok_or_else(|| {
            let reason = "the service does not say how to read a profile: set `Service::profile`, \
                or use `SignIn::custom`";
            Unsupported::Url { url: without_secrets(userinfo), reason }
        })?;
        let (service, location) = (service.clone(), Location::default());
        Ok(Self {
            service,
            mapping,
            userinfo,
            location,
            client_id,
            secret,
            profile: String::new(),
            emails: None,
        })
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns whether the service speaks OAuth 1.0 of 2007.
    pub(super) fn is_of_2007(&self) -> bool {
        matches!(&self.service.protocol, Protocol::Oauth1(oauth1) if oauth1.version_2007)
    }

    /// Makes the client and the URLs of the profile. `None` if the row needs an instance and the
    /// caller has not chosen one.
    pub(super) fn connect(&mut self) -> Result<Option<Client>, Error> {
        let needs_instance = matches!(
            self.service.instance,
            Instance::Base { default: None } | Instance::Name { default: None, .. }
        );
        if needs_instance && self.location.instance.is_none() {
            return Ok(None);
        }
        let client = self.client()?;
        self.profile = self.profile_url()?;
        self.emails = self.mapping.emails.map(|emails| self.url(emails.url)).transpose()?;
        if let Some(emails) = &self.emails {
            // The token is sent to the profile's origin only.
            let origin = Origin::of(&endpoint(emails)?);
            if origin != Origin::of(&endpoint(&self.profile)?) {
                let origin = origin.map(|origin| origin.to_string()).unwrap_or_default();
                return Err(RequestError::ForeignOrigin { origin, option: None }.into());
            }
        }
        Ok(Some(client))
    }

    fn client(&self) -> Result<Client, Error> {
        match &self.service.protocol {
            Protocol::Oauth2(_) => {
                let server = self.service.authorization_server_at(&self.location)?;
                let client = oauth2::Client::new(server, &self.client_id);
                Ok(if self.secret.is_empty() { client } else { client.secret(&self.secret) }.into())
            }
            Protocol::Oauth1(oauth1) => {
                let mut server = self.service.oauth1_server_at(&self.location)?;
                // `SignIn::client` returns such a client only if the caller allowed it.
                server.dangerous_version_1_0 = oauth1.version_2007;
                let credentials = oauth1::ClientCredentials::new(&self.client_id, &self.secret);
                Ok(oauth1::Client::new(server, credentials).into())
            }
        }
    }

    /// Fills the location into one of the row's URLs.
    pub(super) fn url(&self, template: &str) -> Result<String, Error> {
        self.service.url_at(template, &self.location)
    }

    /// Returns the URL of the profile. The token is sent there.
    fn profile_url(&self) -> Result<String, Error> {
        let url = self.url(self.userinfo)?;
        check_secure(&endpoint(&url)?, None)?;
        Ok(url)
    }

    /// Returns Facebook's `appsecret_proof`, for requests to a service that accepts it.
    pub(super) fn proof(&self) -> Option<TokenParameter> {
        let Protocol::Oauth2(oauth2) = &self.service.protocol else { return None };
        (oauth2.appsecret_proof && !self.secret.is_empty())
            .then(|| proof_parameter(self.secret.clone()))
    }
}
