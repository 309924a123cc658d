//! Verifying assertions, OpenID Authentication 2.0 §11: all that can be checked before anything is fetched, then the
//! signature, then the identifier, and in the end the nonce.

use std::time::Duration;

use http::Uri;
use url::Url;

use super::super::direct::{Direct, direct_request};
use super::super::discovery::{self, Policy};
use super::super::identifier::{absolute, without_fragment};
use super::super::message::{IDENTIFIER_SELECT, Message, Version};
use super::super::store::RememberNonce;
use super::super::{Association, nonce};
use super::assertion::{Assertion, Checked};
use super::authenticate::STATE;
use super::pending::{Pending, VERSION, Wanted};
use super::{Callback, RelyingParty};
use crate::step::Receive;
use crate::wire::{Answer, bare, endpoint, shortened};
use crate::{Error, Expired, Forged, Misbehaved, Moment, Refused, Response, Step, Timestamp};

/// Nonces are remembered for longer than their window, since clocks differ and requests overtake each other.
const LONGER: Duration = Duration::from_secs(60);

impl RelyingParty {
    /// The user is back: says what the provider asserts, if it does and is the one to assert it (§11).
    ///
    /// What can be checked is checked before anything is sent. Then the provider that was asked confirms the signature,
    /// where there is no association, and an identifier that was not discovered before is discovered.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the user cancelled, [`Refused::SetupNeeded`] when the provider has to ask the user first,
    /// [`Refused::Provider`] when it sent an error. [`Forged`] when the answer is not what it says, or not for this user;
    /// [`Expired`] when it took too long. From the step also what fetching comes to.
    pub fn verify<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<Checked>, Error> {
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
            [Some(state)] if crate::secret::same(state.as_bytes(), pending.state.as_bytes()) => {}
            _ => return Err(Forged::StateMismatch.into()),
        }
        callback.came_to(&pending.return_to)?;
        let message = answer(callback.message()?, pending.protocol)?;
        let Pending { protocol, endpoints, wanted, return_to, state, association, .. } = pending;
        let expected = Expected { endpoints: Some(endpoints), wanted: Some(wanted), return_to };
        let received = match protocol {
            Version::V2_0 => self.read(message, expected, moment.now)?,
            Version::V1_1 => self.read_first(message, expected, &state, moment.now)?,
        };
        self.check(received, association, moment.now)
    }

    /// Verifies an answer that nobody asked for: a provider's own, or attributes that changed and are posted to the
    /// `update_url` (Attribute Exchange §5.1). `return_to` is the URL that it is for. The provider is found by discovery on
    /// the claimed identifier, and confirms the signature.
    ///
    /// What this gives away: nothing ties the answer to the browser that brings it. Never sign anybody in by it, or an
    /// attacker has a victim use the attacker's account.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). [`Forged::ParameterMissing`] when it is about nobody.
    pub fn dangerous_verify_unsolicited<'a>(
        &self,
        return_to: &str,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<Checked>, Error> {
        let callback = callback.into();
        callback.came_to(return_to)?;
        let message = answer(callback.message()?, Version::V2_0)?;
        let expected = Expected { endpoints: None, wanted: None, return_to: return_to.to_owned() };
        let received = self.read(message, expected, moment.now)?;
        let claimed = received.claimed.clone().ok_or(Forged::ParameterMissing { name: "openid.claimed_id" })?;
        // Only a provider that the identifier names is asked about the signature.
        self.discover_claimed(claimed, received, moment.now, |received, policy, now| received.ask(policy, now, false))
    }

    /// Reads an assertion of version 2.0 (§10.1) and checks what needs no one else.
    fn read(&self, message: Message, expected: Expected, now: Timestamp) -> Result<Received, Error> {
        let field = |name: &'static str, key: &str| {
            message.get(key).filter(|value| !value.is_empty()).ok_or(Forged::ParameterMissing { name })
        };
        let signed = field("openid.signed", "signed")?;
        field("openid.sig", "sig")?;
        field("openid.assoc_handle", "assoc_handle")?;
        let provider = field("openid.op_endpoint", "op_endpoint")?.to_owned();
        let nonce = field("openid.response_nonce", "response_nonce")?.to_owned();
        let return_to = field("openid.return_to", "return_to")?;
        let covered = |key: &str| signed.split(',').any(|own| own == key);
        for required in ["op_endpoint", "return_to", "response_nonce", "assoc_handle", "claimed_id", "identity"] {
            if message.get(required).is_some() && !covered(required) {
                return Err(Forged::Unsigned { field: required }.into());
            }
        }
        same_return_to(return_to, &expected.return_to)?;
        if !self.policy.takes_endpoint(&provider) {
            return Err(Forged::ForeignProvider { expected: "https".to_owned(), received: bare(&provider) }.into());
        }
        if let Some(endpoints) = expected.endpoints.as_ref().filter(|endpoints| !endpoints.contains(&provider)) {
            let expected = endpoints.first().map(|endpoint| bare(endpoint)).unwrap_or_default();
            return Err(Forged::ForeignProvider { expected, received: bare(&provider) }.into());
        }
        let time = nonce::begins_at(&nonce).ok_or(Forged::NonceTime)?;
        if time.until(now).max(now.until(time)) > self.window {
            return Err(Forged::NonceTime.into());
        }
        let claimed = match (message.get("claimed_id"), message.get("identity")) {
            (None, None) => None,
            (Some(claimed), Some(identity)) => Some(Claim::of(claimed, identity)?),
            _ => return Err(Forged::ParameterMissing { name: "openid.claimed_id" }.into()),
        };
        if claimed.is_none() && expected.wanted.as_ref().is_some_and(|wanted| *wanted != Wanted::Nobody) {
            return Err(Forged::ParameterMissing { name: "openid.claimed_id" }.into());
        }
        let discovered = match (&expected.wanted, &claimed) {
            (_, None) => true,
            (Some(Wanted::Claimed { claimed_id, local_id }), Some(claim)) => {
                claim.url.as_str() == claimed_id && claim.local_id == *local_id
            }
            _ => false,
        };
        let until = time.after(self.window).after(self.window).after(LONGER);
        let nonce = RememberNonce { endpoint: provider.clone(), nonce, until, now };
        Ok(Received { version: Version::V2_0, message, provider, claimed, discovered, nonce })
    }

    /// The same of version 1.1 (§14.2.1): it names no provider, and the claimed identifier is the one that was remembered.
    fn read_first(&self, message: Message, expected: Expected, state: &str, now: Timestamp) -> Result<Received, Error> {
        let field = |name: &'static str, key: &str| {
            message.get(key).filter(|value| !value.is_empty()).ok_or(Forged::ParameterMissing { name })
        };
        let signed = field("openid.signed", "signed")?;
        field("openid.sig", "sig")?;
        field("openid.assoc_handle", "assoc_handle")?;
        let identity = field("openid.identity", "identity")?;
        same_return_to(field("openid.return_to", "return_to")?, &expected.return_to)?;
        for required in ["identity", "return_to"] {
            if !signed.split(',').any(|own| own == required) {
                return Err(Forged::Unsigned { field: required }.into());
            }
        }
        let provider = expected.endpoints.and_then(|endpoints| endpoints.into_iter().next()).unwrap_or_default();
        let Some(Wanted::Claimed { claimed_id, local_id }) = expected.wanted else {
            return Err(Forged::ParameterMissing { name: "openid.identity" }.into());
        };
        if identity != local_id {
            return Err(Forged::NotDiscovered { claimed_id: bare(identity), endpoint: bare(&provider) }.into());
        }
        let claimed = Some(Claim::of(&claimed_id, &local_id)?);
        // The state is in the signed return_to, and is used once.
        let until = now.after(Duration::from_secs(24 * 3600));
        let nonce = RememberNonce { endpoint: provider.clone(), nonce: state.to_owned(), until, now };
        Ok(Received { version: Version::V1_1, message, provider, claimed, discovered: true, nonce })
    }

    /// The signature (§11.4), and what is left to check afterwards.
    fn check(
        &self,
        received: Received,
        association: Option<Association>,
        now: Timestamp,
    ) -> Result<Step<Checked>, Error> {
        let handle = received.message.get("assoc_handle");
        let own = association.filter(|association| {
            Some(association.handle()) == handle
                && association.is_for(&received.provider)
                && !association.is_expired(now)
        });
        match own {
            Some(association) if association.verifies(&received.message) => received.identify(self.policy, now),
            Some(_) => Err(Forged::Signature.into()),
            None => received.ask(self.policy, now, true),
        }
    }

    fn discover_claimed(
        &self,
        claim: Claim,
        received: Received,
        now: Timestamp,
        then: impl FnOnce(Received, Policy, Timestamp) -> Result<Step<Checked>, Error> + Send + Sync + 'static,
    ) -> Result<Step<Checked>, Error> {
        discover_claim(claim, received, self.policy, now, then)
    }
}

