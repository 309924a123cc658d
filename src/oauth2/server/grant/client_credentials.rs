//! The client credentials grant: RFC 6749 §4.4.

use std::sync::Arc;

use crate::oauth2::common::names::CLIENT_CREDENTIALS;
use crate::oauth2::server::flow::storage::EndpointOutput;
use crate::oauth2::server::issue::token_request::TokenRequest;
use crate::oauth2::server::issue::tokens::grant_id;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::traits::ServerStep;

impl TokenRequest {
    /// Grants access to a client that acts for itself, without a user.
    pub(crate) fn grant_client<T: EndpointOutput>(mut self) -> Result<ServerStep<T>, RejectReason> {
        let scope = self.allowed_scope()?;
        let resource = self.allowed_resource(&[])?;
        let client_id = std::mem::take(&mut self.client_id);
        let mut grant = GrantRecord::new(
            grant_id(&self.moment),
            client_id,
            CLIENT_CREDENTIALS,
            scope,
            self.moment.now,
        );
        grant.resource = resource;
        let grant = Arc::new(grant);
        self.issue_first(grant, None)
    }
}
