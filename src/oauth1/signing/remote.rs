//! Signing with a key in a key service, which gets the base string and returns the signature.

use std::sync::{Arc, OnceLock};

use http::Request;

use super::method::{Method, SignatureMethod};
use super::scheme::Scheme;
use super::signer::Signer;
use super::stamp::{OAuthParam, Stamp};
use crate::core::asking::ask_first;
use crate::core::error::oauth1::RequestError;
use crate::{Error, Moment, Step};

impl Signer {
    /// Signs a request like [`sign`](Self::sign), in a step whose result is the signed request.
    /// With [`Method::Remote`] the step asks the key service. With every other method it is
    /// [`Done`](Step::Done) at once.
    ///
    /// # Errors
    /// [`Unsupported`](crate::Unsupported) if the request cannot be signed: its URI is not
    /// absolute, it already has a parameter of the protocol, or its body must be a form and is not.
    /// If [`RemoteSignatureMethod::sign`](super::RemoteSignatureMethod::sign) returns an error of
    /// this crate, the error is [`Refused::KeyService`](crate::Refused::KeyService). If it returns
    /// another error, the error is [`RequestError::Signing`]. The step fails with
    /// [`Refused::KeyService`](crate::Refused::KeyService) if the key service's step fails, and
    /// with [`RequestError::Signing`] for an empty signature.
    ///
    /// # Examples
    /// See [`RemoteSignatureMethod`](super::RemoteSignatureMethod).
    pub fn sign_remotely<B>(
        &self,
        request: Request<B>,
        moment: Moment,
    ) -> Result<Step<Request<B>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>> + Send + Sync + 'static,
    {
        self.sign_remotely_with(request, moment, Vec::new())
    }

    /// Signs a request like [`sign_remotely`](Self::sign_remotely), with parameters of the protocol
    /// that only some requests have.
    pub(crate) fn sign_remotely_with<B>(
        &self,
        mut request: Request<B>,
        moment: Moment,
        extra: Vec<OAuthParam<'static>>,
    ) -> Result<Step<Request<B>>, Error>
    where
        B: AsRef<[u8]> + From<Vec<u8>> + Send + Sync + 'static,
    {
        let Method::Remote(method) = &self.scheme().method else {
            self.sign_with(&mut request, &moment.into(), &extra)?;
            return Ok(Step::Done(request));
        };
        let own = Moment::new(moment.now, moment.derive("key service"));
        let stamp = Stamp::from(moment);
        let name = method.name().to_owned();
        // This signs twice: first a copy of the request, to get the base string, and then the
        // request with the signature of the key service.
        let base_string = self.base_string_of(&request, &stamp, &extra, &name)?;
        let asking = method.sign(base_string.clone(), own);
        let signer = self.clone();
        let method = name.clone();
        let failed = move |reason| RequestError::Signing { method: method.clone(), reason }.into();
        ask_first(asking, failed.clone(), move |signature| {
            if signature.is_empty() {
                return Err(failed("the service returned an empty signature".to_owned()));
            }
            let relay = Relay { name, base_string: OnceLock::from(base_string), signature };
            signer.by(Arc::new(relay)).sign_with(&mut request, &stamp, &extra)?;
            Ok(Step::Done(request))
        })
    }

    /// Returns the base string that is signed for a request.
    fn base_string_of<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        stamp: &Stamp<'_>,
        extra: &[OAuthParam<'_>],
        name: &str,
    ) -> Result<Vec<u8>, Error> {
        let mut copy = Request::new(request.body().as_ref().to_vec());
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        copy.headers_mut().clone_from(request.headers());
        let relay = Arc::new(Relay {
            name: name.to_owned(),
            base_string: OnceLock::new(),
            signature: vec![0],
        });
        self.by(relay.clone()).sign_with(&mut copy, stamp, extra)?;
        Ok(relay.base_string.get().cloned().unwrap_or_default())
    }

    /// Returns a signer that adds the signature of `relay`.
    fn by(&self, relay: Arc<Relay>) -> Self {
        self.with_scheme(&Scheme { method: Method::Custom(relay), ..self.scheme().clone() })
    }
}

/// A signature from a key service. It keeps the base string until the signature is known.
struct Relay {
    name: String,
    base_string: OnceLock<Vec<u8>>,
    signature: Vec<u8>,
}

impl SignatureMethod for Relay {
    fn name(&self) -> &str {
        &self.name
    }

    fn sign(&self, base_string: &[u8], _: &[u8], _: Option<&[u8; 16]>) -> Result<Vec<u8>, String> {
        if self.base_string.get_or_init(|| base_string.to_vec()) == base_string {
            Ok(self.signature.clone())
        } else {
            Err("the request has changed since its base string was signed".to_owned())
        }
    }

    fn uses_secrets(&self) -> bool {
        false
    }
}
