//! Client registration, RFC 7591 §3, and its management, RFC 7592 §2.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use serde_json::Value;

use crate::core::endpoint::endpoint;
use crate::core::error::oauth2::RequestError;
use crate::core::event::Observer;
use crate::core::step::Receive;
use crate::core::wiped::Wiped;
use crate::oauth2::client::authentication::ClientAuthentication;
use crate::oauth2::client::client::Client;
use crate::oauth2::client::server::{AuthorizationServer, checked};
use crate::oauth2::client::{attach_token, token_response};
use crate::oauth2::common::names::{CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, NO_SECRET};
use crate::oauth2::{ClientMetadata, ClientRegistration, Quirks};
use crate::wire::{is_secure, points_into_private_network, without_query};
use crate::{
    Error, Expired, Misbehaved, Moment, Purpose, Request, Response, ResponseExcerpt, Secret, Step,
    Timestamp, Unsupported,
};

impl AuthorizationServer {
    /// Registers a client (RFC 7591 §3.1). Some servers demand an initial access token, which their
    /// operator gives you.
    ///
    /// ```no_run
    /// use oauth_proto::oauth2::{AuthorizationServer, ClientMetadata};
    /// use oauth_proto::{Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
    /// #     unimplemented!()
    /// # }
    ///
    /// let mut server = AuthorizationServer::new("https://auth.example.com/token")?;
    /// server.registration_endpoint = Some("https://auth.example.com/register".into());
    /// let metadata = ClientMetadata::new(["https://client.example.com/cb"]);
    /// let registration = run(server.register(&metadata, None)?, &mut send)?;
    /// println!("store this: {}", serde_json::to_string(&registration)?);
    /// let client = registration.client(server, Moment::from_os().now)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] if the server has no registration endpoint. Errors in the
    /// server's response are returned later, by the step.
    ///
    /// If the response has an unusable
    /// [`registration_client_uri`](ClientRegistration::registration_client_uri), the result is a
    /// registration without this URI. But the step returns [`Misbehaved::FieldInvalid`] if this URI
    /// is on this machine or in this machine's network, and the server is not.
    pub fn register(
        &self,
        metadata: &ClientMetadata,
        initial_access_token: Option<&Secret>,
    ) -> Result<Step<ClientRegistration>, Error> {
        let registration = self.registration_endpoint.as_deref().map(checked);
        let endpoint = self.secure_endpoint(registration.as_ref(), "registration")?;
        let request =
            request(Method::POST, endpoint, initial_access_token, Some(&to_json(metadata)?))?;
        Ok(Step::send(
            request,
            AwaitRegistration {
                endpoint: Uri::clone(endpoint),
                internal_hosts: self.dangerous_allow_internal_hosts,
                previous: None,
            },
        ))
    }
}

