//! The registration of clients, and its management: RFC 7591 §3, RFC 7592 §2.

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::client_metadata::{check, refused};
use crate::core::secret::same;
use crate::core::token_hash::TokenHash;
use crate::oauth2::ClientMetadata;
use crate::oauth2::common::bearer::of_header;
use crate::oauth2::common::json_response;
use crate::oauth2::common::names::{CLIENT_SECRET_BASIC, CLIENT_SECRET_POST};
use crate::oauth2::common::pkce::Unguessable;
use crate::oauth2::server::configure::provider::Provider;
use crate::oauth2::server::configure::registration_policy::RegistrationPolicy;
use crate::oauth2::server::flow::attempts::Caller;
use crate::oauth2::server::flow::parameters;
use crate::oauth2::server::flow::storage::{EndpointOutput, ask, check_method, or_reject};
use crate::oauth2::server::refuse::endpoint::Endpoint;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::refuse::refusal_channel::RefusalChannel;
use crate::oauth2::server::refuse::respond;
use crate::oauth2::server::store::queries::{FindClient, RemoveClient, SaveClient};
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::client_secret::ClientSecret;
use crate::oauth2::server::store::records::secret_hasher;
use crate::oauth2::server::store::traits::{NextQuery, ServerStep};
use crate::wire::{json, lenient};
use crate::{Moment, Response, Secret};

