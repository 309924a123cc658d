//! The signing of a request: its parameters are collected and signed, and the signature is added.
//! RFC 5849 §3.1.

use std::fmt;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method as HttpMethod, Request, Uri};

use super::mac::NO_MAC;
use super::method::sha1_body_hash;
use super::parameters;
use super::prepared::{OwnNames, Prepared};
use super::request_target::{host, signed_site};
use super::scheme::{ParameterPlacement, Scheme};
use super::stamp::{OAuthParam, Room, Stamp};
use crate::core::endpoint::with_query;
use crate::core::error::oauth1::RequestError;
use crate::oauth1::credentials::{ClientCredentials, TokenCredentials};
use crate::oauth1::names::{BODY_HASH, is_oauth, is_protocol};
use crate::wire::{OriginRef, auth_param, form, percent, without_query};
use crate::{Error, Unsupported};

/// Signs requests with one set of credentials.
///
/// Make a signer once and keep it: it computes the parts that are the same in every request.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer, Stamp, TokenCredentials};
///
/// // The third request of RFC 5849 §1.2.
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// let token = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
/// let mut scheme = Scheme::default();
/// scheme.realm = Some("Photos".into());
/// scheme.omit_version = true;
/// let signer = Signer::new(&scheme, &client, Some(&token));
///
/// let mut request =
///     http::Request::get("http://photos.example.net/photos?file=vacation.jpg&size=original")
///         .body(Vec::new())?;
/// signer.sign(&mut request, Stamp::new(Timestamp::from_secs(137131202), "chapoH"))?;
///
/// let header = request.headers()["authorization"].to_str()?;
/// assert!(header.contains(r#"oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An application passes a [`Moment`](crate::Moment) as the stamp: `signer.sign(&mut request,
/// Moment::from_os())`.
#[derive(Clone)]
pub struct Signer {
    scheme: Scheme,
    client: ClientCredentials,
    token: Option<TokenCredentials>,
    prepared: Prepared,
}

impl Signer {
    /// Makes a signer for the requests of a client. With a token, requests are signed for the user
    /// of the token; without one, for the client ("two-legged").
    pub fn new(
        scheme: &Scheme,
        client: &ClientCredentials,
        token: Option<&TokenCredentials>,
    ) -> Self {
        Self {
            prepared: Prepared::new(scheme, client, token),
            scheme: scheme.clone(),
            client: client.clone(),
            token: token.cloned(),
        }
    }