impl ClientRegistration {
    /// Makes the client of this registration, with its authentication method, and with its
    /// redirect_uri if there is exactly one.
    ///
    /// This crate implements the methods `none`, `client_secret_basic` and `client_secret_post`.
    /// For any other method, call [`Client::authentication`] before you send a request. With
    /// `client_secret_jwt`, for example, the secret is a key, which must not be sent.
    ///
    /// # Errors
    /// - [`Expired::ClientSecret`] if the secret has expired at the time `now`.
    /// - [`RequestError::RegistrationMember`](crate::oauth2::RequestError::RegistrationMember) if
    ///   the secret, its expiry or the authentication method has an invalid type.
    /// - [`Unsupported`] if the redirect_uri is not accepted by [`Client::redirect_uri`].
    pub fn client(&self, server: AuthorizationServer, now: Timestamp) -> Result<Client, Error> {
        // If one of these members were ignored, the client would do what the server did not permit.
        for member in ["client_secret", "client_secret_expires_at", "token_endpoint_auth_method"] {
            if self.metadata.extra.contains_key(member) {
                return Err(RequestError::RegistrationMember { member }.into());
            }
        }
        if self.client_secret_expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Expired::ClientSecret.into());
        }
        let mut client = Client::new(server, &self.client_id);
        if let [redirect_uri] = self.metadata.redirect_uris.as_slice() {
            client = client.redirect_uri(redirect_uri)?;
        }
        // §2: the default is Basic. A public client may still have a secret. An empty member counts
        // as missing, even in a stored registration.
        let method =
            self.metadata.token_endpoint_auth_method.as_deref().filter(|method| !method.is_empty());
        let authentication =
            match (method, self.client_secret.as_ref().filter(|secret| !is_empty(secret))) {
                (Some(NO_SECRET), _) | (None, None) => ClientAuthentication::None,
                (Some(CLIENT_SECRET_POST), Some(secret)) => {
                    ClientAuthentication::Body(secret.clone())
                }
                (Some(CLIENT_SECRET_BASIC) | None, Some(secret)) => {
                    ClientAuthentication::Basic(secret.clone())
                }
                (Some(method), _) => ClientAuthentication::Missing(method.to_owned()),
            };
        Ok(client.authentication(authentication))
    }

    /// Fetches the current registration from the server (RFC 7592 §2.1). Secrets and tokens that
    /// the response does not contain are kept. Store the result.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the registration has no URI or no token for its management.
    /// - [`Unsupported::Url`] if the URI is neither an https URL nor on this machine.
    ///
    /// Errors in the server's response are returned later, by the step.
    pub fn read(&self) -> Result<Step<Self>, Error> {
        let request = self.manage(Method::GET, None)?;
        Ok(self.send(request))
    }

    /// Replaces all metadata of the client at the server (RFC 7592 §2.2). Store the result.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the registration has no URI or no token for its management.
    /// - [`Unsupported::Url`] if the URI is neither an https URL nor on this machine.
    /// - [`Unsupported::Unsendable`] if the metadata cannot be written as JSON.
    ///
    /// Errors in the server's response are returned later, by the step.
    pub fn update(&self, metadata: &ClientMetadata) -> Result<Step<Self>, Error> {
        let mut body = to_json(metadata)?;
        body["client_id"] = self.client_id.as_str().into();
        if let Some(secret) = self.client_secret.as_ref().filter(|secret| !is_empty(secret)) {
            body["client_secret"] = secret.expose().into();
        }
        let request = self.manage(Method::PUT, Some(&body))?;
        Ok(self.send(request))
    }

    /// Returns the step that sends a request whose response contains the registration.
    fn send(&self, request: Request) -> Step<Self> {
        let endpoint = request.uri().clone();
        let state =
            AwaitRegistration { endpoint, internal_hosts: false, previous: Some(self.clone()) };
        self.watched(Step::send(request, state))
    }

    /// Deletes the registration, and with it everything that was granted to the client (RFC 7592
    /// §2.3).
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the registration has no URI or no token for its management.
    /// - [`Unsupported::Url`] if the URI is neither an https URL nor on this machine.
    ///
    /// Errors in the server's response are returned later, by the step.
    pub fn delete(&self) -> Result<Step<()>, Error> {
        Ok(self.watched(Step::send(self.manage(Method::DELETE, None)?, AwaitDeletion)))
    }

    /// Returns the step with events that name this client.
    fn watched<T>(&self, step: Step<T>) -> Step<T> {
        step.observed_by(&Observer::default().named(&self.client_id))
    }

    fn manage(&self, method: Method, body: Option<&Value>) -> Result<Request, Error> {
        let token = self.registration_access_token.as_ref().filter(|token| !is_empty(token));
        let uri = self.registration_client_uri.as_deref().zip(token);
        let (uri, token) =
            uri.ok_or(Unsupported::NoEndpoint { endpoint: "client configuration" })?;
        let uri = endpoint(uri)?;
        if !is_secure(&uri) {
            let reason = "the server's registration_client_uri must be https, since the \
                registration's token is sent there";
            return Err(Unsupported::Url { url: without_query(&uri), reason }.into());
        }
        request(method, &uri, Some(token), body)
    }
}

/// The reason why a URI on this machine or in this machine's network is refused.
const INSIDE: &str = "on this machine or in its network, but the server is elsewhere";

fn is_empty(secret: &Secret) -> bool {
    secret.expose().is_empty()
}

fn to_json(metadata: &ClientMetadata) -> Result<Value, Unsupported> {
    serde_json::to_value(metadata).map_err(|_| Unsupported::Unsendable {
        what: "the client's metadata",
        reason: "it cannot be written as JSON",
    })
}

