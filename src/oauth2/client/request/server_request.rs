//! Requests to the server's endpoints with the client's authentication, RFC 6749 §2.3.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Uri};
use zeroize::Zeroizing;

use crate::core::asking::ask_first;
use crate::core::endpoint::with_query;
use crate::core::error::oauth2::RequestError;
use crate::core::step::Receive;
use crate::oauth2::Transmission;
use crate::oauth2::client::authentication::{
    AuthenticateClientRemotely, ClientAuthentication, RequestCredentials,
};
use crate::oauth2::client::client::{Client, ClientInner, IncludeClientId};
use crate::wire::form;
use crate::{Error, Moment, Request, Step, Unsupported};

/// A request to one of the server's endpoints, without the client's authentication.
#[derive(Clone)]
pub(crate) struct ServerRequest<'e> {
    pub(crate) endpoint: &'e Arc<Uri>,
    /// The parameters, encoded as a form.
    pub(crate) parameters: Zeroizing<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) transmission: Transmission,
    pub(crate) client_id: ClientIdParameter,
}

/// Whether a request has the parameter `client_id`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientIdParameter {
    /// As [`Client::include_client_id`] decides.
    AsConfigured,
    /// Always. A pushed request is an authorization request, which needs the parameter (RFC 9126
    /// §2.1). In device authorization requests, servers look for it even beside `Authorization`
    /// (RFC 8628 §3.1).
    Always,
}

impl<'e> ServerRequest<'e> {
    /// Makes a request with a form and without additional headers.
    pub(crate) fn new(endpoint: &'e Arc<Uri>, parameters: Zeroizing<String>) -> Self {
        Self {
            endpoint,
            parameters,
            headers: Vec::new(),
            transmission: Transmission::Post,
            client_id: ClientIdParameter::AsConfigured,
        }
    }
}