/// What an answer has to fit.
struct Expected {
    /// The provider that was asked; `None` where nobody was.
    endpoints: Option<Vec<String>>,
    wanted: Option<Wanted>,
    return_to: String,
}

/// The identifiers of an assertion.
#[derive(Clone)]
struct Claim {
    /// As it was asserted, with a fragment if it has one.
    claimed_id: String,
    /// Without it.
    url: Url,
    local_id: String,
}

impl Claim {
    fn of(claimed_id: &str, identity: &str) -> Result<Self, Forged> {
        let invalid = || Forged::ParameterInvalid { name: "openid.claimed_id" };
        if claimed_id == IDENTIFIER_SELECT || identity == IDENTIFIER_SELECT {
            return Err(invalid());
        }
        // Another writing of the same URL would be another user to whoever compares texts.
        let url = absolute(claimed_id).filter(|url| url.as_str() == claimed_id).ok_or_else(invalid)?;
        let url = without_fragment(url);
        Ok(Self { claimed_id: claimed_id.to_owned(), url, local_id: identity.to_owned() })
    }
}

/// An assertion that has been read.
struct Received {
    version: Version,
    message: Message,
    provider: String,
    claimed: Option<Claim>,
    /// Whether the claim is known to be the provider's to make.
    discovered: bool,
    nonce: RememberNonce,
}