fn request(
    method: Method,
    uri: &Uri,
    token: Option<&Secret>,
    body: Option<&Value>,
) -> Result<Request, Error> {
    let mut request = Request::default();
    *request.method_mut() = method;
    *request.uri_mut() = uri.clone();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, attach_token::with_scheme("Bearer", token)?);
    }
    if let Some(body) = body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = body.to_string().into_bytes();
    }
    Ok(request)
}

impl token_response::Document for ClientRegistration {
    const EXPECTED: &'static str = "a client registration in JSON";
    const NEEDED: (&'static str, &'static str) = ("client_id", "\"\"");
}

/// Waits for a registration. `previous` is the registration before the request.
struct AwaitRegistration {
    endpoint: Uri,
    internal_hosts: bool,
    previous: Option<ClientRegistration>,
}

impl Receive<ClientRegistration> for AwaitRegistration {
    fn receive(
        self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<ClientRegistration>, Error> {
        let response = Wiped(response);
        let mut registration: ClientRegistration =
            token_response::document(&response, Quirks::STRICT)?;
        let excerpt = || Box::new(ResponseExcerpt::of(&response));
        if registration.client_id.is_empty() {
            return Err(Misbehaved::FieldMissing {
                field: "client_id",
                option: None,
                response: excerpt(),
            }
            .into());
        }
        // An empty member counts as missing.
        registration.client_secret = registration.client_secret.filter(|secret| !is_empty(secret));
        registration.registration_access_token =
            registration.registration_access_token.filter(|token| !is_empty(token));
        let method = &mut registration.metadata.token_endpoint_auth_method;
        *method = method.take().filter(|method| !method.is_empty());
        let invalid = |reason, option| Misbehaved::FieldInvalid {
            field: "registration_client_uri",
            reason,
            option,
            response: excerpt(),
        };
        let place = registration.registration_client_uri.as_deref();
        let inside = place
            .is_some_and(|place| points_into_private_network(&self.endpoint.to_string(), place));
        match place.map(endpoint) {
            // The client is already registered, and an error would lose it. Without this URI, the
            // client works, but its registration cannot be managed.
            Some(Err(_)) if self.previous.is_none() => registration.registration_client_uri = None,
            Some(Err(_)) => return Err(invalid("not an http or https URL", None).into()),
            // A server on the internet must not make this machine read, change or delete data on
            // itself or in its network.
            Some(Ok(_)) if inside && self.previous.is_some() => {
                return Err(invalid(INSIDE, None).into());
            }
            Some(Ok(_)) if inside && !self.internal_hosts => {
                let option = Some("AuthorizationServer::dangerous_allow_internal_hosts");
                return Err(invalid(INSIDE, option).into());
            }
            _ => {}
        }
        if let Some(before) = self.previous {
            if before.client_id != registration.client_id {
                let reason = "that of another client";
                return Err(Misbehaved::FieldInvalid {
                    field: "client_id",
                    reason,
                    option: None,
                    response: excerpt(),
                }
                .into());
            }
            let odd = &mut registration.metadata.extra;
            // If a member is missing or unreadable, the previous one is kept, so the client can
            // still authenticate and be managed.
            if registration.client_secret.is_none() && before.client_secret.is_some() {
                odd.remove("client_secret");
                registration.client_secret = before.client_secret;
                if !odd.contains_key("client_secret_expires_at") {
                    registration.client_secret_expires_at = before.client_secret_expires_at;
                }
            }
            if registration.registration_access_token.is_none()
                && before.registration_access_token.is_some()
            {
                odd.remove("registration_access_token");
                registration.registration_access_token = before.registration_access_token;
            }
            if registration.registration_client_uri.is_none()
                && before.registration_client_uri.is_some()
            {
                odd.remove("registration_client_uri");
                registration.registration_client_uri = before.registration_client_uri;
            }
        }
        Ok(Step::Done(registration))
    }

    fn purpose(&self) -> Purpose {
        if self.previous.is_some() {
            Purpose::ManagingRegistration
        } else {
            Purpose::RegisteringClient
        }
    }
}

/// Waits for the deletion of a registration.
struct AwaitDeletion;

impl Receive<()> for AwaitDeletion {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<()>, Error> {
        token_response::success(&response, Quirks::STRICT)?;
        Ok(Step::Done(()))
    }

    fn purpose(&self) -> Purpose {
        Purpose::ManagingRegistration
    }
}
