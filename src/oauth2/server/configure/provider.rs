//! An authorization server.

use std::sync::Arc;

use super::builder::ProviderBuilder;
use super::grant_type::GrantType;
use super::registration_policy::RegistrationPolicy;
use crate::oauth2::common::names::{AUTHORIZATION_CODE, DEVICE_CODE, IMPLICIT};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::rejected::Rejected;
use crate::wire::words::truncated;

/// An authorization server. It accepts requests, queries the storage, and returns responses.
///
/// ```
/// use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
/// use oauth_proto::oauth2::server::{Approval, Dispatched, GrantType, Provider, serve};
/// use oauth_proto::{Moment, Request, Response};
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::authorization_code().scopes("photos.read photos.write"))
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .add_grant_type(GrantType::refresh_token())
///     .build()?;
/// let store = MemoryStore::default();
/// store.add_client(
///     ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?
///         .grant_types(["client_credentials"]),
/// );
///
/// // For every request that arrives at the server, with its whole body:
/// let handle = |request: &Request| -> Response {
///     match serve(provider.dispatch(request, Moment::from_os()), &store) {
///         Ok(Dispatched::Respond(response)) => response,
///         // The user is asked on pages of the application: see `Consent` and `DevicePage`.
///         Ok(Dispatched::Consent(consent)) => {
///             http::Response::new(format!("May {}?", consent.client_id).into_bytes())
///         }
///         Ok(Dispatched::Device(page)) => {
///             http::Response::new(format!("{page:?}").into_bytes())
///         }
///         Ok(page) => todo!("pages of later versions: {page:?}"),
///         Err(rejected) => rejected.response(),
///     }
/// };
///
/// let request = http::Request::post("https://auth.example.com/token")
///     .header("content-type", "application/x-www-form-urlencoded")
///     .header("authorization", "Basic cHJpbnRlcjo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
///     .body(b"grant_type=client_credentials&scope=stats".to_vec())?;
/// assert_eq!(handle(&request).status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider(pub(crate) Arc<ProviderBuilder>);

impl Provider {
    /// Returns whether an endpoint is in use, which depends on the grant types and options.
    pub(crate) fn serves(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Authorize | Endpoint::PushedRequest => {
                self.offers(AUTHORIZATION_CODE) || self.offers(IMPLICIT)
            }
            Endpoint::DeviceAuthorization | Endpoint::Device => self.offers(DEVICE_CODE),
            Endpoint::Register => self.0.registration != RegistrationPolicy::Off,
            _ => true,
        }
    }

    /// Refuses a request for a path without an endpoint. The reason names all paths.
    pub(crate) fn no_such_path(&self, path: &str) -> Rejected {
        let config = &self.0;
        let served = config.paths.iter().filter(|(endpoint, _)| self.serves(*endpoint));
        let expected = served.map(|(_, path)| path.to_owned()).collect();
        RejectReason::NoSuchPath { received: truncated(path), expected }
            .reject(&RefusalChannel::own())
    }

    /// Returns the grant type with a name, and its index in the list.
    pub(crate) fn grant_config(&self, name: &str) -> Option<(usize, &GrantType)> {
        self.0.grant_types.iter().enumerate().find(|(_, own)| own.name == name)
    }

    /// Returns whether the server offers a grant type.
    pub(crate) fn offers(&self, name: &str) -> bool {
        self.grant_config(name).is_some()
    }
}