impl Received {
    /// Has the provider confirm the signature (§11.4.2). It is the one that was asked, or that the identifier names.
    fn ask(self, policy: Policy, now: Timestamp, identify: bool) -> Result<Step<Checked>, Error> {
        let uri: Uri = endpoint(&self.provider)?;
        let mut message = self.message.clone();
        message.set("mode", "check_authentication");
        let request = direct_request(&uri, &message);
        Ok(Step::send(request, Confirming { received: self, policy, now, identify }))
    }

    /// Makes sure that the identifier names the provider (§11.2).
    fn identify(self, policy: Policy, now: Timestamp) -> Result<Step<Checked>, Error> {
        match self.claimed.clone().filter(|_| !self.discovered) {
            Some(claim) => discover_claim(claim, self, policy, now, |received, _, _| Ok(received.finish(None))),
            None => Ok(self.finish(None)),
        }
    }

    fn finish(self, invalidated: Option<String>) -> Step<Checked> {
        let Self { version, message, provider, claimed, nonce, .. } = self;
        let signed = message.get("signed").unwrap_or_default().to_owned();
        let claimed = claimed.map(|claim| (claim.claimed_id, claim.local_id));
        let assertion = Assertion::new(version, provider, claimed, message.only_signed(&signed), invalidated);
        Step::Done(Checked::new(nonce, assertion))
    }
}

