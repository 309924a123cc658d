//! Redeeming a callback: the verification of assertions, OpenID Authentication 2.0 §11. First the
//! checks without requests, then the signature, the identifier, and at last the nonce.

use super::super::allowed::Allowed;
use super::super::association::Association;
use super::super::direct_request::direct_request;
use super::super::message::Version;
use super::assertion::{Assertion, UnconfirmedAssertion};
use super::authorize::STATE;
use super::direct_response::DirectResponse;
use super::discovery::{self, DiscoveryResult};
use super::pending::{Pending, VERSION};
use super::positive_assertion::{
    AssertedIdentifiers, ExpectedAssertion, ReceivedAssertion, check_mode, provider_error,
};
use super::relying_party::RelyingParty;
use crate::core::endpoint::endpoint;
use crate::core::error::openid2::AssertionError;
use crate::core::secret::same;
use crate::core::step::Receive;
use crate::wire::without_secrets;
use crate::{
    Callback, Error, Expired, Forged, Misbehaved, Moment, Purpose, Response, ResponseExcerpt, Step,
    Timestamp, Unsupported,
};

impl RelyingParty {
    /// Checks the request with which the user comes back, and verifies the provider's assertion
    /// (§11). The result of the step is an [`UnconfirmedAssertion`]: your storage then checks that
    /// its nonce is new.
    ///
    /// If you set an association in [`Authorize`](super::Authorize), set it in
    /// [`Pending::association`] again. All checks that need no request come first. Then, if the
    /// response was not signed with the association, the step asks the provider to which the user
    /// was sent about the signature. An identifier that was not discovered before is discovered.
    ///
    /// # Errors
    /// [`Unsupported::NoAssociation`] if the response is signed with the association of the
    /// request, and [`Pending::association`] is not set: send the user again.
    /// [`Refused::Denied`](crate::Refused::Denied) if the user cancelled.
    /// [`ProviderError::SetupNeeded`](crate::openid2::ProviderError::SetupNeeded) if the provider
    /// has to ask the user first. [`ProviderError::Failed`](crate::openid2::ProviderError::Failed)
    /// if the provider sent an error. [`Forged`] if the response is not trusted, or is not for this
    /// user. [`Expired`] if the user took too long. The step also fails with errors of its
    /// requests, and with [`Unsupported::Identifier`] if the document of the claimed identifier
    /// cannot be read.
    #[doc(alias = "verify")]
    pub fn redeem<'a>(
        &self,
        mut pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<UnconfirmedAssertion>, Error> {
        let callback = callback.into();
        if pending.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        if pending.realm != self.realm.as_str() || pending.endpoints.is_empty() {
            return Err(Forged::OtherClient.into());
        }
        if pending.expires_at <= moment.now {
            return Err(Expired::Pending.into());
        }
        match &*callback.arguments(STATE) {
            [] => return Err(Forged::ParameterMissing { name: STATE }.into()),
            [Some(state)] if same(state.as_bytes(), pending.state.as_bytes()) => {}
            _ => return Err(Forged::StateMismatch.into()),
        }
        callback.check_return_to(&pending.return_to)?;
        let message = check_mode(callback.message()?, pending.protocol)?;
        let endpoints = Some(std::mem::take(&mut pending.endpoints));
        let identity = pending.identity.take();
        let expected = self.expected(endpoints, identity, &pending.return_to);
        let received = match pending.protocol {
            Version::V2_0 => expected.read_2_0(message, moment.now)?,
            Version::V1_1 => expected.read_1_1(message, &pending, moment.now)?,
        };
        let handle = pending.association_handle.as_deref();
        let step = received.check_signature(
            handle,
            pending.association.as_ref(),
            self.allowed,
            moment.now,
        )?;
        Ok(step.observed_by(&self.observer))
    }

    /// Verifies an assertion that was not requested: an unsolicited one, or changed attributes that
    /// a provider posts to the `update_url` (Attribute Exchange §5.1). `return_to` is the URL at
    /// which it arrived. The provider is found by discovery of the claimed identifier, and is asked
    /// about the signature.
    ///
    /// For changed attributes, use the [`ax::FetchResponse`](crate::openid2::ax::FetchResponse) for
    /// the user of [`Assertion::claimed_id`]. Do not use [`Assertion::profile`], which makes a name
    /// from other attributes if the response has no name. Respond with status 200. After a 404, the
    /// provider sends no more changes.
    ///
    /// # Security
    /// An unsolicited assertion is not tied to the browser that sends it. If you sign a user in
    /// with it, an attacker can make a victim use the attacker's account. Do not do that.
    ///
    /// # Errors
    /// [`Forged`] if the message is for another URL than `return_to`, is too old, or has unsigned
    /// fields. [`Forged::ParameterMissing`] if it has no identifier. [`Refused`](crate::Refused) if
    /// the message is an error of the provider. The step fails with [`Unsupported::Identifier`] if
    /// the document of the identifier cannot be read, and with [`Forged`] if the document does not
    /// name the provider, or the provider does not confirm the signature.
    pub fn dangerous_redeem_unsolicited<'a>(
        &self,
        return_to: &str,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<UnconfirmedAssertion>, Error> {
        let callback = callback.into();
        callback.check_return_to(return_to)?;
        let message = check_mode(callback.message()?, Version::V2_0)?;
        let received = self.expected(None, None, return_to).read_2_0(message, moment.now)?;
        let identifiers = received
            .identifiers
            .clone()
            .ok_or(Forged::ParameterMissing { name: "openid.claimed_id" })?;
        // Only a provider that the identifier names is asked about the signature.
        let allowed = self.allowed;
        let step = discover(identifiers, received, allowed, move |mut received| {
            received.discovered = true;
            received.ask(allowed)
        })?;
        Ok(step.observed_by(&self.observer))
    }

