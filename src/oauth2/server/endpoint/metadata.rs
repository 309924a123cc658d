//! The metadata that the server publishes: RFC 8414.

use http::{Request, StatusCode};

use crate::Response;
use crate::oauth2::common::names::{
    AUTHORIZATION_CODE, CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, DEVICE_CODE, IMPLICIT, NO_SECRET,
};
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::configure::registration_policy::RegistrationPolicy;
use crate::oauth2::server::flow::storage::{EndpointOutput, check_method, or_reject};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::respond;
use crate::oauth2::server::store::traits::ServerStep;
use crate::oauth2::{Metadata, ResponseMode};

impl Provider {
    /// Returns the metadata of the server, from its configuration (RFC 8414 §2).
    pub fn metadata(&self) -> Metadata {
        let config = &self.0;
        let url = |endpoint| Some(config.paths.url(endpoint));
        let texts =
            |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let (code, implicit) = (self.offers(AUTHORIZATION_CODE), self.offers(IMPLICIT));
        let response_types: Vec<_> = [(code, "code"), (implicit, "token")]
            .into_iter()
            .filter(|(offered, _)| *offered)
            .map(|(_, name)| name)
            .collect();
        let mut scopes: Vec<String> = Vec::new();
        for scope in config
            .grant_types
            .iter()
            .filter_map(|own| own.scopes.as_ref())
            .flat_map(crate::oauth2::Scope::iter)
        {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        let secrets = [
            (config.authentications.basic, CLIENT_SECRET_BASIC),
            (config.authentications.body, CLIENT_SECRET_POST),
        ];
        let secrets: Vec<_> =
            secrets.into_iter().filter(|(taken, _)| *taken).map(|(_, name)| name).collect();
        let methods = [&secrets[..], &[NO_SECRET]].concat();
        let challenges: &[&str] =
            if config.allow_plain_pkce { &["S256", "plain"] } else { &["S256"] };
        let metadata = Metadata {
            issuer: Some(config.issuer.clone()),
            authorization_endpoint: (code || implicit).then(|| url(Endpoint::Authorize)).flatten(),
            token_endpoint: url(Endpoint::Token),
            registration_endpoint: match config.registration {
                RegistrationPolicy::Off => None,
                _ => url(Endpoint::Register),
            },
            scopes_supported: (!scopes.is_empty()).then_some(scopes),
            response_types_supported: texts(&response_types),
            response_modes_supported: texts(&ResponseMode::ALL.map(ResponseMode::as_str)),
            grant_types_supported: Some(
                config.grant_types.iter().map(|own| own.name.clone()).collect(),
            ),
            token_endpoint_auth_methods_supported: texts(&methods),
            revocation_endpoint: url(Endpoint::Revoke),
            revocation_endpoint_auth_methods_supported: texts(&methods),
            introspection_endpoint: url(Endpoint::Introspect),
            // Public clients cannot introspect tokens.
            introspection_endpoint_auth_methods_supported: texts(&secrets),
            code_challenge_methods_supported: code.then(|| texts(challenges)).flatten(),
            device_authorization_endpoint: self
                .offers(DEVICE_CODE)
                .then(|| url(Endpoint::DeviceAuthorization))
                .flatten(),
            pushed_authorization_request_endpoint: (code || implicit)
                .then(|| url(Endpoint::PushedRequest))
                .flatten(),
            require_pushed_authorization_requests: config.require_pushed_requests,
            authorization_response_iss_parameter_supported: true,
            ..Metadata::default()
        };
        self.with_members(metadata)
    }

    /// Adds the members of
    /// [`ProviderBuilder::metadata`](field@crate::oauth2::server::ProviderBuilder::metadata), which
    /// replace those of the server.
    fn with_members(&self, metadata: Metadata) -> Metadata {
        let members = &self.0.metadata;
        let Ok(serde_json::Value::Object(mut all)) = serde_json::to_value(&metadata) else {
            return metadata;
        };
        all.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
        serde_json::from_value(serde_json::Value::Object(all)).unwrap_or(metadata)
    }

    /// Handles a request to the metadata endpoint (RFC 8414 §3).
    pub fn metadata_response<B>(&self, request: &Request<B>) -> ServerStep<Response> {
        or_reject(&RefusalChannel::json(Endpoint::Metadata), self.read_metadata_request(request))
    }

    pub(crate) fn read_metadata_request<B, T: EndpointOutput>(
        &self,
        request: &Request<B>,
    ) -> Result<ServerStep<T>, RejectReason> {
        check_method(request, "GET, HEAD")?;
        let mut response = respond::to_json(StatusCode::OK, &self.metadata())?;
        // The metadata are public, and seldom change.
        let headers = response.headers_mut();
        headers.insert(
            http::header::CACHE_CONTROL,
            http::HeaderValue::from_static("public, max-age=3600"),
        );
        headers.remove(http::header::PRAGMA);
        headers
            .insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, http::HeaderValue::from_static("*"));
        Ok(ServerStep::Done(response.into()))
    }
}