impl Provider {
    /// Handles a request to the registration endpoint, or to a path below it (RFC 7591, RFC 7592).
    /// At the paths below it, a client reads, changes or deletes its registration. The client can
    /// change all its metadata, with the same limits as at registration.
    ///
    /// Values of `scope`, `grant_types` and `response_types` that the server does not offer to the
    /// client are left out. The response contains what was registered (RFC 7591 §3.2.1). If one of
    /// these members has no usable value left, the request is refused. Every other wrong value is
    /// refused, too, and not left out. Only names in other languages (`client_name#de`) are left
    /// out if a page cannot show them, or if there are more than 32. The refusal contains the
    /// member, the received value and the accepted values. Empty members (`null`, `""`, `[]`) count
    /// as absent (RFC 7592 §2.2), except an empty `scope`.
    ///
    /// # Security
    /// The server never registers more than the client requested. A client without a `scope` can
    /// request every scope of its grant types. A client that sends an empty `scope` (`""`) gets no
    /// scope at all: the record has an empty scope. If the server offers none of the requested
    /// scopes, the registration is refused. If the client's grant types have no scopes at all, the
    /// registration is not refused, and the record has an empty scope.
    /// [`GrantType::unknown_scope`](crate::oauth2::server::GrantType::unknown_scope) does not apply
    /// to registrations.
    ///
    /// An update never gives more than the current policy allows, nor more than the policy under
    /// which the client registered: see [`ClientRecord::registrant`].
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Moment;
    /// use oauth_proto::oauth2::server::store::MemoryStore;
    /// use oauth_proto::oauth2::server::{GrantType, Provider, RegistrationPolicy, serve};
    ///
    /// let mut options = Provider::builder("https://auth.example.com")
    ///     .add_grant_type(GrantType::authorization_code().scopes("read"));
    /// options.registration = RegistrationPolicy::AllowAnyone;
    /// let provider = options.build()?;
    /// let body =
    ///     r#"{"redirect_uris": ["https://client.example.com/cb"], "scope": "openid read"}"#;
    /// let request = http::Request::post("https://auth.example.com/register").body(body)?;
    /// let response =
    ///     serve(provider.register(&request, Moment::from_os()), &MemoryStore::default())?;
    /// let registered: serde_json::Value = serde_json::from_slice(response.body())?;
    /// assert_eq!(registered["scope"], "read");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Response> {
        self.answer_registration(request, moment)
    }

    pub(crate) fn answer_registration<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<T> {
        if self.0.registration == RegistrationPolicy::Off {
            return ServerStep::Reject(self.no_such_path(request.uri().path()));
        }
        let path = request
            .uri()
            .path()
            .strip_prefix(self.0.paths.get(Endpoint::Register))
            .unwrap_or_default();
        let answered = match path.strip_prefix('/') {
            None => self.register_new(request, moment),
            Some(client_id) => self.manage(client_id.to_owned(), request, moment),
        };
        or_reject(&RefusalChannel::bearer(Endpoint::Register), answered)
    }

    /// Registers a client: RFC 7591 §3.1.
    fn register_new<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        check_method(request, "POST")?;
        let caller = request.extensions().get::<Caller>();
        let attempt = self.0.attempt(AttemptPurpose::Registration, caller, "", moment.now);
        let (provider, checked) = (self.clone(), self.check_registration(request));
        let next = move || provider.save_registration(checked?, &moment);
        match attempt {
            Some(attempt) => {
                Ok(attempt.count_first(RefusalChannel::bearer(Endpoint::Register), next))
            }
            None => next(),
        }
    }

    /// Returns the metadata in a request of a new client.
    fn check_registration<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
    ) -> Result<ClientMetadata, RejectReason> {
        if let RegistrationPolicy::Token(hash) = self.0.registration {
            let shown = of_header(request.headers())?.ok_or(RejectReason::TokenMissing)?;
            if !same(TokenHash::of(shown).as_bytes(), hash.as_bytes()) {
                return Err(RejectReason::TokenUnknown);
            }
        }
        check(self, read(request)?.1, self.0.registration.registrant())
    }

    /// Makes a client with this metadata, and stores it. The hash of its secret can take long.
    fn save_registration<T: EndpointOutput>(
        &self,
        metadata: ClientMetadata,
        moment: &Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        let client_id = Unguessable::new(moment, "oauth2 client id").as_str()[..22].to_owned();
        let token = Unguessable::new(moment, "oauth2 registration");
        let mut record = ClientRecord::with_metadata(client_id, metadata);
        record.issued_at = Some(moment.now);
        record.registration = Some(TokenHash::of(token.as_str()));
        record.registrant = self.0.registration.registrant();
        let secret = self.give_secret(&mut record, moment);
        let mut answer = self.registration_response(&record, secret.as_ref())?;
        answer["registration_access_token"] = token.as_str().into();
        let query = SaveClient { record: Arc::new(record), replaces: None };
        Ok(ask(
            NextQuery::SaveClient,
            query,
            RefusalChannel::json(Endpoint::Register),
            move |saved| {
                if !saved {
                    return Err(RejectReason::Misconfigured(
                        "the store did not save the new client",
                    ));
                }
                Ok(ServerStep::Done(respond::to_json(StatusCode::CREATED, &answer)?.into()))
            },
        ))
    }

    /// Handles a request with which a client manages its registration: RFC 7592 §2. The responses
    /// for an unknown client and a wrong token are equal.
    fn manage<B: AsRef<[u8]>, T: EndpointOutput>(
        &self,
        client_id: String,
        request: &Request<B>,
        moment: Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        check_method(request, "GET, PUT, DELETE")?;
        parameters::check_value("client_id", &client_id)?;
        let shown = Secret::new(of_header(request.headers())?.ok_or(RejectReason::TokenMissing)?);
        let registration = TokenHash::of(shown.expose());
        let method = request.method().clone();
        let body = if method == Method::PUT { Some(read(request)?) } else { None };
        let provider = self.clone();
        let query = FindClient { client_id: client_id.clone() };
        Ok(ask(
            NextQuery::FindClient,
            query,
            RefusalChannel::bearer(Endpoint::Register),
            move |found| {
                let known = |record: &Arc<ClientRecord>| {
                    record
                        .registration
                        .is_some_and(|known| same(known.as_bytes(), registration.as_bytes()))
                };
                let record = found.filter(known).ok_or(RejectReason::TokenUnknown)?;
                if let Some((members, metadata)) = body {
                    return provider.replace(record, &members, metadata, &shown, &moment);
                }
                if method == Method::DELETE {
                    let query = RemoveClient { client_id, registration };
                    let channel = RefusalChannel::bearer(Endpoint::Register);
                    return Ok(ask(NextQuery::RemoveClient, query, channel, move |removed| {
                        if !removed {
                            return Err(RejectReason::TokenUnknown);
                        }
                        let mut response = json_response::json(StatusCode::NO_CONTENT, Vec::new());
                        response.headers_mut().remove(http::header::CONTENT_TYPE);
                        Ok(ServerStep::Done(response.into()))
                    }));
                }
                let mut answer = provider.registration_response(&record, None)?;
                answer["registration_access_token"] = shown.expose().into();
                Ok(ServerStep::Done(respond::to_json(StatusCode::OK, &answer)?.into()))
            },
        ))
    }

    /// Replaces all metadata: RFC 7592 §2.2. The client keeps its secret as long as its method
    /// needs a secret. With a change to a method without a secret, the client loses the secret.
    /// With a change to a method with a secret, the client gets a new one.
    fn replace<T: EndpointOutput>(
        &self,
        record: Arc<ClientRecord>,
        members: &Map<String, Value>,
        metadata: ClientMetadata,
        registration: &Secret,
        moment: &Moment,
    ) -> Result<ServerStep<T>, RejectReason> {
        if members.get("client_id").and_then(Value::as_str) != Some(&record.client_id) {
            return Err(refused(
                "client_id",
                "it is missing, or differs from the client in the path of this request",
            ));
        }
        let given = [
            "registration_access_token",
            "registration_client_uri",
            "client_secret_expires_at",
            "client_id_issued_at",
        ];
        if let Some(name) = given.into_iter().find(|name| members.contains_key(*name)) {
            return Err(refused(name, "the server sets it; leave it out of an update"));
        }
        if let Some(secret) = members.get("client_secret") {
            let secret = Secret::new(secret.as_str().unwrap_or_default());
            if self.0.authentications.fitting(&secret, Some(&record)).is_none() {
                return Err(refused(
                    "client_secret",
                    "it is not the secret of this client; leave it out, or send the secret that \
                     was issued",
                ));
            }
        }
        // A client that registered under `AllowAnyone` must not become trusted under a later
        // policy.
        let registrant = record.registrant.min(self.0.registration.registrant());
        let mut after = ClientRecord {
            metadata: check(self, metadata, registrant)?,
            ..ClientRecord::clone(&record)
        };
        // A client whose method needs no secret must not keep one: the secret would still work, and
        // weaken the authentication.
        let by_secret = is_by_secret(&after);
        let secret = if by_secret && after.secret.is_none() {
            self.give_secret(&mut after, moment)
        } else {
            None
        };
        if !by_secret {
            (after.secret, after.previous_secret) = (None, None);
        }
        let mut answer = self.registration_response(&after, secret.as_ref())?;
        // Every response contains the token (RFC 7592 §3).
        answer["registration_access_token"] = registration.expose().into();
        let query = SaveClient { record: Arc::new(after), replaces: Some(record) };
        Ok(ask(
            NextQuery::SaveClient,
            query,
            RefusalChannel::bearer(Endpoint::Register),
            move |saved| {
                if !saved {
                    return Err(RejectReason::TokenUnknown);
                }
                Ok(ServerStep::Done(respond::to_json(StatusCode::OK, &answer)?.into()))
            },
        ))
    }

    /// Generates a secret for a client that authenticates with a secret.
    fn give_secret(&self, record: &mut ClientRecord, moment: &Moment) -> Option<Secret> {
        if !is_by_secret(record) {
            return None;
        }
        let secret = Secret::new(Unguessable::new(moment, "oauth2 secret").as_str());
        let hash = self.0.authentications.hasher.hash(&secret, secret_hasher::salt(moment));
        record.secret = Some(ClientSecret::with_hash(hash));
        Some(secret)
    }

    /// Returns the response with the client's registration (RFC 7591 §3.2.1). The response contains
    /// the secret only if it is new, since the server stores only the hash.
    fn registration_response(
        &self,
        record: &ClientRecord,
        secret: Option<&Secret>,
    ) -> Result<Value, RejectReason> {
        let cannot = |_| RejectReason::Misconfigured("an answer cannot be written as JSON");
        let mut answer = serde_json::to_value(&record.metadata).map_err(cannot)?;
        answer["client_id"] = record.client_id.as_str().into();
        if let Some(at) = record.issued_at {
            answer["client_id_issued_at"] = at.as_secs().into();
        }
        if let Some(secret) = secret {
            let expires_at = record.secret.as_ref().and_then(|own| own.expires_at);
            answer["client_secret"] = secret.expose().into();
            // 0 means that the secret does not expire.
            answer["client_secret_expires_at"] =
                expires_at.map_or(0, crate::Timestamp::as_secs).into();
        }
        let uri = format!("{}/{}", self.0.paths.url(Endpoint::Register), record.client_id);
        answer["registration_client_uri"] = uri.into();
        Ok(answer)
    }
}

