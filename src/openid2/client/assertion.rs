//! A verified assertion, which has only signed fields: OpenID Authentication 2.0 §11.5.

use std::fmt;

use super::super::extension::{Extension, ResponseExtension};
use super::super::message::{Message, NS_2_0, Version};
use super::super::server::store::{AsyncStore, RememberOnce, Store};
use super::positive_assertion::ReceivedAssertion;
use crate::core::error::openid2::AssertionError;
use crate::{BoxError, DriveError, Error, OneTimeUse};

/// An assertion that is verified, except that its nonce may have been used before (§11.3).
///
/// Your storage remembers nonces: [`confirm`](Self::confirm) asks a [`Store`], and
/// [`confirm_async`](Self::confirm_async) asks an [`AsyncStore`]:
///
/// ```
/// use oauth_proto::openid2::server::store::MemoryStore;
/// use oauth_proto::openid2::{Assertion, Pending, RelyingParty};
/// use oauth_proto::{DriveError, Moment, Request, Response, run};
///
/// fn back(
///     party: &RelyingParty,
///     store: &MemoryStore,
///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
///     pending: Pending,
///     uri: &str,
/// ) -> Result<Assertion, DriveError> {
///     run(party.redeem(pending, uri, Moment::from_os())?, send)?.confirm(store)
/// }
/// ```
///
/// Or ask your own storage, and pass its output:
///
/// ```
/// use std::collections::HashSet;
///
/// use oauth_proto::openid2::{Assertion, UnconfirmedAssertion};
/// use oauth_proto::{Error, OneTimeUse};
///
/// fn accept(
///     unconfirmed: UnconfirmedAssertion,
///     seen: &mut HashSet<String>,
/// ) -> Result<Assertion, Error> {
///     let query = &unconfirmed.query;
///     let is_first = seen.insert(query.key.to_string());
///     unconfirmed.answer(if is_first { OneTimeUse::First } else { OneTimeUse::Replay })
/// }
/// ```
#[must_use = "an assertion is valid only after its nonce has been remembered"]
#[derive(Debug)]
#[non_exhaustive]
pub struct UnconfirmedAssertion {
    /// The query for your storage, which remembers the nonce and returns whether it was used
    /// before.
    pub query: RememberOnce,
    assertion: Assertion,
}

impl UnconfirmedAssertion {
    pub(super) fn new(query: RememberOnce, assertion: Assertion) -> Self {
        Self { query, assertion }
    }

    /// Remembers the nonce in a blocking store, and returns the assertion if the nonce is new.
    ///
    /// # Errors
    /// [`DriveError::Storage`] if the store fails. [`AssertionError::Replayed`] if the assertion
    /// was confirmed before.
    pub fn confirm<S: Store>(self, store: &S) -> Result<Assertion, DriveError>
    where
        S::Error: Into<BoxError>,
    {
        let answer = store.remember_once(&self.query);
        Ok(self.answer(answer.map_err(unavailable)?)?)
    }

    /// Remembers the nonce in an asynchronous store, and returns the assertion if the nonce is new.
    ///
    /// # Errors
    /// [`DriveError::Storage`] if the store fails. [`AssertionError::Replayed`] if the assertion
    /// was confirmed before.
    pub async fn confirm_async<S: AsyncStore>(self, store: &S) -> Result<Assertion, DriveError>
    where
        S::Error: Into<BoxError>,
    {
        let answer = store.remember_once(&self.query).await;
        Ok(self.answer(answer.map_err(unavailable)?)?)
    }

    /// Continues with your storage's output for the [`query`](field@Self::query), and returns the
    /// assertion if the nonce is new.
    ///
    /// # Errors
    /// [`AssertionError::Replayed`] if the nonce was used before.
    pub fn answer(self, answer: OneTimeUse) -> Result<Assertion, Error> {
        match answer {
            OneTimeUse::First => Ok(self.assertion),
            OneTimeUse::Replay => Err(AssertionError::Replayed.into()),
        }
    }
}

fn unavailable(error: impl Into<BoxError>) -> DriveError {
    DriveError::storage("remember the nonce of the assertion", error)
}

/// A provider's verified assertion about a user. All of its values were signed.
///
/// Find your own account of the user by `claimed_id`.
///
/// ```
/// use oauth_proto::openid2::{Assertion, ax};
///
/// fn email(assertion: &Assertion) -> Option<String> {
///     assertion
///         .extension::<ax::FetchResponse>()?
///         .first(ax::AttributeType::Email)
///         .map(str::to_owned)
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Assertion {
    /// The version of the protocol.
    pub version: Version,
    /// The endpoint of the provider.
    pub endpoint: String,
    /// The claimed identifier, by which you find the user's account in your application (§11.5).
    /// `None` if the request was without identity. It can have a fragment, which distinguishes the
    /// owners of a reused URL. Show it to users without the fragment (§11.5.1).
    pub claimed_id: Option<String>,
    /// The identifier of the user at the provider.
    pub local_id: Option<String>,
    /// The handle of an association that the provider no longer accepts (§11.4.2.2). Remove the
    /// association from your storage.
    pub invalidated_handle: Option<String>,
    message: Message,
}

impl Assertion {
    pub(super) fn new(received: ReceivedAssertion, invalidated_handle: Option<String>) -> Self {
        let signed = received.message.get("signed").unwrap_or_default().to_owned();
        let mut message = received.message.only_signed(&signed);
        // Not every provider signs `ns`. Without it, the message would be read as version 1.1.
        if received.version == Version::V2_0 {
            message.set("ns", NS_2_0);
        }
        let (claimed_id, local_id) =
            received.identifiers.map(|own| (own.claimed_id, own.local_id)).unzip();
        Self {
            version: received.version,
            endpoint: received.provider,
            claimed_id,
            local_id,
            invalidated_handle,
            message,
        }
    }

    /// Returns the response of an extension, such as
    /// [`ax::FetchResponse`](crate::openid2::ax::FetchResponse) or
    /// [`sreg::Response`](crate::openid2::sreg::Response), with its signed fields. `None` if the
    /// assertion has no response of the extension, or did not sign its namespace.
    pub fn extension<E: ResponseExtension>(&self) -> Option<E> {
        let found = E::NAMESPACES
            .iter()
            .find_map(|namespace| self.message.extension(namespace, E::ALIAS_1_1))?;
        E::read(&found)
    }

    /// Returns the signed fields of an extension by its type URI. `None` if its namespace was not
    /// signed.
    pub fn raw_extension(&self, namespace: &str) -> Option<Extension> {
        self.message.extension(namespace, None)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("claimed_id", &self.claimed_id)
            .field("endpoint", &self.endpoint)
            .field("namespaces", &self.message.namespaces().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