    fn expected(
        &self,
        endpoints: Option<Vec<String>>,
        identity: Option<super::pending::RequestedIdentity>,
        return_to: &str,
    ) -> ExpectedAssertion {
        let return_to = return_to.to_owned();
        ExpectedAssertion {
            endpoints,
            identity,
            return_to,
            allowed: self.allowed,
            window: self.nonce_window,
        }
    }
}

impl ReceivedAssertion {
    /// Checks the signature (§11.4): with the association, if the response was signed with it, or
    /// by a request to the provider.
    fn check_signature(
        self,
        asked: Option<&str>,
        association: Option<&Association>,
        allowed: Allowed,
        now: Timestamp,
    ) -> Result<Step<UnconfirmedAssertion>, Error> {
        let handle = self.message.get("assoc_handle");
        let fitting = association.filter(|association| {
            Some(&*association.handle) == handle && association.is_usable(&self.provider, now)
        });
        match fitting {
            Some(association) if association.verifies(&self.message) => {
                self.check_identifier(allowed, None)
            }
            Some(_) => Err(AssertionError::Signature.into()),
            // A provider does not confirm signatures of associations.
            None if asked == handle
                && association.map(|association| &*association.handle) != handle =>
            {
                Err(Unsupported::NoAssociation.into())
            }
            None => self.ask(allowed),
        }
    }

    /// Asks the provider to confirm the signature (§11.4.2). It is the provider to which the user
    /// was sent, or the one that the identifier names.
    fn ask(self, allowed: Allowed) -> Result<Step<UnconfirmedAssertion>, Error> {
        let uri = endpoint(&self.provider)?;
        let mut message = self.message.clone();
        message.set("mode", "check_authentication");
        Ok(Step::send(
            direct_request(&uri, &message),
            AwaitConfirmation { received: self, allowed },
        ))
    }

    /// Checks that the identifier names the provider (§11.2).
    fn check_identifier(
        self,
        allowed: Allowed,
        invalidated: Option<String>,
    ) -> Result<Step<UnconfirmedAssertion>, Error> {
        match self.identifiers.clone().filter(|_| !self.discovered) {
            Some(identifiers) => {
                discover(identifiers, self, allowed, |received| Ok(received.finish(invalidated)))
            }
            None => Ok(self.finish(invalidated)),
        }
    }

    fn finish(self, invalidated: Option<String>) -> Step<UnconfirmedAssertion> {
        Step::Done(UnconfirmedAssertion::new(self.query.clone(), Assertion::new(self, invalidated)))
    }
}

/// Discovers a claimed identifier, and continues if it names the provider and the local identifier
/// of the assertion.
fn discover(
    identifiers: AssertedIdentifiers,
    received: ReceivedAssertion,
    allowed: Allowed,
    then: impl FnOnce(ReceivedAssertion) -> Result<Step<UnconfirmedAssertion>, Error>
    + Send
    + Sync
    + 'static,
) -> Result<Step<UnconfirmedAssertion>, Error> {
    let url = identifiers.url.clone();
    discovery::discover(
        &url,
        allowed,
        Box::new(move |found| {
            let DiscoveryResult { found, claimed: identifier, .. } = found?;
            let names_provider = found.iter().any(|found| {
                found.version == Version::V2_0
                    && found.endpoints.contains(&received.provider)
                    && identifiers.is_local(found)
            });
            // An OP identifier does not belong to a user.
            let is_provider = found.iter().any(|found| found.claimed_id.is_none());
            // After a redirect, the document is that of another identifier.
            if identifier != identifiers.url || is_provider || !names_provider {
                let (claimed_id, endpoint) =
                    (without_secrets(&identifiers.claimed_id), without_secrets(&received.provider));
                return Err(AssertionError::NotDiscovered { claimed_id, endpoint }.into());
            }
            then(received)
        }),
    )
}

/// Waits for the provider's response about a signature.
struct AwaitConfirmation {
    received: ReceivedAssertion,
    allowed: Allowed,
}

impl Receive<UnconfirmedAssertion> for AwaitConfirmation {
    fn receive(
        self: Box<Self>,
        response: Response,
        _: Moment,
    ) -> Result<Step<UnconfirmedAssertion>, Error> {
        let Self { received, allowed } = *self;
        let misbehaved = || {
            let expected = "in Key-Value form";
            Misbehaved::WrongFormat {
                expected,
                option: None,
                response: Box::new(ResponseExcerpt::of(&response)),
            }
        };
        let direct = DirectResponse::of(&response).ok_or_else(misbehaved)?;
        // §5.1.2.2.
        if direct.get("error").is_some() {
            return Err(provider_error(|name| direct.get(name)));
        }
        if !response.status().is_success() {
            return Err(misbehaved().into());
        }
        // Only exactly this field and value confirm the signature: not a longer name, and not a
        // part of another value.
        if direct.get("is_valid") != Some("true") {
            return Err(AssertionError::Signature.into());
        }
        let invalidated = direct.get("invalidate_handle");
        let invalidated =
            invalidated.filter(|handle| received.message.get("invalidate_handle") == Some(handle));
        received.check_identifier(allowed, invalidated.map(str::to_owned))
    }

    fn purpose(&self) -> Purpose {
        Purpose::VerifyingAssertion
    }
}