fn is_by_secret(record: &ClientRecord) -> bool {
    let method = record.metadata.token_endpoint_auth_method.as_deref();
    matches!(method, Some(CLIENT_SECRET_BASIC | CLIENT_SECRET_POST))
}

/// Returns the members of the body, and the metadata in them. Null counts as absent (RFC 7592
/// §2.2).
fn read<B: AsRef<[u8]>>(
    request: &Request<B>,
) -> Result<(Map<String, Value>, ClientMetadata), RejectReason> {
    let body = request.body().as_ref();
    if body.len() > 64 * 1024 {
        return Err(RejectReason::TooLarge);
    }
    let mut members = Map::new();
    for (name, value) in json::fields(body).ok_or(RejectReason::ContentType("a JSON object"))? {
        if members.contains_key(&name) {
            return Err(refused(&name, "it occurs more than once"));
        }
        members.insert(name, value);
    }
    members.retain(|_, value| !value.is_null());
    match ClientMetadata::deserialize(&members) {
        Ok(metadata) => Ok((members, metadata)),
        Err(_) => Err(unreadable(&members)),
    }
}

/// Returns the refusal of the first member whose value has a wrong type (RFC 7591 §2).
fn unreadable(members: &Map<String, Value>) -> RejectReason {
    let needed = ("redirect_uris".to_owned(), Value::Array(Vec::new()));
    let odd = lenient::odd(members, needed, ClientMetadata::deserialize).next();
    let Some((name, value)) = odd.and_then(|name| members.get_key_value(name)) else {
        return RejectReason::ContentType("a JSON object of client metadata (RFC 7591 section 2)");
    };
    let expected = match name.as_str() {
        "redirect_uris" | "grant_types" | "response_types" | "contacts" => "a list of strings",
        "scope" => "a string of words with spaces between them",
        _ => "a string",
    };
    let received = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) if expected == "a list of strings" => "a list with other values in it",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    refused(name, format!("expected {expected}, received {received}"))
}