    /// Signs a request: adds the protocol parameters at the place that the scheme names. The body
    /// can be a `Vec<u8>` or another type that can be read and replaced, such as `Bytes`. For other
    /// types, such as `()` and streams, use [`sign_head`](Self::sign_head).
    ///
    /// The signature covers the method, the URI (with the authority of the `Host` header, if there
    /// is one), the query, a form in the body, and your own parameters in an existing
    /// `Authorization: OAuth` header. Any later change of these makes the signature invalid. To
    /// send a request again, sign a new copy of the unsigned request.
    ///
    /// A form needs its `Content-Type` header. Without it the body is not signed, and a server that
    /// reads the body as a form refuses the signature.
    ///
    /// ```
    /// # use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer};
    /// use oauth_proto::{Moment, wire::form};
    ///
    /// # let signer =
    /// #     Signer::new(&Scheme::default(), &ClientCredentials::new("key", "secret"), None);
    /// let body = form::encode([("status", "Hello Ladies + Gentlemen")]);
    /// let mut request = http::Request::post("https://api.example.com/update")
    ///     .header("content-type", form::MEDIA_TYPE)
    ///     .body(body.into_bytes())?;
    /// signer.sign(&mut request, Moment::from_os())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`] if the request cannot be signed: its URI is not absolute, it already has a
    /// parameter of the protocol, or its body must be a form and is not.
    /// [`RequestError::KeyElsewhere`] if the method is [`Method::Remote`](super::Method::Remote):
    /// then use [`sign_remotely`](Self::sign_remotely).
    pub fn sign<'a, B>(
        &self,
        request: &mut Request<B>,
        stamp: impl Into<Stamp<'a>>,
    ) -> Result<(), Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>>,
    {
        self.sign_with(request, &stamp.into(), &[])
    }

    /// Signs a request whose body cannot be read or replaced, such as a stream.
    ///
    /// `form` is the content of the body, if the body is a form. It is ignored for other bodies.
    /// The scheme must place the parameters in the header or the query.
    ///
    /// ```
    /// # use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer};
    /// # use oauth_proto::Moment;
    /// # struct Stream;
    /// # let signer =
    /// #     Signer::new(&Scheme::default(), &ClientCredentials::new("key", "secret"), None);
    /// let mut upload = http::Request::put("https://api.example.com/photo").body(Stream)?;
    /// signer.sign_head(&mut upload, b"", Moment::from_os())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`] if the request cannot be signed: its URI is not absolute, or it already has
    /// a parameter of the protocol. [`Unsupported::NoFormBody`] if the scheme places the parameters
    /// in the body. [`RequestError::BodyNotAtHand`] if the scheme signs a hash of the body.
    /// [`RequestError::KeyElsewhere`] if the method is [`Method::Remote`](super::Method::Remote).
    pub fn sign_head<'a, B>(
        &self,
        request: &mut Request<B>,
        form: &[u8],
        stamp: impl Into<Stamp<'a>>,
    ) -> Result<(), Error> {
        let is_form = labelled_form(request.headers())?;
        if self.scheme.placement == ParameterPlacement::Body {
            return Err(Unsupported::NoFormBody {
                reason: "`sign_head` does not have the body: use `sign`",
            }
            .into());
        }
        if self.scheme.hashes_bodies() && !is_form {
            return Err(RequestError::BodyNotAtHand.into());
        }
        let protocol = self.protocol(request, is_form.then_some(form), &stamp.into(), &[])?;
        self.put_in_head(request, protocol)
    }

    /// Returns the value of the `Authorization` header for a request with this method, this URI and
    /// these decoded parameters of its form. The query of the URI is signed, too.
    ///
    /// Use it if your requests are not of the `http` crate. The scheme's placement and body hash
    /// are ignored.
    ///
    /// ```
    /// use oauth_proto::Moment;
    /// use oauth_proto::oauth1::{ClientCredentials, Scheme, Signer};
    ///
    /// let signer =
    ///     Signer::new(&Scheme::default(), &ClientCredentials::new("key", "secret"), None);
    /// let uri = "https://api.example.com/update".parse()?;
    /// let header = signer.authorization(
    ///     &http::Method::POST,
    ///     &uri,
    ///     &[("status", "Hello!")],
    ///     Moment::from_os(),
    /// )?;
    /// assert!(header.starts_with("OAuth oauth_consumer_key=\"key\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`] if the URI is not absolute, or if the name of a parameter begins with
    /// `oauth_`. [`RequestError::KeyElsewhere`] if the method is
    /// [`Method::Remote`](super::Method::Remote): in that case, build an `http::Request` and sign
    /// it with [`sign_remotely`](Self::sign_remotely).
    pub fn authorization<'a, N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        method: &HttpMethod,
        uri: &Uri,
        parameters: &[(N, V)],
        stamp: impl Into<Stamp<'a>>,
    ) -> Result<String, Error> {
        let (stamp, mut room, mut digits) = (stamp.into(), Room::default(), NO_MAC);
        let stamp = stamp.write(&mut room, &[]);
        let site = self.site(uri, None)?;
        let given = |at: usize| {
            let (name, value): &(N, V) = &parameters[at];
            (name.as_ref(), value.as_ref())
        };
        if let Some(at) = (0..parameters.len()).find(|at| is_oauth(given(*at).0)) {
            return Err(misplaced(given(at).0));
        }
        let place = (method, site, uri);
        let signature = if uri.query().is_none() {
            self.prepared.sign(
                place,
                parameters.len(),
                given,
                stamp,
                OwnNames::Others,
                &mut digits,
            )?
        } else {
            let query: Vec<_> = parameters::query(uri).collect();
            if let Some((name, _)) = query.iter().find(|(name, _)| is_oauth(name)) {
                return Err(misplaced(name));
            }
            let both = |at: usize| match query.get(at) {
                Some((name, value)) => (name.as_ref(), value.as_ref()),
                None => given(at - query.len()),
            };
            self.prepared.sign(
                place,
                query.len() + parameters.len(),
                both,
                stamp,
                OwnNames::Others,
                &mut digits,
            )?
        };
        Ok(self.prepared.header(None, stamp, &signature))
    }

    pub(crate) fn sign_with<B>(
        &self,
        request: &mut Request<B>,
        stamp: &Stamp<'_>,
        extra: &[OAuthParam<'_>],
    ) -> Result<(), Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>>,
    {
        let body = request.body().as_ref();
        let adopts = self.adopts_form(request.headers(), body);
        let is_form = adopts || labelled_form(request.headers())?;
        if self.scheme.placement == ParameterPlacement::Body {
            let bodiless = matches!(*request.method(), HttpMethod::GET | HttpMethod::HEAD);
            let reason = if bodiless {
                "a GET or HEAD request has no body"
            } else {
                "the body is not a \
                    form: expected the Content-Type application/x-www-form-urlencoded"
            };
            if bodiless || !is_form {
                return Err(Unsupported::NoFormBody { reason }.into());
            }
        }
        let mut extra = extra.to_vec();
        if self.scheme.hashes_bodies() && !is_form {
            let sha1 = self.scheme.sha1_body_hash;
            let hash = if sha1 { sha1_body_hash(body) } else { self.scheme.method.body_hash(body) };
            extra.push((BODY_HASH.into(), hash.into()));
        }
        let protocol = self.protocol(request, is_form.then_some(body), stamp, &extra)?;
        // From here on, only a realm or a URI that cannot be sent is an error. It is found before
        // anything else is changed.
        if self.scheme.placement == ParameterPlacement::Body {
            let separator: &[u8] = if body.is_empty() { b"" } else { b"&" };
            let body = [body, separator, protocol.as_bytes()].concat();
            *request.body_mut() = body.into();
            // A length that was set for the old body would cut the new one off.
            request.headers_mut().remove(CONTENT_LENGTH);
            remove_oauth_header(request.headers_mut());
        } else {
            self.put_in_head(request, protocol)?;
        }
        if adopts {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        Ok(())
    }

    /// Returns whether a request without a `Content-Type` becomes a form, because the parameters
    /// must be in a form, or because of `force_include_body`.
    fn adopts_form(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let wanted = match self.scheme.placement {
            ParameterPlacement::Body => body.is_empty() || reads_as_form(body),
            _ => self.scheme.force_include_body && reads_as_form(body),
        };
        wanted && !headers.contains_key(CONTENT_TYPE)
    }

    /// Returns the protocol parameters with their signature, as their place needs them: as the
    /// value of the header, or as pairs of a form or query. `form` is the body, if the body is a
    /// form.
    fn protocol<B>(
        &self,
        request: &Request<B>,
        form: Option<&[u8]>,
        stamp: &Stamp<'_>,
        extra: &[OAuthParam<'_>],
    ) -> Result<String, Error> {
        let (uri, headers) = (request.uri(), request.headers());
        let host = host(headers)?;
        let site = self.site(uri, host.as_ref())?;
        let (realm, kept) = self.present_header(headers)?;
        let mut pairs = self.pairs_in(ParameterPlacement::Query, parameters::query(uri))?;
        if let Some(form) = form {
            pairs.extend(self.pairs_in(ParameterPlacement::Body, form::pairs(form))?);
        }
        let joined: Vec<_>;
        let extra = if kept.is_empty() {
            extra
        } else {
            joined = extra.iter().cloned().chain(kept).collect();
            &joined
        };
        let pair = |at: usize| (pairs[at].0.as_ref(), pairs[at].1.as_ref());
        let (mut room, mut digits) = (Room::default(), NO_MAC);
        let has_oauth = pairs.iter().any(|(name, _)| is_oauth(name));
        let names = if has_oauth { OwnNames::WithOAuth } else { OwnNames::Others };
        let (stamp, place) = (stamp.write(&mut room, extra), (request.method(), site, uri));
        let signature = self.prepared.sign(place, pairs.len(), pair, stamp, names, &mut digits)?;
        Ok(match self.scheme.placement {
            ParameterPlacement::Header => self.prepared.header(realm.as_deref(), stamp, &signature),
            ParameterPlacement::Body | ParameterPlacement::Query => {
                self.prepared.form(stamp, &signature)
            }
        })
    }

    /// Returns the site that is signed. Returns an error if the request would send the secrets
    /// (PLAINTEXT) without TLS.
    fn site<'u>(&self, uri: &'u Uri, host: Option<&'u Authority>) -> Result<OriginRef<'u>, Error> {
        let site = signed_site(uri, host)?;
        // The secrets are sent to the host of the URI, whatever the `Host` header says.
        if self.scheme.method.is_plaintext()
            && !OriginRef::of(uri).is_some_and(OriginRef::is_secure)
        {
            return Err(Unsupported::PlainHttp { url: without_query(uri), option: None }.into());
        }
        Ok(site)
    }

    /// Returns what an existing `Authorization: OAuth` header adds: its realm, and parameters that
    /// do not belong to the protocol. Those of the protocol are replaced.
    fn present_header(
        &self,
        headers: &HeaderMap,
    ) -> Result<(Option<String>, Vec<OAuthParam<'static>>), Error> {
        if !headers.contains_key(AUTHORIZATION) {
            return Ok((None, Vec::new()));
        }
        let count = headers.get_all(AUTHORIZATION).iter().count();
        let lists: Vec<_> = parameters::oauth_headers(headers).collect();
        if self.scheme.placement == ParameterPlacement::Header
            && (lists.len() != count || count > 1)
        {
            return Err(Unsupported::AuthorizationPresent.into());
        }
        let (mut realm, mut kept) = (None, Vec::new());
        for param in lists.into_iter().flat_map(auth_param::parse) {
            let (name, value) = param.map_err(|_| Unsupported::AuthorizationPresent)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            if name.eq_ignore_ascii_case(b"realm") {
                realm = Some(text(&value));
            } else if !is_protocol(&percent::decode(name)) {
                if self.scheme.placement != ParameterPlacement::Header {
                    return Err(misplaced(name));
                }
                kept.push((
                    text(&percent::decode(name)).into(),
                    text(&percent::decode(&value)).into(),
                ));
            }
        }
        Ok((realm, kept))
    }

    /// Returns the request's own parameters in a place, or an error if one of them is not allowed
    /// there.
    fn pairs_in<'r>(
        &self,
        place: ParameterPlacement,
        pairs: impl Iterator<Item = form::Pair<'r>>,
    ) -> Result<Vec<form::Pair<'r>>, Error> {
        pairs
            .map(|(name, value)| {
                if is_oauth(&name) && (place != self.scheme.placement || is_protocol(&name)) {
                    return Err(misplaced(&name));
                }
                Ok((name, value))
            })
            .collect()
    }

    fn put_in_head<B>(&self, request: &mut Request<B>, protocol: String) -> Result<(), Error> {
        if self.scheme.placement == ParameterPlacement::Header {
            let mut value =
                HeaderValue::try_from(protocol).map_err(|_| Unsupported::Unsendable {
                    what: "the realm",
                    reason: "expected visible ASCII characters and spaces",
                })?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        } else {
            *request.uri_mut() = with_query(request.uri(), &protocol)?;
            remove_oauth_header(request.headers_mut());
        }
        Ok(())
    }

    /// Returns whether there is a token, and the keys that the signature method needs.
    pub(crate) fn is_authorized(&self) -> bool {
        self.token.is_some()
            && !(self.scheme.method.uses_secrets() && self.client.secret.is_empty())
    }

    /// Returns the scheme.
    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Returns a signer with the same credentials and another scheme.
    pub(crate) fn with_scheme(&self, scheme: &Scheme) -> Self {
        Self::new(scheme, &self.client, self.token.as_ref())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("scheme", &self.scheme)
            .field("client", &self.client)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Returns whether the `Content-Type` says that the body is a form.
fn labelled_form(headers: &HeaderMap) -> Result<bool, Unsupported> {
    let reason = "it is unclear whether the body is a form: expected one header with one media \
        type";
    form::is_form(headers).ok_or(Unsupported::Unsendable { what: "the Content-Type", reason })
}

/// Removes all `Authorization` headers if one of them has the scheme `OAuth`, since the parameters
/// must not be in two places (§3.5). Headers of other schemes alone belong to the caller, and stay.
pub(crate) fn remove_oauth_header(headers: &mut HeaderMap) {
    if parameters::oauth_headers(headers).next().is_some() {
        headers.remove(AUTHORIZATION);
    }
}

/// Returns whether a body without a `Content-Type` looks like a form: it has `=`, and no byte that
/// a form would escape.
fn reads_as_form(body: &[u8]) -> bool {
    body.contains(&b'=')
        && body
            .iter()
            .all(|byte| percent::is_unreserved(*byte) || b"%+&=!$'()*,/:;?@".contains(byte))
}

fn misplaced(name: &[u8]) -> Error {
    RequestError::ParameterPlace { name: String::from_utf8_lossy(name).into_owned() }.into()
}