/// Discovers a claimed identifier, and goes on if it names the provider and the local identifier of the assertion.
fn discover_claim(
    claim: Claim,
    received: Received,
    policy: Policy,
    now: Timestamp,
    then: impl FnOnce(Received, Policy, Timestamp) -> Result<Step<Checked>, Error> + Send + Sync + 'static,
) -> Result<Step<Checked>, Error> {
    let url = claim.url.clone();
    discovery::discover(
        &url,
        policy,
        Box::new(move |found, identifier| {
            // After a redirect it is another identifier's document.
            let fits = identifier == claim.url
                && found.iter().any(|found| {
                    found.version == Version::V2_0
                        && found.claimed_id().is_some()
                        && found.endpoints.contains(&received.provider)
                        && local_fits(found.local_id(), &claim)
                });
            if !fits {
                let (claimed_id, endpoint) = (bare(&claim.claimed_id), bare(&received.provider));
                return Err(Forged::NotDiscovered { claimed_id, endpoint }.into());
            }
            then(received, policy, now)
        }),
    )
}

/// Whether the asserted local identifier is the discovered one. Where none is named, it is the claimed one, and some
/// providers add its fragment.
fn local_fits(discovered: Option<&str>, claim: &Claim) -> bool {
    discovered == Some(claim.local_id.as_str())
        || (discovered == Some(claim.url.as_str()) && claim.local_id == claim.claimed_id)
}

fn same_return_to(received: &str, expected: &str) -> Result<(), Forged> {
    if received == expected {
        return Ok(());
    }
    Err(Forged::ReturnToMismatch { expected: bare(expected), received: bare(received) })
}

/// The message, if it asserts something (§10.1); what it says otherwise is an error (§5.2.3, §10.2).
fn answer(message: Message, protocol: Version) -> Result<Message, Error> {
    let text = |key: &str| message.get(key).map(shortened);
    let mode = message.get("mode").ok_or(Forged::ParameterMissing { name: "openid.mode" })?;
    match mode {
        "cancel" => return Err(Refused::Denied { problem: None, advice: None }.into()),
        "setup_needed" => return Err(Refused::SetupNeeded { url: None }.into()),
        "error" => {
            let (message, contact, reference) = (text("error"), text("contact"), text("reference"));
            return Err(Refused::Provider { message, contact, reference }.into());
        }
        "id_res" => {}
        _ => return Err(Forged::ParameterInvalid { name: "openid.mode" }.into()),
    }
    if message.version() != Some(protocol) {
        return Err(Forged::VersionMismatch.into());
    }
    if let Some(url) =
        message.get("user_setup_url").filter(|_| protocol == Version::V1_1 && message.get("sig").is_none())
    {
        let url = absolute(url).map(String::from);
        return Err(Refused::SetupNeeded { url }.into());
    }
    if !message.has_sound_aliases() {
        return Err(Forged::FieldsUnclear { field: "ns".to_owned() }.into());
    }
    Ok(message)
}

/// Waits for the provider's word on a signature.
struct Confirming {
    received: Received,
    policy: Policy,
    now: Timestamp,
    identify: bool,
}

impl Receive<Checked> for Confirming {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<Checked>, Error> {
        let Self { received, policy, now, identify } = *self;
        let direct = Direct::of(&response);
        let Some(direct) = direct.filter(|_| response.status().is_success()) else {
            let expected = "in Key-Value form";
            return Err(Misbehaved::WrongFormat { expected, answer: Box::new(Answer::of(&response)) }.into());
        };
        // Exactly this: not a field that ends so, or a value that holds it.
        if direct.get("is_valid") != Some("true") {
            return Err(Forged::Signature.into());
        }
        let invalidated =
            direct.get("invalidate_handle").filter(|handle| received.message.get("invalidate_handle") == Some(handle));
        let invalidated = invalidated.map(str::to_owned);
        match received.claimed.clone().filter(|_| identify && !received.discovered) {
            Some(claim) => {
                discover_claim(claim, received, policy, now, move |received, _, _| Ok(received.finish(invalidated)))
            }
            None => Ok(received.finish(invalidated)),
        }
    }

    fn name(&self) -> &'static str {
        "Confirming"
    }
}
