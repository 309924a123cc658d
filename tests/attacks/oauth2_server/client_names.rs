//! A store that finds `printer` under the client id `PRINTER`. Databases whose default collation
//! ignores case do that.

use std::convert::Infallible;
use std::sync::Arc;

use oauth_proto::oauth2::server::store::{
    ClientRecord, FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, MemoryStore,
    Redeem, Redemption, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved, Store, TokenRecord,
};
use oauth_proto::oauth2::server::{RejectReason, serve};

use super::raw_server::*;

struct IgnoresCase<'s>(&'s MemoryStore);

macro_rules! as_the_inner_store {
    ($($method:ident: $Query:ty => $Output:ty;)*) => {
        $(
            fn $method(&self, query: &$Query) -> Result<$Output, Infallible> {
                self.0.$method(query)
            }
        )*
    };
}

impl Store for IgnoresCase<'_> {
    type Error = Infallible;

    fn find_client(&self, query: &FindClient) -> Result<Option<Arc<ClientRecord>>, Infallible> {
        self.0.find_client(&FindClient::new(query.client_id.to_lowercase()))
    }

    as_the_inner_store! {
        save_client: SaveClient => bool;
        remove_client: RemoveClient => bool;
        save_one_time_record: SaveOneTimeRecord => bool;
        find_one_time_record: FindOneTimeRecord => Option<FoundOneTimeRecord>;
        replace_one_time_record: ReplaceOneTimeRecord => bool;
        redeem: Redeem => Redemption;
        save_tokens: SaveTokens => Saved;
        find_token: FindToken => Option<Arc<TokenRecord>>;
        rotate: Rotate => Rotation;
        revoke: Revoke => ();
    }
}

/// Row `secret-wrong`: with another spelling of its client id, a client is unknown, even with the
/// right secret. So logs and counters contain only one spelling.
#[test]
fn a_client_has_one_name_even_if_the_store_ignores_case() {
    let server = RawServer::default();
    let ask = |client_id: &str| {
        let parameters = [
            ("client_id", client_id),
            ("client_secret", PRINTER.1),
            ("grant_type", "client_credentials"),
            ("scope", "stats"),
        ];
        serve(
            server.provider.token(&posting("/token", &parameters), server.moment()),
            &IgnoresCase(&server.store),
        )
    };
    ask("printer").unwrap();
    for other in ["PRINTER", "Printer"] {
        assert_eq!(
            refused(ask(other), 401, "invalid_client"),
            RejectReason::UnknownClient(other.into())
        );
    }
}