impl Client {
    /// Returns the step that sends a request with the client's authentication, and waits for the
    /// response in `state`. If a remote service computes the authentication, the service is asked
    /// first.
    pub(crate) fn send<T: 'static>(
        &self,
        request: ServerRequest<'_>,
        moment: &Moment,
        state: impl Receive<T> + 'static,
    ) -> Result<Step<T>, Error> {
        let credentials = match &self.inner.authentication {
            ClientAuthentication::Custom(method) => {
                let mut credentials = self.credentials(request.endpoint, moment);
                let added = method.authenticate(&mut credentials);
                added.map_err(|reason| RequestError::ClientAuthentication { reason })?;
                Some(credentials)
            }
            ClientAuthentication::Remote(method) => {
                return self.send_when_authenticated(method.as_ref(), request, moment, state);
            }
            _ => None,
        };
        let endpoint = request.endpoint;
        let request = self.request(request, credentials)?;
        Ok(Step::send_to(endpoint.clone(), request, state, self.observer()))
    }

    /// Asks the service that computes the client's authentication, and then sends the request.
    fn send_when_authenticated<T: 'static>(
        &self,
        method: &dyn AuthenticateClientRemotely,
        request: ServerRequest<'_>,
        moment: &Moment,
        state: impl Receive<T> + 'static,
    ) -> Result<Step<T>, Error> {
        // Errors that do not depend on the credentials are returned before the service is asked.
        self.request(request.clone(), None)?;
        let credentials = self.credentials(request.endpoint, moment);
        let asking =
            method.authenticate(credentials, Moment::new(moment.now, moment.derive("key service")));
        let ServerRequest { endpoint, parameters, headers, transmission, client_id } = request;
        let (client, endpoint) = (self.clone(), endpoint.clone());
        let failed = |reason| RequestError::ClientAuthentication { reason }.into();
        let step = ask_first(asking, failed, move |credentials| {
            let request =
                ServerRequest { endpoint: &endpoint, parameters, headers, transmission, client_id };
            let request = client.request(request, Some(credentials))?;
            Ok(Step::send_to(endpoint, request, state, client.observer()))
        })?;
        Ok(step.observed_by(self.observer()))
    }

    /// Returns the facts about a request that a custom authentication method gets.
    fn credentials(&self, endpoint: &Uri, moment: &Moment) -> RequestCredentials {
        let ClientInner { server, id, .. } = &*self.inner;
        let audience = server.issuer.clone().unwrap_or_else(|| endpoint.to_string());
        RequestCredentials::new(
            id,
            audience,
            Moment::new(moment.now, moment.derive("client credentials")),
        )
    }

    /// Makes a request with the client's authentication, or with the parameters and headers of a
    /// custom method.
    fn request(
        &self,
        request: ServerRequest<'_>,
        credentials: Option<RequestCredentials>,
    ) -> Result<Request, Error> {
        let ServerRequest { endpoint, mut parameters, headers, transmission, client_id } = request;
        let mut request = Request::default();
        // Cloning the headers takes half as long as inserting them one by one.
        *request.headers_mut() = self.inner.headers.as_ref().map_err(Clone::clone)?.clone();
        if transmission != Transmission::Post {
            request.headers_mut().remove(CONTENT_TYPE);
        }
        // Callers may replace every header except the content type of a form.
        let has_more = !headers.is_empty() || credentials.is_some();
        self.push_own_credentials(&mut parameters)?;
        if let Some(credentials) = credentials {
            let has_id = has_client_id(&parameters);
            for (name, value) in &credentials.parameters {
                // No parameter may occur twice (RFC 6749 §3.2).
                if name != "client_id" || !has_id {
                    form::push_text(&mut parameters, name, value.expose());
                }
            }
            for (name, value) in credentials.headers {
                request.headers_mut().insert(name, value);
            }
        }
        if client_id == ClientIdParameter::Always && !has_client_id(&parameters) {
            form::push_text(&mut parameters, "client_id", &self.inner.id);
        }
        for (name, value) in headers {
            request.headers_mut().insert(name, value);
        }
        if transmission == Transmission::Post {
            *request.method_mut() = Method::POST;
            *request.uri_mut() = Uri::clone(endpoint);
            if has_more {
                request
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
            }
            *request.body_mut() = std::mem::take(&mut *parameters).into_bytes();
        } else {
            *request.method_mut() =
                if transmission == Transmission::AllowGet { Method::GET } else { Method::POST };
            *request.uri_mut() = with_query(endpoint, &parameters)?;
        }
        Ok(request)
    }

    /// Adds the parameters that identify the client, except the parameters of a custom method.
    fn push_own_credentials(&self, parameters: &mut Zeroizing<String>) -> Result<(), Unsupported> {
        let ClientInner { id, authentication, .. } = &*self.inner;
        let includes_id = match (authentication, self.include_client_id) {
            (ClientAuthentication::Body(_), _) | (_, IncludeClientId::Always) => true,
            (
                ClientAuthentication::Basic(_) | ClientAuthentication::AllowRawBasic(_),
                IncludeClientId::Automatic,
            )
            | (_, IncludeClientId::Never) => false,
            (_, IncludeClientId::Automatic) => true,
        };
        if includes_id {
            form::push_text(parameters, "client_id", id);
        }
        match authentication {
            ClientAuthentication::Body(secret) => {
                form::push_text(parameters, "client_secret", secret.expose());
            }
            ClientAuthentication::Missing(method) => {
                let reason = format!(
                    "it is registered for {method:?}, but no such method was set: \
                    set it by `Client::authentication`"
                );
                return Err(RequestError::ClientAuthentication { reason }.into());
            }
            // `Authorization: Basic` is in `ClientInner::headers`.
            ClientAuthentication::None
            | ClientAuthentication::MutualTls
            | ClientAuthentication::Basic(_)
            | ClientAuthentication::AllowRawBasic(_)
            | ClientAuthentication::Custom(_)
            | ClientAuthentication::Remote(_) => {}
        }
        Ok(())
    }
}

/// Returns whether a form has a `client_id`.
fn has_client_id(parameters: &str) -> bool {
    form::pairs(parameters.as_bytes()).any(|(name, _)| *name == *b"client_id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::{AuthorizationServer, Grant};
    use crate::{BoxError, Timestamp};

    /// Ends at once. Panics if its two sources of randomness are the same.
    struct TwoSources;

    impl AuthenticateClientRemotely for TwoSources {
        fn authenticate(
            &self,
            credentials: RequestCredentials,
            moment: Moment,
        ) -> Result<Step<RequestCredentials>, BoxError> {
            assert_ne!(credentials.randomness(), moment.derive("client signature"));
            assert_ne!(moment.entropy, [7; 32]);
            Ok(Step::Done(credentials))
        }
    }

    #[test]
    fn the_step_and_the_signature_have_different_randomness() {
        let server = AuthorizationServer::new("https://auth.example.com/token").unwrap();
        let client = Client::new(server, "c")
            .authentication(ClientAuthentication::Remote(Arc::new(TwoSources)));
        let moment = Moment::new(Timestamp::from_secs(1), [7; 32]);
        assert!(matches!(
            client.request_token(Grant::client_credentials(), moment),
            Ok(Step::Send(..))
        ));
    }
}
