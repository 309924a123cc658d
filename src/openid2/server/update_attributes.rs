//! Changed attributes, which are posted to the relying party: OpenID Attribute Exchange 1.0 §5.1.

use super::super::direct_request::direct_request;
use super::super::identifier::absolute;
use super::super::message::Version;
use super::approve::Approval;
use super::check_id_request::{CheckIdRequest, Identity};
use super::provider::Provider;
use super::reject_reason::RejectReason;
use crate::{Moment, Request};

impl Provider {
    /// Makes the request that sends changed attributes to a relying party, if the user agreed to
    /// that. `update_url` is that of the earlier
    /// [`ax::FetchRequest`](crate::openid2::ax::FetchRequest) and its response. Store it together
    /// with the user, the claimed identifier of the request, and the attributes.
    ///
    /// While the request is sent, the relying party asks this provider about the signature, so the
    /// provider must be running. If the relying party responds with status 404, do not send further
    /// updates.
    ///
    /// ```
    /// use oauth_proto::openid2::ax;
    /// use oauth_proto::openid2::server::{Approval, Provider, RejectReason};
    /// use oauth_proto::{Moment, Request};
    ///
    /// fn changed(provider: &Provider, update_url: &str) -> Result<Request, RejectReason> {
    ///     let mut email = ax::FetchResponse::default()
    ///         .attribute(ax::AttributeType::Email, ["jane@example.org"]);
    ///     email.update_url = Some(update_url.to_owned());
    ///     let mut jane = Approval::new("https://op.example/id/jane").extension(email);
    ///     jane.claimed_id = Some("https://jane.example/".into());
    ///     provider.update_attributes(update_url, jane, Moment::from_os())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`RejectReason::Invalid`] if `update_url` is not allowed: see [`CheckIdRequest::extension`].
    /// [`RejectReason::NoIdentifier`] if an identifier of the approval is not an absolute URL in
    /// its normal form. [`RejectReason::Unsignable`] if a value has a newline.
    pub fn update_attributes(
        &self,
        update_url: &str,
        approval: Approval,
        moment: Moment,
    ) -> Result<Request, RejectReason> {
        let invalid = || RejectReason::Invalid("update_url");
        // A fragment would be signed, but not sent.
        let url =
            absolute(update_url).filter(|url| self.allowed.trusts(url) && url.fragment().is_none());
        let url = url.ok_or_else(invalid)?;
        let uri = url.as_str().parse().map_err(|_| invalid())?;
        let check_id = CheckIdRequest {
            version: Version::V2_0,
            immediate: false,
            realm: update_url.to_owned(),
            return_to: Some(update_url.to_owned()),
            identity: Identity::Select,
            assoc_handle: None,
            extensions: Vec::new(),
        };
        let message = self.assertion(&check_id, update_url, &approval, &moment)?;
        Ok(direct_request(&uri, &message))
    }
}
